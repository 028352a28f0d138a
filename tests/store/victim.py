"""A child process that works on a store: it kills itself at a step, hits a limit on file sizes, or holds a lock."""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from attrs import evolve

from crmcx import models
from crmcx.connectors import Cursor, Files, FileStream, Page, Stream, contact, instant, mapping, money, present, ref
from crmcx.errors import CrmcxError
from crmcx.store import Store
from crmcx.sync import Listener, Progress, Run, RunReport, sync

ROWS = 3_000
ROWS_PER_PAGE = 100
ROWS_PER_COMMIT = 300
COLUMNS = ("party", "name", "email", "deal", "status", "stage", "amount", "created")
MAPS = (
    mapping(models.Customer, id="party", name="name", parts=(contact("email", "email"),), when=present("party")),
    mapping(
        models.Deal,
        id="deal",
        status="status",
        stage="stage",
        amount=money("amount", currency="EUR"),
        created_at=instant("created"),
        customer=ref("party"),
    ),
)


def write_export(path: Path, *, changed: bool = False) -> Path:
    """Write an export of two classes a row: some rows repeat the one before, some are bad, some others change."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(ROWS):
            said = number - 1 if number % 40 == 7 else number
            stage = "closing" if changed and said % 10 == 3 else "offer"
            status = "mislaid" if number % 97 == 50 else "open"
            amount = f"{said}.25"
            created = f"2024-{said % 12 + 1:02}-01T00:00:00Z"
            row = [f"p{said // 2}", f"N{said // 2}", f"p{said // 2}@example.org"]
            row += [f"d{said}", status, stage, amount, created]
            writer.writerow(row[:5] if number % 500 == 250 else row)
    return path


class Export(Files):
    """The file connector over one export, telling how many records it handed on."""

    def __init__(self, path: Path, tell: Callable[[int], None] = lambda _records: None) -> None:
        super().__init__(FileStream(path, MAPS, name="export", rows_per_page=ROWS_PER_PAGE))
        self._tell = tell

    def streams(self) -> tuple[Stream, ...]:
        """The one stream."""
        return tuple(evolve(each, read=self._told(each)) for each in super().streams())

    def _told(self, stream: Stream) -> Callable[[Cursor], Iterator[Page]]:
        def read(cursor: Cursor) -> Iterator[Page]:
            for page in stream.read(cursor):
                self._tell(len(page.records))
                yield page

        return read


def load(store: Store, export: Export, listener: Listener = lambda _progress: None) -> RunReport:
    """One run over the export."""
    return sync(
        Run(store=store, source="crm", connector=export, listener=listener, rows_per_commit=ROWS_PER_COMMIT),
    )


class Steps:
    """Counts the steps of a store, and ends its own process without a word at the chosen one."""

    def __init__(self, kill_at: int) -> None:
        self.names: list[str] = []
        self.again: str | None = None
        self._kill_at = kill_at

    def __call__(self, name: str) -> None:
        self.names.append(name)
        if len(self.names) == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


def _say(**words: object) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def _tell(progress: Progress) -> None:
    if progress.state == "reading":
        _say(committed=progress.counts.read)


def _work(options: argparse.Namespace, steps: Steps) -> None:
    with Store(options.store, step=steps) as store:
        if options.checkpoint:
            store._connection.execute(f"SET wal_autocheckpoint = '{options.checkpoint}'").fetchall()
        if options.hold:
            _say(open=True)
            sys.stdin.read()
        elif options.copy_to:
            store.snapshot_to(options.copy_to)
        elif options.compact:
            store.compact()
        else:
            with Path(options.notes).open("ab", buffering=0) as notes:
                export = Export(options.export, lambda records: notes.write(b"%d\n" % records) and None)
                try:
                    load(store, export, _tell)
                except CrmcxError:
                    steps.again = _once_more(store)
                    raise


def _once_more(store: Store) -> str | None:
    """The code of the error when a store that failed is to write again."""
    try:
        store.start_run("crm")
    except CrmcxError as error:
        return error.code
    return None


def main(arguments: Sequence[str] | None = None) -> None:
    """Work, and say how it ended: as lines of JSON, the last with the error and the steps taken."""
    parser = argparse.ArgumentParser()
    parser.add_argument("store")
    parser.add_argument("--export", type=Path)
    parser.add_argument("--notes", default=os.devnull, help="where each page handed on is noted")
    parser.add_argument("--kill-at", type=int, default=0, help="number of the step to die at")
    parser.add_argument("--limit", type=int, help="the most bytes that a file may have")
    parser.add_argument("--checkpoint", help="checkpoint so often")
    parser.add_argument("--copy-to", help="only copy the store there")
    parser.add_argument("--compact", action="store_true", help="only write the store anew")
    parser.add_argument("--hold", action="store_true", help="only hold the store open until the input ends")
    options = parser.parse_args(arguments)
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    if options.limit is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (options.limit, unlimited[1]))
    steps = Steps(options.kill_at)
    _say(ready=True)
    error: CrmcxError | None = None
    try:
        _work(options, steps)
    except CrmcxError as raised:
        error = raised
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)  # what measures coverage writes a file at the end
    name, code = (type(error).__name__, error.code) if error else (None, None)
    _say(error=name, code=code, again=steps.again, steps=steps.names)


if __name__ == "__main__":
    main()
