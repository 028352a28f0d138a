"""The demo: exports of a bank go in, one model comes out, and the terminal shows what it says."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter
from typing import Any

from attrs import asdict

from crmcx.connectors import Connector
from crmcx.demo.answers import Answers, ask
from crmcx.demo.bank import Exports, write_exports
from crmcx.demo.company import COMPANY, company
from crmcx.demo.found import Found, find
from crmcx.demo.later import weeks_later
from crmcx.demo.maps import connections as connections_of
from crmcx.demo.page import write_page
from crmcx.demo.platforms import platforms
from crmcx.demo.screen import Plain, screen
from crmcx.errors import MissingExtraError, UsageError
from crmcx.sync import Progress, SyncReport
from crmcx.workspace import Workspace

_SHOWN = 6
_NOTE, _STORE = "bank.json", "bank.duckdb"


def run(
    *, customers: int = 5000, seed: int = 7, out: Path | None = None, as_json: bool = False, over_http: bool = True
) -> None:
    """Run the demo, print what it finds, and write the page.

    Args:
        customers: How many customers the bank has.
        seed: Another seed makes another bank.
        over_http: Whether two of its systems answer over HTTP as their vendors' do, and go on changing; else all of
            them hand over files.
        out: Folder that keeps exports, store and page; without it only the page is kept, in a folder of its own.
        as_json: Print data instead of text.

    Raises:
        UsageError: A folder given as `out` cannot be written, or holds another bank.
    """
    begun = perf_counter()
    if out is not None:
        _claim(out, customers=customers, seed=seed)
    with ExitStack() as stack:
        folder = out or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crmcx-demo-")))
        shown = None if as_json else screen()
        exports = _write(folder, customers, seed, shown)
        if over_http:
            _forget(folder)
        workspace = stack.enter_context(Workspace(folder / _STORE))
        systems = stack.enter_context(platforms(exports)) if over_http else None
        connections = connections_of(exports) if systems is None else systems.connections(exports)
        report = _first(workspace, connections, exports, shown)
        found = find(workspace, exports.truth if systems is None else systems.told(exports.truth))
        answers = ask(workspace.tables)
        if shown is None:
            data = _data(workspace, report, found, answers)
            if systems is not None:
                data["a_week_later"] = weeks_later(workspace, systems, exports).to_dict()
            print(json.dumps(data, indent=2, default=str))  # noqa: T201 - as asked
            return
        _tell(shown, workspace, report, found, answers, kept=out)
        page = _page(out, workspace, report, found, answers)
        if systems is not None:
            shown.heading("A week later")
            shown.text(str(weeks_later(workspace, systems, exports)))
        shown.heading("The page")
        kept = f"exports, truth and store are kept in {folder}" if out else "--out DIR keeps exports and store too"
        shown.text(f"  {page}\n\n{perf_counter() - begun:.1f} s in all; {kept}")


def _claim(folder: Path, *, customers: int, seed: int) -> None:
    """Note in a folder which bank it holds; a store of another bank would mix with this one.

    Raises:
        UsageError: The folder cannot be written, or holds another bank, or a store that the demo did not write.
    """
    note = folder / _NOTE
    wanted = {"customers": customers, "seed": seed}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = json.loads(note.read_text(encoding="utf-8")) if note.is_file() else None
        if held is None and not (folder / _STORE).exists():
            note.write_text(json.dumps(wanted), encoding="utf-8")
            return
    except OSError as error:
        msg = f"the folder {folder} cannot be written: {error.strerror}"
        raise UsageError(msg, hint="choose another with --out") from None
    if held != wanted:
        what = f"the bank of {held['customers']:,} customers and seed {held['seed']}" if held else "a store of its own"
        msg = f"the folder {folder} holds {what}"
        raise UsageError(msg, hint="choose another with --out, or remove it")


def _forget(folder: Path) -> None:
    """Remove the demo's store: the systems that answer over HTTP begin anew with each run."""
    for path in folder.glob(f"{_STORE}*"):
        path.unlink()


def _page(out: Path | None, workspace: Workspace, report: SyncReport, found: Found, answers: Answers) -> str:
    """Write the page, and say where it is, or what it needs."""
    folder = out or Path(tempfile.mkdtemp(prefix="crmcx-page-"))
    try:
        page = write_page(
            folder / "bank.html",
            workspace=workspace,
            report=report,
            answers=answers,
            person=found.card(),
            people=found.people(),
        )
    except MissingExtraError as error:
        return f"was not written: {error}"
    return f"{page.resolve()}: open it in a browser, it needs no network"


def _write(folder: Path, customers: int, seed: int, shown: Plain | None) -> Exports:
    if shown is not None:
        shown.heading("A bank writes its exports")
    exports = write_exports(folder / "exports", customers=customers, seed=seed)
    if shown is not None:
        for file in exports.truth.files:
            shown.text(f"  {file.name:<36}{file.records:>9,} records")
    return exports


def _first(
    workspace: Workspace, connections: Mapping[str, Connector], exports: Exports, shown: Plain | None
) -> SyncReport:
    workspace.load(company(), source=COMPANY, stream="company")
    for name, connector in connections.items():
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


def _tell(
    shown: Plain, workspace: Workspace, report: SyncReport, found: Found, answers: Answers, *, kept: Path | None
) -> None:
    aside = workspace.quarantine(limit=_SHOWN)
    shown.heading("What was set aside, and why")
    for each in aside:
        system = each.source.partition(":")[2]
        shown.text(f"  {system}: {each.origin or each.stream} row {each.row}: {each.field or 'record'} {each.reason}")
    rest = report.counts.quarantined - len(aside)
    if rest > 0:
        shown.text(f"  ... and {rest:,} more" + (f": crmcx quarantine list {kept / _STORE}" if kept else ""))
    shown.heading("What the model holds")
    for name, count in workspace.status().rows:
        shown.text(f"  {name:<20}{count:>9,}")
    shown.heading("People out of records")
    shown.text("\n".join(f"  {line}" for line in found.words()))
    shown.heading("The customer of loan 4711, whom the deposits department could not find")
    shown.text("\n".join(f"  {line}" for line in found.story()))
    shown.heading("Six numbers, each with its interval and what it rests on")
    width = max(len(asked) for asked, _ in answers.estimates)
    for asked, estimate in answers.estimates:
        left_out = sum(number for _, number in estimate.excluded)
        interval = estimate.interval_words or estimate.reason or ""
        said = f"{estimate.value_words:>13}   {interval:<28} n = {estimate.n:,}"
        shown.text(f"  {asked:<{width}}{said}{f', {left_out:,} left out' if left_out else ''}")
    shown.heading("The same score in both languages of the survey")
    shown.text(_indented(answers.by_language))
    shown.heading("Deals won, by pipeline")
    shown.text(_indented(answers.by_pipeline))
    shown.heading("From a quote to a signed contract, within 14 days")
    shown.text(_indented(answers.funnel))


def _indented(result: object) -> str:
    return "\n".join(f"  {line}" for line in repr(result).splitlines())


def _data(workspace: Workspace, report: SyncReport, found: Found, answers: Answers) -> dict[str, Any]:
    status = workspace.status()
    return {
        "sync": report.dicts(),
        "quarantine": [
            {name: value for name, value in asdict(each).items() if name != "raw"} for each in workspace.quarantine()
        ],
        "tables": dict(status.rows),
        "people": found.to_dict(),
        **answers.to_dict(),
    }
