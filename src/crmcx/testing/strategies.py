"""Hypothesis strategies for every class of the model, and for the values they are made of.

They are derived from the classes, so a class of your own that adds fields to one of ours has its strategy too. What is
optional is left out, None or filled; examples shrink towards few fields and short values.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import ValidationError

from crmcx.errors import UsageError
from crmcx.models.base import Model, Part, Record
from crmcx.models.fields import Kind, Leaf, leaves
from crmcx.models.fields import parts as parts_of
from crmcx.models.values import Code, Country, Currency, Language, Scale, Share, StaffCode
from crmcx.testing._hypothesis import SearchStrategy, st
from crmcx.testing._values import (
    codes,
    countries,
    currencies,
    days,
    durations,
    exacts,
    instants,
    languages,
    money,
    reals,
    refs,
    scales,
    shares,
    sources,
    texts,
    wholes,
    words,
)
from crmcx.testing._whole import agreeing

__all__ = [
    "codes",
    "countries",
    "currencies",
    "days",
    "durations",
    "exacts",
    "instants",
    "languages",
    "lists_of",
    "money",
    "parts",
    "reals",
    "records",
    "refs",
    "scales",
    "shares",
    "sources",
    "texts",
    "wholes",
    "words",
]

M = TypeVar("M", bound=Model)
R = TypeVar("R", bound=Record)
P = TypeVar("P", bound=Part)
_JSON = st.recursive(
    st.none() | st.booleans() | wholes() | reals() | words() | exacts() | days() | durations(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words(), inner, max_size=2),
    max_leaves=4,
)
_ENVELOPE: dict[str, SearchStrategy[Any]] = {
    "source": sources(),
    "source_id": codes(),
    "known_at": st.none() | instants(),
    "version": st.none() | wholes(),
    "extra": st.dictionaries(words(), _JSON, max_size=2),
}
_OF_KIND: dict[Kind, SearchStrategy[Any]] = {
    Kind.INSTANT: instants(),
    Kind.DAY: days(),
    Kind.DURATION: durations(),
    Kind.EXACT: exacts(),
    Kind.WHOLE: wholes(),
    Kind.REAL: reals(),
    Kind.FLAG: st.booleans(),
    Kind.WORD: words(),
}
_OF_VALUE: dict[str, SearchStrategy[Any]] = {"amount": money(), "value": texts(), "min": scales()}
"""Strategies of the values with several leaves, by the name of the first."""
_OF_TYPE = (
    (Language, languages()),
    (Country, countries()),
    (Currency, currencies()),
    (Code, codes()),
    (StaffCode, codes()),
    (Share, shares()),
)
_SCORED = {"score", "scale"}
"""Fields that are drawn together: a score never travels without its scale, and lies on it."""
_STEPS = 100
"""Up to how many steps of 1 a scale has for its whole scores to be drawn on purpose."""


def records(cls: type[R], /, **fixed: object) -> SearchStrategy[R]:
    """Objects of a class of records, with their parts.

    Args:
        cls: A class such as `Deal`, or one of your own that adds fields to it.
        fixed: Values, or strategies, of fields that are not to be drawn as usual.

    Raises:
        UsageError: The class is none of records, or has no field of such a name. Also while drawing, where the class
            refuses what was drawn for a field; it then needs a strategy by its name.

    Example:
        >>> from hypothesis import find
        >>> from crmcx.models import Deal
        >>> find(records(Deal, status="won"), lambda deal: True)
        Deal(source='crm', source_id='1', status=<DealStatus.WON: 'won'>)
    """
    _demand_kind(cls, Record, "records")
    return _objects(cls, fixed)


def parts(cls: type[P], /, **fixed: object) -> SearchStrategy[P]:
    """Objects of a class of parts: contact points, identifiers, answers.

    The scores of answers lie on their scales, the ends of the scale among them. A score given by its value gets scales
    that hold it.

    Args:
        cls: A class such as `Answer`.
        fixed: Values, or strategies, of fields that are not to be drawn as usual.

    Raises:
        UsageError: As with `records`.

    Example:
        >>> from hypothesis import find
        >>> from crmcx.models import Answer
        >>> find(parts(Answer, item="q1", kind="nps", score=9), lambda answer: True).scale
        Scale(min=0.0, max=10.0, direction=<Direction.HIGHER: 'higher_is_better'>)
    """
    _demand_kind(cls, Part, "parts")
    return _objects(cls, fixed)


def lists_of(cls: type[R], /, *, min_size: int = 0, max_size: int = 3, **fixed: object) -> SearchStrategy[list[R]]:
    """Lists of records of one class, no two of which have the same source and id.

    Args:
        cls: A class of records.
        min_size: The least number of records.
        max_size: The largest number of records.
        fixed: Values, or strategies, of fields that are not to be drawn as usual.

    Raises:
        UsageError: As with `records`.

    Example:
        >>> from hypothesis import find
        >>> from crmcx.models import Customer
        >>> [customer.source_id for customer in find(lists_of(Customer, min_size=2, source="crm"), lambda found: True)]
        ['1', '0']
    """
    return st.lists(records(cls, **fixed), min_size=min_size, max_size=max_size, unique_by=lambda found: found.ref)


def _demand_kind(cls: type[Model], kind: type[Model], called: str) -> None:
    if not issubclass(cls, kind):
        msg = f"found {cls.__name__}, expected a class of {called}"
        other = "parts" if called == "records" else "records"
        raise UsageError(msg, hint=f"use {other}() for it, or the strategy named after it if it is a value")


def _objects(cls: type[M], fixed: Mapping[str, object]) -> SearchStrategy[M]:
    unknown = sorted(fixed.keys() - cls.model_fields.keys())
    if unknown:
        msg = f"{cls.__name__} has no {', '.join(unknown)}; its fields are {', '.join(sorted(cls.model_fields))}"
        raise UsageError(msg, hint="what a source says beyond them is drawn in extra", unknown=tuple(unknown))
    given = {name: found if isinstance(found, SearchStrategy) else st.just(found) for name, found in fixed.items()}
    known = _fields(cls) | given
    together = _SCORED if cls.model_fields.keys() >= _SCORED else set()
    demanded = {name for name, info in cls.model_fields.items() if info.is_required()} | given.keys()
    fields: SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
        {name: found for name, found in known.items() if name in demanded - together},
        optional={name: found for name, found in known.items() if name not in demanded | together},
    )
    if together:
        scored = _scored({name: found for name, found in given.items() if name in together})
        fields = st.tuples(fields, scored).map(lambda pair: pair[0] | pair[1])

    @st.composite
    def drawn(draw: st.DrawFn) -> M:
        return _made(cls, agreeing(cls, draw(fields), given.keys()))

    return drawn()  # which prints as one word, not as a page of fields


def _made(cls: type[M], fields: dict[str, Any]) -> M:
    try:
        return cls(**fields)
    except ValidationError as error:
        names = sorted({str(found["loc"][0]) for found in error.errors(include_input=False) if found["loc"]})
        msg = f"{cls.__name__} refuses what was drawn for {', '.join(names) or 'its fields together'}"
        raise UsageError(msg, hint="give it a value or a strategy by its name", fields=tuple(names)) from None


@cache
def _fields(cls: type[Model]) -> dict[str, SearchStrategy[Any]]:
    """A strategy for each field of a class."""
    found: dict[str, SearchStrategy[Any]] = dict(_ENVELOPE) if issubclass(cls, Record) else {}
    for leaf in leaves(cls):
        field, *inner = leaf.path
        if field not in found:
            value = _OF_VALUE[inner[0]] if inner else _of(leaf)
            found[field] = st.none() | value if leaf.nullable else value
    return found | {field: st.lists(parts(part), max_size=2) for field, part in parts_of(cls).items()}


def _of(leaf: Leaf) -> SearchStrategy[Any]:
    if leaf.enum is not None:
        return st.sampled_from(leaf.enum)
    if get_origin(leaf.annotation) is Literal:
        return st.sampled_from(get_args(leaf.annotation))
    if leaf.key_column is not None:
        return refs()
    return next((found for kind, found in _OF_TYPE if leaf.annotation == kind), _OF_KIND[leaf.kind])


@st.composite
def _scored(draw: st.DrawFn, given: Mapping[str, SearchStrategy[Any]]) -> dict[str, Any]:
    """A scale with or without a score on it, or neither."""
    found = {name: draw(strategy) for name, strategy in given.items()}
    if "scale" not in found:
        score = found.get("score")
        if isinstance(score, int | float) and math.isfinite(score):
            scale: Scale | None = draw(_around(score))
        else:
            scale = draw(st.none() | scales())
        found |= {"scale": scale} if scale is not None or draw(st.booleans()) else {}
    if "score" not in found and found.get("scale") is not None:
        held = Scale.model_validate(found["scale"])
        score = draw(st.none() | _on(held))
        found |= {"score": score} if score is not None or draw(st.booleans()) else {}
    return found


def _on(scale: Scale) -> SearchStrategy[float]:
    """Scores on a scale: its ends, whole ones, and any between."""
    scores = st.sampled_from([scale.min, scale.max]) | st.floats(scale.min, scale.max)
    low, high = math.ceil(scale.min), math.floor(scale.max)
    return scores | st.integers(low, high).map(float) if low < high <= low + _STEPS else scores


def _around(score: float) -> SearchStrategy[Scale]:
    """Scales that hold a score."""
    bounds = st.tuples(
        st.floats(max_value=score, allow_infinity=False), st.floats(min_value=score, allow_infinity=False)
    )
    wide = bounds.filter(lambda ends: ends[0] < ends[1]).map(lambda ends: Scale(min=ends[0], max=ends[1]))
    return scales().filter(lambda scale: scale.holds(score)) | wide
