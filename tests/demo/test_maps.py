"""The mappings of the bank keep what its exports say: which values have no field of the model is written down here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crmcx.connectors import Fate, LossReport, loss_of
from crmcx.demo.maps import connections

if TYPE_CHECKING:
    from crmcx.demo import Exports

SAMPLE = 2_000
NOWHERE: dict[str, set[str]] = {}
"""Stream to fields with values that land in no row; none so far."""
CONDITIONS = {"branches visits": {"department", "deal_department"}, "service_centre calls": {"deal_department"}}
EXTRA = {
    "mortgages deals": {"Herkunft"},
    "deposits deals": {"Herkunft"},
    "service_centre calls": {"topic"},
    "help_desk comments": {"body_length"},
    "web events": {"visitor_id", "product"},
    "branches visits": {"terminal", "topic"},
}


@pytest.fixture(scope="module")
def reports(bank: Exports) -> dict[str, LossReport]:
    return {
        f"{name} {stream.name}": loss_of(stream, sample_rows=SAMPLE, source=name)
        for name, files in connections(bank).items()
        for stream in files.streams()
    }


def met(report: LossReport, fate: Fate) -> set[str]:
    return {each.name for each in report.fields if each.count(fate)}


@pytest.mark.parametrize(
    ("fate", "known"), [(Fate.NOWHERE, NOWHERE), (Fate.CONDITION, CONDITIONS), (Fate.EXTRA, EXTRA)]
)
def test_what_lands_in_no_field_is_known(
    reports: dict[str, LossReport], fate: Fate, known: dict[str, set[str]]
) -> None:
    assert {name: found for name, report in reports.items() if (found := met(report, fate))} == known


def test_no_word_falls_to_other(reports: dict[str, LossReport]) -> None:
    assert [each for report in reports.values() for each in report.turned] == []


def test_every_field_that_is_not_named_here_is_typed_in_all_mapped_records(reports: dict[str, LossReport]) -> None:
    for name, report in reports.items():
        named = {*NOWHERE.get(name, ()), *CONDITIONS.get(name, ()), *EXTRA.get(name, ())}
        for each in report.fields:
            assert each.name in named or each.typed == each.values - each.rejected, (name, each.name)


def test_most_values_are_typed(reports: dict[str, LossReport]) -> None:
    for report in reports.values():
        assert report.rejected <= 3
        share = report.share(Fate.TYPED)
        assert share is not None
        assert share > 0.6
