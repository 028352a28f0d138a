"""Which interactions of a case are questions of the customer, and which are answers of a human."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import narwhals.stable.v2 as nw
from attrs import evolve

from crmcx.errors import MissingColumnError
from crmcx.models import Flow, Initiator, Interaction, Visibility
from crmcx.tables import Frame, Table, known_by, same_engine, take, words_in

ANSWER = "visible, outbound, human"
"""What an answer is, as definitions tell it."""


def take_messages(interactions: Table, beside: Frame, columns: Mapping[str, str] | None) -> Frame:
    """The interactions of cases that the customer could see.

    Raises:
        MissingColumnError: There is neither a direction nor an initiator to tell whose they are.
    """
    needs = ("case_key", "occurred_us")
    wants = ("direction", "initiator", "visibility", "key", "known_us")
    said = take(interactions, Interaction, needs=needs, wants=wants, columns=columns)
    same_engine(beside, said)
    if not {"direction", "initiator"} & said.columns:
        msg = "the interactions table lacks direction and initiator, and needs one of them to tell an answer"
        raise MissingColumnError(msg, hint="pass the one it has with interaction_columns=", missing=("direction",))
    said = said.having(~nw.col("case_key").is_null() & ~nw.col("occurred_us").is_null())
    if "visibility" in said.columns:
        said = said.having(nw.col("visibility").is_null() | words_in("visibility", Visibility.CUSTOMER.value))
    return said


def known_messages(said: Frame, as_of: datetime | None) -> Frame:
    """Those of them that were known by a date."""
    return known_by(said, as_of, "occurred_us")


def is_answer(said: Frame) -> nw.Expr:
    """Whether an employee said it to the customer; never null."""
    return _is(said, Initiator.EMPLOYEE, Flow.OUTBOUND)


def is_question(said: Frame) -> nw.Expr:
    """Whether the customer said it; never null."""
    return _is(said, Initiator.CUSTOMER, Flow.INBOUND)


def _is(said: Frame, who: Initiator, way: Flow) -> nw.Expr:
    went = words_in("direction", way.value) if "direction" in said.columns else None
    did = words_in("initiator", who.value) if "initiator" in said.columns else None
    if went is None or did is None:
        (only,) = (each for each in (went, did) if each is not None)
        return only
    return (did & (nw.col("direction").is_null() | went)) | (nw.col("initiator").is_null() & went)


def with_answer(cases: Frame, said: Frame) -> Frame:
    """Add to cases `answered_us`: the first answer that is not before the opening; None where there is none.

    Args:
        cases: Cases with `key` and `opened_us`.
        said: The messages that were known.
    """
    answers = (
        said.lazy.filter(is_answer(said))
        .select(nw.col("case_key").alias("key"), nw.col("occurred_us").alias("answered_us"))
        .join(cases.lazy.select("key", "opened_us"), on="key", how="inner")
        .filter(nw.col("answered_us") >= nw.col("opened_us"))
        .group_by("key")
        .agg(nw.col("answered_us").min())
    )
    lazy = cases.lazy.join(answers, on="key", how="left")
    return evolve(cases, lazy=lazy, columns=cases.columns | {"answered_us"})
