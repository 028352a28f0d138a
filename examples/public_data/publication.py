"""Where a file was published, and whether the one at hand is the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from attrs import frozen

from crmcx import Workspace
from crmcx.errors import SourceFileError


@frozen(kw_only=True)
class Publication:
    """A published file."""

    publisher: str
    """Who published it, and under which name."""
    licence: str
    """Under which terms."""
    file: str
    """Its path below the folder of the data sets."""
    sha256: str
    """The hash of the file that the figures were made of."""

    def path(self, folder: Path) -> Path:
        """The file, once it is known to be the published one.

        Raises:
            SourceFileError: It is not there, or another.
        """
        found = folder / self.file
        if not found.is_file():
            msg = f"found no file {self.file} in {folder}"
            raise SourceFileError(msg, hint=f"get it from {self.publisher}", file=self.file)
        digest = hashlib.sha256(found.read_bytes()).hexdigest()
        if digest != self.sha256:
            told = f"SHA-256 {digest[:12]}, expected {self.sha256[:12]}"
            msg = f"{self.file} is another file than the published one: {told}"
            raise SourceFileError(msg, hint=f"get it again from {self.publisher}", file=self.file)
        return found


@frozen(kw_only=True)
class Example:
    """One data set: how it is connected, and what is asked."""

    name: str
    """Name of the connection, and of the module."""
    title: str
    """What it is."""
    publications: tuple[Publication, ...]
    """Its files."""
    connect: Callable[[Workspace, Path], None]
    """Connects it to a workspace, given the folder of the data sets."""
    ask: Callable[[Workspace], list[tuple[str, str]]]
    """The questions with their answers."""
