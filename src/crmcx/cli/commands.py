"""What each command does; everything is asked of the library."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import asdict

from crmcx.cli.config import read_config
from crmcx.cli.progress import shown
from crmcx.cli.scaffold import new_connector
from crmcx.connectors import Stream, installed
from crmcx.errors import CrmcxError
from crmcx.store import Quarantine
from crmcx.sync import SyncReport
from crmcx.workspace import Workspace


def _demo(chosen: argparse.Namespace) -> None:
    from crmcx.demo.run import run  # noqa: PLC0415 - only this command needs it

    run(
        customers=chosen.customers,
        seed=chosen.seed,
        out=chosen.out,
        as_json=chosen.json,
        over_http=not chosen.files,
    )


def _sync(chosen: argparse.Namespace) -> None:
    with read_config(chosen.config).workspace(tuple(chosen.connection)) as workspace, shown() as show:
        report = workspace.sync(whole=chosen.whole, listener=show)
    say(report, as_json=chosen.json)


def _connectors(chosen: argparse.Namespace) -> None:
    found = installed()
    rows = []
    for name in found.names():
        cls = found.connector(name)
        rows.append({"name": name, "brought by": cls.__module__.partition(".")[0], "streams": len(cls.declared())})
    if chosen.json:
        print(as_json({"connectors": rows, "failed": [asdict(each) for each in found.failed]}))
        return
    print(_table(rows))
    for each in found.failed:
        print(f"the plugin {each.plugin} failed to load and is skipped: {each.reason}")


def _streams(chosen: argparse.Namespace) -> None:
    rows = [_told(each) for each in installed().connector(chosen.connector).declared()]
    if chosen.json:
        print(as_json(rows))
    elif rows:
        print(_table(rows))
    else:
        print(f"what {chosen.connector} reads is said when it is connected")


def _told(stream: Stream) -> dict[str, Any]:
    """What a stream declares, for people."""
    at = None if stream.cursor is None else ".".join(map(str, stream.cursor.path))
    lookback = f" - {stream.lookback}" if stream.lookback else ""
    return {
        "stream": stream.name,
        "becomes": ", ".join(each.cls.__name__ for each in stream.maps),
        "reads": "everything" if at is None else f"what is new by {at}{lookback}",
        "deletes": str(stream.deletes.way),
        "of each": stream.parents.stream if stream.parents is not None else "",
        "goes on after a break": "yes" if stream.resumes else "no",
    }


def _sandbox(chosen: argparse.Namespace) -> None:
    from crmcx.cli.serving import serve  # noqa: PLC0415 - only this command needs it

    serve(chosen.system, records=chosen.records, as_json=chosen.json)


def _new_connector(chosen: argparse.Namespace) -> None:
    made = new_connector(chosen.name, chosen.dir)
    if chosen.json:
        print(as_json(made))
        return
    package = made[0].parent
    for path in made:
        print(path)
    print(f'\nnext: cd {package} && pip install -e ".[test]" && pytest')


def _status(chosen: argparse.Namespace) -> None:
    with Workspace(_store(chosen), read_only=True) as workspace:
        status = workspace.status()
    print(as_json(asdict(status)) if chosen.json else status)


def _quarantine(chosen: argparse.Namespace) -> None:
    if chosen.action == "replay":
        only: Any = "all" if chosen.all else "quarantined"
        with read_config(chosen.config).workspace(tuple(chosen.connection)) as workspace, shown() as show:
            reports = [workspace.replay(source, only=only, listener=show) for source in workspace.connections]
        say(SyncReport(tuple(run for report in reports for run in report.runs)), as_json=chosen.json)
        return
    with Workspace(_store(chosen), read_only=True) as workspace:
        if chosen.action == "list":
            found = workspace.quarantine(source=chosen.source, limit=chosen.limit)
        else:
            found = Quarantine(each for each in workspace.quarantine() if each.id == chosen.id)
    if chosen.action == "show" and not found:
        msg = f"there is no record {chosen.id} in quarantine"
        raise CrmcxError(msg, hint="take the number from: crmcx quarantine list")
    with_raw = chosen.action == "show" and chosen.raw
    if chosen.json:
        shown_ = [{name: value for name, value in asdict(each).items() if with_raw or name != "raw"} for each in found]
        print(as_json(shown_))
        return
    for each in found:
        place = f"{each.origin or each.stream} row {each.row}"
        print(f"{each.id:>6}  {each.source}  {place}  {each.field or 'record'}: {each.reason}")
        if with_raw:
            print(each.raw)
    if not found:
        print("nothing is in quarantine")


def _export(chosen: argparse.Namespace) -> None:
    with Workspace(_store(chosen), read_only=True) as workspace:
        made = workspace.export(chosen.folder)
    print(as_json(asdict(made)) if chosen.json else made)


def _compact(chosen: argparse.Namespace) -> None:
    store = _store(chosen)
    if not store.is_file():
        msg = f"found no store {store.name} in {store.parent}"
        raise CrmcxError(msg, hint="check the path")
    with Workspace(store) as workspace:
        made = workspace.compact()
    print(as_json(asdict(made)) if chosen.json else made)


COMMANDS: dict[str, Callable[[argparse.Namespace], None]] = {
    "demo": _demo,
    "sandbox": _sandbox,
    "sync": _sync,
    "connectors": _connectors,
    "streams": _streams,
    "new-connector": _new_connector,
    "status": _status,
    "quarantine": _quarantine,
    "export": _export,
    "compact": _compact,
}
"""The commands by name."""


def _store(chosen: argparse.Namespace) -> Path:
    """The store that is meant: the one that is named, or that of the file."""
    return Path(chosen.store) if chosen.store is not None else read_config(chosen.config).store


def say(report: SyncReport, *, as_json: bool) -> None:
    """Print what a sync brought."""
    print(json.dumps(report.dicts(), default=str, indent=2, ensure_ascii=False) if as_json else report)


def as_json(data: Any) -> str:  # noqa: ANN401 - plain data
    """Data as JSON for people and programs."""
    return json.dumps(data, default=str, indent=2, ensure_ascii=False)


def _table(rows: list[dict[str, Any]]) -> str:
    """Rows under their names."""
    names = list(rows[0])
    lines = [names, *([str(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(names))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
