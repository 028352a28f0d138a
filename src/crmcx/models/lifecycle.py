"""Where a customer stands: lifecycle stages and their changes."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from crmcx.models.base import Event
from crmcx.models.values import Code, Instant, Label, Ref, Target


class Stage(StrEnum):
    """The lifecycle stages, per person and product line."""

    AWARENESS = "awareness"
    CONSIDERATION = "consideration"
    PURCHASE = "purchase"
    EXISTING = "existing"
    EXITING = "exiting"
    REPURCHASE = "repurchase"
    FORMER = "former"


class StageMode(StrEnum):
    """How a stage came to be known."""

    OBSERVED = "observed"
    DERIVED = "derived"
    PREDICTED = "predicted"


class StageChange(Event):
    """A customer's step to another lifecycle stage."""

    table: ClassVar[str] = "stage_changes"
    happened: ClassVar[str | None] = "changed_at"

    customer: Annotated[Ref, Target("customers")]
    """Whose stage it is."""
    scope: Label = ""
    """The product line; empty for the whole relation."""
    stage: Stage
    """The stage from now on."""
    stage_native: Label | None = None
    """The source's word for the stage."""
    previous: Stage | None = None
    """The stage until now, when it is known."""
    changed_at: Instant
    """When it changed; see `after_at`."""
    after_at: Instant | None = None
    """Set when the source keeps no history: the change happened after this and not later than `changed_at`."""
    mode: StageMode = StageMode.OBSERVED
    """Said by a source, derived by a rule, or predicted."""
    rule: Code | None = None
    """Name and version of the rule, when it was derived."""
