"""The difference of two estimates of one definition, with its interval: one number instead of two side by side."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from math import sqrt
from typing import Any

from attrs import frozen

from crmcx._html import html_table
from crmcx.errors import CurrencyError, UsageError
from crmcx.estimates.estimate import Definition, Estimate, Interval, Receipt, Value
from crmcx.estimates.reach import bounded, ends_of, number_of, two_sided
from crmcx.estimates.words import amount_words, count_words, level_words, p_words, time_words
from crmcx.models.values import Money

_FARTHEST = 7.5
"""The normal quantile beyond which no probability is told: it would be below 1e-13."""
_STEPS = 40
_OF_SHARES = " percentage points"


@frozen(kw_only=True, repr=False)
class Difference:
    """How much the second estimate is above the first. Prints as one line; a notebook shows it as HTML."""

    value: Value | None
    """Second minus first; None when one of them has no value."""
    reason: str | None = None
    """Why there is no value, or no interval."""
    interval: Interval | None = None
    """Where the difference may lie."""
    p_value: float | None = None
    """How probable so large a difference is if there is none; below 1 - level just when the interval leaves out 0."""
    design: str
    """`independent`, `paired` or `overlapping`."""
    people: int | None = None
    """How many people it rests on; None where that was not looked at."""
    shared: int | None = None
    """How many of them stand behind both."""
    first: Estimate
    """What is compared with."""
    second: Estimate
    """What is compared."""
    receipt: Receipt
    """Where it comes from; its definition names that of the two."""

    @property
    def unit(self) -> str:
        """The unit of the two; shares differ by percentage points."""
        return self.receipt.unit

    @property
    def value_words(self) -> str:
        """The difference for people: `+3.4`, `-1.2 percentage points`, `+2 h`, or a dash."""
        return difference_words(self.value, self.unit)

    @property
    def interval_words(self) -> str:
        """The interval for people, or nothing."""
        if self.interval is None:
            return ""
        low, high = (difference_words(end, self.unit) for end in (self.interval.low, self.interval.high))
        return f"{low.removesuffix(_OF_SHARES)} to {high}"

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON values; durations as seconds, amounts as text."""
        made = self.interval
        return {
            "value": plain(self.value),
            "reason": self.reason,
            "unit": self.unit,
            "interval": None
            if made is None
            else {"low": plain(made.low), "high": plain(made.high), "level": made.level, "method": made.method},
            "p_value": self.p_value,
            "design": self.design,
            "people": self.people,
            "shared": self.shared,
            "definition": {
                "name": self.receipt.definition.name,
                "version": self.receipt.definition.version,
                "parameters": dict(self.receipt.definition.parameters),
                "hash": self.receipt.definition.hash,
            },
            "first": self.first.to_dict(),
            "second": self.second.to_dict(),
        }

    @property
    def _design(self) -> str:
        if self.people is None or self.shared is None:
            return self.design
        return f"{self.design}, {count_words(self.shared)} of {count_words(self.people)} people in both"

    def _told(self) -> list[tuple[str, str]]:
        level = f"{level_words(self.interval.level)} " if self.interval else ""
        return [
            (f"difference of {self.first.receipt.definition.name}", self.value_words),
            (f"{level}interval", self.interval_words or (self.reason or "")),
            ("p", "-" if self.p_value is None else p_words(self.p_value)),
            ("first", f"{self.first.value_words} (n = {count_words(self.first.n)})"),
            ("second", f"{self.second.value_words} (n = {count_words(self.second.n)})"),
            ("design", self._design),
        ]

    def __repr__(self) -> str:
        told = dict(self._told())
        name = next(iter(told))
        said = [f"{name}: {self.value_words}" + (f" ({self.reason})" if self.reason else "")]
        if self.interval is not None:
            said.append(f"{level_words(self.interval.level)} interval {self.interval_words}")
        if self.p_value is not None:
            said.append(f"p {p_words(self.p_value)}")
        said += [f"from {told['first']} to {told['second']}", self._design]
        return "; ".join(said)

    def _repr_html_(self) -> str:
        return html_table([name for name, _ in self._told()], [[cell for _, cell in self._told()]])


def difference(first: Estimate, second: Estimate) -> Difference:
    """The difference of two estimates of one definition that rest on different people: second minus first.

    The interval joins the intervals of the two: below the difference it reaches as far as √((v₂ - l₂)² + (u₁ - v₁)²),
    above it as far as √((u₂ - v₂)² + (v₁ - l₁)²). For shares this is Newcombe's interval, for the Net Promoter Score
    its like from score intervals; clusters are in it, since they are in the intervals of the two. Where the same people
    stand behind both, this interval is wrong, most often too wide: `metrics.wave_difference` sees who they are.

    Args:
        first: What is compared with, such as the earlier one.
        second: What is compared.

    Returns:
        The difference in the unit of the two (shares from -1 to 1, points, durations, money). None when one of the two
        has no value; without interval and p value where one of them has no interval that ends on both sides.

    Raises:
        UsageError: The two are of several definitions, units or levels; the message names what differs.
        CurrencyError: The two are amounts of two currencies.

    Example:
        >>> from crmcx import metrics
        >>> difference(metrics.nps_from_counts(50, 30, 20), metrics.nps_from_counts(60, 25, 15)).interval_words
        '-6.3 to +35.7'

    Source:
        Newcombe (1998), Stat. Med. 17:873, method 10, for shares; Donner and Zou (2012), Stat. Methods Med. Res.
        21:347, for any two intervals.
    """
    demand_alike(first, second)
    receipt = receipt_of("difference", first, second, design="independent")
    value = _minus(first, second)
    reason = reason_of(first, second)
    interval = p_value = None
    if reason is None:
        reason = _unbounded(first) or _unbounded(second)
    if reason is None and value is not None:
        (one, *one_ends, made), (two, *two_ends, _) = bounded(first), bounded(second)
        low, high = _joined(one, one_ends, two, two_ends)
        interval = Interval(_as(low, value), _as(high, value), made.level, _METHODS.get(made.method, "MOVER"))
        p_value = _p_value(first, second)
    return Difference(
        value=value,
        reason=reason,
        interval=interval,
        p_value=p_value,
        design="independent",
        first=first,
        second=second,
        receipt=receipt,
    )


_METHODS = {"Wilson": "Newcombe", "score": "MOVER of score intervals"}


def receipt_of(name: str, first: Estimate, second: Estimate, **more: object) -> Receipt:
    """The receipt of what was made of two estimates of one definition."""
    made = first.receipt.definition
    parameters = {"of": made.name, "of_version": made.version, "of_hash": made.hash, **more}
    same = first.receipt.snapshot == second.receipt.snapshot
    return Receipt(
        definition=Definition(name, 1, parameters),
        unit=first.unit,
        snapshot=first.receipt.snapshot if same else None,
        as_of=second.receipt.as_of,
    )


def reason_of(first: Estimate, second: Estimate) -> str | None:
    """Why two estimates have no difference."""
    for place, each in (("first", first), ("second", second)):
        if each.value is None:
            return f"the {place} has no value: {each.reason}"
    return None


def demand_alike(first: Estimate, second: Estimate) -> None:
    """Demand that two estimates mean the same.

    Raises:
        UsageError: They do not; names what differs.
        CurrencyError: They are amounts of two currencies.
    """
    mine, theirs = first.receipt.definition, second.receipt.definition
    if mine.hash != theirs.hash or first.unit != second.unit:
        ours, other = (
            {"name": each.name, "version": each.version, **{f"{name}=": value for name, value in each.parameters}}
            for each in (mine, theirs)
        )
        differ = [name for name in dict.fromkeys([*ours, *other]) if ours.get(name) != other.get(name)] or ["unit"]
        told = ", ".join(f"{name} {ours.get(name)!r} and {other.get(name)!r}" for name in differ)
        msg = f"found estimates of two definitions ({told}), expected one"
        raise UsageError(msg, hint="compute both in the same way; only then is their difference one of the customers")
    if first.interval and second.interval and first.interval.level != second.interval.level:
        msg = f"found intervals at {first.interval.level:g} and {second.interval.level:g}, expected one level"
        raise UsageError(msg, hint="compute both with the same level=")
    currencies = sorted({each.value.currency for each in (first, second) if isinstance(each.value, Money)})
    if len(currencies) > 1:
        msg = f"found amounts in {', '.join(currencies)}, expected one currency"
        raise CurrencyError(msg, hint="convert them before the call")


def _unbounded(estimate: Estimate) -> str | None:
    if estimate.interval is None:
        return "no interval, since one of the two has none"
    return "no interval, since one of the two is open above" if estimate.interval.high is None else None


def _joined(
    first: float, first_ends: Sequence[float], second: float, second_ends: Sequence[float]
) -> tuple[float, float]:
    below = sqrt((second - second_ends[0]) ** 2 + (first_ends[1] - first) ** 2)
    above = sqrt((second_ends[1] - second) ** 2 + (first - first_ends[0]) ** 2)
    return second - first - below, second - first + above


def _p_value(first: Estimate, second: Estimate) -> float:
    """The probability that belongs to the level at which the interval begins to take in zero."""
    one, two = number_of(first.value or 0), number_of(second.value or 0)
    one_ends, two_ends = ends_of(first), ends_of(second)

    def holds_zero(z: float) -> bool:
        low, high = _joined(one, one_ends(z), two, two_ends(z))
        return low <= 0 <= high

    if one == two:
        return 1.0
    without, within = 0.0, _FARTHEST
    if not holds_zero(within):
        return two_sided(within)
    for _ in range(_STEPS):
        middle = (without + within) / 2
        if holds_zero(middle):
            within = middle
        else:
            without = middle
    return two_sided(within)


def _minus(first: Estimate, second: Estimate) -> Value | None:
    one, two = first.value, second.value
    if one is None or two is None:
        return None
    if isinstance(one, Money) and isinstance(two, Money):
        return Money.model_construct(amount=two.amount - one.amount, currency=two.currency)
    if isinstance(one, timedelta) and isinstance(two, timedelta):
        return two - one
    return number_of(two) - number_of(one)


def _as(number: float, like: Value) -> float | timedelta:
    return timedelta(seconds=number) if isinstance(like, timedelta) else number


def plain(value: Value | None) -> float | str | None:
    """A value as a plain JSON value: durations as seconds, amounts as text."""
    if isinstance(value, Money):
        return str(value.amount)
    return None if value is None else number_of(value)


def difference_words(value: Value | None, unit: str) -> str:
    """A difference for people, with its sign."""
    if value is None:
        return "-"
    sign = "+" if number_of(value) > 0 else ""
    if isinstance(value, timedelta):
        return sign + time_words(value)
    if isinstance(value, Money):
        return sign + amount_words(value)
    return f"{100 * value:+.1f}{_OF_SHARES}" if unit == "share" else f"{value:+.1f}"
