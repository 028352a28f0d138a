"""Response and completion rate against a walk over the invitations, and what has no denominator."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from tests import company

from crmcx.errors import MissingColumnError, UsageError
from crmcx.instants import Window
from crmcx.metrics import completion_rate, evidence, response_rate
from crmcx.models import Invitation
from crmcx.tables import key_of

INVITATIONS = company.invitations(random.Random(7))
END = max(max(each.sent_at, each.completed_at or each.sent_at) for each in INVITATIONS)
REACHED = [each for each in INVITATIONS if each.status not in {"bounced", "suppressed"}]


def sent(number: int, status: str, *, day: int = 1, after: float | None = None) -> Invitation:
    at = datetime(2025, 3, day, tzinfo=UTC)
    completed = None if after is None else at + timedelta(days=after)
    return Invitation(
        source="survey", source_id=str(number), instrument="visit", sent_at=at, status=status, completed_at=completed
    )


class TestResponseRate:
    def test_by_a_walk(self) -> None:
        found = response_rate(INVITATIONS)
        done = [each for each in REACHED if each.status == "completed"]
        assert found.value == len(done) / len(REACHED)
        assert dict(found.counts) == {
            "completed": len(done),
            "partial": sum(each.status == "started" for each in REACHED),
            "unanswered": len(REACHED) - len(done) - sum(each.status == "started" for each in REACHED),
        }
        assert sum(number for _, number in found.excluded) == len(INVITATIONS) - len(REACHED)
        keys = evidence(found, INVITATIONS, part="completed").keys
        assert list(keys) == sorted(key_of("invitations", each.ref) for each in done)

    @pytest.mark.parametrize("days", [2, 7, 30])
    def test_within_a_time_by_a_walk(self, days: int) -> None:
        within = timedelta(days=days)
        old = [each for each in REACHED if each.sent_at <= END - within]
        quick = [
            each
            for each in old
            if each.status == "completed" and each.completed_at and each.completed_at - each.sent_at <= within
        ]
        found = response_rate(INVITATIONS, within=within)
        assert found.value == (len(quick) / len(old) if old else None)
        assert dict(found.excluded).get("too_young", 0) == len(REACHED) - len(old)

    @pytest.mark.parametrize("days", [10, 25, 50])
    def test_as_of_by_a_walk(self, days: int) -> None:
        as_of = company.START + timedelta(days=days)
        there = [each for each in REACHED if each.sent_at <= as_of]
        done = [
            each
            for each in there
            if each.status == "completed" and (each.completed_at is None or each.completed_at <= as_of)
        ]
        found = response_rate(INVITATIONS, as_of=as_of)
        assert (found.n, dict(found.counts)["completed"]) == (len(there), len(done))

    def test_the_denominator_is_who_was_asked(self) -> None:
        """Not who opened or began: 1 of 4 is 25 %, not 50 % of the openers."""
        asked = [sent(1, "completed"), sent(2, "opened"), sent(3, "sent"), sent(4, "delivered")]
        assert response_rate(asked).value == 0.25
        assert response_rate([*asked, sent(5, "bounced"), sent(6, "suppressed")]).value == 0.25

    def test_an_open_link_has_no_denominator(self) -> None:
        found = response_rate([])
        assert found.value is None
        assert found.reason == "nobody was asked"
        assert response_rate([sent(1, "bounced")]).value is None

    def test_windows_are_of_sending(self) -> None:
        asked = [sent(1, "completed", day=1, after=20), sent(2, "sent", day=2), sent(3, "completed", day=9, after=1)]
        window = Window(date(2025, 3, 1), date(2025, 3, 3))
        assert response_rate(asked, window=window).value == 0.5
        assert response_rate(asked, window=window, within=timedelta(days=5)).value == 0

    def test_gaps_and_refusals(self) -> None:
        frame = pl.DataFrame({"status": ["completed", None, "sent"], "sent_us": [1, 2, None]})
        assert dict(response_rate(frame).excluded) == {"no_status": 1, "no_time": 1}
        with pytest.raises(MissingColumnError, match="lacks completed_us"):
            response_rate(frame, within=timedelta(days=1))
        with pytest.raises(UsageError, match="expected a time above zero"):
            response_rate(frame, within=timedelta())
        mixed = [sent(1, "completed"), *INVITATIONS]
        assert response_rate(mixed, instrument="visit").n == 1


class TestCompletionRate:
    def test_by_a_walk(self) -> None:
        found = completion_rate(INVITATIONS, by="channel")
        for (channel,), each in found:
            own = [one for one in INVITATIONS if one.channel == channel]
            done = sum(one.status == "completed" for one in own)
            began = done + sum(one.status == "started" for one in own)
            assert (each.value, each.n) == (done / began, began)
            assert dict(each.excluded) == {"not_started": len(own) - began}

    def test_nobody_began(self) -> None:
        found = completion_rate([sent(1, "sent")])
        assert (found.value, found.reason) == (None, "nobody began")
        early = completion_rate([sent(1, "completed", after=9)], as_of=datetime(2025, 3, 2, tzinfo=UTC))
        assert early.value == 0
