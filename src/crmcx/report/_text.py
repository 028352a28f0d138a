"""Text of the page: escaping, and names and numbers as people read them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from html import escape

from crmcx.estimates import Estimate
from crmcx.estimates.words import count_words, level_words

_MINUS = re.compile(r"(?<![\w-])-(?=\d)")
_PER_CENT = re.compile(r"(?<=\d) (?=%)")
_NUMBER = re.compile(r"[-\N{MINUS SIGN}]?[\d,.]+( %)?|-|\N{EN DASH}|")


def safe(text: object) -> str:
    """Text as it may stand in an element or in a quoted attribute, numbers set as in print."""
    return escape(_set(text))


def pictured(text: object) -> str:
    """Text as it may stand in a picture, where plotly reads tags."""
    return escape(_set(text), quote=False)


def _set(text: object) -> str:
    return _PER_CENT.sub("\N{NO-BREAK SPACE}", _MINUS.sub("\N{MINUS SIGN}", str(text)))


def broken(text: str, width: int) -> str:
    """Text of a picture in lines of about so many letters."""
    return "<br>".join(pictured(line) for line in textwrap.wrap(text, width, break_long_words=False) or [""])


def spaced(name: str) -> str:
    """A name of the data as words."""
    return name.replace("_", " ").strip() or name


def listed(words: Iterable[str]) -> str:
    """Words in a row, the last after `and`.

    Example:
        >>> listed(["a", "b", "c"])
        'a, b and c'
    """
    found = list(words)
    return " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)


def is_number(cell: str) -> bool:
    """Whether a cell of a table stands to the right, as numbers do."""
    return _NUMBER.fullmatch(cell) is not None


def left_out_words(estimate: Estimate) -> str:
    """How many observations were left out and why; nothing when none were."""
    number = sum(count for _, count in estimate.excluded)
    if not number:
        return ""
    reasons = listed(f"{count_words(count)} {spaced(reason)}" for reason, count in estimate.excluded if count)
    return f"{count_words(number)} left out ({reasons})"


def interval_sentence(estimate: Estimate) -> str:
    """The interval with its level; nothing when there is none."""
    if estimate.interval is None:
        return ""
    return f"{level_words(estimate.interval.level)} interval {estimate.interval_words}"


def n_words(estimate: Estimate) -> str:
    """What the number rests on."""
    people = estimate.n_clusters
    rests = f"n = {count_words(estimate.n)}"
    return rests if people is None or people == estimate.n else f"{rests}, from {count_words(people)} people"
