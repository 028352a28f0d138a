"""The command line, thin over the library: `crmcx demo`, `status`, `quarantine`, `export`, `compact`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from attrs import asdict

from crmcx.errors import CrmcxError
from crmcx.store import Quarantine
from crmcx.workspace import Workspace

BAD_INPUT = 2
"""Exit status when the input is wrong."""
INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells count it."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="crmcx", description="Customer records and customer experience in one model.")
    parser.add_argument("--version", action="version", version=f"crmcx {version('crmcx')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")

    demo = commands.add_parser("demo", help="run the demo bank: exports in; people, numbers and a page out")
    demo.add_argument("--customers", type=_count, default=5_000, metavar="N", help="how many customers (5000)")
    demo.add_argument("--seed", type=int, default=7, metavar="S", help="another seed makes another bank (7)")
    demo.add_argument("--out", type=Path, metavar="DIR", help="keep exports, truth, store and page in this folder")
    demo.add_argument("--json", action="store_true", help="print data instead of text")

    status = commands.add_parser("status", help="what a store holds")
    status.add_argument("store", type=Path, help="the store's file")
    status.add_argument("--json", action="store_true", help="print data instead of text")

    quarantine = commands.add_parser("quarantine", help="records that could not be mapped")
    actions = quarantine.add_subparsers(dest="action", required=True, metavar="list|show")
    listing = actions.add_parser("list", help="where, which field and why")
    listing.add_argument("store", type=Path, help="the store's file")
    listing.add_argument("--source", help="only those of this connection")
    listing.add_argument("--limit", type=_count, default=50, metavar="N", help="at most so many (50)")
    listing.add_argument("--json", action="store_true", help="print data instead of text")
    show = actions.add_parser("show", help="one of them")
    show.add_argument("store", type=Path, help="the store's file")
    show.add_argument("id", type=int, help="its number, from the list")
    show.add_argument("--raw", action="store_true", help="also the record as the source said it: may be personal")
    show.add_argument("--json", action="store_true", help="print data instead of text")

    export = commands.add_parser("export", help="write all tables as Parquet files by month")
    export.add_argument("store", type=Path, help="the store's file")
    export.add_argument("folder", type=Path, metavar="dir", help="a folder that is empty or not there yet")
    export.add_argument("--json", action="store_true", help="print data instead of text")

    compact = commands.add_parser("compact", help="write a store's file anew, smaller and in order")
    compact.add_argument("store", type=Path, help="the store's file")
    compact.add_argument("--json", action="store_true", help="print data instead of text")
    return parser


def _count(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else 0
    if number < 1:
        msg = f"found {text!r}, expected a whole number of at least 1"
        raise argparse.ArgumentTypeError(msg)
    return number


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: The words after `crmcx`; None for those of the process.

    Returns:
        The exit status: 0, 2 when the input was wrong, 130 after Ctrl-C.
    """
    chosen = _parser().parse_args(arguments)
    commands = {"demo": _demo, "status": _status, "quarantine": _quarantine, "export": _export, "compact": _compact}
    try:
        commands[chosen.command](chosen)
    except CrmcxError as error:
        print(f"crmcx: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("\ncrmcx: interrupted; what was committed stands, and the next run goes on from there", file=sys.stderr)
        return INTERRUPTED
    return 0


def _demo(chosen: argparse.Namespace) -> None:
    from crmcx.demo.run import run  # noqa: PLC0415 - only this command needs it

    run(customers=chosen.customers, seed=chosen.seed, out=chosen.out, as_json=chosen.json)


def _status(chosen: argparse.Namespace) -> None:
    with Workspace(chosen.store, read_only=True) as workspace:
        status = workspace.status()
    print(_json(asdict(status)) if chosen.json else status)


def _quarantine(chosen: argparse.Namespace) -> None:
    with Workspace(chosen.store, read_only=True) as workspace:
        if chosen.action == "list":
            found = workspace.quarantine(source=chosen.source, limit=chosen.limit)
        else:
            found = Quarantine(each for each in workspace.quarantine() if each.id == chosen.id)
    if chosen.action == "show" and not found:
        msg = f"there is no record {chosen.id} in quarantine"
        raise CrmcxError(msg, hint="take the number from: crmcx quarantine list")
    with_raw = chosen.action == "show" and chosen.raw
    if chosen.json:
        shown = [{name: value for name, value in asdict(each).items() if with_raw or name != "raw"} for each in found]
        print(_json(shown))
        return
    for each in found:
        place = f"{each.origin or each.stream} row {each.row}"
        print(f"{each.id:>6}  {each.source}  {place}  {each.field or 'record'}: {each.reason}")
        if with_raw:
            print(each.raw)
    if not found:
        print("nothing is in quarantine")


def _export(chosen: argparse.Namespace) -> None:
    with Workspace(chosen.store, read_only=True) as workspace:
        made = workspace.export(chosen.folder)
    print(_json(asdict(made)) if chosen.json else made)


def _compact(chosen: argparse.Namespace) -> None:
    if not chosen.store.is_file():
        msg = f"found no store {chosen.store.name} in {chosen.store.parent}"
        raise CrmcxError(msg, hint="check the path")
    with Workspace(chosen.store) as workspace:
        made = workspace.compact()
    print(_json(asdict(made)) if chosen.json else made)


def _json(data: Any) -> str:  # noqa: ANN401 - plain data
    return json.dumps(data, default=str, indent=2, ensure_ascii=False)


if __name__ == "__main__":
    sys.exit(main())
