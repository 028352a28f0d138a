"""The client: patient with what passes, clear about what does not, true to its hosts, and silent about secrets."""

from __future__ import annotations

import gzip
import logging
import traceback
import zlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from pydantic import SecretStr
from tests.loopback import BEGIN, Says, Source, StillClock

import crmcx
from crmcx.connectors import (
    DIALECTS,
    Api,
    Basic,
    Bearer,
    Budget,
    ClientCredentials,
    Clock,
    Connector,
    Cursor,
    HeaderKey,
    Limits,
    Page,
    Rate,
    RefreshToken,
    Retries,
    Waiting,
    mapping,
    paging,
    stream,
)
from crmcx.errors import (
    CrmcxError,
    ForeignHostError,
    OversizeError,
    RequestError,
    SignInError,
    SourceError,
    ThrottledError,
    UnreachableError,
    UsageError,
)
from crmcx.models import Account

Connect = Callable[..., Api]
UPPER = Retries(draw=lambda _low, high: high)


class TestWhatIsAsked:
    def test_a_path_below_the_base_with_a_query(self, source: Source, connect: Connect) -> None:
        source.says(Says(data={"tickets": [{"id": 1}]}))
        since = datetime(2026, 1, 1, tzinfo=UTC)
        api = connect(f"{source.url}/api/v2/", headers={"Revision": "7"})
        reply = api.get("/tickets", {"page[size]": 5}, since=since, page=None, all=True, fields=["a", "b"])
        (asked,) = source.asked
        assert (asked.method, asked.path) == ("GET", "/api/v2/tickets")
        assert asked.query == {"page[size]": "5", "since": "2026-01-01T00:00:00Z", "all": "true", "fields": "a,b"}
        assert asked.headers["revision"] == "7"
        assert reply.rows("tickets") == [{"id": 1}]

    def test_instants_are_asked_for_in_utc(self, source: Source, connect: Connect) -> None:
        source.says(Says(data={}))
        api = connect(source.url)
        api.get("/x", since=datetime(2026, 1, 1, 1, 0, 0, 5, tzinfo=timezone(timedelta(hours=1))), on=date(2026, 1, 2))
        assert source.asked[0].query == {"since": "2026-01-01T00:00:00.000005Z", "on": "2026-01-02"}
        with pytest.raises(UsageError):
            api.get("/x", since=datetime(2026, 1, 1))  # noqa: DTZ001 - what is refused

    def test_json_and_forms(self, source: Source, connect: Connect) -> None:
        source.says(Says(data={}))
        api = connect(source.url)
        api.post("/search", {"query": "x"}, limit=2)
        api.request("PATCH", "contacts", form={"a": "1 2"}, headers={"If-Match": "*"})
        search, patch = source.asked
        assert (search.method, search.json, search.query) == ("POST", {"query": "x"}, {"limit": "2"})
        assert (patch.method, patch.path, patch.form) == ("PATCH", "/contacts", {"a": "1 2"})
        assert patch.headers["if-match"] == "*"

    def test_a_packed_answer(self, source: Source, connect: Connect) -> None:
        body = b'{"a": "' + b"x" * 200_000 + b'"}'
        halves = gzip.compress(body[:1000]) + gzip.compress(body[1000:])
        api = connect(source.url)
        for packed, how in ((halves, "gzip"), (zlib.compress(body), "deflate")):
            source.script = [Says(body=packed, headers={"content-encoding": how})]
            assert api.get("/x").body == body

    def test_a_query_may_hold_an_address(self, source: Source, connect: Connect) -> None:
        source.says(Says(data={}))
        connect(source.url).get("/hooks?at=https://elsewhere.example/")
        assert source.asked[0].query == {"at": "https://elsewhere.example/"}

    def test_statuses_that_are_answers(self, source: Source, connect: Connect) -> None:
        source.says(Says(404))
        assert connect(source.url).request("GET", "/contacts/1", accept=(404,)).status == 404

    def test_through_a_proxy_that_is_given(self, source: Source, connect: Connect) -> None:
        source.says(Says(data={"a": 1}))
        assert connect("http://127.0.0.1:1", proxy=source.url).get("/x").get("a") == 1
        assert source.asked[0].headers["host"] == "127.0.0.1:1"

    def test_and_not_through_one_of_the_environment(
        self, source: Source, connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patch:
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
                patch.setenv(name, "http://127.0.0.1:1")
            source.says(Says(data={"a": 1}))
            assert connect(source.url).get("/x").get("a") == 1

    def test_connections_open_again(self, source: Source, connect: Connect) -> None:
        source.says(Says(data={}))
        with connect(source.url) as api:
            api.get("/a")
        api.get("/b")
        assert len(source.asked) == 2


class TestTryingAgain:
    @pytest.mark.parametrize(
        "trouble",
        [
            Says(500),
            Says(502, body=b"<html>bad gateway</html>", headers={"content-type": "text/html"}),
            Says(503),
            Says(429),
            Says(reset=True),
            Says(data={"a": 1}, cut=3),
            Says(body=b'{"tickets": [{"id"'),
            Says(body=gzip.compress(b'{"tickets": []}')[:-9], headers={"content-encoding": "gzip"}),
            Says(body=b"no gzip at all", headers={"content-encoding": "gzip"}),
        ],
        ids=["500", "502", "503", "429", "reset", "cut off", "half JSON", "half gzip", "no gzip"],
    )
    def test_what_passes(self, source: Source, connect: Connect, still: StillClock, trouble: Says) -> None:
        source.says(trouble, trouble, Says(data={"tickets": []}))
        assert connect(source.url, retries=UPPER).get("/tickets").rows("tickets") == []
        assert len(source.asked) == 3
        assert still.slept == [0.5, 1.0]

    @pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 410, 413, 422])
    def test_what_does_not(self, source: Source, connect: Connect, still: StillClock, status: int) -> None:
        source.says(Says(status, {"message": "Ada said no"}, headers={"X-Request-Id": "req-1"}))
        with pytest.raises(RequestError) as caught:
            connect(source.url).get("/contacts/4711/notes", email="ada@example.org")
        assert type(caught.value) is RequestError
        assert (caught.value.status, caught.value.request_id, len(source.asked)) == (status, "req-1", 1)
        assert caught.value.message == f"GET 127.0.0.1/contacts/*/notes was answered with {status}"
        assert still.slept == []

    def test_not_for_ever(self, source: Source, connect: Connect, still: StillClock) -> None:
        source.says(Says(503, headers={"request-id": "r"}))
        with pytest.raises(UnreachableError) as caught:
            connect(source.url, retries=UPPER).get("/tickets")
        assert (caught.value.status, caught.value.request_id, len(source.asked)) == (503, "r", 6)
        assert still.slept == [0.5, 1, 2, 4, 8]

    def test_a_source_that_is_not_there(self, connect: Connect, sources: Callable[[], Source]) -> None:
        gone = Source()
        gone.close()
        with pytest.raises(UnreachableError, match="got no connection, the last of 6 tries") as caught:
            connect(gone.url).post("/x")
        assert caught.value.status is None
        assert caught.value.__context__ is None

    def test_a_source_that_stays_silent(self, source: Source, connect: Connect) -> None:
        free = Event()
        source.answer = lambda _asked: Says(data={}) if free.wait(10) else Says()
        limits = Limits(read=timedelta(seconds=0.02))
        with pytest.raises(UnreachableError, match="got no answer in time, the last of 2 tries"):
            connect(source.url, limits=limits, retries=Retries(tries=2)).get("/x")
        free.set()

    @pytest.mark.parametrize("trouble", [Says(503), Says(reset=True), Says(data={"a": 1}, cut=3)])
    def test_what_writes_is_not_sent_twice(self, source: Source, connect: Connect, trouble: Says) -> None:
        source.says(trouble, Says(data={}))
        with pytest.raises(UnreachableError, match="look whether the source acted on it"):
            connect(source.url).post("/contacts", {"name": "x"})
        assert len(source.asked) == 1

    @pytest.mark.parametrize(
        ("method", "times"), [("GET", 2), ("HEAD", 2), ("PUT", 2), ("delete", 2), ("POST", 1), ("PATCH", 1)]
    )
    def test_the_method_says_so_where_the_author_does_not(
        self, source: Source, connect: Connect, method: str, times: int
    ) -> None:
        source.says(Says(503))
        with pytest.raises(UnreachableError):
            connect(source.url, retries=Retries(tries=2)).request(method, "/contacts/1")
        assert len(source.asked) == times

    def test_but_a_search_is(self, source: Source, connect: Connect) -> None:
        source.says(Says(503), Says(reset=True), Says(data={}))
        connect(source.url).post("/search", {}, reads_only=True)
        assert len(source.asked) == 3

    def test_and_so_is_what_was_refused_unread(self, source: Source, connect: Connect) -> None:
        source.says(Says(429), Says(data={}))
        connect(source.url).post("/contacts", {"name": "x"})
        assert len(source.asked) == 2


class TestWaiting:
    def test_it_is_told_and_logged(
        self, source: Source, connect: Connect, still: StillClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        source.says(Says(429, headers={"Retry-After": "190"}), Says(503, headers={"Retry-After": "5"}), Says(data={}))
        told: list[Waiting] = []
        with caplog.at_level(logging.INFO, logger="crmcx"):
            connect(source.url, name="hubspot", listener=told.append).get("/x")
        assert still.slept == [190, 5]
        assert told == [
            Waiting(name="hubspot", reason="throttled", until=BEGIN + timedelta(seconds=190)),
            Waiting(name="hubspot", reason="in trouble", until=BEGIN + timedelta(seconds=195)),
        ]
        assert caplog.messages == [
            "throttled by hubspot until 12:03:10 UTC",
            "waiting for hubspot until 12:03:15 UTC",
        ]

    def test_a_budget_paces_and_says_so(self, source: Source, connect: Connect, still: StillClock) -> None:
        source.says(Says(data={}))
        told: list[Waiting] = []
        api = connect(source.url, budget=Budget(Rate(2, per=timedelta(seconds=10))), listener=told.append)
        for _ in range(5):
            api.get("/x")
        assert still.slept == [10, 10]
        assert [each.reason for each in told] == ["paced", "paced"]

    def test_one_budget_for_two_clients(self, source: Source, connect: Connect, still: StillClock) -> None:
        source.says(Says(data={}))
        budget = Budget(Rate(2, per=timedelta(seconds=10)))
        first, second = (connect(source.url, budget=budget) for _ in range(2))
        first.get("/x"), second.get("/x"), first.get("/x")
        assert still.slept == [10]

    def test_longer_than_patience(self, source: Source, connect: Connect, still: StillClock) -> None:
        source.says(Says(429, headers={"Retry-After": "3600", "x-request-id": "r"}))
        with pytest.raises(ThrottledError, match=r"until 2026-03-01 13:00:00 UTC") as caught:
            connect(source.url).get("/x")
        assert caught.value.until == BEGIN + timedelta(hours=1)
        assert (caught.value.status, caught.value.request_id) == (429, "r")
        assert still.slept == []

    def test_longer_than_time_itself(self, source: Source, connect: Connect) -> None:
        source.says(Says(429, headers={"Retry-After": "9" * 30}))
        with pytest.raises(ThrottledError) as caught:
            connect(source.url).get("/x")
        assert caught.value.until is None

    def test_a_quota_that_is_used_up(self, source: Source, connect: Connect) -> None:
        source.says(Says(403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "Ada"}]))
        with pytest.raises(ThrottledError) as caught:
            connect(source.url, dialect=DIALECTS["salesforce"]).get("/x")
        assert (caught.value.until, caught.value.status, len(source.asked)) == (None, 403, 1)

    def test_another_403_is_no_quota(self, source: Source, connect: Connect) -> None:
        source.says(Says(403, [{"errorCode": "INSUFFICIENT_ACCESS"}]))
        with pytest.raises(RequestError) as caught:
            connect(source.url, dialect=DIALECTS["salesforce"]).get("/x")
        assert type(caught.value) is RequestError

    def test_all_of_the_connection_waits_and_slows_down(
        self, source: Source, connect: Connect, still: StillClock
    ) -> None:
        """While one request waits, another one is sent by the same client: not before the source wants it."""
        source.says(Says(429, headers={"Retry-After": "30"}), Says(data={}))
        sent_at: list[float] = []

        def meanwhile(waiting: Waiting) -> None:
            if waiting.reason == "throttled":
                api.get("/other")
                sent_at.append(still.passed)

        api = connect(source.url, listener=meanwhile, budget=Budget(Rate(100, per=timedelta(minutes=1))))
        api.get("/x")
        assert sent_at == [30]
        assert api.budget.share == 0.5

    def test_what_is_throttled_too_often(self, source: Source, connect: Connect, still: StillClock) -> None:
        source.says(Says(429, headers={"Retry-After": "0"}))
        with pytest.raises(ThrottledError):
            connect(source.url).get("/x")
        assert len(source.asked) == 6


class TestHosts:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_to_another_host_is_refused(
        self, source: Source, sources: Callable[[], Source], connect: Connect, status: int
    ) -> None:
        elsewhere = sources()
        elsewhere.says(Says(data={}))
        source.says(Says(status, headers={"Location": f"{elsewhere.url}/steal?x=1"}))
        with pytest.raises(ForeignHostError, match="by another host, scheme or port") as caught:
            connect(source.url, auth=Bearer("hush-hush")).get("/x")
        assert elsewhere.asked == []
        assert "hush" not in str(caught.value)

    def test_so_is_a_link(self, source: Source, connect: Connect) -> None:
        api = connect(source.url)
        port = source.server.server_port
        for link in (
            f"http://localhost:{port}/x",
            "http://127.0.0.1:1/x",
            f"https://127.0.0.1:{port}/x",
            f"http://127.0.0.1:{port}@elsewhere.example/x",
            f"http://user@127.0.0.1:{port}/x",
            "https://elsewhere.example/x",
        ):
            with pytest.raises(ForeignHostError):
                api.get(link)
        assert source.asked == []

    def test_a_further_host_by_its_name(self, connect: Connect, source: Source) -> None:
        api = connect(source.url, hosts=["files.example"])
        with pytest.raises(ForeignHostError, match=r"than http://127\.0\.0\.1:\d+, https://files\.example;"):
            api.get("http://files.example/x")

    def test_what_is_no_address(self, source: Source, connect: Connect) -> None:
        with pytest.raises(UsageError):
            connect(source.url).get("http://[::1/x")

    def test_a_host_that_is_configured(self, source: Source, sources: Callable[[], Source], connect: Connect) -> None:
        files = sources()
        files.says(Says(data={"a": 1}))
        source.says(Says(302, headers={"Location": f"{files.url}/file"}))
        api = connect(source.url, auth=Bearer("hush"), hosts=[files.url])
        assert api.get("/x").get("a") == 1
        assert files.asked[0].headers["authorization"] == "Bearer hush"

    def test_redirects_within_the_host(self, source: Source, connect: Connect) -> None:
        source.says(Says(307, headers={"Location": "/new?a=1"}), Says(data={"a": 1}))
        assert connect(f"{source.url}/api").get("/old", b=2).get("a") == 1
        assert [(asked.path, asked.query) for asked in source.asked] == [("/api/old", {"b": "2"}), ("/new", {"a": "1"})]

    def test_they_end(self, source: Source, connect: Connect) -> None:
        source.says(Says(302, headers={"Location": "/round"}))
        with pytest.raises(SourceError, match="redirects more than 5 times"):
            connect(source.url).get("/round")
        assert len(source.asked) == 6

    def test_a_body_is_not_sent_on(self, source: Source, connect: Connect) -> None:
        source.says(
            Says(303, headers={"Location": "/done"}), Says(data={"a": 1}), Says(307, headers={"Location": "/y"})
        )
        api = connect(source.url)
        assert api.post("/x", {"b": 1}).get("a") == 1
        assert (source.asked[1].method, source.asked[1].body) == ("GET", b"")
        with pytest.raises(RequestError, match="answered with 307"):
            api.post("/x", {"b": 1})

    @pytest.mark.parametrize(
        "base", ["http://shop.example", "ftp://shop.example", "shop.example", "https://", "https://me:pw@shop.example"]
    )
    def test_a_base_that_is_not_safe(self, connect: Connect, base: str) -> None:
        with pytest.raises(UsageError) as caught:
            connect(base).get("/x")
        assert "pw" not in str(caught.value)

    def test_certificates_are_verified(self) -> None:
        import ssl

        from crmcx.connectors._wire import Wire

        wire = Wire(Limits(), Clock(), None)
        context = wire._transport._pool._ssl_context
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
        wire.close()


class TestLimits:
    def test_a_body_that_does_not_end(self, source: Source, connect: Connect) -> None:
        source.says(Says(body=b"x" * 4096, endless=True))
        with pytest.raises(OversizeError, match="larger than 100,000 bytes"):
            connect(source.url, limits=Limits(body=100_000)).get("/x")
        assert len(source.asked) == 1

    def test_a_body_that_blows_up(self, source: Source, connect: Connect) -> None:
        packed = gzip.compress(b"\0" * 50_000_000)
        assert len(packed) < 60_000
        source.says(Says(body=packed, headers={"content-encoding": "gzip"}))
        with pytest.raises(OversizeError, match="larger than 1,000,000 bytes"):
            connect(source.url, limits=Limits(body=1_000_000)).get("/x")

    def test_it_is_unpacked_in_small_steps(self) -> None:
        from crmcx.connectors._wire import _inflated

        pieces = [len(piece) for piece in _inflated(iter([gzip.compress(b"\0" * 10_000_000)]))]
        assert sum(pieces) == 10_000_000
        assert max(pieces) <= 1 << 16

    def test_nothing_packed_without_end(self, source: Source, connect: Connect) -> None:
        source.says(Says(body=gzip.compress(b""), headers={"content-encoding": "gzip"}, endless=True))
        with pytest.raises(OversizeError):
            connect(source.url, limits=Limits(body=100_000)).get("/x")

    def test_a_body_that_drips(self, source: Source, connect: Connect, still: StillClock) -> None:
        def minute_by_minute() -> float:
            still.passed += 60
            return still.passed

        source.says(Says(body=b"x" * 100, endless=True))
        clock = Clock(now=still.now, monotonic=minute_by_minute, sleep=still.sleep)
        with pytest.raises(UnreachableError, match="got no whole answer in time, the last of 2 tries"):
            connect(source.url, clock=clock, retries=Retries(tries=2)).get("/x")

    def test_a_packing_that_was_not_asked_for(self, source: Source, connect: Connect) -> None:
        source.says(Says(body=b"x", headers={"content-encoding": "br"}))
        with pytest.raises(SourceError, match="packed in a way that was not asked for"):
            connect(source.url).get("/x")
        assert source.asked[0].headers["accept-encoding"] == "gzip, deflate"


class TestDownloads:
    def test_a_file_comes_whole_and_goes(self, source: Source, connect: Connect) -> None:
        content = b"id,name\n" + b"1,x\n" * 200_000
        source.says(
            Says(503, body=b"what is this"),
            Says(body=content, cut=500_000),
            Says(body=gzip.compress(content), headers={"content-encoding": "gzip", "content-type": "text/csv"}),
        )
        with connect(source.url).download("/export", part=1) as path:
            assert path.read_bytes() == content
        assert not path.exists()
        assert len(source.asked) == 3

    def test_nothing_is_left_of_a_try_that_broke(self, source: Source, connect: Connect) -> None:
        source.says(Says(body=b"a" * 1000, cut=900), Says(body=b"b"))
        with connect(source.url).download("/export") as path:
            assert path.read_bytes() == b"b"

    def test_an_error_is_no_file(self, source: Source, connect: Connect) -> None:
        source.says(Says(404, {"message": "gone"}))
        with pytest.raises(RequestError), connect(source.url).download("/export"):
            raise AssertionError

    def test_its_limit_is_another(self, source: Source, connect: Connect) -> None:
        api = connect(source.url, limits=Limits(body=10, download=1000))
        source.says(Says(body=b"x" * 1000), Says(body=b"x" * 1001))
        with api.download("/export") as path:
            assert path.stat().st_size == 1000
        with pytest.raises(OversizeError), api.download("/export"):
            raise AssertionError


SECRET = "s3cr3t-Wort"  # noqa: S105 - of this test


def every_way(url: str) -> list[Any]:
    token = f"{url}/token"
    return [
        Bearer(SECRET),
        HeaderKey("X-Api-Key", SecretStr(SECRET)),
        Basic(SECRET, SECRET),
        ClientCredentials(token, "app", SECRET),
        ClientCredentials(token, "app", SECRET, secret_in_header=True),
        RefreshToken(token, "app", SECRET, SECRET),
    ]


class TestSecrets:
    @pytest.mark.parametrize("way", range(6))
    @pytest.mark.parametrize("trouble", ["401", "404", "429", "500", "reset", "token", "foreign", "big", "no JSON"])
    def test_nothing_secret_comes_out(
        self, source: Source, connect: Connect, caplog: pytest.LogCaptureFixture, way: int, trouble: str
    ) -> None:
        auth = every_way(source.url)[way]
        answers = {
            "401": Says(401, {"echo": SECRET}, headers={"X-Request-Id": f"<{SECRET}>"}),
            "404": Says(404, {"echo": SECRET}),
            "429": Says(429, {"echo": SECRET}, headers={"Retry-After": SECRET}),
            "500": Says(500, {"echo": SECRET}),
            "reset": Says(reset=True),
            "foreign": Says(302, headers={"Location": f"https://elsewhere.example/?token={SECRET}"}),
            "big": Says(data={"echo": SECRET * 10_000}),
            "no JSON": Says(body=SECRET.encode()),
        }

        def answer(asked: Any) -> Says:
            if asked.path == "/token":
                status = 400 if trouble == "token" else 200
                return Says(status, {"access_token": f"access-{SECRET}", "echo": SECRET, "refresh_token": SECRET})
            return answers.get(trouble, Says(data={}))

        source.answer = answer
        told: list[Waiting] = []
        api = connect(source.url, auth=auth, limits=Limits(body=50_000), listener=told.append)
        said = [repr(api), repr(auth), str(auth), repr(api.budget)]
        with caplog.at_level(logging.DEBUG):
            try:
                api.get("/contacts", key=SECRET)
            except CrmcxError as error:
                said += [str(error), repr(error), repr(error.data), *traceback.format_exception(error)]
                said.append(repr(error.__context__))
            else:
                assert trouble == "token"
                assert way < 3
        said += [*caplog.messages, *(repr(record.args) for record in caplog.records), repr(told)]
        assert not [each for each in said if SECRET in each]

    @pytest.mark.parametrize("secret", ["two\nlines", " h4sh", "h4sh ", "", "sch\u00f6n"])
    def test_a_secret_that_no_header_can_hold(self, secret: str) -> None:
        for make in (Bearer, lambda key: HeaderKey("X-Key", key)):
            with pytest.raises(UsageError) as caught:
                make(secret)
            assert not secret or secret not in str(caught.value)


class TestOthersLog:
    def test_what_others_do_with_the_same_library_is_logged_as_ever(
        self, source: Source, connect: Connect, caplog: pytest.LogCaptureFixture
    ) -> None:
        import httpx

        source.says(Says(data={}))
        with caplog.at_level(logging.DEBUG, logger="httpcore"):
            connect(source.url).get("/ours")
            assert caplog.messages == []
            with httpx.Client(trust_env=False) as other:
                other.get(f"{source.url}/theirs")
        assert any(message.startswith("receive_response_headers") for message in caplog.messages)


class TestInAConnector:
    def test_one_client_for_all_streams(self, source: Source, still: StillClock) -> None:
        account = mapping(Account, id="id", name="name")
        opened: list[Api] = []

        class Shop(Connector):
            name = "shop"

            def open(self) -> Api:
                opened.append(Api(source.url, clock=still.clock, budget=Budget(Rate(1, per=timedelta(seconds=7)))))
                return opened[-1]

            @stream(account)
            def firms(self, api: Api, cursor: Cursor) -> Any:
                yield Page(api.get("/firms", since=cursor.watermark).rows("firms"))

            @stream(account)
            def shops(self, api: Api, _cursor: Cursor) -> Any:
                yield Page(api.get("/shops").rows("firms"))

        source.says(Says(data={"firms": [{"id": 1, "name": "x"}]}))
        shop = Shop()
        pages = [page for each in shop.streams() for page in each.read(Cursor())]
        assert len(pages) == 2
        assert len(opened) == 1
        assert still.slept == [7]
        shop.close()
        shop.close()
        assert opened[0]._sender._opened is None

    @pytest.mark.parametrize("status", [200, 404])
    def test_a_run_closes_it_whatever_becomes_of_it(self, source: Source, still: StillClock, status: int) -> None:
        opened: list[Api] = []

        class Shop(Connector):
            name = "shop"

            def open(self) -> Api:
                opened.append(Api(source.url, clock=still.clock))
                return opened[-1]

            @stream(mapping(Account, id="id", name="name"))
            def firms(self, api: Api, cursor: Cursor) -> Any:
                for reply, token in paging.by_offset(lambda at: api.get("/firms", at=at), rows=(), start=cursor.token):
                    yield Page(reply.rows(), next=Cursor(token=token), body=reply.body)

        source.answer = lambda asked: Says(
            200 if asked.query["at"] == "0" else status, [{"id": 1, "name": "x"}] if asked.query["at"] == "0" else []
        )
        with crmcx.Workspace(":memory:") as ws:
            ws.connect(Shop(), name="shop")
            if status == 200:
                assert ws.sync().counts.stored == 1
            else:
                with pytest.raises(RequestError):
                    ws.sync()
        assert len(opened) == 1
        assert opened[0]._sender._opened is None

    def test_httpx_comes_with_the_first_request(self, tmp_path: Path) -> None:
        import subprocess
        import sys

        code = (
            "import sys; from crmcx.connectors import Api; Api('https://shop.example'); print('httpx' in sys.modules)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
        assert done.stdout.strip() == "False"


def test_a_refused_sign_in_says_so(source: Source, connect: Connect) -> None:
    source.says(Says(401, headers={"x-request-id": "r"}))
    with pytest.raises(SignInError, match="shop refused the credentials") as caught:
        connect(source.url, auth=Bearer("x")).get("/x")
    assert (caught.value.status, caught.value.request_id, len(source.asked)) == (401, "r", 1)
