"""How a person and the bank come together and part: stages by product line, deals, the pain point, the end.

The hazard of giving notice is drawn from one number per person: she leaves when the chance of having stayed falls below
it. So the bank with planted effects and the one without differ only in those who met the pain point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import Factory, define, field

from crmcx.demo import period
from crmcx.demo.draw import Draw, Stream
from crmcx.demo.effects import HAZARD_RATIO
from crmcx.demo.heroine import heroine_relation
from crmcx.demo.people import DAUGHTER, HEROINE
from crmcx.demo.sales import Deal, Purpose, Status, as_known, counter_deal, web_deal
from crmcx.demo.stages import LINES, Relation, Step

if TYPE_CHECKING:
    from crmcx.demo.people import Person

_WEEK = 7
_WEEKLY_HAZARD = 0.0017  # about one in five leaves within three years
_FIRST_NOTICE = 30
_NOTICE_DAYS = (14, 45)
_OFFICE_HOURS = (9 * 3600, 17 * 3600)
_REPEAT_YEARS = ((20, 330), (385, 690), (750, 1090))
_CARD_SHARE = 0.6
_LAST_START = period.DAYS - 3
_SIGNING_DAY, _APPLYING = 1, Purpose.APPLYING


@define
class _Story:
    """A relation in the making."""

    who: Person
    draw: Draw
    deals: list[Deal] = Factory(list)
    visits: list[tuple[int, Purpose, str]] = Factory(list)
    lines: dict[str, list[Step]] = field(factory=dict)

    def step(self, line: str, day: int, stage: str) -> None:
        """Take a step, on a day of its own."""
        taken = self.lines.setdefault(line, [])
        taken.append(Step(max(day, taken[-1].day + 1) if taken else day, line, stage))

    def deal(self, line: str, product: str, day: int, *, first: bool) -> None:
        """Make a deal and take its steps."""
        who, draw, index = self.who, self.draw, len(self.deals)
        online = who.deposits_day is not None and who.deposits_day <= day
        applied = None
        if draw.chance(0.7) and online:
            steps, deal = web_deal(draw, who.satisfaction, product, day, number=who.number, index=index)
            self.visits += [(at, purpose, product) for at, purpose in steps]
            applied = next((at for at, purpose in steps if purpose is _APPLYING), None)
        else:
            called = who.service_day is not None and who.service_day <= day and draw.chance(0.35)
            opened = period.at(day, draw.between(*_OFFICE_HOURS))
            origin = "call" if called else "branch_visit"
            deal = counter_deal(draw, who.satisfaction, product, opened, origin=origin, number=who.number, index=index)
        self.deals.append(deal)
        self.step(line, day, "consideration" if first else "repurchase")
        closed = None if deal.closed is None else _day(deal.closed)
        if deal.status is Status.WON and closed is not None:
            if first:
                self.step(line, closed if applied is None else _day(applied), "purchase")
            self.step(line, closed + _SIGNING_DAY, "existing")
        elif closed is not None:
            self.step(line, closed, "awareness" if first else "existing")


def relation(seed: int, who: Person, *, effects: bool) -> Relation:
    """What becomes of a person and the bank: a pure function.

    Args:
        seed: The bank's seed.
        who: The person.
        effects: Whether the pain point does harm.
    """
    if who.number == HEROINE:
        return heroine_relation()
    draw = Draw(seed, Stream.RELATION, who.number)
    story = _Story(who, draw)
    fraction = draw.unit()  # when she leaves, drawn first so that no deal shifts it
    for line, day in zip(LINES, (who.mortgages_day, who.deposits_day), strict=True):
        if day is not None and day < 0:
            story.step(line, day, "existing")
        elif day is not None:
            story.step(line, day, "awareness")
            story.deal(line, line, day + draw.below(10), first=True)
    owned = {
        line: next((step.day for step in steps if step.stage == "existing"), None)
        for line, steps in story.lines.items()
    }
    since = min((day for day in owned.values() if day is not None and day < period.DAYS), default=None)
    _buy_again(story, owned)
    touched = notice = None
    last_day = period.DAYS
    if since is not None:
        begin = max(since, 0)
        if who.pain is not None:
            touched = begin + 1 + int(who.pain * (period.DAYS - begin - 1))
        notice = _notice(fraction, who, begin + _FIRST_NOTICE, touched if effects else None)
        lead = draw.between(*_NOTICE_DAYS)
        if notice is not None:
            last_day = min(period.DAYS, notice + lead)
            touched = None if touched is not None and touched >= notice else touched
    if who.number <= DAUGHTER:
        notice, last_day = None, period.DAYS
    return _cut(story, since=since, touched=touched, notice=notice, last_day=last_day)


def hazard(satisfaction: float) -> float:
    """The chance that somebody who is a customer gives notice within a week, were there no pain point.

    Example:
        >>> hazard(-1.0) > hazard(0.0) > hazard(1.0)
        True
    """
    factor = 1.0 - 0.27 * satisfaction
    return _WEEKLY_HAZARD * factor * factor


def _notice(fraction: float, who: Person, begin: int, harmed: int | None) -> int | None:
    stayed, weekly = 1.0, hazard(who.satisfaction)
    for day in range(begin, period.DAYS, _WEEK):
        before = stayed
        stayed *= 1.0 - (weekly * HAZARD_RATIO if harmed is not None and day >= harmed else weekly)
        if stayed < fraction:
            # Where within the week she passes the number.
            return min(day + int(_WEEK * (before - fraction) / (before - stayed)), period.DAYS - 1)
    return None


def _buy_again(story: _Story, owned: dict[str, int | None]) -> None:
    who, draw = story.who, story.draw
    for first, last in _REPEAT_YEARS:
        wants = draw.chance(0.3 + 0.12 * who.satisfaction)
        day, line, card = draw.between(first, last), draw.pick(LINES), draw.chance(_CARD_SHARE)
        line = line if line in owned else next(iter(owned), "")
        begun = owned.get(line)
        if not wants or begun is None or day > _LAST_START:
            continue
        if day > story.lines[line][-1].day + 1:
            story.deal(line, "credit_card" if line == "account" and card else line, day, first=False)


def _cut(story: _Story, *, since: int | None, touched: int | None, notice: int | None, last_day: int) -> Relation:
    """The relation up to its end."""
    until = period.at(last_day, 0)
    steps: list[Step] = []
    for line, taken in story.lines.items():
        kept = [step for step in taken if step.day < (period.DAYS if notice is None else notice)]
        steps += kept
        # Who never had the product, or is still looking at it, has nothing to leave.
        if notice is not None and any(step.stage == "existing" for step in kept):
            steps.append(Step(notice, line, "exiting"))
            if last_day < period.DAYS:
                steps.append(Step(last_day, line, "former"))
    return Relation(
        steps=tuple(steps),
        deals=tuple(as_known(deal, until) for deal in story.deals if deal.at < until),
        visits=tuple(visit for visit in story.visits if visit[0] < until),
        since=since,
        touched=touched,
        notice=notice,
        last_day=last_day,
    )


def _day(instant: int) -> int:
    return period.day_of(period.local(instant).date())
