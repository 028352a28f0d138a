"""What is asked of a page's records, taken out as columns: one value per record and ask."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from crmcx.connectors.pages import Said, Unreadable
from crmcx.connectors.plan import Ask, Path


def columns_of(
    records: Sequence[Said], fields: Sequence[str] | None, asks: Sequence[Ask]
) -> tuple[Sequence[int], list[Sequence[Any]]]:
    """What is asked of the records that can be asked.

    Args:
        records: The records of a page.
        fields: The names of their cells, when the records are sequences.
        asks: What is asked.

    Returns:
        The places of those records, and per ask what stands there, None where nothing does.
    """
    places: Sequence[int] = range(len(records))
    if fields is None:
        if not {*map(type, records)} <= {dict}:
            places = [at for at, record in enumerate(records) if isinstance(record, dict)]
            records = [records[at] for at in places]
        found: dict[Path, Sequence[Any]] = {(): records}
    else:
        if not all(_is_row(record, fields) for record in records):
            places = [at for at, record in enumerate(records) if _is_row(record, fields)]
            records = [records[at] for at in places]
        found = {}
        number_of = {name: number for number, name in enumerate(fields)}
        for top in {path[0] for ask in asks for path in ask.paths}:
            number = number_of.get(str(top))
            found[top,] = [None] * len(records) if number is None else _step(records, number)
    return places, [_asked(ask, found) for ask in asks]


def _asked(ask: Ask, found: dict[Path, Sequence[Any]]) -> Sequence[Any]:
    if len(ask.paths) == 1:
        return _at(ask.paths[0], found)
    return [joined_text(said, ask.separator) for said in zip(*(_at(path, found) for path in ask.paths), strict=True)]


def _at(path: Path, found: dict[Path, Sequence[Any]]) -> Sequence[Any]:
    """What stands at a path of each record; what was found on the way is kept for others that begin so."""
    if path not in found:
        found[path] = _step(_at(path[:-1], found), path[-1])
    return found[path]


def _step(holders: Sequence[Any], step: str | int) -> Sequence[Any]:
    try:
        return list(map(itemgetter(step), holders))
    except (KeyError, IndexError, TypeError):  # it is not in all of them
        pass
    return [holder.get(step) if type(holder) is dict else at_path(holder, (step,)) for holder in holders]


def column_at(records: Sequence[Said], path: Path) -> Sequence[Any]:
    """What stands at a path of each of some records; None where nothing does."""
    return _at(path, {(): records})


def at_path(record: Any, path: Path) -> Any:  # noqa: ANN401 - nested data of a source
    """What stands at a path of a record; None where the way ends."""
    for step in path:
        try:
            record = record[step]
        except (KeyError, IndexError, TypeError):
            return None
    return record


def joined_text(values: Sequence[Any], separator: str) -> str | None:
    """Several values as one text; None where one of them is missing."""
    return None if any(value is None for value in values) else separator.join(map(str, values))


def _is_row(record: Said, fields: Sequence[str]) -> bool:
    """Whether a record has a cell for each of these names."""
    return isinstance(record, list | tuple) and len(record) == len(fields)


def named(record: Said, fields: Sequence[str]) -> Said:
    """A record of cells by the names of its page."""
    return record if isinstance(record, Unreadable) else dict(zip(fields, record, strict=True))
