"""What every record carries, and how unknown fields are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from crmcx.models.extra import Extra
from crmcx.models.values import Code, Frozen, Instant, Note, Privacy, SourceName, Staff


class Model(Frozen):
    """Base of the model classes: unknown fields kept in `extra`, personal values masked in reprs."""

    spans: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Pairs of fields of which the second is never before the first, as where a campaign starts and ends."""

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        for start, end in self.spans:
            first, last = getattr(self, start), getattr(self, end)
            if first is not None and last is not None and last < first:
                raise ends_too_early(start, end)
        return self

    def __repr_args__(self) -> Any:  # noqa: ANN401 - pydantic's own signature
        """Show set fields; of a personal value only its type and length."""
        for name, value in super().__repr_args__():
            if value is None or value == () or name in {"extra", None}:
                continue
            shown = value
            if isinstance(value, str | int | float) and self._privacy_of(str(name)) is not Privacy.NONE:
                words = f"{len(value)} characters" if isinstance(value, str) else type(value).__name__
                shown = _Masked(f"<{words}>")
            yield name, shown

    @classmethod
    def _privacy_of(cls, name: str) -> Privacy:
        from crmcx.models.fields import leaves  # noqa: PLC0415 - fields reads this module

        return next((leaf.privacy for leaf in leaves(cls) if leaf.path[0] == name), Privacy.NONE)


class _Masked(str):
    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def ends_too_early(start: str, end: str) -> PydanticCustomError:
    """What is wrong with a span that ends before it starts."""
    code = "ends_too_early"
    return PydanticCustomError(code, f"{end} is before {start}: check which is which, or leave one out")


class Part(Model):
    """A nested piece of a record: a row of its own table, found by its parent and position."""

    table: ClassVar[str]
    """Name of the table of this class."""
    inherits: ClassVar[tuple[str, ...]] = ()
    """Fields of the parent that are repeated on each row, so that no join is needed."""


class Record(Model):
    """One thing that a source said, mapped to a class of the model."""

    table: ClassVar[str]
    """Name of the table of this class."""
    happened: ClassVar[str | None] = None
    """The field that says when it happened; None for things that last."""
    tracked: ClassVar[tuple[str, ...]] = ()
    """Fields whose dated steps matter, when a source keeps no history of them."""
    log: ClassVar[str | None] = None
    """Name of the table of those steps."""

    source: SourceName
    """Name of the connection that said it, such as `hubspot:mortgages`."""
    source_id: Code
    """Its id in that source."""
    known_at: Instant | None = None
    """When it could first be known: the source's own stamp where it keeps history, else when it was recorded."""
    version: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    """The source's order of versions of this record: of two, the higher is the later."""
    extra: Annotated[Extra, Privacy.SENSITIVE] = Field(default_factory=dict)
    """What the source said beyond the fields of the class, under the source's own names."""

    @property
    def ref(self) -> str:
        """The text by which other records refer to this one."""
        return f"{self.source}/{self.source_id}"

    @model_validator(mode="before")
    @classmethod
    def _keep_unknown(cls, data: Any) -> Any:  # noqa: ANN401 - whatever the caller passes
        if not isinstance(data, dict):
            return data
        unknown = data.keys() - cls.model_fields.keys()
        if not unknown:
            return data
        extra = data.get("extra", {})
        if not isinstance(extra, Mapping) or not all(isinstance(name, str) for name in unknown):
            return data  # pydantic says what is wrong with it
        known = {name: value for name, value in data.items() if name not in unknown}
        known["extra"] = {**extra, **{name: data[name] for name in sorted(unknown)}}
        return known


class Entity(Record):
    """A thing that lasts and has a current state."""


class Event(Record):
    """A thing that happened once."""


class Change(Event):
    """A dated step of an entity: one field from one value to another."""

    happened: ClassVar[str | None] = "changed_at"

    field: Code
    """Name of the field that changed, as the class calls it."""
    old: Note | None = None
    """Its value before, as text."""
    new: Note | None = None
    """Its value from then on, as text."""
    changed_at: Instant
    """When it changed; see `after_at`."""
    after_at: Instant | None = None
    """Set when the source keeps no history: the change happened after this and not later than `changed_at`."""
    by: Staff | None = None
    """Who changed it, as the source names the employee."""
