"""The command line, thin over the library."""

from crmcx.cli.app import BAD_INPUT, INTERRUPTED, main

__all__ = ["BAD_INPUT", "INTERRUPTED", "main"]
