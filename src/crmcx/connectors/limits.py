"""How long and how large an answer may be."""

from __future__ import annotations

from datetime import timedelta

from attrs import frozen


@frozen(kw_only=True)
class Limits:
    """What a source may take of time and room before a request fails.

    Example:
        >>> Limits(read=timedelta(minutes=2)).redirects
        5
    """

    connect: timedelta = timedelta(seconds=10)
    """Until a connection stands."""
    read: timedelta = timedelta(seconds=60)
    """Until the next piece of an answer comes, or of a request is taken."""
    answer: timedelta = timedelta(minutes=10)
    """From the head of an answer to its end."""
    body: int = 64 << 20
    """Bytes of an answer, packed or unpacked."""
    download: int = 16 << 30
    """Bytes of a file, packed or unpacked."""
    redirects: int = 5
    """Redirects in a row."""
