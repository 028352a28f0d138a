"""How often customers turn to the company: by hand, by walking over objects, and against closed forms."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from math import sqrt
from typing import Any

import pytest
from tests import company

from crmcx.errors import UsageError
from crmcx.estimates import poisson_interval
from crmcx.instants import Window
from crmcx.metrics import contact_rate, contact_share, evidence, per, self_service_rate
from crmcx.models import Case, Interaction, Order
from crmcx.tables import key_of

NOON = datetime(2025, 3, 3, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def case(number: int, who: str | None, days: float) -> Case:
    return Case(
        source="desk",
        source_id=str(number),
        status="open",
        opened_at=NOON + days * DAY,
        customer=who and f"desk/{who}",
    )


def view(number: int, who: str | None, days: float, **more: Any) -> Interaction:
    given = {"touchpoint": "faq", "kind": "page_view", **more}
    return Interaction(
        source="web",
        source_id=str(number),
        occurred_at=NOON + days * DAY,
        customer=who and f"desk/{who}",
        **given,
    )


class TestSelfServiceRate:
    def test_by_hand(self) -> None:
        views = [
            view(1, "ada", 0),
            view(2, "bob", 0),
            view(3, None, 0),
            view(4, "eve", 0, touchpoint="price"),
            view(5, "ada", 9),
            view(6, "dan", 0, visibility="internal"),
            view(7, "ada", 18),
        ]
        cases = [case(1, "ada", 7), case(2, "ada", 20), case(3, "bob", -1), case(4, None, 1)]
        found = self_service_rate(views, cases, views="faq", as_of=NOON + 21 * DAY)
        assert dict(found.counts) == {"no_case": 2, "case": 1}
        assert dict(found.excluded) == {"no_customer": 1, "not_observed": 1}
        assert evidence(found, views, cases, part="case").keys == (key_of("interactions", "web/1"),)
        shorter = self_service_rate(views, cases, views="faq", as_of=NOON + 21 * DAY, within=timedelta(days=6))
        assert dict(shorter.counts) == {"no_case": 3, "case": 0}

    def test_a_case_at_the_instant_of_the_view_counts(self) -> None:
        found = self_service_rate([view(1, "ada", 0)], [case(1, "ada", 0)], views="faq", as_of=NOON + 9 * DAY)
        assert dict(found.counts) == {"no_case": 0, "case": 1}

    def test_nothing_is_called_saved(self) -> None:
        found = self_service_rate([], [], views="faq")
        assert found.reason == "no views of help were seen that long"
        told = repr(found.to_dict()) + repr(found)
        assert "sav" not in told
        assert "deflect" not in told
        with pytest.raises(UsageError, match="names no step"):
            self_service_rate([], [], views=())

    @pytest.mark.parametrize("hours", [1, 30, 24 * 7])
    def test_as_a_walk_over_views(self, hours: int) -> None:
        draw = random.Random(2)
        views, cases = company.interactions(draw), company.cases(draw)
        as_of, within = company.START + 50 * DAY, timedelta(hours=hours)
        found = Counter[bool]()
        for each in views:
            if each.touchpoint not in {"help", "quote"} or each.customer is None or each.visibility != "customer":
                continue
            if each.occurred_at + within > as_of:
                continue
            end = each.occurred_at + within
            found[any(one.customer == each.customer and each.occurred_at <= one.opened_at <= end for one in cases)] += 1
        told = self_service_rate(views, cases, views=["quote", "help"], within=within, as_of=as_of)
        assert dict(told.counts) == {"no_case": found[False], "case": found[True]}
        assert found[False] > 50


class TestContactRate:
    def test_independent_cases_are_poisson(self) -> None:
        cases = [case(number, "ada", number / 10) for number in range(10)]
        orders = [order(number, "ada", number / 10) for number in range(40)]
        found = contact_rate(cases, orders, cluster=None, as_of=NOON + 9 * DAY)
        assert (found.value, found.n, found.unit, found.n_clusters) == (0.25, 40, "per order", None)
        assert found.interval == poisson_interval(10, 40)
        # Garwood's interval of ten events, as tables print it.
        assert round(found.interval.low * 40, 2) == 4.80
        assert round(found.interval.high * 40, 2) == 18.39

    def test_clusters_by_the_delta_method(self) -> None:
        draw = random.Random(5)
        people = [(draw.randrange(4), draw.randrange(1, 9)) for _ in range(30)]
        cases = [case(n * 100 + k, str(n), 0) for n, (y, _) in enumerate(people) for k in range(y)]
        orders = [order(n * 100 + k, str(n), 0) for n, (_, x) in enumerate(people) for k in range(x)]
        cases += [case(9_000, None, 0), case(9_001, None, 0)]
        people += [(1, 0), (1, 0)]  # who is not known is one of her own
        found = contact_rate(cases, orders)
        above, below = sum(y for y, _ in people), sum(x for _, x in people)
        ratio = above / below
        groups = len(people)
        error = sqrt(sum((y - ratio * x) ** 2 for y, x in people) * groups / (groups - 1)) / below
        assert found.value == ratio
        assert found.n_clusters == groups
        assert found.interval is not None
        middle = (found.interval.low + found.interval.high) / 2
        assert middle == pytest.approx(ratio, abs=1e-12)
        # The quantile of Student's t with 31 degrees of freedom, from tables.
        assert (found.interval.high - middle) / error == pytest.approx(2.0395, abs=1e-4)
        assert dict(found.counts) == {"cases": above, "orders": below}

    def test_a_window_counts_both(self) -> None:
        cases, orders = [case(1, "ada", 0), case(2, "ada", 40)], [order(1, "ada", 1), order(2, "ada", 41)]
        march = Window(date(2025, 3, 1), date(2025, 4, 1))
        assert dict(contact_rate(cases, orders, window=march).counts) == {"cases": 1, "orders": 1}
        months = contact_rate(cases, orders, by=per("month"))
        assert [(key, each.value) for key, each in months] == [((date(2025, 3, 1),), 1.0), ((date(2025, 4, 1),), 1.0)]

    def test_no_orders(self) -> None:
        found = contact_rate([case(1, "ada", 0)], [])
        assert (found.value, found.reason, dict(found.counts)) == (None, "no orders", {"cases": 1, "orders": 0})
        assert contact_rate([], []).reason == "no orders"
        none = contact_rate([], [order(1, "ada", 0)], cluster=None)
        assert none.value == 0.0
        assert none.interval is not None
        assert none.interval.high == pytest.approx(3.6889, abs=1e-4)  # -ln(0.025)


def order(number: int, who: str | None, days: float) -> Order:
    return Order(source="shop", source_id=str(number), customer=who and f"desk/{who}", placed_at=NOON + days * DAY)


class TestContactShare:
    def test_by_hand(self) -> None:
        views = [view(1, "ada", 0), view(2, "ada", 1), view(3, "bob", 0), view(4, None, 0)]
        views.append(view(5, "eve", 0, visibility="internal"))
        cases = [case(1, "ada", 2), case(2, "ada", 3), case(3, "eve", 0), case(4, None, 0)]
        found = contact_share(cases, views)
        assert (found.value, found.n) == (0.5, 2)
        assert dict(found.counts) == {"turned": 1, "quiet": 1}
        window = Window(date(2025, 3, 1), date(2025, 3, 5))
        assert contact_share(cases, views, window=window).value == 0.0
        assert contact_share([], []).reason == "nobody was active"

    def test_as_a_walk_over_people(self) -> None:
        draw = random.Random(2)
        views, cases = company.interactions(draw), company.cases(draw)
        window = Window(date(2025, 1, 31), date(2025, 2, 2))
        inside = [each for each in views if each.occurred_at.date() in {date(2025, 1, 31), date(2025, 2, 1)}]
        people = {each.customer for each in inside if each.customer and each.visibility == "customer"}
        turned = {each.customer for each in cases if each.opened_at.date() in {date(2025, 1, 31), date(2025, 2, 1)}}
        found = contact_share(cases, views, window=window)
        assert dict(found.counts) == {"turned": len(people & turned), "quiet": len(people - turned)}
        by_channel = contact_share(cases, views, window=window, by="channel")
        assert sum(each.n for _, each in by_channel) == len(people)
