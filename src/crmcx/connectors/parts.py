"""The parts that most mappings make: contact points, identifiers, answers; written as one call each."""

from __future__ import annotations

from collections.abc import Mapping

from crmcx.connectors.conversions import (
    Codes,
    Constant,
    Conversion,
    Given,
    Path,
    Plain,
    StateOf,
    TextOf,
    Unless,
    Words,
    as_path,
)
from crmcx.connectors.mapping import PartMapping, checked_fields, present
from crmcx.errors import MappingError
from crmcx.models import Answer, ContactPoint, Identifier
from crmcx.models.values import Scale


def contact(kind: str, path: Path, *, label: str | None = None, primary: bool | None = None) -> PartMapping:
    """A contact point; left out where the source has none."""
    fields: dict[str, Given] = {"kind": Constant(kind), "value": Plain(path)}
    if label is not None:
        fields["label"] = Constant(label)
    if primary is not None:
        fields["primary"] = Constant(primary)
    return PartMapping(ContactPoint, tuple(checked_fields(ContactPoint, fields)), present(path))


def identifier(namespace: str, path: Path) -> PartMapping:
    """A number of the customer's in a system; left out where the source has none."""
    fields: dict[str, Given] = {"namespace": Constant(namespace), "value": Plain(path)}
    return PartMapping(Identifier, tuple(checked_fields(Identifier, fields)), present(path))


def answer(
    item: str,
    path: Path,
    *,
    kind: str,
    scale: Scale | None = None,
    states: Mapping[str, str] | None = None,
    choices: Mapping[str, str] | None = None,
    lang: str | Conversion = "und",
) -> PartMapping:
    """The answer to one item.

    Args:
        item: Code of the item, the same in every language.
        path: Where the source holds it.
        kind: What the item asks: `nps`, `csat`, `ces`, `likert`, `choice`, `text` or `number`.
        scale: The scale of its scores; needed for every kind that has scores.
        states: The source's codes that are no answers, such as `{"6": "not_applicable"}`. Nothing at all is `skipped`.
        choices: For a choice, the source's words to codes.
        lang: For a text, its language.

    Raises:
        MappingError: A score without its scale.
    """
    where = as_path(path)
    codes = tuple((states or {}).items())
    fields: dict[str, Given] = {"item": Constant(item), "kind": Constant(kind), "state": StateOf(where, codes)}
    if codes:
        fields["state_native"] = Codes(where, tuple(code for code, _ in codes))
    if kind == "text":
        said = Unless(where, tuple(code for code, _ in codes), None) if codes else Plain(where)
        fields["text"] = TextOf(said, lang if isinstance(lang, Conversion) else Constant(lang))
    elif kind == "choice":
        told = tuple((choices or {}).items())
        fields["choice"] = (
            Unless(where, tuple(code for code, _ in codes), None, told)
            if codes
            else Words(where, table=told)
            if told
            else Plain(where)
        )
    else:
        if scale is None:
            msg = f"item {item!r} has scores and no scale"
            raise MappingError(msg, hint="pass scale=Scale(min=..., max=...)")
        fields["score"] = Unless(where, tuple(code for code, _ in codes), (scale.min, scale.max))
        fields["scale"] = Constant(scale)
    return PartMapping(Answer, tuple(checked_fields(Answer, fields)), None)
