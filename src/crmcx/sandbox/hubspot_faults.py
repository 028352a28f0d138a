"""How HubSpot says no."""

from __future__ import annotations

from typing import Any


class FaultError(Exception):
    """A request that is refused.

    Args:
        status: The status.
        category: What sort of fault.
        message: In words.
    """

    def __init__(self, status: int, category: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"status": "error", "message": message, "category": category}
        """What is answered, without the id of the request."""
        self.headers: dict[str, str] = {}
        """The headers of the answer."""

    @classmethod
    def too_many(cls, policy: str, message: str) -> FaultError:
        """A request too many, of a limit that is named."""
        fault = cls(429, "RATE_LIMITS", message)
        fault.body |= {"errorType": "RATE_LIMIT", "policyName": policy}
        return fault
