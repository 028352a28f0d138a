"""The formats of the files: encodings, delimiters, columns, the traps that a reader has to live with."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from crmcx.demo import TOUCHPOINTS, deals, departments, history, period, questionnaires, talks, web
from crmcx.models import Channel, Stage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crmcx.demo import Exports

    Read = Callable[[Path], list[dict[str, Any]]]

BOM = b"\xef\xbb\xbf"


def test_the_mortgages_department_writes_cp1252_with_semicolons_and_windows_lines(bank: Exports) -> None:
    for path, columns in (
        (bank.mortgages_customers, departments.MORTGAGES_COLUMNS),
        (bank.mortgages_stages, history.MORTGAGES_HISTORY.columns),
        (bank.mortgages_deals, deals.DEALS_COLUMNS),
    ):
        raw = path.read_bytes()
        assert not raw.startswith(BOM)
        with pytest.raises(UnicodeDecodeError):
            raw.decode("utf-8")
        lines = raw.decode("cp1252").split("\r\n")
        assert lines[0] == ";".join(columns)
        assert "\n" not in "".join(lines)


def test_the_deposits_department_begins_with_a_byte_order_mark(bank: Exports) -> None:
    for path, columns in (
        (bank.deposits_customers, departments.DEPOSITS_COLUMNS),
        (bank.deposits_stages, history.DEPOSITS_HISTORY.columns),
        (bank.deposits_deals, deals.DEALS_COLUMNS),
    ):
        raw = path.read_bytes()
        assert raw.startswith(BOM)
        assert raw.decode("utf-8-sig").split("\r\n")[0] == ";".join(columns)


def test_the_service_centre_and_the_branches_write_plain_csv(bank: Exports) -> None:
    for path, columns in (
        (bank.service_contacts, departments.SERVICE_COLUMNS),
        (bank.service_calls, talks.CALLS_COLUMNS),
        (bank.branch_visits, talks.VISITS_COLUMNS),
    ):
        raw = path.read_bytes()
        assert raw.split(b"\n")[0].decode() == ",".join(columns)
        assert b"\r" not in raw


def test_no_number_is_shared_by_two_systems(bank: Exports) -> None:
    ids = [ref.partition("/")[2] for ref in bank.truth.people]
    assert len(ids) == len(set(ids))
    digits = [name.partition("-")[2] for name in ids if "-" in name]
    assert len(digits) == pytest.approx(len(set(digits)), rel=0.002)


def test_departments_leave_cells_empty(bank: Exports, read: Read) -> None:
    rows = read(bank.mortgages_customers)
    assert any(";" in row["Anschrift"] for row in rows)
    assert {row["Sprache"] for row in rows} == {"Deutsch", "Englisch"}
    for path, columns in (
        (bank.mortgages_customers, ("E-Mail", "Telefon", "Geburtsjahr", "Nachname")),
        (bank.deposits_customers, ("Mail", "Tel", "Jahrgang", "Darlehen")),
        (bank.service_contacts, ("email", "phone", "birth_year", "loan_no", "account_no")),
    ):
        rows = read(path)
        for column in columns:
            assert 0 < sum(not row[column] for row in rows) < len(rows)


def test_deals_write_as_germans_do(bank: Exports, read: Read) -> None:
    for path, products in ((bank.mortgages_deals, {"mortgage"}), (bank.deposits_deals, {"account", "credit_card"})):
        rows = read(path)
        assert {row["Währung"] for row in rows} == {"EUR"}
        assert {row["Herkunft"] for row in rows} == {"web", "call", "branch_visit"}
        assert {row["Pipeline"] for row in rows if row["Bezeichnung"] != "Angebot"} == products
        for row in rows[40:]:
            assert "." not in row["Betrag"]
            assert bool(row["Geschlossen"]) == (row["Status"] != "offen")
            assert bool(row["Verlustgrund"]) == (row["Status"] == "verloren")


def test_stages_have_words_of_their_own_and_some_are_late(bank: Exports, read: Read) -> None:
    for path, kept in (
        (bank.mortgages_stages, history.MORTGAGES_HISTORY),
        (bank.deposits_stages, history.DEPOSITS_HISTORY),
    ):
        assert set(kept.stages.values()) == {stage.value for stage in Stage}
        rows = [list(row.values()) for row in read(path)[40:]]
        assert {row[2] for row in rows} == set(kept.stages)
        dates = [tuple(datetime.strptime(cell, "%d.%m.%Y") for cell in row[3:]) for row in rows]  # noqa: DTZ007 - days
        assert all(since <= known for since, known in dates)
        assert 0.05 < sum(since < known for since, known in dates) / len(dates) < 0.11
        assert max(known for _, known in dates).date() < period.END_DAY


def test_calls_and_visits_name_a_touchpoint(bank: Exports, read: Read) -> None:
    calls = read(bank.service_calls)
    assert {row["touchpoint"] for row in calls} == {"hotline", "callback", "renewal_offer", "cancellation"}
    assert {row["outcome"] for row in calls} == {"done", "forwarded", "no_answer", "repeated"}
    visits = read(bank.branch_visits)
    assert {row["touchpoint"] for row in visits} == {"branch", "advice", "cancellation"}
    for row in visits[40:]:
        prefix = {"mortgages": "H-", "deposits": "4", "service_centre": "S-"}[row["department"]]
        assert row["customer_no"].startswith(prefix)


def test_the_journey_map_is_the_catalogue(bank: Exports, read: Read) -> None:
    rows = {row["code"]: row for row in read(bank.touchpoints) if row["name"] != "Fax"}
    assert list(rows) == list(TOUCHPOINTS)
    for code, place in TOUCHPOINTS.items():
        assert (rows[code]["name"], rows[code]["stage"], rows[code]["channel"]) == (
            place.name,
            place.stage,
            place.channel,
        )
        assert place.stage in set(Stage)
        assert place.channel in set(Channel)


def test_every_touchpoint_is_met_and_every_one_that_is_met_is_in_the_journey_map(bank: Exports, read: Read) -> None:
    met = {row["touchpoint"] for path in (bank.events, bank.service_calls, bank.branch_visits) for row in read(path)}
    assert {*met, "help_desk"} == set(TOUCHPOINTS)
    for path, form in zip((bank.responses_en, bank.responses_de), questionnaires.QUESTIONNAIRES, strict=True):
        assert {row[form.columns[9]] for row in read(path)} <= set(TOUCHPOINTS)


def test_the_survey_has_the_same_items_in_other_words(bank: Exports, read: Read) -> None:
    english, german = questionnaires.QUESTIONNAIRES
    assert bank.responses_en.read_bytes().split(b"\n")[0].decode() == ",".join(english.columns)
    raw = bank.responses_de.read_bytes()
    assert raw.startswith(BOM)
    assert raw.split(b"\n")[0].decode("utf-8-sig") == ";".join(german.columns)
    codes = [[column.split()[0] for column in form.columns if column.startswith("Q")] for form in (english, german)]
    assert codes[0] == codes[1] == ["Q1_NPS", "Q2_CSAT", "Q3_CHANNEL", "Q4_COMMENT"]
    assert not set(english.columns) & set(german.columns) - {"Status"}
    for form, path in ((english, bank.responses_en), (german, bank.responses_de)):
        rows = read(path)
        assert {row[form.columns[12]] for row in rows} == {*form.channels, ""}
        assert {row[form.columns[7]] for row in rows} == set(form.statuses)
        assert {"hotline", "help_desk", "callback", "branch"} < {row[form.columns[9]] for row in rows}
        assert any("\n" in row[form.columns[13]] for row in rows)
        assert any(form.form.delimiter in row[form.columns[13]] for row in rows)
        for row in rows:
            partial = row[form.columns[7]] == form.statuses[1]
            assert not partial or not any(row[column] for column in form.columns[11:14])
            if not row[form.columns[1]]:
                assert not any(row[column] for column in (*form.columns[2:6], form.columns[14]))
        assert any(not row[form.columns[1]] for row in rows[40:])


def test_packed_files_hold_no_time_and_no_name(bank: Exports) -> None:
    for path in (bank.tickets, bank.comments, bank.events):
        header = path.read_bytes()[:10]
        assert header[:3] == b"\x1f\x8b\x08"
        assert header[3] == 0
        assert header[4:8] == b"\0\0\0\0"


def test_tickets_nest_their_requester(bank: Exports, read: Read) -> None:
    rows = read(bank.tickets)
    requester = {"id", "external_id", "name", "email", "phone", "locale"}
    assert {key for row in rows for key in row["requester"]} == requester
    assert 0.05 < sum(row["requester"]["external_id"] is not None for row in rows) / len(rows) < 0.3
    assert {row["status"] for row in rows} >= {"open", "solved", "closed"}
    for row in rows[40:]:
        opened, updated = (datetime.fromisoformat(row[name]) for name in ("created_at", "updated_at"))
        assert opened <= updated
        assert (row["status"] in {"solved", "closed"}) == (row["solved_at"] is not None)
    assert {row["created_at"][-6:] for row in rows} == {"+01:00", "+02:00"}
    assert "ö".encode() in gzip.decompress(bank.tickets.read_bytes())


def test_a_phone_number_comes_late_to_the_help_desk(bank: Exports, read: Read) -> None:
    seen: set[int] = set()
    later = []
    for row in read(bank.tickets):
        who = row["requester"]
        if who["phone"]:
            later.append(who["id"] in seen)
        seen.add(who["id"])
    assert all(later)
    assert len(later) > 10


def test_comments_are_in_order_and_belong_to_a_ticket(bank: Exports, read: Read) -> None:
    tickets = {row["id"]: row for row in read(bank.tickets)}
    rows = [row for row in read(bank.comments) if row["id"] is not None and row["id"] < 9_000_000]
    numbers = [row["id"] for row in rows]
    assert numbers == sorted(set(numbers))
    for row in rows:
        ticket = tickets[row["ticket_id"]]
        assert row["requester"]["id"] == ticket["requester"]["id"]
        assert (row["author"]["role"] == "end-user") == (row["author"]["id"] == ticket["requester"]["id"])
        assert row["created_at"][:10] >= ticket["created_at"][:10]
    assert Counter(row["author"]["role"] for row in rows).keys() == {"end-user", "agent", "bot"}
    assert all(row["author"]["role"] == "agent" for row in rows if not row["public"])


def test_lines_of_json_are_compact(bank: Exports) -> None:
    line = gzip.decompress(bank.comments.read_bytes()).decode().splitlines()[0]
    assert line == json.dumps(json.loads(line), separators=(",", ":"))


def test_events_know_the_customer_once_she_is_signed_in(bank: Exports, read: Read) -> None:
    rows = [row for row in read(bank.events) if row["visitor_id"] != "vffffffff"]
    assert tuple(rows[0]) == web.EVENTS_COLUMNS
    signed_in: dict[str, str] = {}
    browsers: dict[str, set[str]] = {}
    for row in rows:
        user, session = row["user_id"], row["session_id"]
        # Nobody loses her name on the way, and nobody changes it.
        assert signed_in.setdefault(session, user) in {"", user}
        signed_in[session] = user
        assert row["touchpoint"] != "login" or user
        assert row["touchpoint"] not in {"apply", "upload_documents", "sign"} or (user and row["product"])
        assert not user or f"files:deposits/{user}" in bank.truth.people
        browsers.setdefault(row["visitor_id"], set()).update({user} - {""})
        assert period.at(0, 0) * 1000 <= int(row["time_ms"]) < period.end() * 1000
    assert any(not user for user in signed_in.values())
    assert all(len(users) <= 1 for users in browsers.values())
    assert [int(row["event_id"]) for row in rows] == list(range(1, len(rows) + 1))
