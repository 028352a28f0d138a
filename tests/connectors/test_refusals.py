"""What is refused is refused alike by the model and by a mapping: the field, what is wrong with it, what to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from crmcx.connectors import Compiled, Mapping, answer, at, constant, mapping, money
from crmcx.errors import MappingError
from crmcx.models import (
    Answer,
    BusinessCalendar,
    Campaign,
    Case,
    Consent,
    Feedback,
    Initiative,
    Interaction,
    Invitation,
    Money,
    OpeningHours,
    Preference,
    Record,
    Scale,
    SlaTarget,
)
from crmcx.tables import PARTS, RECORDS

HEAD: dict[str, Any] = {"source": "crm", "source_id": "1"}
NPS = Scale(min=0, max=10)
CAMPAIGN = mapping(
    Campaign, id="id", code="id", starts_on="from", ends_on="to", budget=money("cost", currency=at("currency"))
)
FEEDBACK = mapping(
    Feedback, id="id", instrument="form", submitted_at="at", parts=(answer("q", "said", kind="nps", scale=NPS),)
)


def refused(made_by: Mapping, **record: object) -> tuple[str, str]:
    (found,) = Compiled((made_by,), source="crm").run([{"id": "1", **record}]).rejected
    return found.field, found.reason


@pytest.mark.parametrize(
    ("make", "field", "said"),
    [
        pytest.param(
            lambda: Interaction(**HEAD, kind="call", occurred_at=datetime(2025, 1, 1)),  # noqa: DTZ001 - on purpose
            "occurred_at",
            "a time without a zone is no instant: attach the zone it was written in, such as tzinfo=UTC",
            id="naive time",
        ),
        pytest.param(
            lambda: Money(amount=1.5, currency="EUR"),
            "amount",
            "a float is no exact amount: pass a Decimal, an integer or text",
            id="float money",
        ),
        pytest.param(
            lambda: Money(amount="1", currency="EUX"),
            "currency",
            "no such ISO 4217 code is known: use the code of a currency, such as EUR",
            id="unknown currency",
        ),
        pytest.param(
            lambda: Answer(item="q", kind="nps", score=11, scale=NPS),
            "Answer",
            "the score lies outside its scale, which goes from 0.0 to 10.0: check which scale was used",
            id="score outside its scale",
        ),
        pytest.param(
            lambda: Answer(item="q", kind="nps", score=9),
            "Answer",
            "a score needs its scale: say scale=Scale(min=..., max=...)",
            id="answer without scale",
        ),
        pytest.param(
            lambda: Campaign(**HEAD, code="c", starts_on=date(2025, 2, 1), ends_on=date(2025, 1, 1)),
            "Campaign",
            "ends_on is before starts_on: check which is which, or leave one out",
            id="interval ending before it starts",
        ),
    ],
)
def test_the_model_says_field_reason_and_remedy(make: Callable[[], object], field: str, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        make()
    assert field in str(caught.value)
    assert [found["msg"] for found in caught.value.errors()] == [said]


@pytest.mark.parametrize(
    ("made_by", "record", "field", "said"),
    [
        pytest.param(
            FEEDBACK,
            {"form": "f", "at": "2025-01-01T00:00:00"},
            "Feedback.submitted_at",
            "'at': found '2025-01-01T00:00:00', is no date and time in ISO 8601 with its offset: "
            "say how it is written with instant(zone=, format=, unit=)",
            id="naive time",
        ),
        pytest.param(
            CAMPAIGN,
            {"cost": 1.5, "currency": "EUR"},
            "Campaign.budget.amount",
            "'cost': found 1.5, is no exact number with at most six decimals, within 9,000,000,000,000: "
            "read a float with shortest_decimal()",
            id="float money",
        ),
        pytest.param(
            CAMPAIGN,
            {"cost": "1", "currency": "EUX"},
            "Campaign.budget.currency",
            "'currency': found 'EUX', no such ISO 4217 code is known: use the code of a currency, such as EUR",
            id="unknown currency",
        ),
        pytest.param(
            FEEDBACK,
            {"form": "f", "at": "2025-01-01T00:00:00Z", "said": 11},
            "Answer.score",
            "'said': found 11, is no score on its scale, 0 to 10: check which scale was used",
            id="score outside its scale",
        ),
        pytest.param(
            CAMPAIGN,
            {"from": "2025-02-01", "to": "2025-01-01"},
            "Campaign.ends_on",
            "'from' and 'to': ends_on is before starts_on: check which is which, or leave one out",
            id="interval ending before it starts",
        ),
    ],
)
def test_a_mapping_says_them_too(made_by: Mapping, record: dict[str, object], field: str, said: str) -> None:
    assert refused(made_by, **record) == (field, said)


def test_all_that_is_wrong_with_a_record_is_said_at_once() -> None:
    field, said = refused(CAMPAIGN, **{"cost": 1.5, "currency": "EUX", "from": "soon"})
    assert field == "Campaign.starts_on, Campaign.budget.amount, Campaign.budget.currency"
    assert said.count("; ") == 2


def test_a_mapping_of_scores_without_a_scale_is_refused() -> None:
    with pytest.raises(MappingError, match=r"item 'q' has scores and no scale; pass scale=Scale\(min=\.\.\., max="):
        answer("q", "said", kind="nps")


DAY = date(2025, 1, 2)
AT = datetime.fromisoformat("2025-01-02T00:00:00+00:00")
SPANS: dict[type, dict[str, Any]] = {
    Campaign: {**HEAD, "code": "c", "starts_on": DAY, "ends_on": DAY},
    Invitation: {**HEAD, "instrument": "f", "status": "completed", "sent_at": AT, "completed_at": AT},
    Feedback: {**HEAD, "instrument": "f", "started_at": AT, "submitted_at": AT},
    SlaTarget: {"metric": "resolution", "applied_at": AT, "due_at": AT},
    Consent: {**HEAD, "purpose": "marketing", "status": "granted", "captured_at": AT, "valid_until": AT},
    Preference: {**HEAD, "customer": "crm/1", "not_before": timedelta(hours=9), "not_after": timedelta(hours=9)},
    OpeningHours: {"weekday": 0, "opens": timedelta(hours=9), "closes": timedelta(hours=9)},
    BusinessCalendar: {**HEAD, "code": "c", "zone": "UTC", "valid_from": DAY, "valid_to": DAY},
    Initiative: {**HEAD, "code": "i", "starts_at": AT, "ends_at": AT},
}


def test_every_class_with_a_span_is_among_the_examples() -> None:
    assert {cls for cls in (*RECORDS, *PARTS) if cls.spans} == set(SPANS)


@pytest.mark.parametrize("cls", SPANS)
def test_a_span_may_be_empty_or_open_and_not_turned_round(cls: Any) -> None:
    fields = SPANS[cls]
    cls(**fields)
    for start, end in cls.spans:
        if not cls.model_fields[end].is_required() and cls is not OpeningHours:
            cls(**{**fields, end: None})
        earlier = fields[end] - timedelta(days=1)
        with pytest.raises(ValidationError, match=f"{end} is before {start}"):
            cls(**{**fields, end: earlier})


@pytest.mark.parametrize("cls", [cls for cls in SPANS if issubclass(cls, Record)])
def test_a_mapping_refuses_a_span_that_is_turned_round(cls: Any) -> None:
    ((start, end),) = cls.spans
    fields = {name: value for name, value in SPANS[cls].items() if name not in HEAD}
    said = {name: constant(value) for name, value in fields.items() if name not in {start, end, "customer"}}
    if "customer" in fields:
        said["customer"] = constant("crm/1")
    if isinstance(fields[start], timedelta):
        return  # no conversion but a unit makes a time of day, which the next test shows
    made_by = mapping(cls, id="id", **{start: "from", end: "to", **said})
    before = (fields[end] - timedelta(days=1)).isoformat()
    field, reason = refused(made_by, **{"from": fields[start].isoformat(), "to": before})
    assert field == f"{cls.__name__}.{end}"
    assert f"{end} is before {start}" in reason


def test_parts_too_and_only_where_they_apply() -> None:
    from crmcx.connectors import part, present

    target = part(SlaTarget, when=present("sla"), metric=constant("resolution"), applied_at="from", due_at="to")
    case = mapping(Case, id="id", status=constant("open"), opened_at="at", parts=(target,))
    at_ = "2025-01-02T00:00:00Z"
    turned = {"at": at_, "from": at_, "to": "2025-01-01T00:00:00Z"}
    assert refused(case, sla="gold", **turned)[0] == "SlaTarget.due_at"
    assert not Compiled((case,), source="crm").run([{"id": "1", "sla": None, **turned}]).rejected
