"""The demo: exports of a bank go in, one model comes out, and the terminal shows what it says."""

from __future__ import annotations

import json
import tempfile
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter
from typing import Any

from attrs import asdict

from crmcx.demo.answers import Answers, ask
from crmcx.demo.bank import Exports, write_exports
from crmcx.demo.maps import connections
from crmcx.demo.screen import Plain, screen
from crmcx.sync import Progress, SyncReport
from crmcx.workspace import Workspace

_SHOWN = 6


def run(*, customers: int = 5000, seed: int = 7, out: Path | None = None, as_json: bool = False) -> None:
    """Run the demo and print what it finds.

    Args:
        customers: How many people deal with the bank.
        seed: Another seed makes another bank.
        out: Folder that keeps exports and store; without it they are gone at the end.
        as_json: Print data instead of text.

    Raises:
        SourceError: A folder given as `out` cannot be written.
    """
    begun = perf_counter()
    with ExitStack() as stack:
        folder = out or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crmcx-demo-")))
        shown = None if as_json else screen()
        exports = _write(folder, customers, seed, shown)
        workspace = stack.enter_context(Workspace(folder / "bank.duckdb"))
        report = _sync(workspace, exports, shown)
        answers = ask(workspace.tables)
        if shown is None:
            print(json.dumps(_data(workspace, report, answers), indent=2, default=str))  # noqa: T201 - as asked
            return
        _tell(shown, workspace, report, answers)
        kept = (
            f"exports and store are kept in {folder}" if out else "nothing is kept; --out DIR keeps exports and store"
        )
        shown.text(f"\n{perf_counter() - begun:.1f} s in all; {kept}")


def _write(folder: Path, customers: int, seed: int, shown: Plain | None) -> Exports:
    if shown is not None:
        shown.heading("A bank writes its exports")
    exports = write_exports(folder / "exports", customers=customers, seed=seed)
    if shown is not None:
        for file in exports.truth.files:
            shown.text(f"  {file.name:<36}{file.records:>9,} records")
    return exports


def _sync(workspace: Workspace, exports: Exports, shown: Plain | None) -> SyncReport:
    for name, connector in connections(exports).items():
        workspace.connect(connector, name=name)
    if shown is None:
        return workspace.sync()
    shown.heading("crmcx reads them into one model")
    done: dict[tuple[str, str], int] = {}
    with shown.progress("records", sum(file.records for file in exports.truth.files)) as advance:

        def listen(progress: Progress) -> None:
            done[progress.source, progress.stream] = progress.counts.read
            advance(sum(done.values()))

        report = workspace.sync(listener=listen)
    shown.text(str(report))
    return report


def _tell(shown: Plain, workspace: Workspace, report: SyncReport, answers: Answers) -> None:
    aside = workspace.quarantine(limit=_SHOWN)
    shown.heading("What was set aside, and why")
    for each in aside:
        shown.text(f"  {each.origin or each.stream} row {each.row}: {each.field or 'record'} {each.reason}")
    rest = report.counts.quarantined - len(aside)
    if rest > 0:
        shown.text(f"  ... and {rest:,} more; `crmcx quarantine list` shows them all of a store that was kept")
    shown.heading("What the model holds")
    for name, count in workspace.status().rows:
        shown.text(f"  {name:<20}{count:>9,}")
    shown.heading("Six numbers, each with its interval and what it rests on")
    width = max(len(asked) for asked, _ in answers.estimates)
    for asked, estimate in answers.estimates:
        left_out = sum(number for _, number in estimate.excluded)
        said = f"{estimate.value_words:>13}   {estimate.interval_words:<28} n = {estimate.n:,}"
        shown.text(f"  {asked:<{width}}{said}{f', {left_out:,} left out' if left_out else ''}")
    shown.heading("The same score in both languages of the survey")
    shown.text(_indented(answers.by_language))
    shown.heading("Deals won, by pipeline")
    shown.text(_indented(answers.by_pipeline))
    shown.heading("From a quote to a signed contract, within 14 days")
    shown.text(_indented(answers.funnel))


def _indented(result: object) -> str:
    return "\n".join(f"  {line}" for line in repr(result).splitlines())


def _data(workspace: Workspace, report: SyncReport, answers: Answers) -> dict[str, Any]:
    status = workspace.status()
    return {
        "sync": report.dicts(),
        "quarantine": [
            {name: value for name, value in asdict(each).items() if name != "raw"} for each in workspace.quarantine()
        ],
        "tables": dict(status.rows),
        **answers.to_dict(),
    }
