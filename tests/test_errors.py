"""Every error has a code of its own, is documented, and ends with its code."""

from __future__ import annotations

import inspect
import pickle
import re
from pathlib import Path

import pytest

from crmcx import errors
from crmcx.errors import CrmcxError, UsageError, demand_one_of

REFERENCE = Path(__file__).parents[1] / "docs" / "reference" / "errors.md"
CLASSES = [found for found in vars(errors).values() if inspect.isclass(found) and issubclass(found, CrmcxError)]
every_class = pytest.mark.parametrize("cls", CLASSES)


def documented() -> list[tuple[str, str, str]]:
    text = REFERENCE.read_text(encoding="utf-8")
    return re.findall(r"^\| `([^`]+)` \| `([^`]+)` \| (.+) \|$", text, flags=re.MULTILINE)


def test_what_is_raised_is_documented_and_the_other_way_round() -> None:
    expected = [(cls.code, cls.__name__, (cls.__doc__ or "").split("\n", 1)[0]) for cls in CLASSES]
    assert sorted(documented()) == sorted(expected)
    assert len(expected) > 20


def test_codes_are_unique_and_of_one_form() -> None:
    codes = [cls.code for cls in CLASSES]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in codes)
    assert all("code" in vars(cls) for cls in CLASSES)


def test_the_tree_in_the_module_is_the_tree_of_classes() -> None:
    drawn = re.findall(r"^[│├└─ ]*(\w+Error)\b", errors.__doc__ or "", flags=re.MULTILINE)
    assert sorted(drawn) == sorted(cls.__name__ for cls in CLASSES)


def test_no_others_are_defined_elsewhere() -> None:
    def below(cls: type) -> set[type]:
        return {cls}.union(*(below(found) for found in cls.__subclasses__()))

    assert {cls for cls in below(CrmcxError) if cls.__module__.startswith("crmcx")} == set(CLASSES)


@pytest.mark.parametrize(
    ("cls", "builtin"),
    [
        (errors.UsageError, ValueError),
        (errors.MissingColumnError, ValueError),
        (errors.MissingExtraError, ImportError),
        (errors.StoreFullError, OSError),
    ],
)
def test_some_are_errors_of_python_too(cls: type[CrmcxError], builtin: type[Exception]) -> None:
    with pytest.raises(builtin):
        raise cls("x")


@every_class
def test_the_text_ends_with_the_code(cls: type[CrmcxError]) -> None:
    bare, hinted = cls("found x, expected y"), cls("found x, expected y", hint="do z", table="t", n=3)
    assert str(bare) == f"found x, expected y [{cls.code}]"
    assert str(hinted) == f"found x, expected y; do z [{cls.code}]"
    assert (bare.message, bare.hint, bare.data) == ("found x, expected y", None, {})
    assert (hinted.message, hinted.hint, hinted.data) == ("found x, expected y", "do z", {"table": "t", "n": 3})
    assert "'t'" not in str(hinted)


@every_class
def test_an_error_travels_between_processes(cls: type[CrmcxError]) -> None:
    found = pickle.loads(pickle.dumps(cls("found x", hint="do z", missing=("a",))))  # noqa: S301 - of our own making
    assert (type(found), str(found), found.data) == (cls, f"found x; do z [{cls.code}]", {"missing": ("a",)})


def test_one_of_the_words() -> None:
    demand_one_of("order", "strict", ["any", "strict"])
    demand_one_of("order", "any", iter(["any", "strict"]))
    with pytest.raises(UsageError) as caught:
        demand_one_of("order", "random", iter(["any", "strict"]))
    assert caught.value.message == "found order='random', expected one of any, strict"
    assert caught.value.hint
