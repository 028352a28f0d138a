"""The page of the model and its picture say what the classes say; fields of vendors belong to fields of ours."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from docs import model_page, model_picture
from docs.model_classes import fields_of, relations, snake

from crmcx.models.base import Record
from crmcx.tables.schema import PARTS, RECORDS

CLASSES = {cls.__name__: cls for cls in (*RECORDS, *PARTS)}
OUR_OWN = {"Initiative", "Touchpoint"}
"""What no vendor's system holds as a thing of its own."""
STALE = "run make model-page and keep what it writes"
VENDOR_FIELDS = model_page.vendor_fields()


@pytest.fixture(scope="module")
def picture() -> str:
    return model_picture.picture()


def test_the_page_is_what_the_classes_say() -> None:
    assert model_page.PAGE.read_text(encoding="utf-8") == model_page.page(), STALE


def test_the_picture_is_what_the_classes_say(picture: str) -> None:
    assert model_page.PICTURE.read_text(encoding="utf-8") == picture, STALE


def test_every_class_and_field_is_on_the_page() -> None:
    text = model_page.page()
    for name, cls in CLASSES.items():
        _, _, below = text.partition(f"(model-{snake(name)})=\n")
        section = below.split("\n(model-")[0]
        rows = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
        assert rows == [field for field in cls.model_fields if field not in Record.model_fields], name


def test_every_field_says_what_it_means() -> None:
    silent = {(name, field.name) for name, cls in CLASSES.items() for field in fields_of(cls) if not field.meaning}
    assert not silent


def test_every_class_and_every_line_is_in_the_picture(picture: str) -> None:
    svg = ET.fromstring(picture)  # noqa: S314 - our own file
    space = "{http://www.w3.org/2000/svg}"
    words = [text.text for text in svg.iter(f"{space}text")]
    assert {cls.__name__ for cls in CLASSES.values()} <= set(words)
    lines = [title.text or "" for group in svg.iter(f"{space}g") for title in group.findall(f"{space}title")]
    drawn = {tuple(line.partition(":")[0].split(" names ")) for line in lines}
    assert drawn == {
        (each.source.__name__, each.target.__name__) for each in relations() if each.source is not each.target
    }


def test_lines_keep_out_of_boxes() -> None:
    sheet = model_picture.place()
    ways = model_picture.route(sheet, relations())
    for relation, way in ways:
        assert not sheet.blocked & set(way[1:-1]), relation


def test_lines_to_different_classes_only_cross() -> None:
    across: dict[tuple[tuple[int, int], tuple[int, int]], type[Record]] = {}
    for relation, way in model_picture.route(model_picture.place(), relations()):
        for one, two in pairwise(way):
            step = min(one, two), max(one, two)
            assert across.setdefault(step, relation.target) is relation.target, relation


def test_fields_of_vendors_belong_to_fields_of_ours() -> None:
    known = {"Record": Record, **CLASSES}
    for name, fields in VENDOR_FIELDS.items():
        assert name in known, name
        for field, by_vendor in fields.items():
            assert field in known[name].model_fields, f"{name}.{field}"
            assert by_vendor.keys() <= set(model_page.VENDORS), f"{name}.{field}"
            for said in by_vendor.values():
                assert said, f"{name}.{field}"
                assert len(set(said)) == len(said), f"{name}.{field}"
                assert all(re.fullmatch(r"\w+([.]\w+)*", each) for each in said), f"{name}.{field}"


def test_every_class_comes_from_somewhere() -> None:
    assert CLASSES.keys() - VENDOR_FIELDS.keys() == OUR_OWN
    assert all(VENDOR_FIELDS.values())
