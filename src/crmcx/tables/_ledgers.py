"""Stages and consents as they were: what the latest entry of a log or ledger says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import narwhals.stable.v2 as nw
from attrs import evolve

from crmcx import engines
from crmcx.models import Consent, ConsentStatus, StageChange, StageMode
from crmcx.tables._spelled import flag
from crmcx.tables._steps import (
    BEFORE,
    KIND,
    LATER,
    TOLD,
    UNHEARD,
    KnownSince,
    Look,
    demand_known_since,
    no_instant,
    since,
    steps_of,
    with_told,
)
from crmcx.tables.frames import Frame, StoredTable, Table, take
from crmcx.tables.handed import as_given
from crmcx.tables.schema import Column, DType, schema_of
from crmcx.tables.selections import words_in

_LEDGER = (
    "contact_point",
    "channel",
    "topic",
    "key",
    "source",
    "source_id",
    "known_us",
    "customer_ref",
    "customer_key",
    "status_native",
    "basis",
    "valid_until_us",
    "proof",
    "jurisdiction",
    "double_opt_in",
    "person_id",
)


def stages_of(
    stage_changes: Table,
    at: datetime,
    *,
    as_of: datetime | None,
    known_since: KnownSince,
    unit: str,
    columns: Mapping[str, str] | None,
) -> Table:
    """The stages that held; see `history.stages_at`."""
    look = Look.of(at, as_of)
    if known_since is None and isinstance(stage_changes, StoredTable):
        known_since = stage_changes.known_since()
    frame = take(
        stage_changes,
        StageChange,
        needs=("changed_us", "stage", *demand_known_since(known_since)),
        wants=("scope", "previous", "mode", "known_us", "after_us", "key"),
        also=(unit,),
        columns=columns,
    )
    kept = ~nw.col(unit).is_null() & ~nw.col("stage").is_null()
    if "mode" in frame.columns:
        kept &= ~words_in("mode", StageMode.PREDICTED.value)
    frame = frame.having(kept)
    derived = words_in("mode", StageMode.DERIVED.value) if "mode" in frame.columns else nw.col("stage").is_null()
    steps = steps_of(
        frame,
        "changed_us",
        nw.col(unit),
        _or_empty(frame, "scope").alias("scope"),
        nw.col("stage"),
        _or_none(frame, "previous").alias("previous"),
        (nw.col("after_us") if "after_us" in frame.columns else no_instant("changed_us")).alias("after_us"),
        (nw.lit(1) - flag(derived)).alias("observed"),
        nw.col("key" if "key" in frame.columns else "stage").alias("tie"),
        _or_empty(frame, "previous").alias("tie_previous"),
        since(known_since, frame).alias("since"),
    )
    ties = ("tie", "stage", "tie_previous")
    steps = with_told(steps, (unit, "scope"), look, ties=ties, weight=nw.col("observed"))
    steps = engines.nullable(steps.filter(nw.col(TOLD) == 1))
    kind, after = nw.col(KIND), nw.col("after_us")
    watched_at, watched = nw.col("since") <= look.at_us, nw.col("since") <= look.seen_us
    was_there = flag(after.is_null() | (after <= look.at_us) | watched_at) == 1
    by_next = ((kind == LATER) & was_there) | ((kind == UNHEARD) & watched)
    steps = steps.select(
        unit,
        "scope",
        nw.when(kind == BEFORE)
        .then(nw.col("stage"))
        .otherwise(nw.when(by_next).then(nw.col("previous")))
        .alias("stage"),
        nw.when(kind == BEFORE).then(nw.col("step_us")).alias("changed_us"),
    ).filter(~nw.col("stage").is_null())
    schema = schema_of(StageChange)
    own = schema[unit] if unit in schema else Column(unit, DType.STRING)
    return as_given(
        stage_changes, evolve(frame, lazy=steps), (own, *(schema[name] for name in ("scope", "stage", "changed_us")))
    )


def consents_of(
    consents: Table, at: datetime, *, as_of: datetime | None, unit: str, columns: Mapping[str, str] | None
) -> Table:
    """The entries of the ledger that counted; see `history.consents_at`."""
    look = Look.of(at, as_of)
    needs = ("captured_us", "status", "purpose")
    frame = take(consents, Consent, needs=needs, wants=_LEDGER, also=(unit,), columns=columns)
    frame = frame.having(~nw.col(unit).is_null() & ~nw.col("purpose").is_null())
    schema = schema_of(Consent)
    told = [column for column in schema.columns if column.name in frame.columns]
    if unit not in schema:
        told.append(Column(unit, DType.STRING))
    granted = words_in("status", ConsentStatus.GRANTED.value)
    groups = ("contact_point", "purpose", "channel", "topic")
    steps = steps_of(
        frame,
        "captured_us",
        *(nw.col(column.name) for column in told),
        *(_or_empty(frame, name).alias(f"of_{name}") for name in groups),
        (nw.lit(1) - flag(granted)).alias("tie_refused"),
        (nw.col("key") if "key" in frame.columns else nw.lit(0)).alias("tie"),
        _or_empty(frame, "status").alias("tie_status"),
        _until(frame).alias("until"),
    )
    steps = with_told(
        steps,
        (unit, *(f"of_{name}" for name in groups)),
        look,
        ties=("tie_refused", "tie", "tie_status", "until"),
    )
    expired = nw.col("until") <= look.at_us
    status = nw.when(expired).then(nw.lit(ConsentStatus.EXPIRED.value)).otherwise(nw.col("status"))
    steps = steps.filter((nw.col(TOLD) == 1) & (nw.col(KIND) == BEFORE)).select(
        *((status.alias("status") if column.name == "status" else nw.col(column.name)) for column in told)
    )
    return as_given(consents, evolve(frame, lazy=steps), told)


def _until(frame: Frame) -> nw.Expr:
    """Until when an entry holds; for ever where it does not say."""
    ever = nw.lit(2**62).cast(nw.Int64())
    if "valid_until_us" not in frame.columns:
        return ever
    until = nw.col("valid_until_us")
    return nw.when(until.is_null()).then(ever).otherwise(until)


def _or_empty(frame: Frame, name: str) -> nw.Expr:
    """A text, empty where it is missing, and else told from an empty one by a mark."""
    if name not in frame.columns:
        return nw.lit("")
    text = nw.col(name)
    mark = text if name == "scope" else nw.concat_str(nw.lit("="), text)
    return nw.when(text.is_null()).then(nw.lit("")).otherwise(mark)


def _or_none(frame: Frame, name: str) -> nw.Expr:
    return nw.col(name) if name in frame.columns else nw.lit(None, dtype=nw.String)
