"""A person on the page: found by number, joined by evidence, told month by month."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.report.results import Entry, person

from crmcx.report import Finder, PersonCard

BEGIN = datetime(2025, 1, 31, 23, 30, tzinfo=UTC)


def card(*entries: Entry) -> str:
    return PersonCard(title="Ada", numbers=("47 11",), entries=entries).html("a")


def test_numbers_are_found_however_they_are_spaced() -> None:
    assert 'data-numbers="[&quot;4711&quot;]"' in card(Entry(BEGIN))


def test_the_page_says_how_many_people_it_holds() -> None:
    assert "This file holds one person." in Finder("Loan number", (person(),)).html("a")
    assert "This file holds 2 people." in Finder("Loan number", (person(), person("Bob"))).html("a")


def test_entries_stand_in_order_by_month_whatever_order_they_came_in() -> None:
    late, early = Entry(BEGIN + timedelta(hours=1)), Entry(BEGIN)
    html = card(late, early)
    assert html == card(early, late)
    assert html.index("January 2025") < html.index("February 2025")
    assert html.count("1 entry") == 2


def test_the_same_again_on_one_day_is_one_line() -> None:
    html = card(*(Entry(BEGIN - timedelta(minutes=minute)) for minute in range(4)))
    assert html.count("<time ") == 1
    assert "4 times" in html
    assert "4 entries" in html


def test_long_timelines_are_folded_but_for_the_fullest_and_the_last_month() -> None:
    months = [Entry(BEGIN + timedelta(days=31 * month)) for month in range(5)]
    html = card(*months, Entry(BEGIN + timedelta(days=32), touchpoint="branch"))
    assert html.count('<details class="month">') == 3
    assert html.count('<details class="month" open>') == 2


def test_times_are_told_in_the_zone_and_days_as_days() -> None:
    late = datetime(2025, 3, 31, 22, 30, tzinfo=UTC)
    day = datetime(2025, 4, 1, tzinfo=UTC)
    entries = (Entry(day, kind="deal won", touchpoint=None, precision="day"), Entry(late), Entry(late.replace(day=30)))
    html = PersonCard(title="Ada", numbers=(), entries=entries, zone="Europe/Berlin").html("a")
    assert "Times are in Europe/Berlin" in html
    assert "01 Apr, 00:30" in html
    assert '<time datetime="2025-04-01">01 Apr</time>' in html
    assert html.index("01 Apr, 00:30") < html.index(">01 Apr<")


def test_a_day_ends_on_the_clock_that_is_told() -> None:
    midnight = datetime(2025, 3, 15, 23, tzinfo=UTC)
    day = Entry(midnight.replace(hour=0), kind="deal won", touchpoint=None, precision="day")
    entries = (Entry(midnight), Entry(midnight - timedelta(hours=1)), day)
    html = PersonCard(title="Ada", numbers=(), entries=entries, zone="Europe/Berlin").html("a")
    assert html.index("15 Mar, 23:00") < html.index(">15 Mar<") < html.index("16 Mar, 00:00")


def test_a_stage_is_told_where_it_changes() -> None:
    stages = ("awareness", "existing", "existing")
    html = card(*(Entry(BEGIN + timedelta(hours=n), stage=stage) for n, stage in enumerate(stages)))
    assert (html.count("now awareness"), html.count("now existing")) == (1, 1)


def test_sources_are_told_by_word_and_by_shape() -> None:
    html = card(Entry(BEGIN), Entry(BEGIN, source="files:web"))
    marks = {html[html.index(f"</span> {name}") - 1] for name in ("files:crm", "files:web")}
    assert len(marks) == 2


def test_evidence_is_told_as_it_was_masked() -> None:
    html = person().html("a")
    for words in ("mortgages K-1", "accounts A-9", "same email", "a***@mail.example"):
        assert words in html
    assert "nothing had to be joined" in card(Entry(BEGIN))


def test_nothing_known_is_no_fault() -> None:
    html = card(Entry(BEGIN, touchpoint=None, channel=None, stage=None))
    assert "<b>call</b>" in html
    assert "Timeline" in card()
