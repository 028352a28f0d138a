"""What the demo shows while it works: progress and headings, in colour where rich is installed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec

Advance = Callable[[int], None]


class Plain:
    """A screen of plain lines."""

    def heading(self, words: str) -> None:
        """Begin a part."""
        print(f"\n{words}\n{'-' * len(words)}", flush=True)  # noqa: T201 - the demo prints

    def text(self, words: str) -> None:
        """Say something."""
        print(words, flush=True)  # noqa: T201 - the demo prints

    @contextmanager
    def progress(self, words: str, total: int) -> Iterator[Advance]:
        """Say the tenths of the way."""
        told = 0

        def advance(done: int) -> None:
            nonlocal told
            tenth = 10 * done // max(1, total)
            if tenth > told:
                told = tenth
                self.text(f"  {words}: {done:,} of {total:,}")

        yield advance


def screen() -> Plain:
    """A screen for this terminal: with rich, bars and colour; else plain lines."""
    if find_spec("rich") is None:
        return Plain()
    from rich.console import Console  # noqa: PLC0415 - an optional package, loaded at first use
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    console = Console(highlight=False)

    class Rich(Plain):
        """A screen with bars and colour."""

        def heading(self, words: str) -> None:
            """Begin a part."""
            console.print(f"\n[bold cyan]{words}[/]")

        def text(self, words: str) -> None:
            """Say something; nothing in it is markup, and lines are not broken."""
            console.print(words, markup=False, soft_wrap=True)

        @contextmanager
        def progress(self, words: str, total: int) -> Iterator[Advance]:
            """A bar; where nobody looks, as in a file, the plain lines."""
            if not console.is_terminal:
                with super().progress(words, total) as advance:
                    yield advance
                return
            columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            with Progress(*columns, console=console) as bars:
                task = bars.add_task(words, total=total)
                yield lambda done: bars.update(task, completed=done)

    return Rich()
