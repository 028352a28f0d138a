"""The command line, thin over the library: `crmcx sync`, `status`, `quarantine`, `export` and others."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from crmcx.cli import commands
from crmcx.cli.config import FILE
from crmcx.cli.serving import SYSTEMS
from crmcx.errors import CrmcxError
from crmcx.sync import SyncInterrupted, SyncReport

BAD_INPUT = 2
"""Exit status when the input is wrong, or a source cannot be read."""
INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells count it."""
_STORE = f"the store's file; unless given, that of {FILE}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="crmcx", description="Customer records and customer experience in one model.")
    parser.add_argument("--version", action="version", version=f"crmcx {version('crmcx')}")
    parser.add_argument("--log", action="store_true", help="also write the log to standard error")
    parser.add_argument(
        "--config", type=Path, default=Path(FILE), metavar="FILE", help=f"store and connections ({FILE})"
    )
    made = parser.add_subparsers(dest="command", required=True, metavar="command")

    demo = made.add_parser("demo", help="run the demo bank: exports in; people, numbers and a page out")
    demo.add_argument("--customers", type=_count, default=5_000, metavar="N", help="how many customers (5000)")
    demo.add_argument("--seed", type=int, default=7, metavar="S", help="another seed makes another bank (7)")
    demo.add_argument("--files", action="store_true", help="read files alone, without systems that answer over HTTP")
    demo.add_argument("--out", type=Path, metavar="DIR", help="keep exports, truth, store and page in this folder")

    sync = made.add_parser("sync", help="read all connections into the store, each from where it stood")
    sync.add_argument("connection", nargs="*", help="only these connections")
    sync.add_argument("--whole", action="store_true", help="read everything, not only what is new")

    connectors = made.add_parser("connectors", help="the connectors that are installed")
    streams = made.add_parser("streams", help="what a connector reads, and how")
    streams.add_argument("connector", help="its name, from: crmcx connectors")

    sandbox = made.add_parser("sandbox", help="a local server that speaks a vendor's protocol, until Ctrl-C")
    sandbox.add_argument("system", choices=SYSTEMS, help="whose")
    sandbox.add_argument("--records", type=_count, default=20, metavar="N", help="invented records of each kind (20)")

    new = made.add_parser("new-connector", help="write a package with a connector that passes its tests at once")
    new.add_argument("name", help="the connector's name, in lower case: the package is crmcx-NAME")
    new.add_argument("--dir", type=Path, default=Path(), metavar="DIR", help="where its folder is made (here)")

    status = made.add_parser("status", help="what a store holds")
    status.add_argument("store", nargs="?", type=Path, help=_STORE)

    quarantine = made.add_parser("quarantine", help="records that could not be mapped")
    actions = quarantine.add_subparsers(dest="action", required=True, metavar="list|show|replay")
    listing = actions.add_parser("list", help="where, which field and why")
    listing.add_argument("store", nargs="?", type=Path, help=_STORE)
    listing.add_argument("--source", help="only those of this source")
    listing.add_argument("--limit", type=_count, default=50, metavar="N", help="at most so many (50)")
    show = actions.add_parser("show", help="one of them")
    show.add_argument("store", nargs="?", type=Path, help=_STORE)
    show.add_argument("id", type=int, help="its number, from the list")
    show.add_argument("--raw", action="store_true", help="also the record as the source said it: may be personal")
    replay = actions.add_parser("replay", help="map them anew, after a mapping was mended; no request is sent")
    replay.add_argument("connection", nargs="*", help="only these connections")
    replay.add_argument("--all", action="store_true", help="all records that were read, not only these")

    export = made.add_parser("export", help="write all tables as Parquet files by month")
    export.add_argument("store", nargs="?", type=Path, help=_STORE)
    export.add_argument("folder", type=Path, metavar="dir", help="a folder that is empty or not there yet")

    compact = made.add_parser("compact", help="write a store's file anew, smaller and in order")
    compact.add_argument("store", nargs="?", type=Path, help=_STORE)

    for each in (demo, sync, connectors, streams, sandbox, new, status, listing, show, replay, export, compact):
        each.add_argument("--json", action="store_true", help="print data instead of text")
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
        The exit status: 0, 2 when the input was wrong or a source could not be read, 130 after Ctrl-C.
    """
    chosen = _parser().parse_args(arguments)
    if chosen.log:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    else:  # what a log would say is said in the report
        logging.getLogger("crmcx").addHandler(logging.NullHandler())
    try:
        commands.COMMANDS[chosen.command](chosen)
    except CrmcxError as error:
        report = error.data.get("report")
        if isinstance(report, SyncReport) and report.runs:
            commands.say(report, as_json=chosen.json)
        print(f"crmcx: {error}", file=sys.stderr)
        for note in getattr(error, "__notes__", ()):
            print(f"crmcx: {note}", file=sys.stderr)
        return BAD_INPUT
    except SyncInterrupted as ended:
        commands.say(ended.report, as_json=chosen.json)
        print(f"crmcx: {ended}", file=sys.stderr)
        return INTERRUPTED
    except KeyboardInterrupt:
        print("\ncrmcx: interrupted; what was committed stands, and the next run goes on from there", file=sys.stderr)
        return INTERRUPTED
    return 0
