"""Small results, made by hand, that the tests of the page show."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from attrs import frozen

from crmcx.estimates import Definition, Estimate, EstimateTable, Receipt, table_of, wilson_interval
from crmcx.journey import END, START, Funnel, FunnelStep, Transition, Transitions
from crmcx.metrics import nps_from_counts
from crmcx.report import (
    Figure,
    Finder,
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

RECEIPT = Receipt(definition=Definition("share", 1), unit="share")
PLACES = {
    "rates": Place("consideration", "web"),
    "quote": Place("consideration", "web"),
    "sign": Place("purchase", "web", "signature"),
    "hotline": Place("existing", "phone"),
    "branch": Place("existing", "branch"),
}


@frozen
class Entry:
    """An entry of a timeline."""

    at: datetime
    source: str = "files:crm"
    table: str = "interactions"
    kind: str = "call"
    touchpoint: str | None = "hotline"
    channel: str | None = "phone"
    words: str | None = None
    precision: str = "instant"
    stage: str | None = "existing"
    ref: str = "files:crm/1"


@frozen
class Link:
    """A reason why two records are one person's."""

    a: str
    b: str
    rule: str
    shown: str


@frozen
class Share:
    """One row of a stage mix."""

    start: date
    stage: str
    n: int
    share: float


def share(n: int, of: int) -> Estimate:
    if not of:
        return Estimate(value=None, reason="nobody came this far", n=0, receipt=RECEIPT)
    return Estimate(value=n / of, n=of, interval=wilson_interval(n, of, 0.95), receipt=RECEIPT)


def funnel(*reached: int, names: tuple[str, ...] = ("quote", "apply", "sign")) -> Funnel:
    steps = [
        FunnelStep(
            name=name,
            n=n,
            from_start=share(n, reached[0]),
            from_previous=share(n, reached[max(0, place - 1)]),
            median_time=timedelta(hours=place) if place and n else None,
        )
        for place, (name, n) in enumerate(zip(names, reached, strict=False))
    ]
    return Funnel(steps=tuple(steps), excluded=(), receipt=RECEIPT)


def ways(*found: tuple[str, str, int]) -> Transitions:
    left: dict[str, int] = {}
    for source, _, n in found:
        left[source] = left.get(source, 0) + n
    rows = [Transition(source, target, n, n / left[source]) for source, target, n in found]
    in_order = tuple(sorted(rows, key=lambda way: (-way.n, way.source, way.target)))
    return Transitions(rows=in_order, units=left.get(START, 0), excluded=(), receipt=RECEIPT)


WAYS = ways(
    (START, "rates", 60),
    (START, "hotline", 40),
    ("rates", "quote", 80),
    ("quote", "sign", 50),
    ("quote", "rates", 20),
    ("quote", END, 10),
    ("sign", "hotline", 45),
    ("sign", END, 5),
    ("hotline", "hotline", 30),
    ("hotline", "branch", 25),
    ("hotline", END, 60),
    ("branch", END, 25),
)


def scores(**counts: tuple[int, int, int]) -> EstimateTable:
    return table_of(("group",), {(name,): nps_from_counts(*found) for name, found in counts.items()})


SCORES = scores(hotline=(20, 30, 50), branch=(50, 30, 20), quote=(30, 40, 30))
LANGUAGES = scores(de=(28, 32, 40), en=(37, 32, 31))
MIX = tuple(
    Share(date(2025, month, 1), stage, n, n / 100)
    for month in range(1, 13)
    for stage, n in (("consideration", 30 - month), ("existing", 60), ("former", 10 + month))
)


def person(title: str = "Ada Example", *, numbers: tuple[str, ...] = ("4711",)) -> PersonCard:
    begin = datetime(2025, 1, 5, 9, 30, tzinfo=UTC)
    return PersonCard(
        title=title,
        numbers=numbers,
        words="A loan and an account.",
        entries=tuple(
            Entry(begin + timedelta(days=9 * step), source=("files:crm", "files:web")[step % 2]) for step in range(14)
        ),
        links=(Link("mortgages K-1", "accounts A-9", "same_email", "a***@mail.example"),),
    )


def pictures() -> tuple[Figure, ...]:
    return (
        funnel_picture(funnel(260, 177, 118)),
        transition_picture(WAYS, PLACES, SCORES),
        stage_picture(MIX),
        answers_picture(LANGUAGES, names={"de": "German", "en": "English"}),
    )


def page() -> Page:
    nps = nps_from_counts(50, 30, 20)
    return Page(
        "A small bank",
        "Its year in one page.",
        (
            Section("Things to know", "", (Points((Point("One thing.", "And why."),)),)),
            Section("Numbers", "Each with its interval.", (Tiles((Tile("recommended", nps, "Most would."),)),)),
            Section("Pictures", "", pictures()),
            Section("A person", "", (Finder("Loan number", (person(),)),)),
            Section("Tables", "", (Words("Some words."), Rows(("a", "n"), (("x", "1"), ("y", "23")), "A table"))),
            Section("Receipts", "", (receipt_rows({"recommended": nps.receipt}),)),
        ),
    )
