"""Writes the page of the model, `docs/reference/model.md`, and its picture, from the classes.

`make model-page` runs it. What it writes is kept, and a test compares it with what it would write now.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
import tomllib
from collections.abc import Iterable
from pathlib import Path

from docs.model_classes import Field, Relation, documented, fields_of, relations, rooms, snake
from docs.model_picture import picture

from crmcx.models import LinkKind, values
from crmcx.models.base import Model, Part, Record
from crmcx.models.fields import parts
from crmcx.models.values import Privacy, Value
from crmcx.tables.schema import ENVELOPE, RECORDS, parent_key, schema_of

HERE = Path(__file__).parent / "reference"
PAGE = HERE / "model.md"
PICTURE = HERE / "model.svg"
VENDOR_FIELDS = HERE / "vendor_fields.toml"
VENDORS = (
    "HubSpot",
    "Salesforce",
    "Zoho",
    "Pipedrive",
    "Zendesk",
    "Freshdesk",
    "Intercom",
    "Qualtrics",
    "Typeform",
    "Klaviyo",
    "Stripe",
)
"""The systems in the order in which the tables name them."""
MANY = 10
"""Of more words than this a table of a class only gives the number; they stand below."""
WIDTH = 120

ENVELOPE_MEANINGS = {
    "key": "A hash of the table's name and of the text by which others refer to it: `source`, `/`, `source_id`.",
    "raw_ref": "Where the raw page that brought it is kept, and its row there.",
    "content_hash": "A hash of all its values, by which a repeat is known.",
}
"""What the columns mean that belong to the store, not to the class."""

INTRODUCTION = """\
# The model

Every class of the model on one page: what its fields mean, how they are written in columns, how far they may be shown,
and which fields of vendors' systems they come from. The page and its picture are made from the classes; a test keeps
them equal.

## How to read it

- A **record** is one thing that a source said: a customer, a deal, an answer sheet. Each class of records has a table.
- A **part** is a nested piece of a record, such as a contact point of a customer. Parts have tables of their own, whose
  rows carry the key of their record and their position in it.
- A **reference** names a record of a source: the source's name, a slash, its id there, such as `crm:bank/4711`.
- A **code** names a thing across sources, such as a touchpoint or a product: the `code` of its own record.
- An **entity** lasts and has a current state; an **event** happens once; a **change** is one dated step of an entity.
- **Privacy** says how far a value may be shown. Only class `none` appears in messages and reprs; of `contact`,
  `sensitive` and `special` they show the type and the length.
- "Optional" may be missing. What has a default is that when a source says nothing. All else must be there.

"""
PICTURE_WORDS = """\
Each box is a class in its room, which is its module, with its parts in it. A solid line is a reference, a broken line a
code. The arrow points to what is named. A dot is where lines to the same class meet, and \u21ba names another of its
own class. Blue lines lead to the customer, orange ones to the account, green ones to the case. What can point to many
classes has no line: a link of an interaction points to any of {links}. A click on a box leads to its class; on a narrow
screen the picture scrolls sideways.
"""
FRAME = """\
```{raw} html
<div class="model-picture" role="region" tabindex="0" aria-label="Picture of the model; the list below says the same">
```

```{raw} html
:file: model.svg
```

```{raw} html
</div>
```

"""


def page() -> str:
    """The text of the page."""
    vendors = vendor_fields()
    lines = [INTRODUCTION, _picture(), *_in_words(), _envelope(vendors), _types()]
    for room, classes in rooms().items():
        lines += [f"## {room.capitalize()} room\n\n", f"{_prose(inspect.getmodule(classes[0]).__doc__ or '')}\n\n"]
        for cls in classes:
            lines.append(_record(cls, vendors))
            lines += [_part(name, part, vendors) for name, part in parts(cls).items()]
    lines += ["## Long lists of words\n\n", *_long_words()]
    return "---\nhide-toc: true\n---\n\n" + "".join(lines).rstrip() + "\n"


def vendor_fields() -> dict[str, dict[str, dict[str, list[str]]]]:
    """The fields of vendors' systems by class, field and vendor."""
    written = tomllib.loads(VENDOR_FIELDS.read_text(encoding="utf-8"))
    return {
        cls: {
            name: {vendor: [said] if isinstance(said, str) else said for vendor, said in by_vendor.items()}
            for name, by_vendor in fields.items()
        }
        for cls, fields in written.items()
    }


def _prose(text: str) -> str:
    return "\n".join(textwrap.wrap(inspect.cleandoc(text).replace("\n", " "), WIDTH))


def _table(head: Iterable[str], rows: Iterable[Iterable[str]], kind: str) -> str:
    head = list(head)
    lines = [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]
    return "\n".join([f":::{{table}}\n:class: {kind}\n", *lines, ":::", "", ""])


def _envelope(vendors: dict[str, dict[str, dict[str, list[str]]]]) -> str:
    text = "## What every record carries\n\n" + _prose(
        f"Each table of a class of records begins with these {len(ENVELOPE)} columns. They are the fields that every "
        "record has, and what the store keeps beside them. `person_id` is the last column where there is a customer: "
        "the person that identity made of her records."
    )
    (node,) = ast.parse(inspect.getsource(Record)).body
    said = {f"{name.removesuffix('_at')}_us" if name.endswith("_at") else name: (name, *rest) for name, rest in
            documented(node.body if isinstance(node, ast.ClassDef) else []).items()}  # fmt: skip
    rows = []
    for column in ENVELOPE:
        name, _, meaning = said.get(column.name, ("", None, ENVELOPE_MEANINGS.get(column.name, "")))
        rows.append(
            [
                f"`{column.name}`" + (f" ({column.unit})" if column.unit else ""),
                f"`{name}`" if name else "",
                column.dtype.value,
                column.privacy.value,
                meaning,
                _sources(vendors["Record"].get(name, {})),
            ]
        )
    return (
        f"{text}\n\n{_table(['Column', 'Field', 'Type', 'Privacy', 'Meaning', 'Comes from'], rows, 'model envelope')}"
    )


def _types() -> str:
    found = documented(ast.parse(inspect.getsource(values)).body)
    used = {field.word for cls in _all() for field in fields_of(cls)}
    example = {field.word: field for cls in _all() for field in fields_of(cls) if field.leaves}
    rows = []
    for name in sorted(used):
        kind = getattr(values, name, None)
        if isinstance(kind, type) and issubclass(kind, Value):
            meaning = inspect.cleandoc(kind.__doc__ or "").partition("\n")[0]
        elif name in found:
            meaning = found[name][1]
        else:
            continue
        field = example[name]
        columns = ", ".join(
            "`…" + column.removeprefix(field.name.removesuffix("_at").removesuffix("_on")) + "`"
            + (f" ({unit})" if unit else "")
            for column, unit in field.columns
            if column != field.name
        )  # fmt: skip
        if any(column == field.name for column, _ in field.columns):
            columns = ", ".join(filter(None, ["the field's name", columns]))
        rows.append([f"`{name}`", meaning, columns])
    text = (
        "## How types are written\n\n"
        + _prose(
            "Columns hold whole numbers, floats, texts and flags only. An instant is a number of microseconds, a day a "
            "number of days, an exact amount a number of millionths beside its currency. Beside the text of a "
            "reference stands its key, by which tables are joined. `_at` and `_on` at the end of a field's name are "
            "left out, and the ending says the unit."
        )
        + "\n\n"
    )
    return text + _table(["Type", "Meaning", "Columns"], rows, "model types")


def _all() -> list[type[Model]]:
    return [each for cls in RECORDS for each in (cls, *parts(cls).values())]


def _picture() -> str:
    links = ", ".join(f"`{each.value}`" for each in LinkKind)
    return f"## The picture\n\n{_prose(PICTURE_WORDS.format(links=links))}\n\n{FRAME}"


def _in_words() -> list[str]:
    """The picture as a list: what each class names, for those who cannot see it, and as a way into the page."""
    into: dict[type[Record], list[Relation]] = {}
    for relation in relations():
        into.setdefault(relation.source, []).append(relation)
    lines = ["### The same in words\n\n"]
    for room, classes in rooms().items():
        lines.append(f"- **{room}**\n")
        for cls in classes:
            within = [part.__name__ for part in parts(cls).values()]
            named = [
                f"{_link(each.target)} ({', '.join(f'`{name}`' for name in each.fields)})" for each in into.get(cls, ())
            ]
            said = [f"parts {', '.join(within)}"] if within else []
            said += [f"names {', '.join(named)}"] if named else []
            lines.append(f"  - {_link(cls)}{': ' if said else ''}{'; '.join(said)}\n")
    return [*lines, "\n"]


def _link(cls: type[Model]) -> str:
    return f"[{cls.__name__}](#model-{snake(cls.__name__)})"


def _head(cls: type[Model], level: str) -> str:
    title = f"(model-{snake(cls.__name__)})=\n{level} {cls.__name__}\n\n"
    return f"{title}{_prose((cls.__doc__ or '').partition('Example:')[0].strip())}\n\n"


def _record(cls: type[Record], vendors: dict[str, dict[str, dict[str, list[str]]]]) -> str:
    kind = next(base.__name__.lower() for base in cls.__mro__ if base.__module__ == Record.__module__)
    facts = [f"An {kind}" if kind[0] in "aeiou" else f"A {kind}", f"table `{cls.table}`"]
    if cls.happened:
        facts.append(f"happened at `{cls.happened}`")
    if cls.tracked:
        log = next(each for each in RECORDS if each.table == cls.log)
        facts.append(f"steps of {', '.join(f'`{name}`' for name in cls.tracked)} are kept in {_link(log)}")
    facts += [f"`{second}` is never before `{first}`" for first, second in cls.spans]
    return f"{_head(cls, '###')}{_prose('; '.join(facts) + '.')}\n\n{_fields(cls, vendors)}"


def _part(name: str, cls: type[Part], vendors: dict[str, dict[str, dict[str, list[str]]]]) -> str:
    parent = schema_of(cls).parent
    facts = [f"A part: `{name}` of {_link(parent)}" if parent else "A part", f"table `{cls.table}`"]
    facts.append(f"found by `{parent_key(cls)}` and `position`")
    if cls.inherits:
        facts.append(f"each row repeats {', '.join(f'`{field}`' for field in cls.inherits)} of its record")
    facts += [f"`{second}` is never before `{first}`" for first, second in cls.spans]
    return f"{_head(cls, '####')}{_prose('; '.join(facts) + '.')}\n\n{_fields(cls, vendors)}"


def _fields(cls: type[Model], vendors: dict[str, dict[str, dict[str, list[str]]]]) -> str:
    said = vendors.get(cls.__name__, {})
    rows = [
        [
            f"`{field.name}`",
            _type(cls, field),
            "<br>".join(f"`{name}`" + (f" {unit}" if unit else "") for name, unit in field.columns)
            if field.part is None
            else f"table `{field.part.table}`",
            _privacy(field),
            field.meaning,
            _sources(said.get(field.name, {})),
        ]
        for field in fields_of(cls)
    ]
    head = ["Field", "Type", "Columns and unit", "Privacy", "Meaning", "Comes from"]
    return _table(head, rows, "model fields")


def _type(cls: type[Model], field: Field) -> str:
    info = cls.model_fields[field.name]
    if field.part is not None:
        return f"several {_link(field.part)}"
    leaf = field.leaves[0]
    target = next((each for each in RECORDS if each.table == leaf.target), None)
    if target is not None:
        words = f"reference to {_link(target)}"
    elif leaf.named_by is not None:
        words = f"reference to what `{leaf.named_by}` says"
    elif field.named is not None:
        words = f"code of {_link(field.named)}"
    elif field.enum is not None and len(field.enum) > MANY:
        words = f"one of {len(field.enum)} words: [{field.word}](#model-words-{snake(field.word)})"
    elif field.enum is not None:
        words = f"one of {', '.join(f'`{each.value}`' for each in field.enum)}"
    else:
        words = {"str": "text", "bool": "yes or no"}.get(field.word, f"[{field.word}](#how-types-are-written)")
    if info.is_required():
        return words
    default = leaf.default
    if default is None or default == "":
        return f"{words}; optional" if default is None else f"{words}; empty by default"
    return f"{words}; `{default}` by default"


def _privacy(field: Field) -> str:
    found = [leaf.privacy for leaf in field.leaves if leaf.privacy is not Privacy.NONE]
    return found[0].value if found else ("its own" if field.part else Privacy.NONE.value)


def _sources(said: dict[str, list[str]]) -> str:
    return "<br>".join(
        f"{vendor} {', '.join(f'`{name}`' for name in said[vendor])}" for vendor in VENDORS if vendor in said
    )


def _long_words() -> list[str]:
    found = {
        field.word: field.enum
        for cls in _all()
        for field in fields_of(cls)
        if field.enum is not None and len(field.enum) > MANY
    }
    lines = []
    for name, enum in sorted(found.items()):
        words = ", ".join(f"`{each.value}`" for each in enum)
        lines.append(f"(model-words-{snake(name)})=\n### {name}\n\n{_prose(enum.__doc__ or '')}\n\n{_prose(words)}\n\n")
    return lines


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    PICTURE.write_text(picture(), encoding="utf-8")
    print(f"wrote {PAGE.name} and {PICTURE.name} into {HERE}")
