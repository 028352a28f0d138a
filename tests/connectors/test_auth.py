"""Signing in: what is sent, and that a token is fetched at its end, once after a refusal, and by one thread for all."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from pydantic import SecretStr
from tests.loopback import Asked, Says, Source, StillClock

from crmcx.connectors import Api, Auth, Basic, Bearer, ClientCredentials, HeaderKey, RefreshToken, Retries
from crmcx.errors import SignInError, UnreachableError, UsageError

Connect = Callable[..., Api]


class TokenSource:
    """Hands out numbered tokens, and takes only those that it has not withdrawn."""

    def __init__(self, source: Source, **more: Any) -> None:
        self.source, self.more = source, more
        self.handed_out = 0
        self.withdrawn: set[str] = set()
        self.forms: list[Asked] = []
        source.answer = self.answer

    def answer(self, asked: Asked) -> Says:
        if asked.path == "/token":
            with self.source.lock:
                self.forms.append(asked)
                self.handed_out += 1
                return Says(data={"access_token": f"t{self.handed_out}", **self.more})
        if asked.headers.get("authorization", "").removeprefix("Bearer ") in {"", *self.withdrawn}:
            return Says(401)
        return Says(data={"by": asked.headers["authorization"]})


def app(source: Source, **options: Any) -> ClientCredentials:
    return ClientCredentials(f"{source.url}/token", "my-app", "hush", **options)


class TestHeaders:
    @pytest.mark.parametrize(
        ("auth", "header", "value"),
        [
            (Bearer("k"), "authorization", "Bearer k"),
            (Bearer(SecretStr("k")), "authorization", "Bearer k"),
            (HeaderKey("X-API-TOKEN", "k"), "x-api-token", "k"),
            (HeaderKey("Authorization", "k", scheme="Klaviyo-API-Key"), "authorization", "Klaviyo-API-Key k"),
            (Basic("me/token", "k"), "authorization", "Basic " + b64encode(b"me/token:k").decode()),
            (Basic("k"), "authorization", "Basic " + b64encode(b"k:").decode()),
        ],
    )
    def test_what_is_sent(self, source: Source, connect: Connect, auth: Auth, header: str, value: str) -> None:
        source.says(Says(data={}))
        connect(source.url, auth=auth).get("/x")
        assert source.asked[0].headers[header] == value

    def test_nothing_without(self, source: Source, connect: Connect) -> None:
        source.says(Says(data={}))
        connect(source.url).get("/x")
        assert "authorization" not in source.asked[0].headers

    def test_a_base_has_no_way(self) -> None:
        with pytest.raises(NotImplementedError):
            Auth().headers(None)  # type: ignore[arg-type]


class TestTokens:
    def test_one_is_fetched_and_used(self, source: Source, connect: Connect) -> None:
        tokens = TokenSource(source, expires_in=3600)
        api = connect(source.url, auth=app(source, scope="read"))
        assert [api.get("/x").get("by") for _ in range(3)] == ["Bearer t1"] * 3
        (asked,) = tokens.forms
        assert asked.form == {
            "grant_type": "client_credentials",
            "scope": "read",
            "client_id": "my-app",
            "client_secret": "hush",
        }
        assert "authorization" not in asked.headers

    def test_the_secret_in_a_header(self, source: Source, connect: Connect) -> None:
        tokens = TokenSource(source)
        connect(source.url, auth=app(source, secret_in_header=True)).get("/x")
        assert tokens.forms[0].form == {"grant_type": "client_credentials"}
        assert tokens.forms[0].headers["authorization"] == "Basic " + b64encode(b"my-app:hush").decode()

    @pytest.mark.parametrize("seconds", [3600, "3600", 3600.0])
    def test_before_it_expires(self, source: Source, connect: Connect, still: StillClock, seconds: object) -> None:
        tokens = TokenSource(source, expires_in=seconds)
        api = connect(source.url, auth=app(source))
        seen = []
        for still.passed in (0.0, 3539.0, 3540.0, 7079.0, 7080.0):
            seen.append(api.get("/x").get("by"))
        assert seen == ["Bearer t1", "Bearer t1", "Bearer t2", "Bearer t2", "Bearer t3"]
        assert tokens.handed_out == 3

    def test_a_short_life_is_used_by_half(self, source: Source, connect: Connect, still: StillClock) -> None:
        TokenSource(source, expires_in=10)
        api = connect(source.url, auth=app(source))
        seen = []
        for still.passed in (0.0, 4.0, 5.0):
            seen.append(api.get("/x").get("by"))
        assert seen == ["Bearer t1", "Bearer t1", "Bearer t2"]

    @pytest.mark.parametrize("seconds", [None, "soon", 1e300, 0, -1])
    def test_without_an_end_a_refusal_tells(
        self, source: Source, connect: Connect, still: StillClock, seconds: object
    ) -> None:
        tokens = TokenSource(source, expires_in=seconds)
        api = connect(source.url, auth=app(source))
        api.get("/x")
        still.passed = 1e6
        assert api.get("/x").get("by") == "Bearer t1"
        tokens.withdrawn = {"t1"}
        assert api.get("/x").get("by") == "Bearer t2"
        assert tokens.handed_out == 2

    def test_a_refusal_is_answered_once(self, source: Source, connect: Connect) -> None:
        tokens = TokenSource(source)
        tokens.withdrawn = {"t1", "t2", "t3"}
        with pytest.raises(SignInError) as caught:
            connect(source.url, auth=app(source)).get("/x")
        assert (caught.value.status, tokens.handed_out, len(source.asked)) == (401, 2, 4)

    def test_many_threads_fetch_one_token(self, source: Source, connect: Connect) -> None:
        tokens = TokenSource(source)
        api = connect(source.url, auth=app(source))
        assert self.crowd(api, 6) == ["Bearer t1"] * 6
        assert tokens.handed_out == 1

    def test_many_refusals_fetch_one_token(self, source: Source, connect: Connect) -> None:
        tokens = TokenSource(source)
        api = connect(source.url, auth=app(source))
        api.get("/x")
        tokens.withdrawn = {"t1"}
        all_refused, answer = Barrier(6, timeout=10), tokens.answer

        def together(asked: Asked) -> Says:
            says = answer(asked)
            if says.status == 401:
                all_refused.wait()
            return says

        source.answer = together
        assert self.crowd(api, 6) == ["Bearer t2"] * 6
        assert tokens.handed_out == 2

    @staticmethod
    def crowd(api: Api, size: int) -> list[str]:
        seen: list[str] = []
        threads = [Thread(target=lambda: seen.append(api.get("/x").get("by"))) for _ in range(size)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return seen


class TestRefreshTokens:
    def test_they_may_rotate(self, source: Source, connect: Connect) -> None:
        tokens = TokenSource(source, refresh_token="second")  # noqa: S106 - of this test
        kept: list[SecretStr] = []
        auth = RefreshToken(f"{source.url}/token", "my-app", "hush", "first", rotated=kept.append)
        api = connect(source.url, auth=auth)
        api.get("/x")
        tokens.withdrawn = {"t1"}
        api.get("/x")
        assert [asked.form["refresh_token"] for asked in tokens.forms] == ["first", "second"]
        assert tokens.forms[0].form["grant_type"] == "refresh_token"
        assert kept == [SecretStr("second")]

    def test_or_stay(self, source: Source, connect: Connect) -> None:
        TokenSource(source)
        auth = RefreshToken(f"{source.url}/token", "my-app", "hush", "first")
        connect(source.url, auth=auth).get("/x")
        assert auth.refresh_token == SecretStr("first")


class TestRefusedCredentials:
    @pytest.mark.parametrize("status", [400, 401, 403])
    def test_they_are_not_tried_again(self, source: Source, connect: Connect, status: int) -> None:
        source.says(Says(status, {"error": "invalid_client"}))
        api = connect(source.url, auth=app(source))
        for _ in range(3):
            with pytest.raises(SignInError) as caught:
                api.get("/x")
            assert caught.value.status == status
        assert [asked.path for asked in source.asked] == ["/token"]

    @pytest.mark.parametrize("data", [{}, {"access_token": None}, {"access_token": ""}, {"access_token": "a\nb"}, []])
    def test_an_answer_without_a_token(self, source: Source, connect: Connect, data: object) -> None:
        source.says(Says(data=data))
        with pytest.raises(SignInError, match="without an access token"):
            connect(source.url, auth=app(source)).get("/x")

    def test_trouble_is_waited_for(self, source: Source, connect: Connect) -> None:
        source.says(Says(503), Says(429), Says(reset=True), Says(data={"access_token": "t"}), Says(data={"a": 1}))
        assert connect(source.url, auth=app(source)).get("/x").get("a") == 1

    def test_and_is_no_refusal(self, source: Source, connect: Connect) -> None:
        source.says(Says(503), Says(503), Says(data={"access_token": "t"}), Says(data={"a": 1}))
        api = connect(source.url, auth=app(source), retries=Retries(tries=2))
        with pytest.raises(UnreachableError):
            api.get("/x")
        assert api.get("/x").get("a") == 1

    def test_where_tokens_come_from_is_the_only_one_to_see_the_secret(
        self, source: Source, sources: Callable[[], Source], connect: Connect
    ) -> None:
        login = sources()
        login.says(Says(data={"access_token": "t"}))
        source.says(Says(data={}))
        auth = ClientCredentials(f"{login.url}/token", "my-app", "hush")
        connect(source.url, auth=auth).get("/x")
        assert len(login.asked) == 1
        assert b"hush" not in source.asked[0].body
        assert "hush" not in str(source.asked[0].headers)

    def test_it_must_be_safe(self, source: Source, connect: Connect) -> None:
        with pytest.raises(UsageError):
            connect(source.url, auth=ClientCredentials("http://login.example/token", "my-app", "hush")).get("/x")
