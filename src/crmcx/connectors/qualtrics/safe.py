"""Values of a vendor that writes nulls, booleans and empty lists where objects are promised."""

from __future__ import annotations

import html
import math
import re
from datetime import datetime
from typing import Any

_TAG = re.compile(r"<[^>]*>")
_BLANKS = re.compile(r"\s+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


def fields(value: object) -> dict[str, Any]:
    """An object, or one without fields in the place of anything else."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """A list, or an empty one in the place of anything else."""
    return value if isinstance(value, list) else []


def word(value: object) -> str | None:
    """A text or a number as a text that is not empty; None in the place of anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, float):
        value = int(value) if value.is_integer() else value
    return str(value).strip() or None


def number(value: object) -> float | None:
    """A finite number, also one that is written as a text."""
    said = word(value)
    try:
        found = math.nan if said is None else float(said)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def yes(value: object) -> bool:
    """Whether something says yes: true, 1, or one of their texts."""
    return value is True or str(value).strip().lower() in {"1", "true"}


def stamp(value: object) -> str | None:
    """A moment in ISO 8601 with its offset; None in the place of anything else."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return None if found.tzinfo is None else value


def plain(value: object) -> str | None:
    """The words of a text with mark-up."""
    if not isinstance(value, str):
        return word(value)
    return _BLANKS.sub(" ", html.unescape(_TAG.sub(" ", value))).strip() or None


def language(value: object, table: dict[str, str]) -> str | None:
    """A language as a BCP 47 tag: of the table, or as the vendor writes it, with its parts in their usual letters."""
    said = word(value)
    if said is None:
        return None
    found = table.get(said.upper(), said.replace("_", "-"))
    if not _LANGUAGE.fullmatch(found):
        return None
    first, *rest = found.split("-")
    usual = (each.upper() if len(each) == 2 else each.title() if len(each) == 4 else each.lower() for each in rest)  # noqa: PLR2004 - regions have two letters, scripts four
    return "-".join([first.lower(), *usual])
