"""Exports that a source prepares while one waits: ask until it is done, read the file, unpack it within bounds."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection
from datetime import timedelta
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile, ZipFile, ZipInfo

from crmcx.connectors.clock import Clock
from crmcx.connectors.conversions import Path as Where
from crmcx.connectors.conversions import as_path
from crmcx.connectors.replies import Reply
from crmcx.errors import ExportError, OversizeError, SourceFileError

_PIECE = 1 << 16
_GROWTH = 1.5


def finished(
    ask: Callable[[], Reply],
    *,
    state: Where,
    done: Collection[Any],
    failed: Collection[Any],
    clock: Clock,
    first: timedelta = timedelta(seconds=1),
    longest: timedelta = timedelta(seconds=30),
    within: timedelta = timedelta(hours=1),
) -> Reply:
    """Ask how an export stands until it is done.

    Args:
        ask: Asks how it stands, such as `lambda: api.get(f"/exports/{id}")`.
        state: Where the word for its state stands.
        done: The words for done.
        failed: The words for failed; any other word is one for not yet.
        clock: By which to wait, such as `api.clock`.
        first: The first wait; each is half as long again as the one before.
        longest: The longest wait.
        within: How long it may take in all.

    Returns:
        The reply that says that it is done.

    Raises:
        ExportError: It failed, or took too long.

    Example:
        >>> replies = iter([Reply(200, body=b'{"status": "running"}'), Reply(200, body=b'{"status": "complete"}')])
        >>> still = Clock(sleep=lambda seconds: None)
        >>> export = dict(state="status", done={"complete"}, failed={"failed"})
        >>> finished(lambda: next(replies), **export, clock=still).get("status")
        'complete'
    """
    end = clock.monotonic() + within.total_seconds()
    pause = first.total_seconds()
    while True:
        reply = ask()
        word = reply.get(*as_path(state))
        if any(word == each for each in done):  # a word may be any JSON, such as true
            return reply
        if any(word == each for each in failed):
            msg = f"the source says that an export is {word!r}"
            raise ExportError(msg, hint="look into the source, then run again", state=word)
        if clock.monotonic() + pause > end:
            msg = f"an export was not done within {within}"
            raise ExportError(msg, hint="run again later, or ask for less at a time")
        clock.sleep(pause)
        pause = min(pause * _GROWTH, longest.total_seconds())


def unzipped(path: Path, *, limit: int = 16 << 30) -> tuple[Path, ...]:
    """Unpack a zip file beside itself, piece by piece.

    Args:
        path: The file; the names inside it are not used, since they may lead anywhere.
        limit: Bytes that all its files may have together.

    Returns:
        The files in their order in the zip file.

    Raises:
        OversizeError: They are larger than allowed.
        SourceFileError: It is no zip file, or a broken or encrypted one.
    """
    left = limit
    found = []
    try:
        with ZipFile(path) as packed:
            for number, member in enumerate(each for each in packed.infolist() if not each.is_dir()):
                target = path.with_name(f"{path.name}-{number}")
                left -= _unpack(packed, member, target, left)
                found.append(target)
    except (BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError):  # the last two: encrypted, or unusual
        broken = True
    else:
        broken = False
    if broken:
        msg = "an export is no zip file that can be unpacked: cut off, encrypted, or something else"
        raise SourceFileError(msg, hint="look at what the source sends, then run again")
    return tuple(found)


def _unpack(packed: ZipFile, member: ZipInfo, target: Path, limit: int) -> int:
    with packed.open(member) as source, target.open("wb") as into:
        return _copy(source, into, limit)


def _copy(source: IO[bytes], into: IO[bytes], limit: int) -> int:
    size = 0
    while piece := source.read(_PIECE):
        size += len(piece)  # what the directory of the zip file says of sizes may be a lie
        if size > limit:
            msg = "an export is larger than allowed when it is unpacked"
            raise OversizeError(msg, hint="ask for less at a time, or pass a larger limit", limit=limit)
        into.write(piece)
    return size
