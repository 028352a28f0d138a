"""The formats of the files: encodings, delimiters, columns, the traps that a reader has to live with."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from crmcx.demo import crm, period, questionnaires, web

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crmcx.demo import Exports

    Read = Callable[[Path], list[dict[str, Any]]]

BOM = b"\xef\xbb\xbf"


def test_contacts_are_cp1252_with_semicolons_and_windows_lines(bank: Exports) -> None:
    raw = bank.contacts.read_bytes()
    assert not raw.startswith(BOM)
    with pytest.raises(UnicodeDecodeError):
        raw.decode("utf-8")
    lines = raw.decode("cp1252").split("\r\n")
    assert lines[0] == ";".join(crm.CONTACTS_COLUMNS)
    assert "\n" not in "".join(lines)


def test_contacts_write_as_germans_do(bank: Exports, read: Read) -> None:
    rows = read(bank.contacts)
    assert any(";" in row["Straße"] for row in rows)
    assert all("," in row["Kontostand"] and "." not in row["Kontostand"] for row in rows)
    assert any(row["Kontostand"].startswith("-") for row in rows)
    assert {row["Sprache"] for row in rows} == {"Deutsch", "Englisch"}
    assert {row["Abteilung"] for row in rows} == {"Baufinanzierung", "Einlagen", "Servicecenter"}
    for column in ("E-Mail", "Telefon", "Geburtsjahr"):
        empty = sum(not row[column] for row in rows)
        assert 0 < empty < len(rows) / 3


def test_deals_begin_with_a_byte_order_mark(bank: Exports, read: Read) -> None:
    raw = bank.deals.read_bytes()
    assert raw.startswith(BOM)
    assert raw.decode("utf-8-sig").split("\r\n")[0] == ";".join(crm.DEALS_COLUMNS)
    rows = read(bank.deals)
    assert {row["Währung"] for row in rows} == {"EUR"}
    assert {row["Herkunft"] for row in rows} == {"web", "call", "branch_visit"}
    for row in rows[40:]:
        assert bool(row["Geschlossen"]) == (row["Status"] != "offen")
        assert bool(row["Verlustgrund"]) == (row["Status"] == "verloren")


def test_activities_are_plain_csv(bank: Exports, read: Read) -> None:
    raw = bank.activities.read_bytes()
    assert raw.split(b"\n")[0].decode() == ",".join(crm.ACTIVITIES_COLUMNS)
    assert b"\r" not in raw
    assert Counter(row["kind"] for row in read(bank.activities)).keys() == {"call", "branch_visit"}


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
        assert {row[form.columns[8]] for row in rows} == {*form.channels, ""}
        assert {row[form.columns[3]] for row in rows} == set(form.statuses)
        assert {row[form.columns[5]] for row in rows} == {"account_overview", "hotline", "branch", "help"}
        assert any("\n" in row[form.columns[9]] for row in rows)
        assert any(form.form.delimiter in row[form.columns[9]] for row in rows)
        assert any(not row[form.columns[1]] for row in rows)
        for row in rows:
            partial = row[form.columns[3]] == form.statuses[1]
            assert not partial or not any(row[column] for column in form.columns[7:])


def test_packed_files_hold_no_time_and_no_name(bank: Exports) -> None:
    for path in (bank.tickets, bank.comments, bank.events):
        header = path.read_bytes()[:10]
        assert header[:3] == b"\x1f\x8b\x08"
        assert header[3] == 0
        assert header[4:8] == b"\0\0\0\0"


def test_tickets_nest_their_requester(bank: Exports, read: Read) -> None:
    rows = read(bank.tickets)
    assert {key for row in rows for key in row["requester"]} == {"id", "external_id", "name", "email", "locale"}
    assert any(row["requester"]["external_id"] is None for row in rows)
    assert {row["status"] for row in rows} == {"new", "open", "pending", "hold", "solved", "closed"}
    for row in rows[40:]:
        opened, updated = (datetime.fromisoformat(row[name]) for name in ("created_at", "updated_at"))
        assert opened <= updated
        assert (row["status"] in {"solved", "closed"}) == (row["solved_at"] is not None)
    offsets = {row["created_at"][-6:] for row in rows}
    assert offsets == {"+01:00", "+02:00"}
    assert "ö".encode() in gzip.decompress(bank.tickets.read_bytes())


def test_comments_are_in_order_and_belong_to_a_ticket(bank: Exports, read: Read) -> None:
    tickets = {row["id"]: row for row in read(bank.tickets)}
    rows = [row for row in read(bank.comments) if row["id"] is not None and row["id"] < 9_000_000]
    numbers = [row["id"] for row in rows]
    assert numbers == sorted(set(numbers))
    for row in rows:
        ticket = tickets[row["ticket_id"]]
        assert row["requester"]["external_id"] == ticket["requester"]["external_id"]
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
        browsers.setdefault(row["visitor_id"], set()).update({user} - {""})
        assert 0 <= int(row["time_ms"]) - period.at(0, 0) * 1000 < 366 * 86_400_000
        assert int(row["time_ms"]) < period.end() * 1000
    assert any(not user for user in signed_in.values())
    assert all(len(users) <= 1 for users in browsers.values())
    assert [int(row["event_id"]) for row in rows] == list(range(1, len(rows) + 1))
