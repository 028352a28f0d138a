"""The one place where a call becomes an answer that knows what was asked.

Every metric is decorated with `metric`. It turns periods into columns, notes function and arguments in the estimates,
and can ask the same question once more with a trace of the rows behind each group.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, ParamSpec, cast

from attrs import evolve

from crmcx.estimates import Asked, Estimate, EstimateTable
from crmcx.tables import KeyedTable, Period, PeriodColumn, kind_of

P = ParamSpec("P")
Answer = Estimate | EstimateTable
Groups = str | Period | Sequence[str | Period]
"""The columns or periods that make the groups."""
By = Groups | None
"""The groups, or none."""


def per(kind: str, *, zone: str = "UTC", of: str | None = None) -> Period:
    """Groups by a period of the calendar: `by=per("month", zone="Europe/Berlin")`.

    Args:
        kind: `day`, `week` (from Monday), `month`, `quarter` or `year`.
        zone: IANA name of the zone whose midnights part the periods.
        of: Column of the instant; the one that the metric is about unless given, such as `submitted_us` of answers.

    Returns:
        Something to pass as `by`. The groups are called by the kind, and each by the date of its first day; rows
        without the instant come under None.

    Raises:
        UsageError: The period or the zone is unknown.

    Example:
        >>> per("week", zone="Europe/Berlin")
        Period(kind='week', zone='Europe/Berlin', of=None)
    """
    return Period(kind, zone, of)


def metric(*, clock: str) -> Callable[[Callable[P, Answer]], Callable[P, Answer]]:
    """Make a function a metric.

    Args:
        clock: The column of instants of its first table that `per` is about unless it names another.
    """

    def decorate(function: Callable[P, Answer]) -> Callable[P, Answer]:
        def trace(*tables: Any, **options: Any) -> Answer:  # noqa: ANN401 - as the function
            return answered(function, (KeyedTable(tables[0]), *tables[1:]), options, clock)

        @wraps(function)
        def ask(*tables: P.args, **options: P.kwargs) -> Answer:
            return noted(answered(function, tables, options, clock), ask, tables, options)

        cast("Any", ask).trace = trace
        return ask

    return decorate


def answered(function: Callable[..., Answer], tables: Sequence[Any], options: Mapping[str, Any], clock: str) -> Answer:
    """The answer of a function, its periods as dates."""
    given = dict(options)
    by = given.get("by")
    parts = [by] if isinstance(by, str | Period) else list(by or ())
    if not any(isinstance(part, Period) for part in parts):
        return function(*tables, **given)
    given["by"] = [PeriodColumn.made(part, clock) if isinstance(part, Period) else part for part in parts]
    found = function(*tables, **given)
    assert isinstance(found, EstimateTable)  # noqa: S101 - there are groups
    told = ", ".join(part.told for part in given["by"] if isinstance(part, PeriodColumn))
    rows = tuple(
        (
            tuple(map(_first_day, given["by"], key)),
            evolve(estimate, receipt=evolve(estimate.receipt, periods=told)),
        )
        for key, estimate in found.rows
    )
    return evolve(found, by=tuple(map(str, found.by)), rows=rows)


def _first_day(name: Any, part: Any) -> Any:  # noqa: ANN401 - a name of any type
    return name.begins(int(part)) if isinstance(name, PeriodColumn) and part is not None else part


def noted(found: Answer, ask: Callable[..., Answer], tables: Sequence[Any], options: Mapping[str, Any]) -> Answer:
    """The answer with a note of what was asked, for evidence and for frames of the caller's kind."""
    if isinstance(found, Estimate):
        return evolve(found, asked=Asked(ask, options))
    rows = tuple(
        (key, evolve(each, asked=Asked(ask, options, tuple(zip(found.by, key, strict=True))))) for key, each in found
    )
    return evolve(found, rows=rows, kind=kind_of(tables[0]) if tables else None)
