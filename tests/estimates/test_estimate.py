"""What an estimate says of itself: receipts, words, tables, frames."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from attrs.exceptions import FrozenInstanceError

from crmcx.errors import UsageError
from crmcx.estimates import Definition, Estimate, EstimateTable, Interval, Receipt, table_of
from crmcx.estimates.words import time_words
from crmcx.instants import Window
from crmcx.models import Money


def receipt(unit: str = "share", **parameters: object) -> Receipt:
    return Receipt(
        definition=Definition("win_rate", 1, parameters),
        unit=unit,
        window=Window(date(2025, 1, 1), date(2025, 2, 1)),
        as_of=datetime(2025, 2, 1, tzinfo=UTC),
        snapshot="c3-i0",
    )


def estimate(value: object = 0.5, unit: str = "share", **more: object) -> Estimate:
    given = {"n": 10, "interval": Interval(0.25, 0.75, 0.95, "Wilson"), **more}
    return Estimate(value=value, receipt=receipt(unit), **given)  # type: ignore[arg-type]


def test_the_hash_is_of_the_canonical_json() -> None:
    definition = Definition("nps", 2, {"b": [1, 2], "a": "ü"})
    text = '{"name":"nps","parameters":{"a":"ü","b":[1,2]},"version":2}'
    assert definition.hash == hashlib.sha256(text.encode()).hexdigest()
    assert Definition("nps", 2, {"a": "ü", "b": [1, 2]}) == definition
    assert len({Definition("nps", 1).hash, Definition("nps", 2).hash, Definition("csat", 1).hash}) == 3


def test_everything_is_told_as_json() -> None:
    told = estimate(n_clusters=7, excluded={"open": 3}, counts={"won": 5, "lost": 5}).to_dict()
    assert json.loads(json.dumps(told)) == told
    assert told["value"] == 0.5
    assert told["interval"] == {"low": 0.25, "high": 0.75, "level": 0.95, "method": "Wilson"}
    assert told["excluded"] == {"open": 3}
    assert told["counts"] == {"won": 5, "lost": 5}
    assert told["n_clusters"] == 7
    assert told["window"] == "[2025-01-01, 2025-02-01) UTC"
    assert told["as_of"] == "2025-02-01T00:00:00+00:00"
    assert told["snapshot"] == "c3-i0"
    assert told["definition"]["hash"] == receipt().definition.hash


def test_other_kinds_of_values() -> None:
    money = Money(amount=Decimal("12.5"), currency="EUR")
    assert estimate(money, "money", interval=None).to_dict()["value"] == "12.5"
    assert estimate(money, "money", interval=None).to_dict()["currency"] == "EUR"
    assert estimate(money, "money", interval=None).value_words == "12.50 EUR"
    length = estimate(timedelta(minutes=90), "duration", interval=Interval(timedelta(hours=1), None, 0.9, "KM"))
    assert length.to_dict()["value"] == 5400
    assert length.interval_words == "1 h to unbounded"
    assert estimate(33.333, "points", interval=None).value_words == "33.3"


def test_how_a_receipt_prints() -> None:
    found = receipt(scale="0..10", item=None, steps=["a", "b"])
    assert repr(found).splitlines() == [
        f"definition  win_rate, version 1, hash {found.definition.hash[:12]}",
        "  item      -",
        "  scale     0..10",
        '  steps     ["a", "b"]',
        "unit        share",
        "window      [2025-01-01, 2025-02-01) UTC",
        "as of       2025-02-01T00:00:00+00:00",
        "snapshot    c3-i0",
    ]
    assert ">unit</td>" in found._repr_html_()
    assert "<th" not in found._repr_html_()
    bare = Receipt(definition=Definition("nps", 1), unit="points")
    assert repr(bare).splitlines()[-1] == "snapshot    none: the table came from elsewhere"


def test_how_it_prints() -> None:
    found = estimate(n=1000, n_clusters=900, excluded={"open": 3, "odd": 1200})
    assert repr(found) == (
        "win_rate: 50.0 %; 95 % interval 25.0 % to 75.0 %; n = 1,000; from 900 people;"
        " left out 1,203: odd 1,200, open 3"
    )
    shown = found._repr_html_()
    assert re.findall(r"<th [^>]*>(.*?)</th>", shown) == ["win_rate", "95 % interval", "n", "people", "left out"]
    assert re.findall(r"<td[^>]*>(.*?)</td>", shown) == [
        "50.0 %", "25.0 % to 75.0 %", "1,000", "900", "1,203: odd 1,200, open 3",
    ]  # fmt: skip
    none = estimate(None, reason="no deals", interval=None, n=0)
    assert repr(none) == "win_rate: - (no deals); n = 0"
    assert re.findall(r"<td[^>]*>(.*?)</td>", none._repr_html_()) == ["-", "no deals", "0", "0"]


def test_it_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        estimate().value = 1  # type: ignore[misc]


def test_a_table() -> None:
    table = table_of(
        ("product", "year"),
        {("b", 2): estimate(0.1), ("a", None): estimate(None, reason="none", interval=None, n=0), ("a", 3): estimate()},
    )
    assert [key for key, _ in table] == [("a", 3), ("a", None), ("b", 2)]
    assert table["b", 2].value == 0.1
    assert len(table) == 3
    with pytest.raises(UsageError, match="no group 'c'"):
        table["c"]
    frame = table.to_frame()
    assert frame.columns == ["product", "year", "value", "low", "high", "n", "left_out", "reason"]
    assert frame["value"].to_list() == [0.5, None, 0.1]
    assert frame["reason"].to_list() == [None, "none", None]
    assert table.to_dicts()[0]["product"] == "a"
    assert json.loads(json.dumps(table.to_dicts()))
    lines = repr(table).splitlines()
    assert lines[0].split() == ["product", "year", "win_rate", "95", "%", "interval", "n", "left", "out"]
    assert len(lines) == 5
    assert "none" in lines[3]


def test_a_table_in_a_notebook_is_escaped() -> None:
    table = table_of(("product",), {("<b>",): estimate()})
    assert "&lt;b&gt;" in table._repr_html_()
    assert "<b>" not in table._repr_html_()


def test_an_empty_table_and_dates() -> None:
    empty = EstimateTable(("product",), ())
    assert repr(empty).splitlines()[0] == "product  value  interval  n  left out"
    assert len(empty.to_frame()) == 0
    dated = table_of(("cohort",), {(date(2025, 2, 1),): estimate(), (date(2025, 1, 1),): estimate()})
    assert [row["cohort"] for row in dated.to_dicts()] == ["2025-01-01", "2025-02-01"]
    money = table_of(("p",), {("x",): estimate(Money(amount=1, currency="EUR"), "money", interval=None)})
    assert money.to_frame()["value"].to_list() == [1.0]
    times = table_of(("p",), {("x",): estimate(timedelta(seconds=2), "duration", interval=None)})
    assert times.to_frame()["value"].to_list() == [2.0]


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(), "0 s"),
        (timedelta(seconds=1.5), "1.5 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(seconds=-90), "-1 min 30 s"),
        (timedelta(hours=23, minutes=59, seconds=59), "24 h"),
        (timedelta(days=2, hours=11), "2 d 11 h"),
    ],
)
def test_times_in_words(length: timedelta, words: str) -> None:
    assert time_words(length) == words
