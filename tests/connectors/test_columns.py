"""A column validated at once says what each of its values would say alone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from crmcx.connectors import Compiled, mapping, money, ref
from crmcx.connectors.columns import ColumnCheck
from crmcx.connectors.plan import Ask
from crmcx.models import Deal

MADE = mapping(
    Deal,
    id="id",
    known_at="known",
    created_at="created",
    customer=ref("customer"),
    amount=money("amount", currency="EUR"),
    status="status",
    opened_on="opened",
    name="name",
)
ASKS = Compiled((MADE,), source="crm").asks
USUAL = {
    "amount": ["1.50", "0.01", "12345.00"],
    "opened": ["2024-01-31", "0001-01-01"],
    "created": ["2024-01-31T10:00:00Z", "2024-01-31 10:00:00.123456+02:00"],
    "customer": ["7", " 8 "],
}
ODD: list[Any] = [
    *("", "1", ".50", "..00", "1..00", "1.234567", "1.2345678", "-3.25", " 1.00", "1e3", "1_000.00", "٣.٤٥"),
    *("9999999999999.99", "123456789012.00", "abc", "\ud800", "ä", 12, 12.5, True, None, [1], b"x", 10**30),
    *("2024-02-30", "2024-1-31", "20240131", "2024-W05-1", "2024-01-31T10:00:00", "0001-01-01T00:00:00+14:00"),
    *("9999-12-31T23:59:59-14:00", Decimal("1.20"), datetime(2024, 1, 1, tzinfo=UTC), date(2024, 1, 1)),
]


def alone(ask: Ask, value: object) -> tuple[bool, Any]:
    try:
        return True, TypeAdapter(ask.kind).validate_python(value)
    except ValidationError:
        return False, None


@pytest.mark.parametrize("ask", ASKS, ids=lambda ask: ask.name)
@given(st.data())
def test_as_each_value_alone(ask: Ask, data: st.DataObject) -> None:
    usual = USUAL.get(str(ask.paths[0][0]), ["a", None])
    values = data.draw(st.lists(st.sampled_from(usual), max_size=120))
    for at, odd in data.draw(st.lists(st.tuples(st.integers(0, 120), st.sampled_from(ODD)), max_size=4)):
        values.insert(at, odd)
    wrong: set[int] = set()
    found = ColumnCheck(ask).checked(values, wrong)
    expected = [alone(ask, value) for value in values]
    assert len(found) == len(values)
    assert wrong == {at for at, (right, _) in enumerate(expected) if not right}
    assert [(type(found[at]), found[at]) for at, (right, _) in enumerate(expected) if right] == [
        (type(value), value) for right, value in expected if right
    ]


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("ask", ASKS, ids=lambda ask: ask.name)
def test_one_that_is_odd_spoils_no_other(ask: Ask, odd: object) -> None:
    usual = USUAL.get(str(ask.paths[0][0]), ["a"])[0]
    wrong: set[int] = set()
    found = ColumnCheck(ask).checked([usual, odd, usual], wrong)
    right, value = alone(ask, odd)
    assert found[0] == found[2] == alone(ask, usual)[1] or 0 in wrong
    assert 1 in wrong if not right else found[1] == value
