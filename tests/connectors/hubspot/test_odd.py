"""Odd values in what HubSpot says: none stops a page, what cannot be mapped is put aside, the rest is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from crmcx.connectors import HubSpot
from crmcx.connectors.hubspot.tables import STEPS
from crmcx.sandbox import HubSpotSandbox
from crmcx.sandbox.hubspot import TOKEN
from crmcx.sandbox.hubspot_data import OBJECTS
from crmcx.testing.loopback import Asked, Says
from crmcx.testing.trial import Outcome, Subject, Trial

pytestmark = pytest.mark.once
ODD = (None, True, False, 7, 2.5, 1e300, "", "7", "odd", "²", [], [None], {}, {"odd": "value"})
NO_OBJECTS = (None, True, False, 7, "odd", [])
STREAMS = tuple(each.name for each in HubSpot.declared())
LATER = timedelta(hours=2)


class Large(HubSpotSandbox):
    """A portal that answers as many pages as it is asked for, whatever the kit allows."""

    most = property(lambda _self: 0, lambda _self, _most: None)  # type: ignore[assignment]


def trial_of(*streams: str, **settings: Any) -> Trial:
    left_out = frozenset(STREAMS) - set(streams)
    told = {"token": TOKEN, "leave_out": left_out, "currency": "EUR", **settings}
    subject = Subject(connector=HubSpot, settings=lambda url: {"url": url, **told}, server=Large, records=0)
    return Trial(subject, page_size=100)


def is_of(stream: str) -> Callable[[Asked], bool]:
    """Whether a request is one for the records that a stream reads."""
    places = {"owners": "/crm/v3/owners", "pipelines": "/crm/v3/pipelines/deals"}
    if stream in places:
        return lambda asked: asked.path == places[stream]
    type_ = STEPS[stream].of if stream in STEPS else stream
    at = f"/crm/v3/objects/{type_}"
    ways = {at, f"{at}/batch/read"} if stream in STEPS else {at, f"{at}/search"}
    return lambda asked: asked.path in ways and asked.query.get("archived") != "true"


def spoiling(
    which: Callable[[Asked], bool], spoil: Callable[[Any], Any], *, sparing: int = 1
) -> Callable[[Asked, Says], Says]:
    """What makes another of each record of an answer; the first that come stay sound."""
    seen = [0]

    def hostility(asked: Asked, says: Says) -> Says:
        if not which(asked) or says.status not in {200, 207}:
            return says
        records = deepcopy(says.data["results"])
        made = [each if at + seen[0] < sparing else spoil(each) for at, each in enumerate(records)]
        seen[0] += len(records)
        return Says(says.status, {**says.data, "results": made}, rows=says.rows, kind=says.kind)

    return hostility


def paths_in(said: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for name, value in said.items() if isinstance(said, dict) else enumerate(said) if isinstance(said, list) else ():
        yield (*at, name)
        yield from paths_in(value, (*at, name))


def put(said: Any, path: tuple[Any, ...], value: Any) -> Any:
    for step in path[:-1]:
        said = said[step]
    said[path[-1]] = value
    return said


def one_after_another(*, values: tuple[Any, ...] = ODD) -> Callable[[Any], Any]:
    """Each record gets another odd value, in the place of each of its values in turn."""
    turns: list[int] = [0]

    def spoil(record: Any) -> Any:
        paths = list(paths_in(record))
        number, turns[0] = turns[0], turns[0] + 1
        put(record, paths[number // len(values) % len(paths)], values[number % len(values)])
        return record

    return spoil


def fill(trial: Trial, stream: str, count: int) -> None:
    world = trial.platform.world
    if stream in STEPS:
        world.add(STEPS[stream].of, count)
    world.add(stream, count)


def change_all(trial: Trial, stream: str) -> None:
    trial.still.move(LATER)
    world: Any = trial.platform.world
    if stream in STEPS:
        for thing in world.living(STEPS[stream].of):
            world._step(stream, thing, world._tick())
    else:
        for number in world.numbers(stream):
            world.change(stream, number)


def demand_counted(trial: Trial, outcome: Outcome) -> None:
    assert outcome.error is None, outcome.told
    assert outcome.counts.read == outcome.counts.stored + outcome.counts.unchanged + outcome.counts.quarantined
    assert outcome.counts.read > 0
    assert trial.books_add_up()


@pytest.mark.parametrize("stream", STREAMS)
def test_an_odd_value_stops_no_page(stream: str) -> None:
    with trial_of(stream) as trial:
        fill(trial, stream, {"pipelines": 40}.get(stream, 500))
        owed = trial.lost_and_doubled()[0]
        for _ in ("by list", "by search"):
            outcome = trial.sync(spoiling(is_of(stream), one_after_another()), rows_per_commit=1000)
            demand_counted(trial, outcome)
            assert outcome.counts.stored > 0
            assert outcome.counts.quarantined > 0
            assert outcome.counts.deleted == 0
            assert stream in STEPS or outcome.counts.read >= owed
            change_all(trial, stream)
        demand_counted(trial, trial.sync(rows_per_commit=1000))
        assert trial.lost_and_doubled() == (0, 0)


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("way", ["by list", "by search"])
def test_what_is_no_object_is_put_aside_alone(way: str, stream: str) -> None:
    with trial_of(stream) as trial:
        fill(trial, stream, len(NO_OBJECTS) + 1)
        if way == "by search":
            trial.sync()
            change_all(trial, stream)
        there = list(trial.platform.world.records(stream))
        values = iter(NO_OBJECTS)
        outcome = trial.sync(spoiling(is_of(stream), lambda record: next(values, record)), rows_per_commit=1000)
        demand_counted(trial, outcome)
        assert outcome.counts.quarantined == len(NO_OBJECTS) - len(list(values))
        assert there
        assert outcome.counts.stored + outcome.counts.unchanged > 0


class TestObjects:
    def test_a_null_is_as_good_as_nothing(self) -> None:
        for stream in (*OBJECTS, "owners"):
            with trial_of(stream) as trial:
                fill(trial, stream, 60)
                kept = {"id", "hs_object_id", "hs_survey_id"}

                def nulled(record: Any, kept: set[str] = kept) -> Any:
                    said = record.get("properties", record)
                    return {**record, "properties": {name: said[name] if name in kept else None for name in said}}

                outcome = trial.sync(spoiling(is_of(stream), nulled), rows_per_commit=1000)
                demand_counted(trial, outcome)
                assert outcome.counts.quarantined == 0, stream
                assert trial.lost_and_doubled()[0] == 0, stream

    def test_a_number_is_one_whether_it_is_text_or_not(self) -> None:
        said = {"amount": 250000.5, "hs_call_duration": 5000, "hs_value": 9, "numberofemployees": 12}
        found: list[dict[str, Any]] = []
        for written in (lambda value: value, str):
            spoken = {name: written(value) for name, value in said.items()}

            def spoil(record: Any, spoken: dict[str, Any] = spoken) -> Any:
                known = {name: value for name, value in spoken.items() if name in record["properties"]}
                return {**record, "properties": record["properties"] | known}

            with trial_of("companies", "deals", "calls", "feedback_submissions") as trial:
                for stream in trial.platform.kinds:
                    if stream in {"companies", "deals", "calls", "feedback_submissions"}:
                        fill(trial, stream, 2)
                demand_counted(trial, trial.sync(spoiling(lambda asked: "/objects/" in asked.path, spoil, sparing=0)))
                rows = {name: trial._rows(name) for name in ("accounts", "deals", "interactions", "answers")}
                found.append(
                    {
                        "employees": [row["employees"] for row in rows["accounts"]],
                        "amount": [row["amount_micros"] for row in rows["deals"]],
                        "duration": [row["duration_us"] for row in rows["interactions"]],
                        "score": [row["score"] for row in rows["answers"] if row["kind"] == "nps"],
                    }
                )
        assert found[0] == found[1]
        assert {name: values[-1] for name, values in found[0].items()} == {
            "employees": 12,
            "amount": 250_000_500_000,
            "duration": 5_000_000,
            "score": 9,
        }

    def test_a_call_without_a_duration_is_stored(self) -> None:
        with trial_of("calls") as trial:
            trial.platform.world.create("calls", {"hs_timestamp": "2026-02-01T08:00:10Z", "hs_call_duration": ""})
            assert trial.sync().counts.quarantined == 0
            (row,) = trial._rows("interactions")
            assert row["duration_us"] is None

    def test_a_number_beyond_all_measure_costs_no_memory(self) -> None:
        with trial_of("companies") as trial:
            endless = {"name": "Anvil", "numberofemployees": "1e999999999", "annualrevenue": "9e-999999999"}
            trial.platform.world.create("companies", endless)
            demand_counted(trial, trial.sync())
            (row,) = trial._rows("accounts")
            assert (row["employees"], row["annual_revenue_micros"]) == (None, None)
            assert "1e999999999" in row["extra"]

    def test_what_is_new_to_it_is_kept(self) -> None:
        with trial_of("deals") as trial:
            fill(trial, "deals", 2)
            outcome = trial.sync(spoiling(is_of("deals"), lambda record: {**record, "mood": {"of": ["the", "day"]}}))
            demand_counted(trial, outcome)
            assert [row["extra"].count('"mood":{"of":["the","day"]}') for row in trial._rows("deals")] == [0, 1]

    def test_properties_that_are_asked_for_apart_are_not_taken_for_cleared(self) -> None:
        with trial_of("contacts", url_length=60) as trial:
            fill(trial, "contacts", 3)
            spoil = spoiling(lambda asked: asked.path.endswith("/batch/read"), lambda _record: True)
            outcome = trial.sync(spoil)
            demand_counted(trial, outcome)
            assert (outcome.counts.stored, outcome.counts.quarantined) == (0, 3)
            change_all(trial, "contacts")
            assert trial.sync().counts.stored == 3


class TestLists:
    @pytest.mark.parametrize("total", [None, True, "5", "odd", {}])
    def test_a_search_that_does_not_say_how_much_it_finds_is_read_to_its_end(self, total: Any) -> None:
        def untold(asked: Asked, says: Says) -> Says:
            if not asked.path.endswith("/search"):
                return says
            return Says(says.status, {**says.data, "total": total}, rows=says.rows, kind=says.kind)

        with trial_of("contacts", search_page_size=2) as trial:
            fill(trial, "contacts", 5)
            trial.sync()
            change_all(trial, "contacts")
            outcome = trial.sync(untold)
            demand_counted(trial, outcome)
            assert outcome.counts.stored == 5

    @pytest.mark.parametrize("paging", [True, "odd", {"next": 7}, {"next": {"after": {}}}, {"next": {"after": True}}])
    @pytest.mark.parametrize("stream", ["contacts", "owners", "consents"])
    def test_a_list_that_does_not_say_how_it_goes_on_is_not_taken_for_its_end(self, stream: str, paging: Any) -> None:
        def untold(_asked: Asked, says: Says) -> Says:
            return Says(says.status, {**says.data, "paging": paging}, rows=says.rows, kind=says.kind)

        with trial_of(stream) as trial:
            fill(trial, stream, 5)
            assert trial.sync(untold).codes == ("paging",)

    @pytest.mark.parametrize("archived", [True, "true", "True", None])
    def test_what_is_in_the_archive_goes_however_it_says_so(self, archived: Any) -> None:
        with trial_of("contacts") as trial:
            fill(trial, "contacts", 2)
            trial.sync()
            trial.platform.world.delete("contacts")
            outcome = trial.sync(spoiling_archive(lambda record: {**record, "archived": archived}))
            assert outcome.counts.deleted == 1
            assert len(trial._rows("customers")) == 1

    @pytest.mark.parametrize("said", [*NO_OBJECTS, {"id": True, "archived": True}, {"id": "1002", "archived": {}}])
    def test_what_is_not_understood_in_the_archive_is_put_aside(self, said: Any) -> None:
        with trial_of("contacts") as trial:
            fill(trial, "contacts", 2)
            trial.sync()
            trial.platform.world.delete("contacts")
            outcome = trial.sync(spoiling_archive(lambda _record: said))
            demand_counted(trial, outcome)
            assert (outcome.counts.deleted, outcome.counts.quarantined) == (0, 1)

    @pytest.mark.parametrize("said", [1002, "1002", ["1002"], [1002, None]])
    def test_who_was_merged_into_another_goes_however_it_is_written(self, said: Any) -> None:
        def merged(record: Any) -> Any:
            properties = record["properties"]
            known = {"hs_merged_object_ids": said} if properties["hs_merged_object_ids"] else {}
            return {**record, "properties": properties | known}

        with trial_of("contacts") as trial:
            fill(trial, "contacts", 3)
            trial.sync()
            world: Any = trial.platform.world
            world.merge("contacts", "1001", "1002")
            demand_counted(trial, trial.sync(spoiling(is_of("contacts"), merged, sparing=0)))
            assert sorted(row["source_id"] for row in trial._rows("customers")) == ["1001", "1003"]


def spoiling_archive(spoil: Callable[[Any], Any]) -> Callable[[Asked, Says], Says]:
    def hostility(asked: Asked, says: Says) -> Says:
        if asked.query.get("archived") != "true":
            return says
        made = [spoil(each) for each in says.data["results"]]
        return Says(says.status, {**says.data, "results": made}, rows=says.rows, kind=says.kind)

    return hostility


class TestLinks:
    @pytest.mark.parametrize("odd", [True, 7, "odd", [], {}, {"toObjectId": []}, {"toObjectId": {"a": 1}}])
    def test_what_is_no_link_is_kept_with_the_others(self, odd: Any) -> None:
        def one_more(asked: Asked, says: Says) -> Says:
            if "/associations/deals/contacts/" not in asked.path:
                return says
            results = [{**each, "to": [odd, *each["to"]]} for each in says.data["results"]]
            return Says(says.status, {**says.data, "results": results})

        with trial_of("contacts", "deals") as trial:
            fill(trial, "contacts", 2)
            fill(trial, "deals", 2)
            demand_counted(trial, trial.sync(one_more))
            rows = trial._rows("deals")
            assert all(row["customer_ref"] for row in rows)
            assert all("links_unread" in row["extra"] for row in rows)

    @pytest.mark.parametrize("odd", [None, True, "odd", {}, {"from": True, "to": []}, {"from": {"id": "1"}, "to": {}}])
    def test_links_that_a_batch_does_not_tell_are_asked_for_one_by_one(self, odd: Any) -> None:
        def untold(asked: Asked, says: Says) -> Says:
            if not asked.path.endswith("/associations/deals/contacts/batch/read"):
                return says
            return Says(says.status, {**says.data, "results": [odd, *says.data["results"][1:]]})

        with trial_of("contacts", "deals") as trial:
            fill(trial, "contacts", 2)
            fill(trial, "deals", 3)
            demand_counted(trial, trial.sync(untold))
            assert all(row["customer_ref"] for row in trial._rows("deals"))
            assert all(row["extra"] is None or "unread" not in row["extra"] for row in trial._rows("deals"))


class TestSteps:
    @pytest.mark.parametrize("odd", [True, "odd", 7, [], {}, {"value": "lead"}, {"value": {}, "timestamp": 1}])
    def test_a_step_that_is_none_is_put_aside_and_the_others_are_stored(self, odd: Any) -> None:
        def one_more(record: Any) -> Any:
            history = record["propertiesWithHistory"]
            return {**record, "propertiesWithHistory": {name: [odd, *told] for name, told in history.items()}}

        with trial_of("lifecycle_changes") as trial:
            fill(trial, "contacts", 3)
            outcome = trial.sync(spoiling(is_of("lifecycle_changes"), one_more), rows_per_commit=1000)
            demand_counted(trial, outcome)
            assert (outcome.counts.stored, outcome.counts.quarantined) == (3, 2)

    @pytest.mark.parametrize("odd", [True, "odd", {"lifecyclestage": True}, {"lifecyclestage": {"value": "lead"}}])
    def test_a_history_that_is_none_is_put_aside(self, odd: Any) -> None:
        with trial_of("lifecycle_changes") as trial:
            fill(trial, "contacts", 3)
            spoil = spoiling(is_of("lifecycle_changes"), lambda record: {**record, "propertiesWithHistory": odd})
            outcome = trial.sync(spoil, rows_per_commit=1000)
            demand_counted(trial, outcome)
            assert (outcome.counts.stored, outcome.counts.quarantined) == (1, 2)


def test_a_pipeline_with_a_stage_that_is_none_is_put_aside_and_stays() -> None:
    with trial_of("pipelines") as trial:
        fill(trial, "pipelines", 2)
        trial.sync()
        known = len(trial._rows("pipelines"))
        spoil = spoiling(is_of("pipelines"), lambda record: {**record, "stages": [True, *record["stages"]]})
        outcome = trial.sync(spoil)
        demand_counted(trial, outcome)
        assert outcome.counts.quarantined == known - 1
        assert len(trial._rows("pipelines")) == known


def test_the_name_of_an_owner_is_made_of_words_alone() -> None:
    with trial_of("owners") as trial:
        fill(trial, "owners", 2)
        demand_counted(trial, trial.sync(spoiling(is_of("owners"), lambda record: {**record, "firstName": {"a": [1]}})))
        assert [row["name"] for row in trial._rows("employees")] == ["Agent 1", "2"]
