"""Plugins that go wrong."""
