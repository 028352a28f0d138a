"""Deriving lifecycle stages from what people did, by rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from crmcx.estimates import Definition, Receipt
from crmcx.instants import to_us
from crmcx.journey import _stage_machine as machine
from crmcx.journey._stage_evidence import evidence_rows
from crmcx.journey.derived import DerivedStages
from crmcx.journey.stage_totals import overview
from crmcx.journey.stages import StageRules
from crmcx.tables import Table, settled


def derive_stages(
    rules: StageRules,
    *,
    as_of: datetime,
    unit: str = "person_id",
    columns: Mapping[str, Mapping[str, str]] | None = None,
    **tables: Table,
) -> DerivedStages:
    """Derive lifecycle stages from what people did.

    A history is one unit and product line. It begins with its first evidence, and its intervals leave no hole from
    there to `as_of`. Evidence of awareness is awareness, until there is some of consideration. A purchase is one until
    `onboarding` is over, then she is an existing customer; it is a repurchase when she was a customer before. Notice
    makes an existing customer an exiting one, evidence of an existing customer takes that back, and so does the end of
    one contract while another lasts. An end makes her former, until she considers again. Notice or an end by itself
    shows that she was a customer.

    In one instant, first what leads to a purchase counts, and the purchase; then what follows it. Records of one
    instant that say the same are interchangeable, so their order never matters.

    Args:
        rules: What is evidence of which stage.
        as_of: Only what had happened, and was known, by then; the last intervals last until then.
        unit: Column that tells people apart.
        columns: Name of a table to its canonical column names and the table's own.
        **tables: Tables that the rules take evidence from, by their names: `interactions=`, `deals=`, `orders=`. Needs
            the unit, instants that the model demands, and the columns of `where`; takes `key` and `known_us`. All of
            one engine.

    Returns:
        Intervals, with the evidence of each. Left out: `no_unit`, `no_scope` (the product line is asked of a column and
        missing), `not_known` (it happened by `as_of`, but was not known then: records of things that last, such as
        deals, are known from when they were last recorded). Rows without an instant are no evidence.

    Raises:
        UsageError: A table of which the rules take no evidence, or no table.
        MissingColumnError: A table lacks a column.
        EngineMismatchError: The tables are of several engines.

    Example:
        >>> from datetime import UTC
        >>> import polars as pl
        >>> from crmcx.journey import LIFECYCLE
        >>> day = 86_400_000_000
        >>> orders = pl.DataFrame({"person_id": [1, 1], "placed_us": [10 * day, 40 * day], "key": [7, 8]})
        >>> found = derive_stages(LIFECYCLE, orders=orders, as_of=datetime(1970, 3, 2, tzinfo=UTC))
        >>> [(each.stage, each.start.day, each.evidence) for each in found]
        [('purchase', 11, 1), ('existing', 11, 1), ('repurchase', 10, 1), ('existing', 10, 1)]
    """
    found = evidence_rows(rules, tables, as_of=as_of, unit=unit, columns=columns or {})
    evidence = settled(found.lazy)
    made = machine.run(evidence, rules, to_us(as_of))
    made = machine.Machine(settled(made.intervals), settled(made.numbered))
    totals, moves = overview(made.intervals)
    return DerivedStages(
        totals=totals,
        moves=moves,
        excluded=tuple(sorted(found.excluded.items())),
        unseen=found.unseen,
        rules=rules,
        receipt=Receipt(
            definition=Definition(
                "derive_stages", 1, {"rules": rules.to_dict(), "unit": unit, "tables": sorted(tables)}
            ),
            unit="duration",
            as_of=as_of,
            snapshot=found.snapshot,
        ),
        found=made,
        rows=evidence,
        unit=unit,
        text=found.text,
    )
