"""Estimates over time: one test whether they changed, and the trend through them, with their standard errors known.

Testing each wave against the one before finds a change in one of twenty pairs where there is none. One test over all
of them does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from math import erfc, exp, fsum, pi, sqrt
from typing import Any

from attrs import frozen

from crmcx._html import html_table
from crmcx.errors import UsageError
from crmcx.estimates.difference import demand_alike, difference_words, plain, receipt_of
from crmcx.estimates.estimate import Estimate, Interval, Receipt
from crmcx.estimates.intervals import normal_quantile
from crmcx.estimates.largest import largest_beyond
from crmcx.estimates.reach import number_of, standard_error, two_sided
from crmcx.estimates.table import EstimateTable, Key
from crmcx.estimates.words import count_words, level_words, p_words

Waves = EstimateTable | Sequence[Estimate]
"""Estimates of one definition in the order of time."""
Wave = tuple[Key, ...] | int
_FEWEST_WAVES = 3


@frozen(kw_only=True, repr=False)
class Change:
    """Whether estimates changed at one point in time. Prints as one line; a notebook shows it as HTML."""

    value: float | timedelta | None
    """Mean after minus mean before the split at which they differ most; None without enough waves."""
    reason: str | None = None
    """Why there is no value."""
    at: Wave | None = None
    """The first wave after the split: its group, or its number from 0."""
    p_value: float | None = None
    """How probable so large a difference, at whatever split, is when nothing changed."""
    statistic: float | None = None
    """The standardised difference at the split."""
    waves: int
    """Waves that have a value."""
    left_out: tuple[Wave, ...] = ()
    """Waves without a value."""
    receipt: Receipt | None
    """Where it comes from; None without waves."""

    @property
    def value_words(self) -> str:
        """The difference for people."""
        return difference_words(self.value, "" if self.receipt is None else self.receipt.unit)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON values."""
        return {
            "value": plain(self.value),
            "reason": self.reason,
            "at": _name(self.at),
            "p_value": self.p_value,
            "statistic": self.statistic,
            "waves": self.waves,
            "left_out": [_name(each) for each in self.left_out],
            "definition": None if self.receipt is None else self.receipt.definition.hash,
        }

    def _told(self) -> list[tuple[str, str]]:
        return [
            ("change", self.value_words if self.reason is None else f"{self.value_words} ({self.reason})"),
            ("at", _name(self.at) or "-"),
            ("p", "-" if self.p_value is None else p_words(self.p_value)),
            ("waves", count_words(self.waves)),
            *([("without a value", ", ".join(str(_name(each)) for each in self.left_out))] if self.left_out else []),
        ]

    def __repr__(self) -> str:
        (_, change), *rest = self._told()
        return f"change: {change}; " + "; ".join(f"{name} {value}" for name, value in rest)

    def _repr_html_(self) -> str:
        return html_table([name for name, _ in self._told()], [[value for _, value in self._told()]])


@frozen(kw_only=True, repr=False)
class Trend:
    """The straight line through estimates over time. Prints as one line; a notebook shows it as HTML."""

    value: float | timedelta | None
    """Change per step; None without enough waves."""
    reason: str | None = None
    """Why there is no value."""
    per: str
    """The step: `wave`, or a number of days."""
    interval: Interval | None = None
    """Where the slope may lie."""
    p_value: float | None = None
    """How probable so steep a line is when there is no trend."""
    misfit_p: float | None = None
    """How probable it is that the waves lie so far from the line by chance; small says that no line fits."""
    waves: int
    """Waves that have a value."""
    left_out: tuple[Wave, ...] = ()
    """Waves without a value."""
    receipt: Receipt | None
    """Where it comes from; None without waves."""

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON values."""
        made = self.interval
        return {
            "value": plain(self.value),
            "reason": self.reason,
            "per": self.per,
            "interval": None
            if made is None
            else {"low": plain(made.low), "high": plain(made.high), "level": made.level, "method": made.method},
            "p_value": self.p_value,
            "misfit_p": self.misfit_p,
            "waves": self.waves,
            "left_out": [_name(each) for each in self.left_out],
            "definition": None if self.receipt is None else self.receipt.definition.hash,
        }

    def _told(self) -> list[tuple[str, str]]:
        unit = "" if self.receipt is None else self.receipt.unit
        told = [("trend", f"{difference_words(self.value, unit)} per {self.per}" if self.value is not None else "-")]
        if self.reason:
            told[0] = ("trend", f"- ({self.reason})")
        if self.interval is not None:
            low, high = (difference_words(end, unit) for end in (self.interval.low, self.interval.high))
            told.append((f"{level_words(self.interval.level)} interval", f"{low} to {high}"))
        told += [] if self.p_value is None else [("p", p_words(self.p_value))]
        told += [] if self.misfit_p is None else [("misfit p", p_words(self.misfit_p))]
        told.append(("waves", count_words(self.waves)))
        return told + ([("without a value", ", ".join(map(str, map(_name, self.left_out))))] if self.left_out else [])

    def __repr__(self) -> str:
        (_, trend), *rest = self._told()
        return f"trend: {trend}; " + "; ".join(f"{name} {value}" for name, value in rest)

    def _repr_html_(self) -> str:
        return html_table([name for name, _ in self._told()], [[value for _, value in self._told()]])


def change_test(waves: Waves) -> Change:
    """Test once whether a series of estimates changed at some point.

    At each split the mean of the waves after it is compared with that of the waves before, each wave weighted by its
    precision; the split where they differ most counts, and its p value takes into account that it was sought. It is
    exact for waves that are independent and normal around their true values with the standard errors that their
    intervals tell. The difference at a split that was sought is on average too large, so it has no interval.

    Args:
        waves: Estimates in the order of time, of different people: a table by period, or a list.

    Returns:
        The change with its p value. None for fewer than three waves with a value and an interval.

    Raises:
        UsageError: The waves are of several definitions, or one has an interval that is open above.

    Example:
        >>> from crmcx import metrics
        >>> change_test([metrics.nps_from_counts(50 + more, 30, 20) for more in (0, 3, 1, 40, 45, 38)])
        change: +19.4; at 3; p 0.0028; waves 6

    Source:
        The largest standardised difference over all splits, as in James, James and Siegmund (1987), Biometrika 74:71;
        its distribution by recursive numerical integration, as in Armitage, McPherson and Rowe (1969), J. R. Stat.
        Soc. A 132:235.
    """
    names, found, left_out = _usable(waves)
    receipt = receipt_of("change_test", found[0], found[-1], splits="all") if found else None
    if len(found) < _FEWEST_WAVES:
        reason = f"fewer than {_FEWEST_WAVES} waves with a value and an interval"
        return Change(value=None, reason=reason, waves=len(found), left_out=left_out, receipt=receipt)
    values = [number_of(each.value or 0) for each in found]
    weights = [standard_error(each) ** -2 for each in found]
    whole, total = fsum(weights), fsum(w * x for w, x in zip(weights, values, strict=True))
    best, gains = (0.0, 0.0, 1), []
    for split in range(1, len(found)):
        before = fsum(weights[:split])
        mean = fsum(w * x for w, x in zip(weights[:split], values[:split], strict=True)) / before
        change = (total - before * mean) / (whole - before) - mean
        statistic = change * sqrt(before * (whole - before) / whole)
        gains.append(sqrt(before / (whole - before)))
        if abs(statistic) > abs(best[0]):
            best = statistic, change, split
    statistic, change, split = best
    return Change(
        value=timedelta(seconds=change) if isinstance(found[0].value, timedelta) else change,
        at=names[split],
        p_value=largest_beyond(abs(statistic), gains),
        statistic=statistic,
        waves=len(found),
        left_out=left_out,
        receipt=receipt,
    )


def trend(waves: Waves, *, days: Sequence[date] | None = None, per: timedelta = timedelta(days=365)) -> Trend:
    """The straight line through a series of estimates, each weighted by its precision.

    Args:
        waves: Estimates in the order of time, of different people: a table by period, or a list.
        days: The day of each wave; None for the days that the groups of a table are, else waves are one step apart.
        per: The step that the slope is told for, where days are known.

    Returns:
        The slope with its interval, its p value, and the p value of the waves' distances from the line (Cochran's Q).
        None for fewer than three waves with a value and an interval.

    Raises:
        UsageError: The waves are of several definitions, or stand all on one day, or the days are not one for each.

    Example:
        >>> from crmcx import metrics
        >>> trend([metrics.nps_from_counts(50 + 5 * step, 30, 20) for step in range(6)])
        trend: +2.8 per wave; 95 % interval -0.6 to +6.2; p 0.11; misfit p 1; waves 6

    Source:
        Weighted least squares with known variances; Cochran (1954), Biometrics 10:101, for the misfit.
    """
    names, found, left_out = _usable(waves)
    receipt = receipt_of("trend", found[0], found[-1], per_s=per.total_seconds()) if found else None
    places, step = _places(waves, names, days, per)
    if len(found) < _FEWEST_WAVES:
        reason = f"fewer than {_FEWEST_WAVES} waves with a value and an interval"
        return Trend(value=None, reason=reason, per=step, waves=len(found), left_out=left_out, receipt=receipt)
    values = [number_of(each.value or 0) for each in found]
    weights = [standard_error(each) ** -2 for each in found]
    whole = fsum(weights)
    middle = fsum(w * t for w, t in zip(weights, places, strict=True)) / whole
    mean = fsum(w * x for w, x in zip(weights, values, strict=True)) / whole
    spread = fsum(w * (t - middle) ** 2 for w, t in zip(weights, places, strict=True))
    if spread <= 0:
        msg = f"found {len(found)} waves on one day, expected several days"
        raise UsageError(msg, hint="pass one day for each wave with days=")
    slope = fsum(w * (t - middle) * (x - mean) for w, t, x in zip(weights, places, values, strict=True)) / spread
    misfit = fsum(w * (x - mean - slope * (t - middle)) ** 2 for w, t, x in zip(weights, places, values, strict=True))
    error = 1 / sqrt(spread)
    level = found[0].interval.level if found[0].interval else 0.95
    reach = normal_quantile(level) * error
    is_time = isinstance(found[0].value, timedelta)

    def told(number: float) -> float | timedelta:
        return timedelta(seconds=number) if is_time else number

    return Trend(
        value=told(slope),
        per=step,
        interval=Interval(told(slope - reach), told(slope + reach), level, "normal, known standard errors"),
        p_value=two_sided(slope / error),
        misfit_p=_chi_square_beyond(misfit, len(found) - 2),
        waves=len(found),
        left_out=left_out,
        receipt=receipt,
    )


def _usable(waves: Waves) -> tuple[list[Wave], list[Estimate], tuple[Wave, ...]]:
    """The waves with a value and an interval, and the names of the others."""
    named: list[tuple[Wave, Estimate]] = list(waves if isinstance(waves, EstimateTable) else enumerate(waves))
    kept = [(name, each) for name, each in named if each.value is not None and each.interval is not None]
    for _, each in kept:
        demand_alike(kept[0][1], each)
    told = [name for name, _ in kept]
    return told, [each for _, each in kept], tuple(name for name, _ in named if name not in told)


def _places(
    waves: Waves, names: Sequence[Wave], days: Sequence[date] | None, per: timedelta
) -> tuple[list[float], str]:
    """Where the usable waves stand in time, in steps, and the name of a step."""
    every: list[Wave] = [name for name, _ in waves] if isinstance(waves, EstimateTable) else list(range(len(waves)))
    if per <= timedelta():
        msg = f"found per={per}, expected a time above zero"
        raise UsageError(msg, hint="pass a timedelta, such as timedelta(days=365)")
    if days is not None and len(days) != len(every):
        msg = f"found {len(days)} days for {len(every)} waves, expected one for each"
        raise UsageError(msg, hint="pass the day of each wave, in the order of the waves")
    firsts = [name[0] if isinstance(name, tuple) else None for name in every]
    known = list(days) if days is not None else [day for day in firsts if isinstance(day, date)]
    if len(known) < len(every) or not known:
        return [float(every.index(name)) for name in names], "wave"
    at = dict(zip(every, known, strict=True))
    step = per / timedelta(days=1)
    return [(at[name] - known[0]).days / step for name in names], "day" if step == 1 else f"{step:g} days"


def _chi_square_beyond(value: float, degrees: int) -> float:
    """The probability that a chi-square variable is beyond a value, in closed form."""
    half = max(0.0, value) / 2
    if degrees % 2:
        found, term = erfc(sqrt(half)), exp(-half) * sqrt(half / pi) * 2
        for step in range(3, degrees + 1, 2):
            found += term
            term *= 2 * half / step
        return min(1.0, found)
    found, term = 0.0, exp(-half)
    for step in range(degrees // 2):
        found += term
        term *= half / (step + 1)
    return min(1.0, found)


def _name(wave: Wave | None) -> str | None:
    if wave is None:
        return None
    return str(wave) if isinstance(wave, int) else " / ".join("-" if part is None else str(part) for part in wave)
