"""The mailing that offered credit cards, from the bank's mailing tool: whom it was sent to, and who was held out.

mailings/touches.csv: comma, UTF-8, times in UTC as ISO 8601. The tool knows customers by the number of
deposits/customers.csv. Privacy proxies open mail within seconds, whoever reads it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from operator import attrgetter
from typing import TYPE_CHECKING

from attrs import Factory, define, frozen

from crmcx.demo import period
from crmcx.demo.consents import consents
from crmcx.demo.contact_truth import CampaignTruth
from crmcx.demo.contracts import contracts
from crmcx.demo.departments import PLAIN_FORM
from crmcx.demo.draw import Draw, Stream
from crmcx.demo.files import spoiled, with_broken, write_csv
from crmcx.demo.records import System, record_id
from crmcx.demo.truth import FileTruth

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from crmcx.demo.stages import Relation

CAMPAIGN = "card-spring-2024"
"""Code of the campaign."""
CAMPAIGN_DATE = date(2024, 3, 12)
"""The day on which it was sent."""
TOUCHES = "mailings/touches.csv"
TOUCHES_COLUMNS = (
    "touch_id",  # whole number
    "campaign",  # card-spring-2024
    "customer_id",  # of deposits/customers.csv
    "event",  # held_out, sent, bounced, delivered, opened, clicked, unsubscribed
    "time",  # ISO 8601, UTC
    "subject",  # A, B: which subject line she got
    "machine",  # true, false: who opened it, as the tool judges; else empty
)
"""Columns of mailings/touches.csv."""
_HELD_OUT, _BOUNCED, _MACHINE, _OPENED, _CLICKED, _UNSUBSCRIBED = 0.2, 0.02, 0.3, 0.28, 0.15, 0.05
_SENT_HOUR = 9 * 3600
_BROKEN = spoiled(
    TOUCHES_COLUMNS,
    (900_001, CAMPAIGN, "49999991", "sent", "2024-03-12T08:00:00+00:00", "A", ""),
    ("touch_id", ""),
    ("event", "vanished"),
    ("time", "2024-03-12"),
)
_IN_TIME = attrgetter("at", "number", "place")


@frozen
class Touch:
    """One step between the campaign and a customer."""

    at: int
    """Instant of it."""
    number: int
    """Position of the person."""
    place: int
    """Its place among hers."""
    event: str
    """What happened."""
    variant: str
    """Which subject line she got."""
    machine: str
    """Whether a machine did it: `true`, `false`, or nothing where that is no question."""


@define
class Mailing:
    """All steps of the campaign, in the order of time."""

    touches: list[Touch] = Factory(list)

    @property
    def unsubscribed(self) -> dict[int, int]:
        """Person to the instant at which she left the list."""
        return {touch.number: touch.at for touch in self.touches if touch.event == "unsubscribed"}

    def truth(self) -> CampaignTruth:
        """The figures of the campaign."""

        def people(event: str, machine: str = "") -> int:
            return sum(each.event == event and each.machine == machine for each in self.touches)

        return CampaignTruth(
            code=CAMPAIGN,
            held_out=people("held_out"),
            sent=people("sent"),
            bounced=people("bounced"),
            opened=people("opened", "false"),
            opened_by_machine=people("opened", "true"),
            clicked=people("clicked", "false"),
            unsubscribed=people("unsubscribed"),
        )


def send(seed: int, relations: Sequence[Relation]) -> Mailing:
    """Send the mailing to everybody with an account, without a card, who allows it; a fifth of them is held out."""
    day = period.day_of(CAMPAIGN_DATE)
    at, mailing = period.at(day, _SENT_HOUR), Mailing()
    for number, relation in enumerate(relations):
        held = {each.product for each in contracts(number, relation, "account") if each.begins <= day}
        if "account" not in held or "credit_card" in held or relation.last_day <= day:
            continue
        mail = next((said for said in consents(seed, number, relation) if said.channel == "E-Mail"), None)
        if mail is not None and mail.confirmed and mail.stands(at):
            mailing.touches.extend(_touches(seed, number, at, relation))
    mailing.touches.sort(key=_IN_TIME)
    return mailing


def _touches(seed: int, number: int, at: int, relation: Relation) -> list[Touch]:
    draw = Draw(seed, Stream.MAILING, number)
    variant = draw.pick(("A", "B"))
    if draw.chance(_HELD_OUT):
        return [Touch(at, number, 0, "held_out", "", "")]
    found = [(at, "sent", "")]
    if draw.chance(_BOUNCED):
        found.append((at + draw.between(1, 30), "bounced", ""))
    else:
        came = at + draw.between(1, 60)
        found.append((came, "delivered", ""))
        if draw.chance(_MACHINE):
            found.append((came + draw.between(1, 20), "opened", "true"))
        if draw.chance(_OPENED):
            came += draw.between(120, 600) + draw.skewed(0, 3 * period.DAY_SECONDS)
            found.append((came, "opened", "false"))
            if draw.chance(_CLICKED):
                found.append((came + draw.between(5, 90), "clicked", "false"))
            if draw.chance(_UNSUBSCRIBED):
                found.append((came + draw.between(100, 300), "unsubscribed", ""))
    return [
        Touch(when, number, place, event, variant, machine)
        for place, (when, event, machine) in enumerate(found)
        if when < relation.until
    ]


def write_touches(folder: Path, mailing: Mailing) -> FileTruth:
    """Write mailings/touches.csv."""
    rows = with_broken(_rows(mailing), _BROKEN)
    written = write_csv(folder / TOUCHES, PLAIN_FORM, TOUCHES_COLUMNS, rows)
    return FileTruth(name=TOUCHES, records=written, broken=len(_BROKEN))


def _rows(mailing: Mailing) -> Iterator[tuple[object, ...]]:
    for place, touch in enumerate(mailing.touches, 1):
        when = datetime.fromtimestamp(touch.at, UTC).isoformat()
        customer = record_id(System.DEPOSITS, touch.number)
        yield place, CAMPAIGN, customer, touch.event, when, touch.variant, touch.machine
