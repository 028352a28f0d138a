"""Weights of factors by least squares, from sums alone."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import narwhals.stable.v2 as nw

from crmcx.errors import UsageError
from crmcx.metrics._paired import incomplete
from crmcx.tables import Frame, rows

_SMALLEST = 1e-9


def fitted_weights(whole: Frame, items: Sequence[str]) -> tuple[float, ...]:
    """The weights of factors: coefficients of least squares, those below 0 set to 0, shared out to 1.

    Args:
        whole: One row per unit, as of `side_by_side`; the last item is the outcome.
        items: Codes of the items.

    Returns:
        A weight for each item but the last; none when there is nothing to fit.

    Raises:
        UsageError: The factors do not differ, or none has a coefficient above 0.
    """
    numbers = range(len(items))
    lacks = nw.any_horizontal(*incomplete(items).values(), ignore_nulls=True)
    scores = [nw.col(f"score_{number}") for number in numbers]
    products = {f"p_{one}_{other}": scores[one] * scores[other] for one in numbers for other in numbers if one <= other}
    (found,) = rows(
        whole.lazy.filter(~lacks)
        .select(
            nw.lit(1).cast(nw.Int64()).alias("n"),
            *(score.alias(f"s_{number}") for number, score in enumerate(scores)),
            *(product.alias(name) for name, product in products.items()),
        )
        .select(nw.all().sum())
    )
    n = int(found["n"] or 0)
    if not n:
        return ()
    totals = [Fraction(found[f"s_{number}"]) for number in numbers]

    def covariance(one: int, other: int) -> Fraction:
        low, high = sorted((one, other))
        return Fraction(found[f"p_{low}_{high}"]) / n - totals[one] * totals[other] / (n * n)

    *factors, outcome = numbers
    solved = _solved(
        [[covariance(one, other) for other in factors] for one in factors],
        [covariance(one, outcome) for one in factors],
    )
    kept = [max(0.0, each) for each in solved or ()]
    if not sum(kept):
        msg = f"no weights can be fitted on {items[-1]!r} over {n} submissions"
        remedy = (
            "the factors do not differ enough, or none goes with the outcome: give the weights with factor_weights="
        )
        raise UsageError(msg, hint=remedy)
    return tuple(each / sum(kept) for each in kept)


def _solved(matrix: list[list[Fraction]], right: list[Fraction]) -> list[float] | None:
    """The solution of a small system of equations, exact; None where it has none of its own."""
    size = len(right)
    table = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    largest = max(abs(row[place]) for place, row in enumerate(matrix))
    for place in range(size):
        best = max(range(place, size), key=lambda row: abs(table[row][place]))
        table[place], table[best] = table[best], table[place]
        pivot = table[place][place]
        if abs(pivot) <= _SMALLEST * largest:
            return None
        table[place] = [each / pivot for each in table[place]]
        for row in range(size):
            if row != place:
                factor = table[row][place]
                table[row] = [a - factor * b for a, b in zip(table[row], table[place], strict=True)]
    return [float(row[-1]) for row in table]
