"""The catalogue of a stream: fields, kinds, how often filled, what changed, and the class for what nobody reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from crmcx import Workspace
from crmcx.connectors import (
    Catalogue,
    Cursor,
    FieldKind,
    Mapping,
    Page,
    Stream,
    Unreadable,
    catalogue_of,
    constant,
    mapping,
)
from crmcx.errors import UsageError
from crmcx.models import Deal

DEAL = mapping(Deal, id="id", status=constant("open"), owner=("owner", "id"), name=("tags", 0))
SECRET = "hush-Ada-Lovelace"  # noqa: S105 - a name, no password
SAID: list[Any] = [
    {"id": 1, "owner": {"id": "7", "teamName": "north"}, "tags": ["a", "b"], "Margin %": "1.50", "Since": "2025-01-01"},
    {"id": 2, "owner": {"id": "8", "teamName": None}, "tags": [], "Margin %": "2", "note": SECRET, "ok": True},
    Unreadable("broken", "{"),
    {"id": 3, "at": "2025-01-01T00:00:00Z", "ok": "false", "class": 1.5, "name": 1, "owner": {"name": "x"}},
]


def stream(records: list[Any], *maps: Mapping, fields: tuple[str, ...] | None = None) -> Stream:
    def read(_cursor: Cursor) -> Iterator[Page]:
        for start in range(0, len(records), 2):
            yield Page(records[start : start + 2], fields=fields)

    return Stream(name="deals", maps=maps, read=read)


def kinds(found: Catalogue) -> dict[str, FieldKind | None]:
    return {each.name: each.kind for each in found.fields}


def test_fields_kinds_and_how_often_they_are_filled() -> None:
    found = catalogue_of(stream(SAID, DEAL))
    assert (found.stream, found.records) == ("deals", 4)
    assert kinds(found) == {
        "id": "whole",
        "owner.id": "whole",
        "owner.teamName": "text",
        "tags[]": "text",
        "Margin %": "exact",
        "Since": "day",
        "note": "text",
        "ok": "flag",
        "at": "instant",
        "class": "real",
        "name": "whole",
        "owner.name": "text",
    }
    filled = {each.name: each.filled for each in found.fields}
    assert (filled["id"], filled["tags[]"], filled["owner.teamName"], filled["Margin %"]) == (3, 1, 1, 2)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([None], None),
        (["1", 2.5], "real"),
        (["1", "2.50"], "exact"),
        (["1", "x"], "text"),
        ([True, 1], "text"),
        (["2025-01-01", "2025-01-01T00:00:00Z"], "text"),
        (["1" * 40], "text"),
    ],
)
def test_mixed_values(values: list[Any], kind: str | None) -> None:
    (field,) = catalogue_of(stream([{"x": value} for value in values])).fields
    assert field.kind == kind


def test_cells_under_the_names_of_the_page() -> None:
    found = catalogue_of(stream([("1", None), ("2", "3.5")], fields=("id", "amount")))
    assert kinds(found) == {"id": "whole", "amount": "exact"}


def test_only_so_many_records_are_read() -> None:
    assert catalogue_of(stream([{"x": n} for n in range(9)]), sample_rows=3).records == 3
    with pytest.raises(UsageError, match="found sample_rows=0, expected at least 1"):
        catalogue_of(stream([]), sample_rows=0)


def test_what_no_mapping_reads() -> None:
    found = catalogue_of(stream(SAID, DEAL))
    assert [each.name for each in found.unread] == [
        *("owner.teamName", "Margin %", "Since", "note", "ok", "at", "class", "name", "owner.name"),
    ]


def test_no_value_is_kept_or_shown() -> None:
    found = catalogue_of(stream(SAID, DEAL))
    assert SECRET not in repr(found) + found._repr_html_() + str(found.fields) + found.as_class("Mine", Deal)
    assert repr(found).splitlines()[:3] == [
        "deals: 12 fields in 4 records",
        "field           kind     filled  lands in",
        "id              whole    3       mapped",
    ]
    assert ">owner.teamName</td>" in found._repr_html_()


def test_what_changed_since() -> None:
    before, now = (
        catalogue_of(stream([record])) for record in ({"a": 1, "b": 1, "c": "x"}, {"a": "2025-01-01", "c": "y", "d": 1})
    )
    diff = now.since(before)
    assert (diff.added, diff.removed, diff.changed) == (("d",), ("b",), (("a", "whole", "day"),))
    assert diff
    assert not now.since(now)


def test_the_class_for_it_can_be_used() -> None:
    text = catalogue_of(stream(SAID, DEAL)).as_class("AcmeDeal", Deal)
    scope: dict[str, Any] = {"__name__": "acme"}
    exec(compile(text, "acme.py", "exec", dont_inherit=True), scope)  # noqa: S102 - our own text
    cls = scope["AcmeDeal"]
    added = [name for name in cls.model_fields if name not in Deal.model_fields]
    assert added == ["team_name", "margin", "since", "note", "ok", "at", "field_class", "name_2", "name_3"]
    made = cls(source="crm", source_id="1", status="won", margin="1.50", since="2025-01-01", ok="false")
    assert (made.ok, str(made.margin)) == (False, "1.50")
    assert "    # From 'owner.teamName'" in text


def test_no_name_of_a_source_breaks_the_class() -> None:
    names = [
        *("key", "known", "customer_key", "person_id", "raw_ref", "amount_micros", "model_config", "values", "bool"),
        *('a"""b', "\\u", "Größe", "dict", "json", "copy", "ref", "table", "7", "", "__x__", "self"),
    ]
    text = catalogue_of(stream([dict.fromkeys(names, "x")])).as_class("AcmeDeal", Deal)
    scope: dict[str, Any] = {"__name__": "acme"}
    exec(compile(text, "acme.py", "exec", dont_inherit=True), scope)  # noqa: S102 - our own text
    cls = scope["AcmeDeal"]
    assert len([name for name in cls.model_fields if name not in Deal.model_fields]) == len(names)
    with Workspace() as ws:
        ws.load(cls(source="crm", source_id="1", status="won"), source="crm")
        assert len(ws.tables.of(cls).rows()) == 1


@pytest.mark.parametrize("value", ["01234", "+43660123456", "00.5", "1e3"])
def test_what_is_written_as_no_number_is_text(value: str) -> None:
    (field,) = catalogue_of(stream([{"x": value}])).fields
    assert field.kind == "text"


@pytest.mark.parametrize("name", ["", "my deal", "class"])
def test_a_name_that_no_class_can_have(name: str) -> None:
    with pytest.raises(UsageError, match="expected one that a class can have"):
        catalogue_of(stream(SAID)).as_class(name, Deal)


def test_without_fields_there_is_an_empty_class() -> None:
    text = catalogue_of(stream([{"id": 1}], DEAL)).as_class("AcmeDeal", Deal)
    exec(compile(text, "acme.py", "exec", dont_inherit=True), {"__name__": "acme"})  # noqa: S102 - our own text
