"""The one place that loads hypothesis, and names the extra where it is missing."""

from __future__ import annotations

from crmcx.errors import MissingExtraError

try:
    from hypothesis import strategies as st
    from hypothesis.strategies import SearchStrategy
except ModuleNotFoundError as error:
    if error.name != "hypothesis":
        raise
    msg = "crmcx.testing draws its objects with hypothesis, which is not installed"
    raise MissingExtraError(msg, hint='install it with: pip install "crmcx[testing]"') from None

__all__ = ["SearchStrategy", "st"]
