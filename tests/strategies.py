"""Hypothesis strategies for every class of the model: `records(cls)` gives objects of it, parts included."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from crmcx.models import Answer, Model, Money, Part, Record, Scale, Text
from crmcx.models.fields import Kind, Leaf, leaves, parts
from crmcx.models.values import LARGEST_AMOUNT, Code, Country, Currency, Language

LAW = settings(max_examples=20, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
"""For tests of laws: the same examples in every run."""

INT64 = st.integers(-(2**63), 2**63 - 1)
WORDS = st.text(st.characters(codec="utf-8"), max_size=12)
CODES = WORDS.map(str.strip).filter(bool)
SOURCES = st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,5}(:[A-Za-z0-9_.-]{1,5})?", fullmatch=True)
REFS = st.builds("{}/{}".format, SOURCES, CODES.filter(lambda text: "\n" not in text))
LANGUAGES = st.sampled_from(["en", "de-AT", "zh-Hant-TW", "und"])
COUNTRIES = st.sampled_from(["DE", "AT", "US"])
CURRENCIES = st.sampled_from(["EUR", "USD", "JPY"])
ZONES = st.sampled_from([UTC, ZoneInfo("Europe/Berlin"), ZoneInfo("America/St_Johns"), ZoneInfo("Australia/Lord_Howe")])
INSTANTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=ZONES)  # noqa: DTZ001 - zones are drawn
DAYS = st.dates(date(1, 1, 1), date(9999, 12, 31))
DURATIONS = st.integers(-(2**63), 2**63 - 1).map(lambda us: timedelta(microseconds=us))
EXACTS = st.decimals(-LARGEST_AMOUNT, LARGEST_AMOUNT, places=6)
REALS = st.floats(allow_nan=False, allow_infinity=False)
MONEY = st.builds(Money, amount=EXACTS, currency=CURRENCIES)
TEXTS = st.builds(Text, value=WORDS, lang=LANGUAGES)
BOUNDS = st.tuples(REALS, REALS).filter(lambda pair: pair[0] != pair[1]).map(sorted)
SCALES = st.builds(
    lambda bounds, direction: Scale(min=bounds[0], max=bounds[1], direction=direction),
    BOUNDS,
    st.sampled_from(["higher_is_better", "lower_is_better"]),
)
JSON = st.recursive(
    st.none() | st.booleans() | INT64 | REALS | WORDS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2),
    max_leaves=4,
)
EXTRAS = st.dictionaries(WORDS, JSON, max_size=2)

_OF_KIND: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.INSTANT: INSTANTS,
    Kind.DAY: DAYS,
    Kind.DURATION: DURATIONS,
    Kind.EXACT: EXACTS,
    Kind.WHOLE: INT64,
    Kind.REAL: REALS,
    Kind.FLAG: st.booleans(),
    Kind.WORD: WORDS,
}
_OF_VALUE: dict[str, st.SearchStrategy[Any]] = {"amount": MONEY, "value": TEXTS, "min": SCALES}
_OF_TYPE = ((Language, LANGUAGES), (Country, COUNTRIES), (Currency, CURRENCIES), (Code, CODES))


def _of(leaf: Leaf) -> st.SearchStrategy[Any]:
    if leaf.enum is not None:
        return st.sampled_from(list(leaf.enum))
    if leaf.target is not None:
        return REFS
    return next((found for kind, found in _OF_TYPE if leaf.annotation == kind), _OF_KIND[leaf.kind])


def _fields(cls: type[Model]) -> tuple[dict[str, st.SearchStrategy[Any]], dict[str, st.SearchStrategy[Any]]]:
    """Strategies of the required and of the optional fields of a class."""
    found = {}
    for leaf in leaves(cls):
        field, *inner = leaf.path
        if not inner:
            found[field] = _of(leaf) | st.none() if leaf.nullable else _of(leaf)
        elif field not in found:
            found[field] = _OF_VALUE[inner[0]] | st.none() if leaf.nullable else _OF_VALUE[inner[0]]
    required = {name for name, info in cls.model_fields.items() if info.is_required()}
    return (
        {name: strategy for name, strategy in found.items() if name in required},
        {name: strategy for name, strategy in found.items() if name not in required},
    )


def of_part(cls: type[Part]) -> st.SearchStrategy[Any]:
    """Objects of a class of parts."""
    required, optional = _fields(cls)
    if cls is not Answer:
        return st.fixed_dictionaries(required, optional=optional).map(lambda fields: cls(**fields))
    del optional["score"], optional["scale"]
    scored = SCALES.flatmap(
        lambda scale: st.fixed_dictionaries(
            {"scale": st.just(scale)}, optional={"score": st.floats(scale.min, scale.max)}
        )
    )
    plain = st.fixed_dictionaries(required, optional=optional)
    return st.builds(lambda fields, more: Answer(**fields, **more), plain, scored | st.just({}))


def records(cls: type[Record]) -> st.SearchStrategy[Any]:
    """Objects of a class of records, with their parts."""
    required, optional = _fields(cls)
    required |= {"source": SOURCES, "source_id": CODES}
    optional |= {"known_at": INSTANTS | st.none(), "version": INT64 | st.none(), "extra": EXTRAS}
    optional |= {field: st.lists(of_part(part), max_size=3) for field, part in parts(cls).items()}
    return st.fixed_dictionaries(required, optional=optional).map(lambda fields: cls(**fields))


def lists_of(cls: type[Record], max_size: int = 3) -> st.SearchStrategy[list[Any]]:
    """Lists of records of one class, each with a reference of its own."""
    return st.lists(records(cls), max_size=max_size, unique_by=lambda item: item.ref)
