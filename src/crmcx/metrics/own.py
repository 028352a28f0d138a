"""Metrics of your own: defined as data, with the receipt, the rules and the engines of all others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import narwhals.stable.v2 as nw
from attrs import evolve, field, frozen

from crmcx.errors import UsageError
from crmcx.estimates import Estimate, RatioSums, Receipt, ratio_interval
from crmcx.metrics._conditions import Rows, Span
from crmcx.metrics._means import mean
from crmcx.metrics._own import NOTHING, Own, rows_as_given
from crmcx.metrics._question import Question
from crmcx.metrics._shares import share
from crmcx.metrics._trail import made_of
from crmcx.tables import Frame


@frozen(kw_only=True)
class Share(Own):
    """A share of your own: of the rows it is about, those for which a condition holds.

    Example:
        >>> import polars as pl
        >>> urgent = Share(name="urgent", of="cases", counts={"priority": ["high"]}, left_out={"no_priority":
        ...     {"priority": [None]}})
        >>> urgent(pl.DataFrame({"priority": ["high", "low", None]}))
        urgent: 50.0 %; 95 % interval 9.5 % to 90.5 %; n = 2; left out 1: no_priority 1
        >>> Share.from_dict(urgent.to_dict()) == urgent
        True
    """

    counts: Rows = field(converter=rows_as_given)
    """The rows that count as one: column to words, or to a `Span`; the others count as zero."""

    kind: ClassVar[str] = "share"

    @property
    def _unit(self) -> str:
        return "share"

    @property
    def _columns(self) -> Sequence[str]:
        return self.counts.columns

    @property
    def _value(self) -> nw.Expr:
        return nw.when(self.counts.holds()).then(nw.lit(1)).otherwise(nw.lit(0))

    @property
    def _real(self) -> bool:
        return False

    @property
    def _counts(self) -> dict[str, nw.Expr]:
        return {"yes": self._value, "no": nw.lit(1) - self._value}

    def _estimate(self, group: Any, receipt: Receipt, level: float) -> Estimate:  # noqa: ANN401 - of `_grouped`
        return share(group, receipt, level=level, nothing=NOTHING)


@frozen(kw_only=True)
class _OfNumbers(Own):
    """What metrics of a column of numbers share."""

    value: str
    """The column of numbers; rows without one are left out as `no_value`."""
    unit: str = "score"
    """What one is, as it stands in receipts."""

    @property
    def _unit(self) -> str:
        return self.unit

    @property
    def _columns(self) -> Sequence[str]:
        return (self.value,)

    @property
    def _value(self) -> nw.Expr:
        return nw.col(self.value)

    @property
    def _excluded(self) -> dict[str, nw.Expr]:
        return {"no_value": nw.col(self.value).is_null()}


@frozen(kw_only=True)
class Mean(_OfNumbers):
    """A mean of your own, with Student's t interval over clusters.

    Example:
        >>> import polars as pl
        >>> effort = Mean(name="effort", of="answers", value="score", among={"kind": ["ces"]})
        >>> effort(pl.DataFrame({"kind": ["ces", "ces", "nps"], "score": [2, 4, 10]})).value
        3.0
    """

    kind: ClassVar[str] = "mean"

    def _estimate(self, group: Any, receipt: Receipt, level: float) -> Estimate:  # noqa: ANN401 - of `_grouped`
        return mean(group, receipt, level=level, nothing=NOTHING)


@frozen(kw_only=True)
class Total(_OfNumbers):
    """A sum of your own: a fact, without an interval. Not for amounts, which carry a currency.

    Example:
        >>> import polars as pl
        >>> hours = Total(name="hours", of="interactions", value="hours", unit="hours")
        >>> hours(pl.DataFrame({"hours": [2, 4, None]})).value
        6
    """

    kind: ClassVar[str] = "total"

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        _demand_no_amounts(self.value)

    def _estimate(self, group: Any, receipt: Receipt, level: float) -> Estimate:  # noqa: ANN401, ARG002 - of `_grouped`
        made = mean(group, receipt, level=0.5, nothing=NOTHING)
        return evolve(made, value=group.sums.total if made.value is not None else None, interval=None)


@frozen(kw_only=True)
class Ratio(Own):
    """A ratio of two totals of your own, never a mean of ratios; with an interval by the delta method over clusters.

    Example:
        >>> import polars as pl
        >>> lines = Ratio(name="items_per_order", of="orders", above="items", below="orders", cluster=None)
        >>> lines(pl.DataFrame({"items": [3, 9], "orders": [1, 5]})).value
        2.0
    """

    above: str
    """The column of numbers above the line."""
    below: str
    """The column of numbers below the line; rows that lack one of the two are left out as `no_value`."""
    unit: str = "score"
    """What one is, as it stands in receipts."""

    kind: ClassVar[str] = "ratio"

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        _demand_no_amounts(self.above, self.below)

    @property
    def _unit(self) -> str:
        return self.unit

    @property
    def _columns(self) -> Sequence[str]:
        return self.above, self.below

    @property
    def _value(self) -> nw.Expr:
        return nw.col(self.above)

    @property
    def _excluded(self) -> dict[str, nw.Expr]:
        return {"no_value": nw.col(self.above).is_null() | nw.col(self.below).is_null()}

    def _grouped(
        self, frame: Frame, question: Question, excluded: Mapping[str, nw.Expr], weights: str | None
    ) -> tuple[dict[tuple[Any, ...], Any], Any]:
        above, below = nw.col(self.above), nw.col(self.below)
        # The sums of both together give those of their products: 2yx = (y + x)² - y² - x².
        y, x, both = (self._summed(frame, question, excluded, weights, each) for each in (above, below, above + below))
        nothing = self._empty(frame)
        return made_of(y, lambda key, group: (group, x[key], both[key])), (nothing, nothing, nothing)

    def _estimate(self, group: Any, receipt: Receipt, level: float) -> Estimate:  # noqa: ANN401 - of `_grouped`
        y, x, both = (each.sums for each in group)
        defined = y.n > 0 and x.total > 0
        products = (both.cluster_squares - y.cluster_squares - x.cluster_squares) / 2
        sums = RatioSums(
            above=y.total,
            below=x.total,
            clusters=y.clusters,
            above_squares=y.cluster_squares,
            products=products,
            below_squares=x.cluster_squares,
        )
        return Estimate(
            value=y.total / x.total if defined else None,
            reason=None if defined else "nothing below the line" if y.n else NOTHING,
            n=y.n,
            n_clusters=group[0].n_clusters,
            excluded=group[0].excluded,
            interval=ratio_interval(sums, level) if defined else None,
            receipt=receipt,
        )


def _demand_no_amounts(*columns: str) -> None:
    amounts = [name for name in columns if name.endswith("_micros")]
    if amounts:
        msg = f"found the amounts {', '.join(amounts)}, which are never summed without their currency"
        raise UsageError(msg, hint="see won_value for a sum of amounts")


__all__ = ["Mean", "Ratio", "Share", "Span", "Total"]
