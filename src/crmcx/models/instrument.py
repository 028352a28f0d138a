"""What is asked: instruments, their items and choices, and how each is worded in each language."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from crmcx.models.base import Entity, Part
from crmcx.models.feedback import ItemKind
from crmcx.models.values import Code, Label, Language, Real, Scale


class Item(Part):
    """One question. Its code is its identity, the same in every language."""

    table: ClassVar[str] = "items"
    inherits: ClassVar[tuple[str, ...]] = ("code",)

    item: Code
    """Its code, which answers carry."""
    kind: ItemKind
    """What it asks."""
    measures: Label | None = None
    """What it measures, such as `ease`; items of several instruments can share it."""
    scale: Scale | None = None
    """The scale of its scores."""


class Choice(Part):
    """One choice of an item. Its code is its identity, the same in every language."""

    table: ClassVar[str] = "choices"
    inherits: ClassVar[tuple[str, ...]] = ("code",)

    item: Code
    """Code of the item."""
    choice: Code
    """Its code, which answers carry."""
    value: Real | None = None
    """The number it is counted as."""


class Wording(Part):
    """How an item, or one of its choices, is worded in one language."""

    table: ClassVar[str] = "wordings"
    inherits: ClassVar[tuple[str, ...]] = ("code",)

    item: Code
    """Code of the item."""
    choice: Code | None = None
    """Code of the choice; None for the question itself."""
    language: Language
    """BCP 47 tag."""
    text: Label
    """The words."""


class Instrument(Entity):
    """A questionnaire in all its languages."""

    table: ClassVar[str] = "instruments"

    code: Code
    """What feedback and invitations carry."""
    name: Label | None = None
    """The name for people."""
    items: tuple[Item, ...] = ()
    """Its questions in their order."""
    choices: tuple[Choice, ...] = ()
    """Their choices in their order."""
    wordings: tuple[Wording, ...] = ()
    """The words of questions and choices, language by language."""

    @model_validator(mode="after")
    def _codes_are_known_and_unique(self) -> Self:
        items = [each.item for each in self.items]
        choices = [(each.item, each.choice) for each in self.choices]
        worded = [(each.item, each.choice) for each in self.wordings if each.choice is not None]
        if len(set(items)) < len(items) or len(set(choices)) < len(choices):
            code = "code_twice"
            raise PydanticCustomError(code, "a code stands twice: give each item, and each choice of an item, its own")
        named = {item for item, _ in choices} | {each.item for each in self.wordings}
        if named - set(items) or set(worded) - set(choices):
            code = "code_unknown"
            raise PydanticCustomError(code, "a choice or wording names a code that is not there: list it in items=")
        return self

    def wording(self, item: str, choice: str | None = None, *, language: str) -> str | None:
        """The words of an item or a choice in a language; None where they are not known.

        Example:
            >>> asked = Instrument(
            ...     source="forms", source_id="7", code="visit",
            ...     items=[Item(item="q1", kind="choice")], choices=[Choice(item="q1", choice="yes")],
            ...     wordings=[Wording(item="q1", choice="yes", language="de", text="Ja")],
            ... )
            >>> asked.wording("q1", "yes", language="de")
            'Ja'
        """
        wanted = (item, choice, language)
        return next((each.text for each in self.wordings if (each.item, each.choice, each.language) == wanted), None)
