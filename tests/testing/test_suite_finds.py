"""The suite finds what a bad connector does, each by the test that names it; a good one passes that test."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from tests.testing.helpdesk import SETTINGS, TICKET, Helpdesk, HelpdeskInSmall

from crmcx.connectors import Api, Connector, Cursor, Deletes, Page, stream
from crmcx.errors import RequestError, SourceError, ThrottledError
from crmcx.testing import MODES, Asked, Says, connector_suite
from crmcx.testing.hostile import refused

MODE = {mode.name: mode for mode in MODES}


class IgnoresTheLastPage(Helpdesk):
    def pages(self, api: Api, path: str, rows: str, cursor: Cursor) -> Iterator[Page]:
        for page in super().pages(api, path, rows, cursor):
            if page.next is not None:
                yield page


class DropsARecord(Helpdesk):
    def pages(self, api: Api, path: str, rows: str, cursor: Cursor) -> Iterator[Page]:
        for page in super().pages(api, path, rows, cursor):
            yield Page([each for each in page.records if each["id"] != "T-5"], next=page.next)


class ForgetsLookback(Helpdesk):
    @stream(TICKET, cursor="updated_at", order="ascending", deletes=Deletes.flag("is_deleted"))
    def tickets(self, api: Api, cursor: Cursor) -> Iterator[Page]:
        yield from self.pages(api, "/tickets", "tickets", cursor)


class AsksForEverything(Helpdesk):
    @stream(TICKET, cursor="updated_at", lookback=timedelta(minutes=5), deletes=Deletes.flag("is_deleted"))
    def tickets(self, api: Api, cursor: Cursor) -> Iterator[Page]:
        yield from self.pages(api, "/tickets", "tickets", Cursor(token=cursor.token))


class AsksForTooLittle(Helpdesk):
    @stream(TICKET, cursor="updated_at", lookback=timedelta(minutes=5), deletes=Deletes.flag("is_deleted"))
    def tickets(self, api: Api, cursor: Cursor) -> Iterator[Page]:
        later = cursor.watermark and cursor.watermark + timedelta(minutes=5)
        yield from self.pages(api, "/tickets", "tickets", Cursor(token=cursor.token, watermark=later))


class ResumesBehindThePage(Helpdesk):
    def pages(self, api: Api, path: str, rows: str, cursor: Cursor) -> Iterator[Page]:
        pages = super().pages(api, path, rows, cursor)
        if cursor.token is not None:
            next(pages, None)
        yield from pages


class SwallowsRefusals(Helpdesk):
    def pages(self, api: Api, path: str, rows: str, cursor: Cursor) -> Iterator[Page]:
        try:
            yield from super().pages(api, path, rows, cursor)
        except ThrottledError:
            return


class TellsItsToken(Helpdesk):
    def pages(self, api: Api, path: str, rows: str, cursor: Cursor) -> Iterator[Page]:
        try:
            yield from super().pages(api, path, rows, cursor)
        except RequestError as error:
            msg = f"the token {self.settings.token.get_secret_value()} was refused"
            raise SourceError(msg, hint="get another") from error


class LogsItsToken(Helpdesk):
    def open(self) -> Api:
        logging.getLogger("helpdesk").debug("signing in with %s", self.settings.token.get_secret_value())
        return super().open()


class PrintsItsToken(Helpdesk):
    def __repr__(self) -> str:
        return f"<Helpdesk {self.settings.token.get_secret_value()}>"


class StoresItsToken(Helpdesk):
    def describe(self) -> dict[str, Any]:
        return {**super().describe(), "token": self.settings.token.get_secret_value()}


class PlainSettings(BaseModel):
    url: str
    token: str


class PlainToken(Helpdesk):
    settings = PlainSettings


class GoesRound(Helpdesk):
    """Pages by itself, without saying where it stands, and follows wherever it is led."""

    def pages(self, api: Api, path: str, rows: str, cursor: Cursor) -> Iterator[Page]:
        token = None
        while True:
            reply = api.get(path, since=cursor.watermark, page=token)
            yield Page(reply.rows(rows))
            token = reply.get("next")
            if token is None:
                return


class DoesNotHearOfDeletions(Helpdesk):
    @stream(TICKET, cursor="updated_at", lookback=timedelta(minutes=5))
    def tickets(self, api: Api, cursor: Cursor) -> Iterator[Page]:
        yield from self.pages(api, "/tickets", "tickets", cursor)


class LooksForAnotherFlag(Helpdesk):
    @stream(TICKET, cursor="updated_at", lookback=timedelta(minutes=5), deletes=Deletes.flag("archived"))
    def tickets(self, api: Api, cursor: Cursor) -> Iterator[Page]:
        yield from self.pages(api, "/tickets", "tickets", cursor)


SAMPLE = "test_every_sample_is_stored_and_none_is_quarantined"
HOSTILE = "test_nothing_is_lost_or_doubled_when_the_source_is"
BREAK = "test_broken_off_at_any_step_the_next_run_ends_alike"
SECRET = "test_no_secret_is_in_an_error_a_log_or_a_report_when_the_source_is"  # noqa: S105 - no secret
FOUND = [
    (IgnoresTheLastPage, SAMPLE, {"kind": "tickets"}),
    (DropsARecord, SAMPLE, {"kind": "tickets"}),
    (DropsARecord, "test_any_split_into_pages_ends_alike", {"page_size": 2}),
    (ForgetsLookback, "test_what_is_committed_late_arrives", {"kind": "tickets"}),
    (ForgetsLookback, HOSTILE, {"mode": MODE["late commit"]}),
    (AsksForTooLittle, "test_what_is_committed_late_arrives", {"kind": "tickets"}),
    (AsksForEverything, "test_a_stream_with_a_cursor_asks_for_what_is_new", {"kind": "tickets"}),
    (ResumesBehindThePage, BREAK, {"place": 5}),
    (SwallowsRefusals, HOSTILE, {"mode": MODE["closed for the day"]}),
    (TellsItsToken, SECRET, {"mode": refused}),
    (LogsItsToken, "test_no_secret_is_in_a_report_or_a_log_in_calm", {}),
    (PrintsItsToken, "test_no_secret_is_in_a_repr", {}),
    (StoresItsToken, "test_described_settings_hold_no_secret", {}),
    (StoresItsToken, "test_no_secret_is_in_the_file_of_the_store", {"tmp_path": Path}),
    (PlainToken, "test_settings_that_sound_secret_are_of_a_secret_type", {}),
    (GoesRound, "test_a_repeated_cursor_ends_in_an_error_instead_of_a_loop", {}),
    (GoesRound, HOSTILE, {"mode": MODE["repeated cursor"]}),
    (DoesNotHearOfDeletions, "test_what_the_source_tells_of_deletions_is_declared", {"kind": "tickets"}),
    (LooksForAnotherFlag, "test_what_is_deleted_goes_as_declared", {"kind": "tickets"}),
]


def run(connector: type[Connector], test: str, given: dict[str, Any], tmp_path: Path) -> None:
    suite = connector_suite(connector, settings=SETTINGS, server=HelpdeskInSmall)()
    getattr(suite, test)(**{name: tmp_path if value is Path else value for name, value in given.items()})


@pytest.mark.parametrize(("bad", "test", "given"), FOUND, ids=lambda value: getattr(value, "__name__", None))
def test_a_bad_connector_is_found(bad: type[Connector], test: str, given: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        run(bad, test, given, tmp_path)


def test_the_platform_is_held_to_its_names() -> None:
    class Misnamed(HelpdeskInSmall):
        kinds = {**HelpdeskInSmall.kinds, "orders": HelpdeskInSmall.kinds["people"]}  # noqa: RUF012 - as in the docs

    suite = connector_suite(Helpdesk, settings=SETTINGS, server=Misnamed)()
    with pytest.raises(AssertionError, match="name the kinds of the platform"):
        suite.test_streams_and_kinds_of_the_platform_have_the_same_names()


def test_what_fails_in_a_platform_is_told_as_it_is() -> None:
    class Faulty(HelpdeskInSmall):
        def answer(self, asked: Asked) -> Says:
            raise ZeroDivisionError

    suite = connector_suite(Helpdesk, settings=SETTINGS, server=Faulty)()
    with pytest.raises(ZeroDivisionError):
        suite.test_a_second_sync_stores_nothing()


def test_settings_may_be_a_function_of_the_address() -> None:
    token = SETTINGS["token"]
    suite = connector_suite(Helpdesk, settings=lambda url: {"url": url, "token": token}, server=HelpdeskInSmall)()
    suite.test_a_second_sync_stores_nothing()


def test_secrets_that_are_too_short_to_look_for_are_told() -> None:
    suite = connector_suite(Helpdesk, settings={"url": "{url}", "token": "good"}, server=HelpdeskInSmall)()
    with pytest.raises(AssertionError, match="8 characters or more"):
        suite.test_the_secrets_of_the_trial_can_be_told_from_other_words()
