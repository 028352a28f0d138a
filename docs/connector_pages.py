"""Writes the tables on the pages of the systems anew, from what their connectors declare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from docs.connector_loss import Kept, kept_of

from crmcx.connectors import Connector, HubSpot, Qualtrics, Stream
from crmcx.connectors.hubspot.mappings import RESOLVED

_RESOLVED: Mapping[str, Mapping[str, str]] = {"hubspot": RESOLVED}
"""What connectors work out beside what their systems say."""
_KEPT = """\
What becomes of each field of the sandbox's records, which hold whatever the connector asks for: the fields of the model
that it decides, found by leaving it out and by saying something else, and whether it stands in `extra` as it was said.
What is neither is in the raw page alone, which is always kept. `loss_of` says the same of records of one's own
([Load files](../how-to/load-files.md)); a field of which there are very many parts is told as one."""
FOLDER = Path(__file__).parent / "reference"
SYSTEMS: tuple[type[Connector], ...] = (HubSpot, Qualtrics)
BEGIN, END = "<!-- from here on written by make connector-pages -->", "<!-- up to here -->"
_WAYS = {
    "sweep": "what a whole pass does not show is gone",
    "endpoint": "by a list of what is gone",
    "flag": "by a flag of the record",
    "unknown": "not known",
    "webhook": "by webhooks only",
}
"""How a stream learns of deletions, in words."""


def page_of(system: type[Connector]) -> Path:
    """Where the page of a system stands."""
    return FOLDER / f"{system.name}.md"


def tables(system: type[Connector]) -> str:
    """What a system's page says of its streams: how each is read, what it cannot see, and what its fields become."""
    streams = system.declared()
    told = ["## Streams", "", *_rows(("Stream", "Becomes", "Reads", "Deletions"), map(_stream, streams))]
    blind: Mapping[str, tuple[str, ...]] = getattr(system, "blind_spots", {})
    spots: dict[str, list[str]] = {}
    for stream in streams:
        for spot in blind.get(stream.name, ()):
            spots.setdefault(spot, []).append(f"`{stream.name}`")
    if spots:
        told += ["", "### What a sync does not learn of", ""]
        told += _rows(("What", "Streams"), ((spot, ", ".join(names)) for spot, names in spots.items()))
    told += ["", "## Mappings", "", "A field on the left is read from what stands on the right, step by step down."]
    seen = []
    for stream in streams:
        for mapping in stream.maps:
            if mapping in seen:
                continue
            seen.append(mapping)
            names = ", ".join(f"`{each.name}`" for each in streams if mapping in each.maps)
            found = mapping.describe()
            rows = [("id", _source(found["id"])), *((name, _source(said)) for name, said in found["fields"].items())]
            rows += [
                (f"{part['class']}.{name}", _source(said))
                for part in found["parts"]
                for name, said in part["fields"].items()
            ]
            told += ["", f"### {names}: {found['class']}", "", *_rows(("Field", "Source"), rows)]
    if resolved := _RESOLVED.get(system.name):
        told += ["", "### What the connector works out", "", *_rows(("Under", "What"), _worked_out(resolved))]
    told += ["", "## What is kept", "", _KEPT, "", *_summed(kept := kept_of(system))]
    for name, fields in kept.items():
        told += ["", f"### Fields of `{name}`", "", *_rows(("Field", "Becomes", "In `extra`"), map(_kept, fields))]
    return "\n".join([BEGIN, "", *told, "", END])


def _summed(kept: Mapping[str, tuple[Kept, ...]]) -> list[str]:
    """How many fields of each stream are kept, and how."""

    def row(name: str, fields: tuple[Kept, ...]) -> tuple[str, ...]:
        typed = sum(bool(each.becomes) for each in fields)
        extra = sum(each.extra and not each.becomes for each in fields)
        return (f"`{name}`", *map(str, (len(fields), typed, extra, len(fields) - typed - extra)))

    head = ("Stream", "Fields", "Typed", "In `extra` only", "In the raw page only")
    return _rows(head, [row(name, fields) for name, fields in kept.items()])


def _kept(field: Kept) -> tuple[str, ...]:
    return (f"`{field.field}`", ", ".join(field.becomes) or "-", "yes" if field.extra else "-")


def _worked_out(resolved: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return ((f"`crmcx.{name}`", what) for name, what in sorted(resolved.items()))


def _stream(stream: Stream) -> tuple[str, ...]:
    at = None if stream.cursor is None else ".".join(map(str, stream.cursor.path))
    back = f", and again the {stream.lookback} before" if stream.lookback else ""
    reads = "everything" if at is None else f"what is new by `{at}`{back}"
    if stream.parents is not None:
        reads = f"{reads} of each of `{stream.parents.stream}`"
    classes = ", ".join(each.cls.__name__ for each in stream.maps)
    return (f"`{stream.name}`", classes, reads, _WAYS[str(stream.deletes.way)])


def _source(said: Any) -> str:  # noqa: ANN401 - a conversion as data
    """Where a value comes from, and how it is read."""
    if not isinstance(said, dict):
        return f"`{said}`"
    how = said.get("conversion", "")
    if how == "Constant":
        return f"always `{said.get('value')}`"
    paths = [*_paths(said)]
    where = ", ".join(f"`{each}`" for each in dict.fromkeys(paths))
    return where if how in {"Plain", ""} else f"{where} ({how})"


def _paths(said: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    if isinstance(said, dict):
        if isinstance(said.get("path"), list | tuple):
            yield ".".join(map(str, said["path"]))
        for name, inner in said.items():
            if name != "path":
                yield from _paths(inner)
    elif isinstance(said, list | tuple):
        for each in said:
            yield from _paths(each)


def _rows(head: tuple[str, ...], rows: Any) -> list[str]:  # noqa: ANN401 - tuples of cells
    return [f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows)]


def written(system: type[Connector]) -> str:
    """The page of a system as it should be.

    Raises:
        ValueError: The page does not say where its tables go.
    """
    before, _, rest = page_of(system).read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    if not rest:
        msg = f"{page_of(system).name} has no line {BEGIN}"
        raise ValueError(msg)
    return before + tables(system) + after


if __name__ == "__main__":
    for each in SYSTEMS:
        text = written(each)
        page_of(each).write_text(text, encoding="utf-8")
        print(f"wrote {page_of(each).name} into {FOLDER}")
