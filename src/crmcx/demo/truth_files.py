"""The truth written down beside the exports, for whoever checks from outside; no connection reads it.

truth/who_is_who.csv: source, record id, person. truth/stages.csv: person, product line, stage, since (ISO day).
truth/pain_point.csv: touchpoint, hazard ratio, person, since. truth/initiative.csv: one row of what it changed.
truth/invitations.csv, contracts.csv, consents.csv, campaign.csv: the figures of `contact_truth`.
All of them comma, UTF-8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import astuple, fields

from crmcx.demo.files import CsvForm, write_csv
from crmcx.demo.period import date_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from attrs import AttrsInstance

    from crmcx.demo.truth import Truth

_FORM = CsvForm(delimiter=",", encoding="utf-8")


def write_truth(folder: Path, truth: Truth) -> None:
    """Write the truth into the folder `truth`."""
    where, pain, change = folder / "truth", truth.pain_point, truth.initiative
    write_csv(
        where / "who_is_who.csv",
        _FORM,
        ("source", "source_id", "person"),
        ((*ref.split("/", 1), person) for ref, person in sorted(truth.people.items())),
    )
    write_csv(
        where / "stages.csv",
        _FORM,
        ("person", "line", "stage", "since"),
        (
            (person, line, stage, date_of(day).isoformat())
            for person, steps in truth.stages.items()
            for day, line, stage in steps
        ),
    )
    write_csv(
        where / "pain_point.csv",
        _FORM,
        ("touchpoint", "hazard_ratio", "person", "since"),
        ((pain.touchpoint, pain.hazard_ratio, person, since.isoformat()) for person, since in pain.people),
    )
    write_csv(
        where / "initiative.csv",
        _FORM,
        ("code", "begins", "touchpoint", "response_factor", "nps_raise", "csat_raise"),
        [
            (
                change.code,
                change.begins.isoformat(),
                change.touchpoint,
                change.response_factor,
                change.nps_raise,
                change.csat_raise,
            )
        ],
    )
    _figures(where / "invitations.csv", truth.invitations)
    _figures(where / "contracts.csv", truth.contracts)
    _figures(where / "consents.csv", truth.consents)
    _figures(where / "campaign.csv", (truth.campaign,))


def _figures(path: Path, figures: Sequence[AttrsInstance]) -> None:
    """Write figures of one kind, of which there may be none."""
    names = tuple(each.name for each in fields(type(figures[0]))) if figures else ()
    write_csv(path, _FORM, names, map(astuple, figures))
