"""Words, points, tiles and tables as HTML, and that no text can become anything but text."""

from __future__ import annotations

from datetime import UTC, date, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.law import LAW
from tests.report.results import PLACES, Entry, Link, Share, funnel, scores, ways

from crmcx.estimates import Definition, Estimate, Receipt
from crmcx.metrics import nps_from_counts
from crmcx.report import (
    Block,
    Finder,
    Folded,
    Page,
    PersonCard,
    Place,
    Point,
    Points,
    Rows,
    Section,
    Tile,
    Tiles,
    Words,
    answers_picture,
    funnel_picture,
    receipt_rows,
    stage_picture,
    transition_picture,
)

NASTY = st.sampled_from(
    [
        "</script><script>alert(1)</script>",
        '" onmouseover="alert(1)',
        "' autofocus onfocus='alert(1)",
        "<img src=x onerror=alert(1)>",
        "<!--",
        "]]>",
        "&lt;b&gt;",
        "%{x}",
        "<a href='javascript:alert(1)'>here</a>",
        "\u2028</style>",
    ]
)


class Tags(HTMLParser):
    """The tags of a page with the names of their attributes, and the text of its data."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.data: list[str] = []
        self.strange: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs if name != "class")))

    def handle_data(self, data: str) -> None:
        self.data.append(data)

    def handle_comment(self, data: str) -> None:
        self.strange.append(data)

    def handle_pi(self, data: str) -> None:
        self.strange.append(data)


def read(html: str) -> Tags:
    tags = Tags()
    tags.feed(html)
    tags.close()
    return tags


def everything(text: str) -> tuple[Block, ...]:
    """Every block with one text in every field that takes any."""
    definition = Definition(text, 1)
    estimate = Estimate(
        value=0.5, n=3, excluded={text: 2}, receipt=Receipt(definition=definition, unit="share", snapshot=text or "x")
    )
    entry = Entry(datetime(2025, 1, 1, tzinfo=UTC), text, text, text or "x", text or "x", text, text, text)
    odd = text + "b"
    return (
        Words(text),
        Points((Point(text, text),)),
        Tiles((Tile(text, estimate, text), Tile(text, Estimate(value=None, reason=text, n=0, receipt=RECEIPT), text))),
        Rows((text, "n"), ((text, "1"),), text or "x"),
        Folded(text, (Words(text),)),
        receipt_rows({text: estimate.receipt}),
        Finder(
            text,
            (PersonCard(title=text, numbers=(text,), words=text or "x", entries=(entry,), links=(Link(*[text] * 4),)),),
        ),
        funnel_picture(funnel(5, 3, names=(text, text)), title=text, unit=text),
        transition_picture(ways((text, odd, 3)), {text: Place(text, text, text)}, title=text),
        stage_picture([Share(date(2025, 1, 1), text, 3, 1.0)], title=text),
        answers_picture(scores(a=(1, 2, 3)), title=text, names={"a": text}),
    )


RECEIPT = Receipt(definition=Definition("share", 1), unit="share")


@LAW
@given(st.one_of(NASTY, st.text(max_size=20), st.builds("{}{}".format, st.text(max_size=5), NASTY)))
def test_any_text_in_any_field_stays_text(text: str) -> None:
    plain = read("".join(block.html(f"b-{place}") for place, block in enumerate(everything("x"))))
    html = "".join(block.html(f"b-{place}") for place, block in enumerate(everything(text)))
    tags = read(html)
    assert tags.found == plain.found
    assert not tags.strange
    assert "<script" not in html.replace('<script type="application/json" data-layout="', "")


@LAW
@given(NASTY)
def test_titles_stay_text(text: str) -> None:
    tags = read(Page(text, text, (Section(text, text, ()),), language=text).html())
    plain = read(Page("x", "x", (Section("x", "x", ()),), language="x").html())
    assert tags.found == plain.found
    assert text in tags.data


def test_a_number_carries_its_interval_and_what_it_rests_on() -> None:
    html = Tiles((Tile("recommended", nps_from_counts(50, 30, 20), "Most would."),)).html("a")
    text = " ".join(read(html).data)
    assert "30.0" in text
    assert "95\N{NO-BREAK SPACE}% interval 14.0 to 44.3" in text
    assert "n = 100" in text
    assert "Most would." in text


def test_what_was_left_out_and_whom_it_comes_from() -> None:
    estimate = Estimate(value=0.5, n=1200, n_clusters=900, excluded={"skipped": 1000, "open": 2}, receipt=RECEIPT)
    text = " ".join(read(Tiles((Tile("asked", estimate, "It is half."),)).html("a")).data)
    assert "n = 1,200, from 900 people" in text
    assert "1,002 left out (2 open and 1,000 skipped)" in text


def test_no_number_says_why() -> None:
    text = " ".join(read(Tiles((Tile("recommended", nps_from_counts(0, 0, 0), ""),)).html("a")).data)
    assert "no number" in text
    assert "no answers" in text


def test_numbers_below_zero_have_a_true_minus_and_days_keep_their_hyphens() -> None:
    html = Words("from -3.8 to 2025-01-31, K-4711").html("a")
    assert html == "<p>from \N{MINUS SIGN}3.8 to 2025-01-31, K-4711</p>"


def test_columns_of_numbers_stand_to_the_right() -> None:
    html = Rows(("what", "n"), (("x", "1,234"), ("y", "-"))).html("a")
    assert '<th scope="col" class="number">n</th>' in html
    assert '<th scope="col">what</th>' in html
    assert "stacks" in Rows(("a", "b", "c"), (("x", "y", "1"),)).html("a")
    assert "stacks" not in html


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="2 columns"):
        Rows(("a", "b"), (("only one",),))


def test_an_empty_table_has_its_head() -> None:
    assert "<tbody></tbody>" in Rows(("a", "b"), ()).html("a")


def test_places_are_plain_values() -> None:
    assert PLACES["sign"] == Place("purchase", "web", "signature")
