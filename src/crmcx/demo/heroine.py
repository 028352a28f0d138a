"""The story the bank is told for: a customer with a mortgage opens a checking account at the same bank.

The deposits department cannot find her by her loan number, so she says who she is again at every door: on the phone, in
the branch, to the help desk. Her name is Hedda Lindqvarn, her loan number 4711.
"""

from __future__ import annotations

from crmcx.demo import period
from crmcx.demo.people import HEROINE
from crmcx.demo.sales import Deal, Phase, Purpose, Status
from crmcx.demo.stages import Relation, Step

ACCOUNT_DAY = 252
"""The day on which she asks for a quote for an account."""
CALLS = (
    (20, 10, "hotline", "loan", "done"),
    (253, 9, "hotline", "account", "forwarded"),
    (253, 11, "hotline", "account", "repeated"),
    (259, 15, "hotline", "loan", "repeated"),
    (300, 10, "hotline", "account", "done"),
    (760, 9, "hotline", "card", "done"),
)
"""Her calls: day, hour, touchpoint, topic, outcome; `repeated` is that she had to say again who she is."""
BRANCH_VISITS = ((254, 14, "branch", "account"), (620, 11, "branch", "loan"))
"""Her visits to the branch: day, hour, touchpoint, topic."""
TICKETS = ((256, 8), (800, 19))
"""Her tickets: day, hour. The first: why does her account not show the loan."""
ANSWERS = ((258, "help_desk"), (302, "hotline"), (801, "help_desk"))
"""What she answers surveys about: day, touchpoint."""

_HOUR = 3600
_BANKING_DAYS = (262, 275, 290, 320, 410, 480, 560, 640, 730, 815, 900, 1010, 1080)


def hour(day: int, of_the_day: int) -> int:
    """The instant of an hour of a day."""
    return period.at(day, of_the_day * _HOUR)


def heroine_relation() -> Relation:
    """What becomes of her and the bank: she stays."""
    steps = (
        Step(-500, "mortgage", "existing"),
        Step(ACCOUNT_DAY - 3, "account", "awareness"),
        Step(ACCOUNT_DAY, "account", "consideration"),
        Step(ACCOUNT_DAY + 3, "account", "purchase"),
        Step(ACCOUNT_DAY + 6, "account", "existing"),
    )
    way = ((ACCOUNT_DAY, Purpose.QUOTING), (ACCOUNT_DAY + 3, Purpose.APPLYING), (ACCOUNT_DAY + 5, Purpose.SIGNING))
    visits = tuple((hour(day, 20), purpose, "account") for day, purpose in way)
    deal = Deal(
        at=visits[0][0],
        number=HEROINE,
        index=0,
        product="account",
        origin="web",
        phase=Phase.CONTRACT,
        status=Status.WON,
        closed=visits[-1][0],
        cents=12_000,
        reason="",
    )
    return Relation(
        steps=steps, deals=(deal,), visits=visits, since=-500, touched=None, notice=None, last_day=period.DAYS
    )


def heroine_banking() -> tuple[int, ...]:
    """The instants at which she looks at her account on the website."""
    return tuple(hour(day, 21) for day in _BANKING_DAYS)
