"""How well people were found, where the truth is known: pairs of records that are, or are not, one person's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping

from attrs import frozen

from crmcx.errors import UsageError


@frozen(kw_only=True)
class Scores:
    """Pairs of records, found and true."""

    pairs_found: int
    """Pairs that were found to be one person's."""
    pairs_true: int
    """Pairs that are."""
    pairs_both: int
    """Pairs that were found and are."""

    @property
    def precision(self) -> float | None:
        """Of the pairs found, the share that is true; None where none was found."""
        return self.pairs_both / self.pairs_found if self.pairs_found else None

    @property
    def recall(self) -> float | None:
        """Of the true pairs, the share that was found; None where there is none."""
        return self.pairs_both / self.pairs_true if self.pairs_true else None


def pairwise_scores(found: Mapping[str, Hashable], truth: Mapping[str, Hashable]) -> Scores:
    """Compare people with the truth, pair by pair.

    Args:
        found: Record to the person that it was found to be of.
        truth: The same records to the true person.

    Returns:
        Counts of pairs, with precision and recall between 0 and 1.

    Raises:
        UsageError: The two are not about the same records.

    Example:
        >>> scores = pairwise_scores({"a": 1, "b": 1, "c": 1}, {"a": 7, "b": 7, "c": 8})
        >>> scores.precision, scores.recall
        (0.3333333333333333, 1.0)
    """
    if found.keys() != truth.keys():
        msg = f"found {len(found.keys() ^ truth.keys())} records of which only one side tells the person"
        raise UsageError(msg, hint="pass the same records on both sides")
    both = Counter((found[record], truth[record]) for record in found)
    return Scores(
        pairs_found=_pairs(Counter(found.values())),
        pairs_true=_pairs(Counter(truth.values())),
        pairs_both=_pairs(both),
    )


def _pairs(sizes: Counter[Hashable] | Counter[tuple[Hashable, Hashable]]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes.values())
