"""A child process that loads deletions into a store, by markers and by a sweep, and kills itself at a step."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from attrs import evolve
from tests.store.victim import Steps
from tests.sync.sources import VERSIONED, deal, listing, run

from crmcx.connectors import Deletes
from crmcx.store import Store

SAID = 30
"""Records of each stream."""
FLAGGED = frozenset(map(str, range(0, SAID, 3)))
"""Those of which the second load says that they are gone."""
UNSHOWN = frozenset(f"s{number}" for number in range(0, SAID, 4))
"""Those that the second load does not show any more."""
_PAGE = 5
_COMMIT = 10


def load(store: Store, *, second: bool) -> None:
    """One run over two streams: one that marks what is gone, and one that shows all that is there."""
    version = 1 + second
    marked = [
        deal(str(number), version=version, stage="a", gone=second and str(number) in FLAGGED) for number in range(SAID)
    ]
    shown = [
        deal(f"s{number}", version=version, stage="b")
        for number in range(SAID)
        if not (second and f"s{number}" in UNSHOWN)
    ]
    pages = [[records[at : at + _PAGE] for at in range(0, len(records), _PAGE)] for records in (marked, shown)]
    run(
        store,
        evolve(listing(*pages[0], maps=VERSIONED, name="marked", origin=None), deletes=Deletes.flag("gone")),
        evolve(listing(*pages[1], maps=VERSIONED, name="shown", origin=None), deletes=Deletes.sweep()),
        rows_per_commit=_COMMIT,
    )


def main(path: Path, kill_at: int) -> None:
    """Make the second load, and say which steps it took."""
    steps = Steps(kill_at)
    with Store(path, step=steps) as store:
        load(store, second=True)
    sys.stdout.write(json.dumps(steps.names))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
