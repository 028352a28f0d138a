"""What lies behind the HubSpot sandbox: objects with the history of their properties, links, merges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from attrs import define, field, frozen

from crmcx.errors import UsageError
from crmcx.sandbox.hubspot_data import CHANGES, HISTORIES, KINDS, MODIFIED, MODIFIED_OF, OBJECTS, example, pipelines
from crmcx.testing.still import StillClock
from crmcx.testing.world import Kind, World

Properties: TypeAlias = Mapping[str, str | None]
"""Properties by name: all values are texts, or null."""
MERGED = "hs_merged_object_ids"
"""The property of a winner that lists the ids of those that were merged into it."""
_FIRST_ID = 1_000


def iso(at: datetime) -> str:
    """An instant as HubSpot writes it, with milliseconds."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@frozen
class Version:
    """A value that a property had from some time on."""

    value: str | None
    at: datetime


@define
class Thing:
    """One object."""

    type: str
    id: str
    n: int
    created: datetime
    updates: list[datetime] = field(factory=list)
    history: dict[str, list[Version]] = field(factory=dict)
    archived_at: datetime | None = None
    links: dict[str, dict[str, list[str]]] = field(factory=dict)
    """Labels of links, by type and id of the other end."""

    def as_of(self, at: datetime | None = None) -> dict[str, str | None]:
        """The properties as they stood at a time; now unless given."""
        told = {
            name: next((each.value for each in reversed(versions) if at is None or each.at <= at), None)
            for name, versions in self.history.items()
        }
        told["hs_object_id"] = self.id
        told["createdate"] = iso(self.created)
        told[MODIFIED_OF.get(self.type, MODIFIED)] = iso(self.updated(at))
        return told

    def updated(self, at: datetime | None = None) -> datetime:
        """When it was last changed, as of a time; now unless given."""
        return max((each for each in self.updates if at is None or each <= at), default=self.created)


class HubSpotWorld(World):
    """The objects of one portal.

    Args:
        kinds: The kinds of record that are read.
        still: The clock by which they are stamped.
    """

    def __init__(self, kinds: Mapping[str, Kind], still: StillClock) -> None:
        super().__init__(kinds, still)
        self.things: dict[str, dict[str, Thing]] = {name: {} for name in OBJECTS}
        self.merged: dict[tuple[str, str], str] = {}
        """The ids of merged objects, with that of the winner."""
        self.owners: list[dict[str, Any]] = []
        self.pipelines = pipelines()
        self._ids = _FIRST_ID
        self._made: dict[str, int] = dict.fromkeys((*OBJECTS, *kinds), 0)
        self._last = still.now()

    # -- what a user of the vendor does ------------------------------------------------------------------------------

    def create(
        self, type_: str, properties: Properties, *, at: datetime | None = None, number: int | None = None
    ) -> str:
        """Make an object; returns its id, which is the next unless `number` says it."""
        with self.lock:
            when = at or self._tick()
            self._ids = self._ids + 1 if number is None else max(self._ids, number)
            self._made[type_] += 1
            thing = Thing(type_, str(self._ids if number is None else number), self._made[type_], when)
            self.things[type_][thing.id] = thing
            self._set(thing, properties, when)
            return thing.id

    def update(self, type_: str, id_: str, properties: Properties, *, at: datetime | None = None) -> None:
        """Change properties of an object."""
        with self.lock:
            self._set(self.live(type_, id_), properties, at or self._tick())

    def archive(self, type_: str, id_: str) -> None:
        """Move an object to the archive, from which lists with `archived=true` tell it. Its stamp does not move."""
        with self.lock:
            self.live(type_, id_).archived_at = self._tick()

    def gdpr_delete(self, type_: str, id_: str) -> None:
        """Delete an object for good: no list tells of it."""
        with self.lock:
            del self.things[type_][id_]
            self._unlink(type_, id_)

    def merge(self, type_: str, winner: str, loser: str) -> None:
        """Merge two objects: the winner keeps its values, takes what it lacks, and the loser's links."""
        with self.lock:
            kept, lost = self.live(type_, winner), self.live(type_, loser)
            if kept is lost:
                msg = "an object cannot be merged with itself"
                raise UsageError(msg, hint="name two objects")
            mine = kept.as_of()
            gained = {name: value for name, value in lost.as_of().items() if mine.get(name) is None and value}
            known = [*(mine.get(MERGED) or "").split(";"), *(lost.as_of().get(MERGED) or "").split(";"), loser]
            for other, by_id in lost.links.items():
                for id_, labels in by_id.items():
                    self._link(kept, other, id_, labels)
            del self.things[type_][loser]
            self._unlink(type_, loser)
            self.merged[type_, loser] = winner
            self._set(kept, {**gained, MERGED: ";".join(filter(None, known))}, self._tick())

    def associate(self, type_: str, id_: str, other: str, other_id: str, label: str | None = None) -> None:
        """Link two objects, with a label such as `Primary`; no stamp moves."""
        with self.lock:
            self._link(self.live(type_, id_), other, other_id, [label] if label else [])

    def dissociate(self, type_: str, id_: str, other: str, other_id: str) -> None:
        """End a link; no stamp moves."""
        with self.lock:
            self.things[type_][id_].links.get(other, {}).pop(other_id, None)
            self.things[other][other_id].links.get(type_, {}).pop(id_, None)

    def add_owner(self, email: str, first: str, last: str) -> str:
        """Let somebody look after objects; returns her id."""
        with self.lock:
            self._ids += 1
            at = iso(self._tick())
            owner = {"id": str(self._ids), "email": email, "firstName": first, "lastName": last, "userId": self._ids}
            self.owners.append(owner | {"createdAt": at, "updatedAt": at, "archived": False, "teams": []})
            return str(self._ids)

    @property
    def truth(self) -> dict[str, dict[str, dict[str, Any]]]:
        """What is so, in plain data: by type and id the properties and links of all objects that are not archived.

        A link with something that is archived is not told, as the vendor tells none.
        """
        return {
            type_: {each.id: {"properties": each.as_of(), "links": self.links_of(each)} for each in self.living(type_)}
            for type_ in OBJECTS
        }

    def links_of(self, thing: Thing) -> dict[str, dict[str, Any]]:
        """The links of an object with what is not archived, by the other's type and id, with their labels."""
        found = {
            type_: {id_: labels for id_, labels in by_id.items() if self._is_there(type_, id_)}
            for type_, by_id in thing.links.items()
        }
        return {type_: by_id for type_, by_id in found.items() if by_id}

    def _is_there(self, type_: str, id_: str) -> bool:
        other = self.things[type_].get(id_)
        return other is not None and other.archived_at is None

    # -- looking up ---------------------------------------------------------------------------------------------------

    def living(self, type_: str) -> list[Thing]:
        """The objects that are not archived."""
        return [each for each in self.things[type_].values() if each.archived_at is None]

    def live(self, type_: str, id_: str) -> Thing:
        """The object of an id; of a merged one the winner."""
        found = self.find(type_, id_)
        if found is None or found.archived_at is not None:
            msg = f"found no object {id_!r} among the {type_}"
            raise UsageError(msg, hint="create it first")
        return found

    def find(self, type_: str, id_: str) -> Thing | None:
        """The object of an id, archived or not; of a merged one the winner; None where there is none."""
        while (type_, id_) in self.merged:
            id_ = self.merged[type_, id_]
        return self.things[type_].get(id_)

    # -- what the kit does --------------------------------------------------------------------------------------------

    def add(self, name: str, count: int = 1, *, ties: bool = True) -> None:
        """Add invented records; as of `World.add`."""
        with self.lock:
            for place in range(1, count + 1):
                self._add_one(name, self._last if ties and place % 3 == 0 else self._tick())

    def change(self, name: str, n: int = -1) -> None:
        """Change a record; as of `World.change`."""
        with self.lock:
            if name == "owners":
                self._of_number(self._owners_there(), n)["lastName"] += "'"
            elif name == "pipelines":
                self._of_number(self.pipelines["deals"], n)["label"] += "'"
            elif name in HISTORIES:
                self._step(name, self._thing_of(name, n), self._tick())
            else:
                thing, prop = self._thing_of(name, n), CHANGES[name]
                self._set(thing, {prop: f"{thing.as_of().get(prop) or ''}'"}, self._tick())

    def delete(self, name: str, n: int = -1) -> None:
        """Delete a record: objects are archived, steps go with an object that leaves no trace."""
        with self.lock:
            if name == "owners":
                self._of_number(self._owners_there(), n)["archived"] = True
            elif name == "pipelines":
                self.pipelines["deals"].remove(self._of_number(self.pipelines["deals"], n))
            elif name in HISTORIES:
                thing = self._thing_of(name, n)
                self.gdpr_delete(thing.type, thing.id)
            else:
                self.archive(name, self._thing_of(name, n).id)

    def commit_late(self, name: str, by: timedelta) -> None:
        """Add a record that is seen only now, and says that it was changed some time ago."""
        with self.lock:
            type_ = HISTORIES[name].of if name in HISTORIES else name
            at = self._tick() - by
            if type_ not in OBJECTS:
                self._add_one(name, at)
                return
            id_ = self.create(type_, example(type_, self._made[type_] + 1), at=at)
            if name in HISTORIES:
                self._step(name, self.things[type_][id_], at)

    def numbers(self, name: str) -> tuple[int, ...]:
        """As of `World.numbers`."""
        if name in OBJECTS:
            return tuple(each.n for each in self.living(name))
        return tuple(range(1, len(self.records(name)) + 1))

    def records(self, name: str) -> list[dict[str, Any]]:
        """What the stream of a name reads, told so far that its records can be named."""
        if name == "owners":
            return self._owners_there()
        if name == "pipelines":
            return list(self.pipelines["deals"])
        if name in HISTORIES:
            return [{"of": thing.id, "field": field, "ms": ms} for thing, field, ms in self._steps(name)]
        word = KINDS.get(name)
        return [{"id": each.id} | ({"kind": word} if word else {}) for each in self.living(name)]

    def _add_one(self, name: str, at: datetime) -> None:
        if name == "owners":
            n = len(self.owners) + 1
            self.add_owner(f"agent{n}@example.org", "Agent", str(n))
        elif name == "pipelines":
            n = len(self.pipelines["deals"]) + 1
            self.pipelines["deals"].append({**pipelines()["deals"][0], "id": f"p{n}", "label": f"Pipeline {n}"})
        elif name in HISTORIES:
            type_ = HISTORIES[name].of
            if not self.living(type_):
                self._add_one(type_, at)
            there = self.living(type_)
            thing = there[sum(1 for _ in self._steps(name)) % len(there)]
            self._step(name, thing, self._tick())
        else:
            id_ = self.create(name, example(name, self._made[name] + 1), at=at)
            if name not in {"companies", "contacts"} and (people := self.living("contacts")):
                self.associate(name, id_, "contacts", people[self._made[name] % len(people)].id)
            if name != "companies" and (companies := self.living("companies")):
                self.associate(name, id_, "companies", companies[self._made[name] % len(companies)].id, "Primary")

    def _step(self, name: str, thing: Thing, at: datetime) -> None:
        told = HISTORIES[name]
        prop = next(iter(told.fields))
        now = thing.as_of().get(prop)
        place = told.values.index(now) if now in told.values else -1
        self._set(thing, {prop: told.values[(place + 1) % len(told.values)]}, at)

    def _steps(self, name: str) -> Iterator[tuple[Thing, str, int]]:
        told = HISTORIES[name]
        for thing in self.living(told.of):
            for prop, fields in told.fields.items():
                for each in thing.history.get(prop, ()):
                    if each.value is not None:
                        yield from ((thing, field, int(each.at.timestamp() * 1000)) for field in fields)

    def _thing_of(self, name: str, n: int) -> Thing:
        if name in HISTORIES:
            steps = sorted(self._steps(name), key=lambda step: (step[2], step[0].n))
            return steps[n if n < 0 else n - 1][0]
        there = self.living(name)
        return there[n] if n < 0 else next(each for each in there if each.n == n)

    @staticmethod
    def _of_number(there: list[dict[str, Any]], n: int) -> dict[str, Any]:
        return there[n if n < 0 else n - 1]

    def _owners_there(self) -> list[dict[str, Any]]:
        return [each for each in self.owners if not each["archived"]]

    # -- changing -----------------------------------------------------------------------------------------------------

    def _tick(self) -> datetime:
        self.still.move(timedelta(seconds=1))
        self._last = self.still.now().replace(microsecond=0)
        return self._last

    @staticmethod
    def _set(thing: Thing, properties: Properties, at: datetime) -> None:
        before = thing.as_of()
        for name, value in properties.items():
            if name not in before or before[name] != value:
                thing.history.setdefault(name, []).append(Version(value, at))
        thing.updates.append(at)

    def _link(self, thing: Thing, other: str, other_id: str, labels: list[str]) -> None:
        there = self.find(other, other_id)
        if there is None:
            msg = f"found no object {other_id!r} among the {other}"
            raise UsageError(msg, hint="create it first")
        for one, two in ((thing, there), (there, thing)):
            kept = one.links.setdefault(two.type, {}).setdefault(two.id, [])
            kept += [each for each in labels if each not in kept]

    def _unlink(self, type_: str, id_: str) -> None:
        for things in self.things.values():
            for each in things.values():
                each.links.get(type_, {}).pop(id_, None)
