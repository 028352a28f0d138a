"""The kit for authors: what tests of connectors, and of programs that use crmcx, are made with."""

from crmcx.testing import strategies

__all__ = ["strategies"]
