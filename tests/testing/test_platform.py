"""A platform in small and the world behind it."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from tests.testing.helpdesk import TOKEN, HelpdeskInSmall

from crmcx.connectors import Api, Bearer, Limits
from crmcx.connectors.clock import held, present
from crmcx.connectors.wires import wired, wiring
from crmcx.errors import RequestError, UnreachableError, UsageError
from crmcx.testing import Asked, Kind, Platform, Says, StillClock
from crmcx.testing.hostile import dripping
from crmcx.testing.loopback import Loopback
from crmcx.testing.still import BEGIN
from crmcx.testing.world import World

ORDER = Kind(
    record={"order": {"no": "{n}"}, "at": "{stamp}", "made": "{created}", "tags": ["n{n}"], "state": "new"},
    id=("order", "no"),
    stamp="at",
    change="state",
    words=("new", "paid", "sent"),
    unit="ms",
    tombstone={"no": "{n}", "gone": "{stamp}"},
)


class Shop(Platform):
    kinds = {"orders": ORDER}  # noqa: RUF012 - as in the docs

    def answer(self, asked: Asked) -> Says:
        if asked.path == "/fault":
            raise ZeroDivisionError
        return self.page(self.since("orders", asked.query.get("since")), asked.query.get("page"), rows=("data", "rows"))


def world(count: int = 0) -> World:
    made = World({"orders": ORDER}, StillClock())
    made.add("orders", count)
    return made


class TestWorld:
    def test_a_record_is_filled_in(self) -> None:
        (said,) = world(1).records("orders")
        stamp = int(BEGIN.timestamp() + 1) * 1000
        assert said == {"order": {"no": 1}, "at": stamp, "made": stamp, "tags": ["n1"], "state": "new"}

    def test_every_third_has_the_stamp_of_the_one_before(self) -> None:
        stamps = [each["at"] for each in world(7).records("orders")]
        assert [b - a for a, b in pairwise(stamps)] == [1000, 0, 1000, 1000, 0, 1000]

    def test_a_change_moves_the_stamp_and_not_the_day_of_birth(self) -> None:
        made = world(3)
        for expected in ("paid", "sent", "new"):
            made.change("orders", 1)
            first, *_ = made.records("orders")
            assert first["state"] == expected
            assert first["at"] == max(each["at"] for each in made.records("orders"))
            assert first["made"] < first["at"]

    def test_without_words_a_text_grows(self) -> None:
        kind = Kind(record={"id": "{n}", "note": "a", "at": "{stamp}"}, stamp="at", change="note")
        made = World({"notes": kind}, StillClock())
        made.add("notes")
        made.change("notes")
        assert made.records("notes")[0]["note"] == "a (1)"

    def test_what_is_committed_late_says_an_older_stamp(self) -> None:
        made = world(5)
        made.commit_late("orders", timedelta(minutes=1))
        *before, late = made.records("orders")
        assert late["at"] == late["made"] < min(each["at"] for each in before)

    def test_what_is_deleted_is_gone_or_says_so(self) -> None:
        made = world(3)
        made.delete("orders", 2)
        assert made.numbers("orders") == (1, 3)
        flagged = HelpdeskInSmall()
        flagged.world.add("tickets", 2)
        flagged.world.delete("tickets")
        assert [each["is_deleted"] for each in flagged.since("tickets")] == [False, True]
        assert len(flagged.world.records("tickets")) == 1

    def test_children_belong_to_parents_that_stay_and_touch_them(self) -> None:
        platform = HelpdeskInSmall()
        platform.world.add("tickets", 4)
        before = platform.world.records("tickets")
        platform.world.add("comments", 3)
        assert [each["ticket"] for each in platform.world.records("comments")] == ["T-1", "T-2", "T-1"]
        touched = [a["id"] for a, b in zip(before, platform.world.records("tickets"), strict=True) if a != b]
        assert touched == ["T-1", "T-2"]

    def test_what_is_not_there_is_named(self) -> None:
        with pytest.raises(UsageError, match="'deals', expected one of orders"):
            world().kind("deals")
        with pytest.raises(UsageError, match="no record 3 among the 2 of kind orders"):
            world(2).change("orders", 3)


class TestPlatform:
    @pytest.mark.parametrize("page_size", [1, 2, 3, 7, 100])
    @pytest.mark.parametrize("order", [None, 1, 2])
    def test_pages_hold_each_record_once(self, page_size: int, order: int | None) -> None:
        shop = Shop()
        shop.world.add("orders", 7)
        shop.page_size, shop.order, shop.scattered = page_size, order, frozenset({"orders"})
        seen, token = [], None
        while True:
            rows, token = shop.cut(shop.since("orders"), token)
            assert 0 < len(rows) <= page_size
            seen += [each["order"]["no"] for each in rows]
            if token is None:
                break
        assert sorted(seen) == [1, 2, 3, 4, 5, 6, 7]
        assert (seen == sorted(seen)) == (order is None)

    def test_a_record_that_moves_between_pages_hides_no_other(self) -> None:
        shop = Shop()
        shop.world.add("orders", 6)
        first, token = shop.cut(shop.since("orders"), None)
        shop.world.change("orders", 1)
        rest = [each["order"]["no"] for each in shop.cut(shop.since("orders"), token)[0]]
        assert [each["order"]["no"] for each in first] == [1, 2, 3]
        assert rest == [4, 5, 6]

    def test_since_includes_its_stamp(self) -> None:
        shop = Shop()
        shop.world.add("orders", 5)
        stamp = shop.world.records("orders")[3]["at"]
        assert [each["order"]["no"] for each in shop.since("orders", str(stamp))] == [4, 5]
        assert [each["order"]["no"] for each in shop.since("orders", "")] == [1, 2, 3, 4, 5]

    def test_deletions_are_tombstones(self) -> None:
        shop = Shop()
        shop.world.add("orders", 3)
        shop.world.delete("orders", 2)
        (told,) = shop.deletions("orders")
        assert told == {"no": 2, "gone": int(shop.still.now().timestamp()) * 1000}
        assert [each["order"]["no"] for each in shop.since("orders")] == [1, 3]

    def test_it_answers_on_loopback(self) -> None:
        with Shop() as shop, Api(shop.url) as api:
            shop.world.add("orders", 4)
            reply = api.get("/orders")
            assert len(reply.rows("data", "rows")) == 3
            assert len(api.get("/orders", page=reply.get("next")).rows("data", "rows")) == 1
            assert shop.pages == {"orders": 2}
            assert [asked.path for asked in shop.asked] == ["/orders", "/orders"]
            assert api.get("/orders").headers["date"] == "Sun, 01 Mar 2026 12:00:03 GMT"

    def test_a_client_in_a_loop_comes_to_an_end(self) -> None:
        with Shop() as shop, Api(shop.url) as api:
            shop.most = 2
            api.get("/orders")
            api.get("/orders")
            with pytest.raises(RequestError, match="410"):
                api.get("/orders")

    def test_what_fails_in_an_authors_answer_is_kept(self) -> None:
        still = StillClock()
        with Shop(still) as shop, Api(shop.url, clock=still.clock) as api:
            with pytest.raises(UnreachableError):
                api.get("/fault")
            assert isinstance(shop.faults[0], ZeroDivisionError)

    def test_it_answers_no_more_when_it_is_closed(self) -> None:
        shop = Shop().start()
        url = shop.url
        shop.close()
        shop.close()
        with pytest.raises(UnreachableError), held(StillClock().clock), Api(url) as api:
            api.get("/orders")


class TestWhatIsHeld:
    def test_clients_made_meanwhile_go_by_the_clock(self) -> None:
        still = StillClock()
        with held(still.clock) as clock:
            assert Api("https://example.org").clock is clock is present()
            other = StillClock().clock
            assert Api("https://example.org", clock=other).clock is other
        assert Api("https://example.org").clock is not clock
        assert present() != clock

    def test_it_ends_with_an_error_too(self) -> None:
        with pytest.raises(ZeroDivisionError), held(StillClock().clock) as clock:
            raise ZeroDivisionError
        assert present() != clock

    def test_requests_go_over_what_is_wired(self) -> None:
        made: list[str] = []

        class Nowhere:
            def exchange(self, *_: object) -> None:
                raise AssertionError

            def close(self) -> None:
                made.append("closed")

        def over(_make: object) -> Nowhere:
            made.append("made")
            return Nowhere()

        with wired(over):
            api = Api("https://example.org")
        assert wiring() is not over
        with pytest.raises(AssertionError):
            api.get("/anything")
        api.close()
        assert made == ["made", "closed"]

    def test_a_drip_outlasts_the_patience_of_a_client(self) -> None:
        still = StillClock()

        def answer(asked: Asked) -> Says:
            return Says(data={"a": 2}, drip=dripping(still) if asked.query else None)

        with Loopback(answer) as loopback, held(still.clock):
            api = Api(loopback.url, auth=Bearer(TOKEN), limits=Limits(answer=timedelta(minutes=3)))
            with pytest.raises(UnreachableError, match="no whole answer in time"):
                api.get("/", slow=1)
            assert api.get("/").data == {"a": 2}
            api.close()


def test_a_still_clock_moves_when_it_is_slept_by_or_moved() -> None:
    still = StillClock()
    still.clock.sleep(2)
    still.move(timedelta(seconds=3))
    assert (still.now() - BEGIN, still.clock.monotonic(), still.slept) == (timedelta(seconds=5), 5, [2])
