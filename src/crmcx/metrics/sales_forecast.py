"""What to expect of the pipeline, and whether what was expected came true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from fractions import Fraction
from math import fsum, isfinite, sqrt
from typing import Any, Unpack, overload

import narwhals.stable.v2 as nw
from attrs import evolve, frozen

from crmcx._html import html_table
from crmcx.errors import ScaleError, UsageError
from crmcx.estimates import Estimate, EstimateTable, Interval, Receipt, wilson_interval
from crmcx.estimates.intervals import normal_quantile
from crmcx.estimates.reach import number_of, two_sided
from crmcx.estimates.words import count_words, p_words, share_words
from crmcx.metrics._alike import Alike, alike
from crmcx.metrics._amounts import MILLION, Amounts, Into, money
from crmcx.metrics._asking import Groups, metric
from crmcx.metrics._deals import is_decided
from crmcx.metrics._question import By, Question, names_of
from crmcx.metrics._sales_options import ForecastOptions
from crmcx.metrics._trail import made_of
from crmcx.metrics.sales_pipeline import at_words, deals_then, not_known, was_open
from crmcx.models import Deal, DealStatus
from crmcx.tables import Frame, KnownSince, Table, rows, same_engine, take, to_frame, words_in

_BANDS = 10
_FULL = 1.0


def chances_of(table: EstimateTable) -> dict[str, float]:
    """The chances that `stage_win_rate` tells, as `weighted_pipeline` takes them; stages without a value are left away.

    Raises:
        UsageError: The table is not by stage alone.
    """
    if table.by != ("stage",):
        msg = f"found a table by {', '.join(table.by)}, expected one by stage alone"
        raise UsageError(msg, hint="call stage_win_rate without by=")
    return {
        stage: float(found.value)
        for (stage,), found in table
        if isinstance(stage, str) and isinstance(found.value, float | int)
    }


def demand_chances(chances: Mapping[str, float]) -> None:
    """Demand that chances are shares.

    Raises:
        ScaleError: One is below 0 or above 1.
    """
    wrong = {stage: chance for stage, chance in chances.items() if not isfinite(chance) or not 0 <= chance <= _FULL}
    if wrong:
        stage, chance = next(iter(wrong.items()))
        msg = f"found {len(wrong)} chances that are no share, such as {chance:g} for {stage!r}, expected 0 to 1"
        raise ScaleError(msg, hint="per cent are divided by 100: 60 % is 0.6")


@overload
def weighted_pipeline(
    deals: Table, deal_changes: Table, *, by: None = None, **options: Unpack[ForecastOptions]
) -> Estimate: ...
@overload
def weighted_pipeline(
    deals: Table, deal_changes: Table, *, by: Groups, **options: Unpack[ForecastOptions]
) -> EstimateTable: ...
@metric(clock="created_us")
def weighted_pipeline(
    deals: Table,
    deal_changes: Table,
    *,
    at: datetime,
    chances: Mapping[str, float],
    by: By = None,
    into: Into | None = None,
    as_of: datetime | None = None,
    known_since: KnownSince = None,
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
    change_columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """What the deals that were open at a date can be expected to bring: the sum of amount times chance to win.

    The chance is that of the stage in which a deal stood then: the CRM's own, of its pipeline's stages, or that of
    history, `chances_of(stage_win_rate(...))`. `forecast_calibration` tells which of them comes true.

    Args:
        deals: Deals. Needs `key`, `status`, `stage`, `amount_micros` and `amount_currency`.
        deal_changes: Their steps. Needs `deal_key`, `field`, `old`, `new` and `changed_us`.
        at: The date; deals stand as they stood then.
        chances: Stage to the chance to win, from 0 to 1.
        by: Columns to group by, of those that have a history; with `amount_currency` currencies are kept apart.
        into: The currency to convert amounts into, with the rates; None where all are of one currency.
        as_of: The date of knowledge; None for `at`: what could be seen then.
        known_since: Since when each source's steps are known; see `pipeline_value`.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the deals' own.
        change_columns: Canonical column name to the changes' own.

    Returns:
        Money, with an interval in units of the currency for what the deals bring, were each won by itself with its
        chance (normal, cut to nothing and to all). With `by` one per group. Left out as for `pipeline_value`, and as
        `no_chance` deals in stages that have none. None when no deal is left.

    Raises:
        ScaleError: A chance is no share, such as 60 for 60 %.
        CurrencyError: The amounts are of several currencies, or a rate is lacking.

    Example:
        >>> import polars as pl
        >>> from datetime import UTC
        >>> day = 86_400_000_000
        >>> deals = pl.DataFrame({"key": [1, 2], "status": ["open"] * 2, "stage": ["offer"] * 2, "created_us": [0, 0],
        ...     "amount_micros": [100_000_000] * 2, "amount_currency": ["EUR"] * 2})
        >>> steps = pl.DataFrame({"deal_key": [1, 2], "field": ["stage"] * 2, "old": ["talk"] * 2, "new": ["offer"] * 2,
        ...     "changed_us": [day] * 2})
        >>> since = datetime(1970, 1, 1, tzinfo=UTC)
        >>> found = weighted_pipeline(deals, steps, at=since, chances={"talk": 0.2, "offer": 0.6}, known_since=since)
        >>> found.value_words
        '40.00 EUR'
    """
    demand_chances(chances)
    question = Question(
        name="weighted_pipeline",
        unit="money",
        parameters={"chances": dict(sorted(chances.items())), **at_words(at, known_since, into)},
        by=names_of(by),
        as_of=as_of or at,
        level=level,
        min_n=min_n,
    )
    frame = deals_then(
        deals,
        deal_changes,
        question,
        at,
        known_since=known_since,
        columns=columns,
        change_columns=change_columns,
        needs=("stage",),
    ).having(was_open())
    amounts = Amounts.of(frame, question.by, ~nw.col("status").is_null(), into)
    excluded = not_known() | {"no_chance": ~words_in("stage", *chances)}
    values = {name: nw.col(name) for name in ("stage", "amount_micros", "amount_currency")}
    groups = alike(frame, by=question.by, excluded=excluded, values=values, parts={"open": nw.lit(1)})
    receipt = question.receipt(frame)
    made = made_of(groups, lambda key, found: (found, amounts.currency(key)))
    return question.answer(
        made, (Alike(), None), lambda each: _expected(each[0], each[1], chances, into, receipt, level=level)
    )


def _expected(
    found: Alike,
    currency: str | None,
    chances: Mapping[str, float],
    into: Into | None,
    receipt: Receipt,
    *,
    level: float,
) -> Estimate:
    if not found.n or currency is None:
        reason = "no open deal has an amount and a chance"
        return Estimate(value=None, reason=reason, n=0, excluded=found.excluded, counts={"open": 0}, receipt=receipt)
    rates = {name: Fraction(1) if into is None else into.per_unit(name) for (_, _, name), _ in found.rows}
    parts = [
        (Fraction(amount) * rates[name], Fraction(chances[stage]), number)
        for (stage, amount, name), number in found.rows
    ]
    value = sum((amount * chance * number for amount, chance, number in parts), Fraction(0))
    variance = sum((amount * amount * chance * (1 - chance) * number for amount, chance, number in parts), Fraction(0))
    most = sum((amount * number for amount, _, number in parts if amount > 0), Fraction(0))
    least = sum((amount * number for amount, _, number in parts if amount < 0), Fraction(0))
    reach = normal_quantile(level) * sqrt(variance)
    low, high = (max(float(least), float(value) - reach), min(float(most), float(value) + reach))
    return Estimate(
        value=money(value, currency),
        n=found.n,
        excluded=found.excluded,
        counts={"open": found.n},
        interval=Interval(low / MILLION, high / MILLION, level, "normal, independent deals"),
        receipt=receipt,
    )


@frozen(kw_only=True)
class Band:
    """Deals of about one chance, and what became of them."""

    low: float
    """The chance from which on, inclusive."""
    high: float
    """The chance up to which; inclusive in the last band."""
    n: int
    """Decided deals."""
    expected: float
    """Their mean chance."""
    won: float
    """The share of them that was won."""
    interval: Interval
    """Wilson's interval of that share."""

    @property
    def interval_words(self) -> str:
        """The interval for people."""
        return " to ".join(share_words(number_of(end)) for end in (self.interval.low, self.interval.high or _FULL))


@frozen(kw_only=True, repr=False)
class Calibration:
    """Chances held against what became of the deals. Prints as a table; a notebook shows it as HTML."""

    bands: tuple[Band, ...]
    """Bands of chances that hold a deal, in order."""
    n: int
    """Decided deals."""
    expected: float | None
    """How many of them were to be won by their chances; None without deals."""
    won: int
    """How many were won."""
    brier: float | None
    """The mean squared distance of chance and outcome; 0 is perfect, and 0.25 what a chance of 0.5 for all has."""
    p_value: float | None
    """How probable it is that right chances are so far off, by Spiegelhalter; None where none can be off."""
    excluded: tuple[tuple[str, int], ...]
    """Deals left out: reason and number."""
    receipt: Receipt
    """Where it comes from."""

    def __iter__(self) -> Iterator[Band]:
        return iter(self.bands)

    def __len__(self) -> int:
        return len(self.bands)

    def to_frame(self) -> Any:  # noqa: ANN401 - a Polars frame, or a DuckDB relation
        """One row a band: `low`, `high`, `n`, `expected`, `won`. Of Polars when it is installed, else of DuckDB."""
        dtypes = {"low": "float64", "high": "float64", "n": "int64", "expected": "float64", "won": "float64"}
        return to_frame({name: [getattr(band, name) for band in self.bands] for name in dtypes}, dtypes)

    @property
    def caption(self) -> str:
        """What was found, in one sentence."""
        if self.expected is None:
            return "no deal was decided"
        told = f"{self.expected:.1f} of {count_words(self.n)} deals were to be won, {count_words(self.won)} were"
        return told + ("" if self.p_value is None else f"; p {p_words(self.p_value)}")

    def _told(self) -> tuple[list[str], list[list[str]]]:
        head = ["chance", "n", "expected", "won", "interval"]
        return head, [
            [
                f"{share_words(band.low)} to {share_words(band.high)}",
                count_words(band.n),
                share_words(band.expected),
                share_words(band.won),
                band.interval_words,
            ]
            for band in self.bands
        ]

    def __repr__(self) -> str:
        head, told = self._told()
        widths = [max(len(row[column]) for row in [head, *told]) for column in range(len(head))]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in [head, *told]]
        return "\n".join([*lines, self.caption])

    def _repr_html_(self) -> str:
        return html_table(*self._told(), self.caption)


def forecast_calibration(
    deals: Table,
    then: Table,
    *,
    chances: Mapping[str, float] | None = None,
    level: float = 0.95,
    columns: Mapping[str, str] | None = None,
    then_columns: Mapping[str, str] | None = None,
) -> Calibration:
    """Hold chances that deals had at an earlier date against what became of them.

    Args:
        deals: Deals as they are now. Needs `key` and `status`.
        then: The deals as they were, such as `tables.deals_at` tells or a table that was kept. Needs `key`, `status`,
            and `stage` or `probability`. Those that were open then are looked at.
        chances: Stage to the chance to win, from 0 to 1; None for each deal's own `probability` then.
        level: Confidence level of the bands' intervals.
        columns: Canonical column name to the deals' own.
        then_columns: Canonical column name to the earlier table's own.

    Returns:
        Ten bands of chances with what share was won, and all of them together. Left out are deals that are still
        `open`, those that are `gone` by now, and those with `no_chance`.

    Raises:
        ScaleError: A chance is no share, such as 60 for 60 %.

    Example:
        >>> import polars as pl
        >>> then = pl.DataFrame({"key": [1, 2, 3, 4], "status": ["open"] * 4, "probability": [0.2, 0.2, 0.6, 0.6]})
        >>> now = pl.DataFrame({"key": [1, 2, 3, 4], "status": ["lost", "won", "won", "open"]})
        >>> forecast_calibration(now, then)
                  chance  n  expected      won           interval
        20.0 % to 30.0 %  2    20.0 %   50.0 %    9.5 % to 90.5 %
        60.0 % to 70.0 %  1    60.0 %  100.0 %  20.7 % to 100.0 %
        1.0 of 3 deals were to be won, 2 were; p 0.43

    Source:
        Brier (1950), Mon. Weather Rev. 78:1; Spiegelhalter (1986), Stat. Med. 5:421.
    """
    if chances is not None:
        demand_chances(chances)
    told = None if chances is None else dict(sorted(chances.items()))
    question = Question(name="forecast_calibration", unit="share", parameters={"chances": told}, level=level)
    column = "probability" if chances is None else "stage"
    earlier = take(then, Deal, needs=("key", "status", column), columns=then_columns)
    now = take(deals, Deal, needs=("key", "status"), columns=columns)
    same_engine(earlier, now)
    if chances is None:
        said = rows(earlier.lazy.filter(~nw.col(column).is_null()).select(column).unique())
        demand_chances({f"deal number {number}": row[column] for number, row in enumerate(said)})
    earlier = earlier.having(words_in("status", DealStatus.OPEN.value))
    fates = now.lazy.select("key", nw.col("status").alias("now"))
    joined = earlier.lazy.join(fates, on="key", how="left").select(nw.col(column), nw.col("now").alias("status"))
    frame: Frame = evolve(earlier, lazy=joined, columns=frozenset({column, "status"}))
    no_chance = nw.col(column).is_null() if chances is None else ~words_in("stage", *chances)
    decided = is_decided(won=True) | is_decided(won=False)
    excluded = {"gone": nw.col("status").is_null(), "open": ~decided, "no_chance": no_chance}
    values = {"chance": nw.col(column), "won": nw.when(is_decided(won=True)).then(nw.lit(1)).otherwise(nw.lit(0))}
    found = alike(frame, excluded=excluded, values=values, parts={"won": values["won"]}).get((), Alike())
    seen = [(float(row[0] if chances is None else chances[row[0]]), int(row[1]), number) for row, number in found.rows]
    return _calibration(seen, tuple(sorted(found.excluded)), question.receipt(frame), level)


def _calibration(
    seen: list[tuple[float, int, int]], excluded: tuple[tuple[str, int], ...], receipt: Receipt, level: float
) -> Calibration:
    bands = []
    for place in range(_BANDS):
        low, high = place / _BANDS, (place + 1) / _BANDS
        inside = [each for each in seen if min(int(each[0] * _BANDS + 1e-9), _BANDS - 1) == place]
        n = sum(number for _, _, number in inside)
        if n:
            won = sum(number for _, outcome, number in inside if outcome)
            bands.append(
                Band(
                    low=low,
                    high=high,
                    n=n,
                    expected=fsum(chance * number for chance, _, number in inside) / n,
                    won=won / n,
                    interval=wilson_interval(won, n, level),
                )
            )
    n = sum(number for _, _, number in seen)
    off = fsum(number * (outcome - chance) * (1 - 2 * chance) for chance, outcome, number in seen)
    spread = fsum(number * (1 - 2 * chance) ** 2 * chance * (1 - chance) for chance, _, number in seen)
    return Calibration(
        bands=tuple(bands),
        n=n,
        expected=fsum(chance * number for chance, _, number in seen) if n else None,
        won=sum(number for _, outcome, number in seen if outcome),
        brier=fsum(number * (outcome - chance) ** 2 for chance, outcome, number in seen) / n if n else None,
        p_value=two_sided(off / sqrt(spread)) if spread > 0 else None,
        excluded=excluded,
        receipt=receipt,
    )
