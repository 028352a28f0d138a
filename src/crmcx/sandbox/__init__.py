"""Servers on this machine that speak the protocols of vendors, each with a virtual clock and a world behind it."""
