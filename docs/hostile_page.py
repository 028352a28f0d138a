"""Writes the page of hostile sources: what a sync does in each mode, from a run in each."""

from __future__ import annotations

import random
from pathlib import Path

from tests.testing.helpdesk import SETTINGS, Helpdesk, HelpdeskInSmall

from crmcx import errors
from crmcx.testing import MODES, Mode
from crmcx.testing._hostility import Endured, endure
from crmcx.testing.trial import Subject, Trial

PAGE = Path(__file__).parent / "reference" / "hostile-sources.md"
LARGE = 10 << 20
SEED = 7
"""Draws the waits for which a source does not say how long."""
WORDS = """\
# Hostile sources

What a sync does when its source does not behave: `make hostile-page` writes this page, out of one run in each mode over
a helpdesk in small with three streams, and one in calm after it. Lost and doubled are counted against what the source
holds then. [The suite for connectors](testing.md) runs every connector through the same modes.

"""


class OneByOne(Helpdesk):
    """The helpdesk, with its streams one after the other, so that the figures are the same each time."""

    threads = 0


def page() -> str:
    """The page as it should be."""
    subject = Subject(connector=OneByOne, settings=SETTINGS, server=HelpdeskInSmall)
    with Trial(subject) as trial:
        calm = trial.sync().requests
    rows = [("The source is", "The server", "The sync", "Lost", "Doubled"), ("---", "---", "---", "--:", "--:")]
    state = random.getstate()
    random.seed(SEED)
    try:
        for mode in MODES:
            with Trial(subject) as trial:
                endured = endure(trial, mode)
            rows.append((mode.name, mode.does, did(mode, endured, calm), str(endured.lost), str(endured.doubled)))
    finally:
        random.setstate(state)
    return WORDS + "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def did(mode: Mode, endured: Endured, calm: int) -> str:
    """What a sync did, in words."""
    first = endured.first
    if first.error is not None:
        names = " and ".join(f"`{name_of(code)}`" for code in sorted(set(first.codes)))
        return f"stopped with {names}; the next one went on and read the rest"
    again, counts = first.requests - calm, first.counts
    told = []
    if again > 0 and not mode.later:
        told.append(f"sent {again} requests again")
    if first.waited >= 1:
        told.append(f"waited {first.waited:.0f} s")
    if mode.name == "page given twice":
        told.append(f"took {counts.unchanged} repeats as unchanged")
    if counts.quarantined:
        told.append(f"set {counts.quarantined} records aside as they were; the next one read them mended")
    rows = [row for table in endured.content.values() for row in table]
    if new := sum("brand_new" in row for row in rows):
        told.append(f"kept them in `extra` of {new} records")
    if large := sum(len(row) > LARGE for row in rows):
        told.append(f"stored {large} of them whole")
    if mode.later:
        told.append(
            "read on; the next one brought what it could not see" if not endured.whole else "read it as it came"
        )
    return ", ".join(told) or "read on"


def name_of(code: str) -> str:
    """The name of the error with a code."""
    return next(
        name for name, found in vars(errors).items() if isinstance(found, type) and getattr(found, "code", "") == code
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.name} into {PAGE.parent}")
