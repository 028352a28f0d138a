"""The records behind a number: their keys, asked of the data once more and held against what was told."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen

from crmcx.errors import MissingColumnError, UsageError, demand_one_of
from crmcx.estimates import Estimate, EstimateTable
from crmcx.estimates.words import count_words
from crmcx.metrics._trail import Trail
from crmcx.tables import Kind, Table, kind_of, to_frame

_SHOWN = 5


@frozen(repr=False)
class Evidence:
    """The keys of the records behind a number. Prints as one line."""

    keys: tuple[int | str, ...]
    """Keys in order, one for each observation."""
    column: str
    """The column of the table that they come from, such as `feedback_key`, `key` or `person_id`."""
    of: str
    """What they are the evidence of, such as `nps, language = de, promoters`."""
    kind: Kind | None = field(default=None, eq=False)
    """The kind of frame that was asked; None for lists and tables of a workspace."""

    @property
    def n(self) -> int:
        """How many there are."""
        return len(self.keys)

    def __len__(self) -> int:
        return len(self.keys)

    def to_frame(self) -> Any:  # noqa: ANN401 - a frame of any engine
        """The keys as a frame of one column, of the kind that was asked, to join with."""
        dtype = "string" if any(isinstance(key, str) for key in self.keys) else "int64"
        return to_frame({self.column: list(self.keys)}, {self.column: dtype}, self.kind)

    def __repr__(self) -> str:
        shown = ", ".join(map(str, self.keys[:_SHOWN])) + (", ..." if self.n > _SHOWN else "")
        return f"evidence of {self.of}: {count_words(self.n)} of {self.column}" + (f": {shown}" if shown else "")


def evidence(
    estimate: Estimate | EstimateTable,
    *tables: Table,
    part: str | None = None,
    left_out: str | None = None,
    **cell: object,
) -> Evidence:
    """The keys of the records that a number rests on, or of those that it leaves out.

    The same is asked of the tables once more; unless they still give the number, the evidence would be of another one
    and is refused.

    Args:
        estimate: What a metric answered; of a table of estimates the group is named by `cell`.
        tables: The tables that were asked, in the same order.
        part: One of the counts that the value is made of, such as `promoters`; all that count unless given.
        left_out: A reason why records were left out, such as `skipped`, to get those instead.
        cell: Column of `by` to the name of the group: `evidence(table, answers, language="de")`.

    Returns:
        Keys from the first table, or the people where observations are people.

    Raises:
        UsageError: The data give another number by now, the estimate does not know what was asked (as one that came
            back from JSON), or there is no such group, part or reason.
        MissingColumnError: The table has no key.

    Example:
        >>> import polars as pl
        >>> from crmcx.metrics import nps
        >>> from crmcx.models import Scale
        >>> answers = pl.DataFrame({"score": [10, 9, 3], "feedback_key": [7, 8, 9]})
        >>> evidence(nps(answers, scale=Scale(min=0, max=10)), answers, part="promoters").keys
        (7, 8)
    """
    told = _one(estimate, cell)
    if told.asked is None or not hasattr(told.asked.metric, "trace"):
        msg = "the estimate does not know what was asked, as one that was made of plain numbers or came back from JSON"
        raise UsageError(msg, hint="ask the metric of the tables, and pass what it answers")
    if not tables:
        msg = "evidence needs the tables that were asked"
        raise UsageError(msg, hint="pass them after the estimate, in the same order as to the metric")
    again = _one(told.asked.metric.trace(*tables, **told.asked.options), dict(told.asked.cell))
    _demand_same(told, again)
    if part is not None:
        demand_one_of("part", part, dict(told.counts))
    if left_out is not None:
        demand_one_of("left_out", left_out, dict(told.excluded))
    if part is not None and left_out is not None:
        msg = "part= is of records that count and left_out= of those that do not"
        raise UsageError(msg, hint="ask for one of them")
    trail = again.trail
    if not isinstance(trail, Trail):
        msg = "the first table has no column that tells its records"
        remedy = "give it its key, such as feedback_key for answers or key for others, and name it with columns="
        raise MissingColumnError(msg, hint=remedy, missing=("key",))
    found = tuple(trail.keys(part=part, left_out=left_out))
    definition = told.receipt.definition
    unit = str(dict(definition.parameters).get("unit", "unit"))
    words = [definition.name, *(f"{name} = {value}" for name, value in told.asked.cell)]
    words += [each for each in (part, left_out and f"left out as {left_out}") if each]
    return Evidence(found, unit if trail.record == "unit" else trail.record, ", ".join(words), kind_of(tables[0]))


def _one(estimate: Estimate | EstimateTable, cell: dict[str, object]) -> Estimate:
    if isinstance(estimate, EstimateTable):
        if set(cell) != set(estimate.by):
            msg = f"found the columns {', '.join(cell) or 'none'}, and the groups are by {', '.join(estimate.by)}"
            raise UsageError(msg, hint=f"name the group, such as {estimate.by[0]}=...")
        for key, each in estimate.rows:
            if all(cell[name] == value for name, value in zip(estimate.by, key, strict=True)):
                return each
        msg = f"there is no group {cell!r}; there are {len(estimate)}"
        raise UsageError(msg, hint="list(table) shows all of them")
    known = dict(estimate.asked.cell) if estimate.asked else {}
    if cell and cell != known:
        msg = f"the estimate is of the group {known or 'of all'}, found {cell}"
        raise UsageError(msg, hint="pass the whole table of estimates to choose a group")
    return estimate


def _demand_same(told: Estimate, again: Estimate) -> None:
    """Demand that the data still give what was told."""
    before, now = told.receipt.definition.hash, again.receipt.definition.hash
    if before != now:
        msg = f"the estimate has the definition {before[:12]}, and the data give {now[:12]}"
        raise UsageError(msg, hint="ask the metric of these tables, and pass what it answers")
    for what, first, second in (
        ("n", told.n, again.n),
        ("counts", dict(told.counts), dict(again.counts)),
        ("left out", dict(told.excluded), dict(again.excluded)),
    ):
        if first != second:
            msg = f"the estimate has {what} {first}, and the tables give {second}"
            raise UsageError(msg, hint="pass the tables that were asked, or ask the metric of these")
