"""The dialects in which sources ask for patience, and the draw of waits."""

from __future__ import annotations

import json
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from attrs.exceptions import FrozenInstanceError
from hypothesis import given
from hypothesis import strategies as st
from tests.law import LAW
from tests.loopback import BEGIN

from crmcx.connectors import DIALECTS, Dialect, Mark, Reply, Retries
from crmcx.connectors.retry import Refusal, refusal

NOW = BEGIN.timestamp()
MINUTE, DAY = "x-ratelimit-app-global-minute", "x-ratelimit-app-global-day"


def said(name: str | None, status: int = 429, data: Any = None, **headers: str) -> Refusal | None:
    reply = Reply(status, headers=headers, body=b"" if data is None else json.dumps(data).encode())
    return refusal(reply, Dialect() if name is None else DIALECTS[name], BEGIN)


def throttled(wait: float | None) -> Refusal:
    return Refusal(throttled=True, wait=wait)


class TestDialects:
    @pytest.mark.parametrize("name", [*DIALECTS, None])
    def test_seconds(self, name: str | None) -> None:
        assert said(name, **{"retry-after": "7"}) == throttled(7)

    @pytest.mark.parametrize("name", [*DIALECTS, None])
    def test_a_date(self, name: str | None) -> None:
        assert said(name, **{"retry-after": "Sun, 01 Mar 2026 12:03:10 GMT"}) == throttled(190)

    def test_a_date_by_the_clock_of_the_source(self) -> None:
        headers = {"retry-after": "Sun, 01 Mar 2026 09:00:30 GMT", "date": "Sun, 01 Mar 2026 09:00:00 GMT"}
        assert said(None, **headers) == throttled(30)

    def test_a_date_that_is_past(self) -> None:
        assert said(None, **{"retry-after": "Sun, 01 Mar 2026 11:00:00 GMT"}) == throttled(0)

    @pytest.mark.parametrize("name", [*DIALECTS, None])
    @pytest.mark.parametrize("text", ["", "soon", "nan", "inf", "Sun, 99 Mar 2026"])
    def test_what_says_nothing(self, name: str | None, text: str) -> None:
        assert said(name, **{"retry-after": text}) == throttled(None)
        assert said(name) == throttled(None)

    def test_a_stamp_in_unix_time(self) -> None:
        assert said("intercom", **{"x-ratelimit-reset": str(int(NOW) + 42)}) == throttled(42)
        ahead = {"x-ratelimit-reset": str(int(NOW) + 3642), "date": "Sun, 01 Mar 2026 13:00:00 GMT"}
        assert said("intercom", **ahead) == throttled(42)

    @pytest.mark.parametrize(
        ("name", "header"),
        [
            ("pipedrive", "x-ratelimit-reset"),
            ("zendesk", "ratelimit-reset"),
            ("klaviyo", "ratelimit-reset"),
            ("surveymonkey", f"{MINUTE}-reset"),
        ],
    )
    def test_seconds_left(self, name: str, header: str) -> None:
        assert said(name, **{header: "2"}) == throttled(2)

    def test_a_minute_or_a_day(self) -> None:
        resets = {f"{MINUTE}-reset": "40", f"{DAY}-reset": "40000"}
        assert said("surveymonkey", **resets, **{f"{DAY}-remaining": "17"}) == throttled(40)
        assert said("surveymonkey", **resets, **{f"{DAY}-remaining": "0"}) == throttled(40_000)

    def test_policies_of_hubspot(self) -> None:
        assert said("hubspot", data={"policyName": "TEN_SECONDLY_ROLLING"}) == throttled(10)
        assert said("hubspot", data={"policyName": "SECONDLY"}) == throttled(1)
        assert said("hubspot", data={"policyName": "SECONDLY"}, **{"retry-after": "3"}) == throttled(3)
        assert said("hubspot", data={"policyName": "DAILY"}) == Refusal(throttled=True, final=True)
        assert said("hubspot", data={"policyName": "OTHER"}) == throttled(None)
        assert said("hubspot", data=["no", "object"]) == throttled(None)

    def test_a_403_of_salesforce(self) -> None:
        quota = [{"errorCode": "REQUEST_LIMIT_EXCEEDED"}]
        assert said("salesforce", 403, quota) == Refusal(throttled=True, final=True)
        assert said("salesforce", 403, [{"errorCode": "INSUFFICIENT_ACCESS"}]) is None
        assert said("salesforce", 403) is None
        assert said(None, 403, quota) is None

    def test_a_body_that_is_no_json(self) -> None:
        assert refusal(Reply(429, body=b"<html>"), DIALECTS["hubspot"], BEGIN) == throttled(None)

    def test_a_dialect_of_ones_own(self) -> None:
        dialect = Dialect(marks=(Mark(at=("error", "code"), says="slow", status=420, wait=timedelta(minutes=1)),))
        reply = Reply(420, body=b'{"error": {"code": "slow"}}')
        assert refusal(reply, dialect, BEGIN) == throttled(60)

    @pytest.mark.parametrize("status", [500, 502, 503, 504, 529])
    def test_trouble(self, status: int) -> None:
        assert said(None, status) == Refusal(throttled=False)
        assert said(None, status, **{"retry-after": "9"}) == Refusal(throttled=False, wait=9)

    @pytest.mark.parametrize("status", [200, 204, 304, 400, 401, 403, 404, 409, 422])
    def test_all_the_rest(self, status: int) -> None:
        assert said(None, status, **{"retry-after": "9"}) is None

    def test_they_are_data(self) -> None:
        with pytest.raises(TypeError):
            DIALECTS["mine"] = Dialect()  # type: ignore[index]
        with pytest.raises(FrozenInstanceError):
            DIALECTS["zoho"].waits = ()  # type: ignore[misc]


class TestJitter:
    @LAW
    @given(st.integers(1, 200), st.integers(0, 2**32))
    def test_between_nothing_and_a_bound_that_doubles(self, failed: int, seed: int) -> None:
        retries = Retries(draw=Random(seed).uniform)
        bound = min(60.0, 0.5 * 2 ** (failed - 1))
        drawn = [retries.pause(failed) for _ in range(50)]
        assert all(0 <= each <= bound for each in drawn)
        assert max(drawn) - min(drawn) > bound / 2
