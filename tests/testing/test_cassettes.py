"""Cassettes hold nothing secret and nobody's words, and play as what was recorded."""

from __future__ import annotations

import json
import string
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.testing.helpdesk import SETTINGS, TOKEN, Helpdesk, HelpdeskInSmall

from crmcx.connectors import (
    Api,
    Bearer,
    ClientCredentials,
    Connector,
    Cursor,
    Page,
    RefreshToken,
    constant,
    contact,
    mapping,
    paging,
    part,
    stream,
)
from crmcx.connectors.clock import held
from crmcx.errors import UsageError
from crmcx.models import Customer, Identifier, Pipeline, PipelineStage
from crmcx.store import Store
from crmcx.sync import Run, RunReport, sync
from crmcx.testing import Asked, Says, StillClock, cassettes
from crmcx.testing.loopback import Loopback
from crmcx.testing.trial import Subject, Trial

some = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


class People(Connector):
    """Two streams, of which one reads a name that stays, and the other has one that does not."""

    name = "people"

    def __init__(self, url: str, auth: Any = None) -> None:
        super().__init__()
        self.url = url
        self.auth = auth or Bearer(TOKEN)

    def open(self) -> Api:
        return Api(self.url, auth=self.auth)

    @stream(
        mapping(
            Customer,
            id="id",
            parts=(
                contact("email", "email"),
                part(Identifier, each="numbers", namespace=constant("card"), value="number"),
            ),
        )
    )
    def people(self, api: Api, cursor: Cursor) -> Any:
        for reply, token in paging.by_url(api, "/people", {"limit": 2}, following="next", start=cursor.token):
            yield Page(reply.rows("people"), next=token)

    @stream(
        mapping(
            Pipeline,
            id="id",
            code="id",
            name="name",
            parts=(part(PipelineStage, each="stages", stage="id", name="name"),),
        )
    )
    def pipelines(self, api: Api, _cursor: Cursor) -> Any:
        yield Page(api.get("/pipelines").rows("pipelines"))


PIPELINE = {"id": "p1", "name": "Mortgages", "stages": [{"id": "s1", "name": "Offer made"}]}


def source(people: list[dict[str, Any]], *, token: str = TOKEN) -> Loopback:
    def answer(asked: Asked) -> Says:
        if asked.path == "/token":
            return Says(data={"access_token": token, "refresh_token": f"{token}-next", "expires_in": 3600})
        if asked.headers.get("authorization") != f"Bearer {token}":
            return Says(401)
        if asked.path == "/pipelines":
            return Says(data={"pipelines": [PIPELINE], "asked_by": "Grace Hopper"})
        first = int(asked.query.get("from", "0"))
        link = f"/people?from={first + 2}&limit=2&as=grace@example.org"
        following = link if first + 2 < len(people) else None
        headers = {"set-cookie": f"session={token}", "x-who": "Grace", "x-ratelimit-left": "9"}
        return Says(data={"people": people[first : first + 2], "next": following}, headers=headers)

    return Loopback(answer)


def run(connector: Connector) -> RunReport:
    with Store(":memory:") as store:
        return sync(Run(store=store, source="crm", connector=connector))


def counts(report: RunReport) -> list[tuple[int, int, int]]:
    return [(each.counts.read, each.counts.stored, each.counts.quarantined) for each in report.streams]


def recorded(tape: Path, people: list[dict[str, Any]], auth: Callable[[str], Any] | None = None) -> tuple[str, Any]:
    with source(people) as loopback:
        connector = People(loopback.url, auth and auth(loopback.url))
        with cassettes.recording(tape, connector):
            report = run(connector)
        return loopback.url, report


def strings(data: Any) -> list[str]:
    """All texts and numbers of a cassette, names included."""
    if isinstance(data, dict):
        return [*data, *(each for value in data.values() for each in strings(value))]
    if isinstance(data, list):
        return [each for value in data for each in strings(value)]
    return [str(data)]


def on(tape: Path) -> str:
    """A cassette as it stands, and as it reads."""
    text = tape.read_text(encoding="utf-8")
    return "\n".join([text, *(each for line in text.splitlines() for each in strings(json.loads(line)))])


words = st.text(string.ascii_letters + "åéñ中文Ж '-", min_size=3, max_size=12).map(
    lambda text: f"Qx{text.strip()}zQ"  # no word that a cassette has of itself
)
emails = st.builds(lambda who: f"qx{who}@mail.example", st.text(string.ascii_lowercase, min_size=3, max_size=8))
phones = st.builds(lambda digits: f"+49 {digits}", st.integers(10**9, 10**10 - 1))
days = st.dates(max_value=date(2020, 1, 1)).filter(lambda day: day.year != 1902).map(str)  # not of today
long_numbers = st.integers(10**8, 10**12)
planted = st.fixed_dictionaries(
    {
        "name": words,
        "email": emails,
        "phone": phones,
        "born": days,
        "tax_number": long_numbers,
        "numbers": st.lists(st.fixed_dictionaries({"number": long_numbers.map(str), "holder": words}), max_size=2),
        "friends": st.lists(st.fixed_dictionaries({"id": emails, "name": words}), max_size=2),
        "page": st.builds(lambda who: f"https://photos.example/{who.replace(' ', '_')}.png?u=1", words),
        "by_mail": st.dictionaries(emails, words, max_size=2),
        "notes": st.lists(words, max_size=2),
        "password": words,
    }
)


def told_by(value: Any, name: str = "") -> list[str]:
    """What of a record must not be on a cassette."""
    if isinstance(value, dict):
        keys = [key for key in value if "@" in key]
        return keys + [each for key, inner in value.items() for each in told_by(inner, key)]
    if isinstance(value, list):
        return [each for inner in value for each in told_by(inner, name)]
    if name == "page":
        return [str(value).split("/")[3].split(".")[0]]
    return [str(value)]


@given(st.lists(planted, min_size=1, max_size=5))
@some
def test_nothing_that_was_planted_is_on_a_cassette_and_it_plays_alike(
    tmp_path_factory: pytest.TempPathFactory, people: list[dict[str, Any]]
) -> None:
    tape = tmp_path_factory.mktemp("tapes") / "people.cassette"
    said = [{"id": f"c{number}", **each} for number, each in enumerate(people)]

    url, report = recorded(tape, said)

    text = on(tape)
    for secret in [TOKEN, "Grace", "grace@", *(each for person in people for each in told_by(person))]:
        assert secret not in text
    for stays in ["c0", "p1", "Mortgages", "Offer made"]:
        assert stays in text
    with cassettes.replaying(tape):
        assert counts(run(People(url, Bearer("another-token")))) == counts(report)


def test_equal_values_stay_equal_and_kinds_stay(tmp_path: Path) -> None:
    tape = tmp_path / "people.cassette"
    person = {"id": "c1", "email": "ada@example.org", "also": "ada@example.org", "phone": "+44 20 7946 0000"}
    recorded(tape, [{**person, "born": "1815-12-10", "since": "2025-01-01T08:00:00.123+01:00", "no": 4711123}])

    (line,) = (json.loads(each) for each in tape.read_text().splitlines() if '"people": [' in each)
    (said,) = line["answer"]["people"]
    assert said["email"] == said["also"] != person["email"]
    assert said["email"].endswith("@redacted.invalid")
    assert said["phone"].startswith("+999")
    assert said["born"].startswith("1902-")
    assert len(said["born"]) == 10
    assert said["since"].endswith("T00:00:00+01:00")
    assert isinstance(said["no"], int)
    assert said["no"] > 999 * 10**12
    assert line["headers"].keys() == {"content-type", "date", "x-ratelimit-left"}


def test_two_recordings_have_nothing_in_common(tmp_path: Path) -> None:
    said = []
    for name in ("a", "b"):
        recorded(tmp_path / name, [{"id": "c1", "email": "ada@example.org"}])
        said.append(next(each for each in on(tmp_path / name).splitlines() if each.endswith("@redacted.invalid")))
    assert said[0] != said[1]


@pytest.mark.parametrize(
    "auth",
    [
        lambda url: ClientCredentials(f"{url}/token", "app", "hush-hush-hush"),
        lambda url: RefreshToken(f"{url}/token", "app", "hush-hush-hush", "refresh-me-now"),
    ],
)
def test_a_sign_in_is_recorded_without_its_secrets(auth: Callable[[str], Any], tmp_path: Path) -> None:
    tape = tmp_path / "people.cassette"
    url, report = recorded(tape, [{"id": "c1", "email": "ada@example.org"}], auth)

    text = on(tape)
    assert "/token" in text
    for secret in (TOKEN, "hush-hush-hush", "refresh-me-now"):
        assert secret not in text
    again = ClientCredentials if "client_credentials" in text else RefreshToken
    given_ = ("app", "other-secret", "other-refresh")[: 2 if again is ClientCredentials else 3]
    with cassettes.replaying(tape):
        assert counts(run(People(url, again(f"{url}/token", *given_)))) == counts(report)


def test_a_sync_that_waits_and_goes_on_plays_without_waiting(tmp_path: Path) -> None:
    tape = tmp_path / "desk.cassette"
    subject = Subject(connector=Helpdesk, settings=SETTINGS, server=HelpdeskInSmall)
    with Trial(subject) as trial:
        asked = iter(range(1000))

        def hostile(_asked: Asked, calm: Says) -> Says:
            return Says(429, headers={"retry-after": "50"}) if next(asked) % 3 == 1 else calm

        with held(trial.still.clock), cassettes.recording(tape, trial.connector):
            first, second = trial.sync(hostile), trial.sync()
        url = trial.platform.url
    with cassettes.replaying(tape) as still, Store(":memory:", clock=still.now) as store:
        connector = Helpdesk(url=url, token="not-the-token")  # noqa: S106 - of nobody
        for outcome in (first, second):
            assert outcome.report is not None
            played = sync(Run(store=store, source="crm", connector=connector))
            assert counts(played) == counts(outcome.report)
        assert sum(still.slept) >= 50


class TestWhatIsMissing:
    def test_a_request_that_is_not_on_it_is_named_with_what_is_left(self, tmp_path: Path) -> None:
        tape = tmp_path / "people.cassette"
        url, _ = recorded(tape, [{"id": f"c{n}", "email": "ada@example.org"} for n in range(3)])
        with cassettes.replaying(tape), Api(url) as api, pytest.raises(UsageError) as caught:
            api.get("/people/ada@example.org", since="2026-01-01")
        told = str(caught.value)
        assert "the cassette people.cassette holds no answer to GET 127.0.0.1/people/*" in told
        assert "left on it: GET /* (1), GET /people (1), GET /pipelines (1)" in told
        assert "ada@" not in told

    def test_one_that_was_played_already_is_told_apart(self, tmp_path: Path) -> None:
        tape = tmp_path / "people.cassette"
        url, _ = recorded(tape, [])
        with cassettes.replaying(tape), Api(url) as api:
            api.get("/pipelines")
            with pytest.raises(UsageError, match=r"holds no more answers to GET 127\.0\.0\.1/pipelines"):
                api.get("/pipelines")

    def test_no_cassette(self, tmp_path: Path) -> None:
        with (
            pytest.raises(UsageError, match=r"found no cassette none\.cassette; record it once"),
            cassettes.replaying(tmp_path / "none.cassette"),
        ):
            pass

    @pytest.mark.parametrize("text", ["", "{}\n", '{"cassette": 99}\n'])
    def test_no_cassette_of_this_version(self, text: str, tmp_path: Path) -> None:
        (tmp_path / "old.cassette").write_text(text)
        with (
            pytest.raises(UsageError, match="is no cassette of version 1"),
            cassettes.replaying(tmp_path / "old.cassette"),
        ):
            pass

    def test_a_recording_that_failed_leaves_nothing(self, tmp_path: Path) -> None:
        tape = tmp_path / "people.cassette"
        with pytest.raises(ZeroDivisionError), cassettes.recording(tape, People("https://example.org")):
            raise ZeroDivisionError
        assert not tape.exists()


class TestForms:
    def exchange(self, tape: Path, says: Says, ask: Callable[[Api], Any], **options: Any) -> tuple[Any, Any]:
        with Loopback(lambda _asked: says) as loopback:
            connector = People(loopback.url)
            with cassettes.recording(tape, connector, **options), Api(loopback.url) as api:
                first = ask(api)
        with cassettes.replaying(tape), Api(loopback.url) as api:
            return first, ask(api)

    def test_lines_of_json_and_tables_are_looked_through(self, tmp_path: Path) -> None:
        def ask(api: Api) -> bytes:
            with api.download("/export") as path:
                return path.read_bytes()

        lines = Says(body=b'{"id": "c1", "email": "ada@example.org"}\n{"id": "c2", "email": "b@example.org"}\n')
        first, again = self.exchange(tmp_path / "lines", lines, ask)
        assert b"ada@" in first
        assert b"ada@" not in again
        assert [json.loads(line)["id"] for line in again.splitlines()] == ["c1", "c2"]
        table = Says(body=b"id,email\r\nc1,ada@example.org\r\n", headers={"content-type": "text/csv"})
        _, again = self.exchange(tmp_path / "table", table, ask)
        assert again.startswith(b"id,email\r\nc1,")
        assert b"ada@" not in again

    def test_a_page_of_a_proxy_is_a_pseudonym(self, tmp_path: Path) -> None:
        page = Says(body=b"<p>Ada Lovelace</p>", headers={"content-type": "text/html"})
        _, again = self.exchange(tmp_path / "page", page, lambda api: api.get("/").body)
        assert b"Ada" not in again
        assert "Ada" not in on(tmp_path / "page")

    def test_what_is_no_text_is_refused(self, tmp_path: Path) -> None:
        packed = Says(body=b"PK\x03\x04\xff\xfe", headers={"content-type": "application/zip"})
        with pytest.raises(UsageError, match="cannot be looked through"):
            self.exchange(tmp_path / "zip", packed, lambda api: api.get("/").body)
        assert not (tmp_path / "zip").exists()

    def test_names_to_keep_and_names_to_ignore(self, tmp_path: Path) -> None:
        times = iter("12")

        def ask(api: Api) -> Any:
            return api.post("/export", {"until": next(times), "for": "Ada"}, reads_only=True, by="Ada").data

        says = Says(data={"job": {"state": "complete", "by": "Ada"}})
        _, again = self.exchange(tmp_path / "tape", says, ask, keep=["state"], ignore=["until"])
        assert again["job"]["state"] == "complete"
        assert again["job"]["by"] != "Ada"

    def test_links_in_headers_are_followed(self, tmp_path: Path) -> None:
        def answer(asked: Asked) -> Says:
            if "page" in asked.query:
                return Says(data=[{"id": "c2"}])
            return Says(data=[{"id": "c1"}], headers={"link": '</people?page=ada%40example.org>; rel="next"'})

        tape = tmp_path / "tape"
        with Loopback(answer) as loopback:
            connector = People(loopback.url)
            with cassettes.recording(tape, connector), Api(loopback.url) as api:
                assert len(list(paging.by_link(api, "/people"))) == 2
        assert "ada" not in on(tape)
        with cassettes.replaying(tape), Api(loopback.url) as api:
            assert [reply.rows()[0]["id"] for reply, _ in paging.by_link(api, "/people")] == ["c1", "c2"]

    def test_faults_are_played_too(self, tmp_path: Path) -> None:
        says = iter([Says(reset=True), Says(data={"a": 1})])
        tape = tmp_path / "tape"
        with held(StillClock().clock), Loopback(lambda _asked: next(says)) as loopback:
            connector = People(loopback.url)
            with cassettes.recording(tape, connector), Api(loopback.url) as api:
                api.get("/")
        assert '"fault": ' in tape.read_text()
        with cassettes.replaying(tape), Api(loopback.url) as api:
            assert api.get("/").data == {"a": 1}
