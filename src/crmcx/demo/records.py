"""What the bank's systems hold of a person: every system its own id, its own spelling, its own gaps.

No number is shared by two systems. A minority of records carries a number of another system, typed by hand, a few of
them wrong. Names have typos and nicknames, mailboxes and phones are missing, shared, old or invented, and a few people
stand twice in one system.
"""

from __future__ import annotations

from enum import IntEnum

from attrs import evolve, frozen

from crmcx.demo import period, words
from crmcx.demo.dirt import written_mail, written_name, written_phone
from crmcx.demo.draw import Draw, Stream
from crmcx.demo.people import DAUGHTER, HEROINE, HEROINE_LOAN, Person, person, scattered

_DUPLICATE = 0.03
_CARRIES_OTHER_NUMBER = 0.25
_WRONG_NUMBER = 0.003
_NOBODYS = 0.003
_REASSIGNED = 0.004
_ROLE = 0.02
_AT_WORK = 0.08
_FAMILY = 0.5
_LANDLINE = 0.42
_WRONG_YEAR = 0.01
_OFFICE_OPENS, _OFFICE_CLOSES = 8 * 3600, 18 * 3600


class System(IntEnum):
    """The systems that hold records of people."""

    MORTGAGES = 0
    DEPOSITS = 1
    SERVICE_CENTRE = 2
    HELP_DESK = 3
    SURVEY = 4

    @property
    def source(self) -> str:
        """The source that its records carry in a workspace."""
        return f"files:{self.name.lower()}"


DEPARTMENTS = (System.MORTGAGES, System.DEPOSITS, System.SERVICE_CENTRE)
"""The systems that are a department's CRM."""


@frozen(kw_only=True)
class _Habits:
    """How carefully a system is kept, as shares of its records."""

    prefix: str
    factor: int
    first: int = 0
    no_mail: float
    no_phone: float
    no_year: float
    no_address: float


_HABITS = {
    System.MORTGAGES: _Habits(prefix="H", factor=6_700_417, no_mail=0.18, no_phone=0.25, no_year=0.03, no_address=0.02),
    System.DEPOSITS: _Habits(
        prefix="", factor=4_669_201, first=40_000_000, no_mail=0.08, no_phone=0.4, no_year=0.08, no_address=0.05
    ),
    System.SERVICE_CENTRE: _Habits(
        prefix="S", factor=2_685_451, no_mail=0.25, no_phone=0.1, no_year=0.5, no_address=0.4
    ),
    System.HELP_DESK: _Habits(
        prefix="", factor=8_675_309, first=10_000_000, no_mail=0.04, no_phone=0.8, no_year=1.0, no_address=1.0
    ),
    System.SURVEY: _Habits(prefix="C", factor=1_234_567, no_mail=0.05, no_phone=1.0, no_year=1.0, no_address=1.0),
}


@frozen(kw_only=True)
class Seen:
    """A person as one system knows her; an empty text is nothing."""

    number: int
    """Whom it is about, which no system knows."""
    id: str
    """Its id in the system."""
    given: str
    """Given name as written."""
    family: str
    """Family name as written."""
    email: str
    """E-mail address as written."""
    phone: str
    """Phone number as written."""
    address: str
    """Street, postcode and town as written."""
    birth_year: int | None
    """Year of birth."""
    loan: str
    """Loan number as written."""
    account: str
    """Account number as written."""
    created: int
    """Instant at which the record was made."""

    @property
    def name(self) -> str:
        """The full name as written."""
        return f"{self.given} {self.family}".strip()


def record_id(system: System, number: int, copy: int = 0) -> str:
    """The id of a person's record in a system; it tells neither whose it is nor her id elsewhere.

    Example:
        >>> record_id(System.MORTGAGES, 5)
        'H-3704650'
    """
    habits = _HABITS[system]
    digits = f"{scattered(number * 2 + copy, habits.factor):07d}"
    return f"{habits.prefix}-{digits}" if habits.prefix else str(int(digits) + habits.first)


def loan_number(number: int) -> str:
    """The loan number of a person, given with her first enquiry about a mortgage."""
    return HEROINE_LOAN if number == HEROINE else str(80_000_000 + scattered(number, 5_040_103))


def account_number(number: int) -> str:
    """The account number of a person."""
    return f"120{scattered(number, 9_224_737):07d}"


def made_on(who: Person, system: System) -> int | None:
    """The day on which a department made its record of a person; None when it knows her not."""
    return (who.mortgages_day, who.deposits_day, who.service_day)[system]


def has_duplicate(seed: int, number: int, system: System) -> bool:
    """Whether a department made a second record of the same person."""
    return number > DAUGHTER and Draw(seed, Stream.RECORD, number, system, 2).chance(_DUPLICATE)


def seen(seed: int, who: Person, system: System, copy: int = 0) -> Seen:
    """What a system holds of a person.

    Args:
        seed: The bank's seed.
        who: The person.
        system: Which system.
        copy: 1 for the second record of a person who stands there twice.
    """
    draw = Draw(seed, Stream.RECORD, who.number, system, copy)
    habits = _HABITS[system]
    given, family = written_name(draw, who.given, who.family)
    street = who.home.street.replace("straße", draw.pick(("straße", "str.", "strasse")))
    born = who.birth_year + (draw.between(-9, 9) if draw.chance(_WRONG_YEAR) else 0)
    email, phone = _email(draw, who, habits), _phone(seed, draw, who, habits)
    found = Seen(
        number=who.number,
        id=record_id(system, who.number, copy),
        given=given,
        family=family,
        email=email,
        phone=phone,
        address="" if draw.chance(habits.no_address) else f"{street}, {' '.join(who.home.town)}",
        birth_year=None if draw.chance(habits.no_year) else born,
        loan=_number(draw, who, system, System.MORTGAGES),
        account=_number(draw, who, system, System.DEPOSITS),
        created=_created(draw, who, system, copy),
    )
    return _of_the_story(found, who, system) if who.number <= DAUGHTER else found


def _email(draw: Draw, who: Person, habits: _Habits) -> str:
    own = who.email
    if who.work_email:
        host = who.work_email.partition("@")[2]
        if draw.chance(_ROLE):
            return f"{draw.pick(('info', 'office'))}@{host}"
        if draw.chance(_AT_WORK):
            own = who.work_email
    if who.home.mailbox and draw.chance(_FAMILY):
        own = who.home.mailbox
    if draw.chance(_NOBODYS):
        return draw.pick(words.PLACEHOLDER_MAILS)
    written = written_mail(draw, own)
    return "" if draw.chance(habits.no_mail) else written


def _phone(seed: int, draw: Draw, who: Person, habits: _Habits) -> str:
    number = who.home.landline if who.home.landline and draw.chance(_LANDLINE) else who.mobile
    if who.number and draw.chance(_REASSIGNED):
        # The number was hers when the record was made; the network has given it to somebody else since.
        number = person(seed, draw.below(who.number)).mobile
    if draw.chance(_NOBODYS):
        return words.PLACEHOLDER_PHONE
    written = written_phone(draw, number)
    return "" if draw.chance(habits.no_phone) else written


def _number(draw: Draw, who: Person, system: System, owner: System) -> str:
    """The number that another department gave a person, where this system carries it; its own always."""
    carried, wrong, others = draw.chance(_CARRIES_OTHER_NUMBER), draw.chance(_WRONG_NUMBER), draw.chance(0.5)
    number = loan_number if owner is System.MORTGAGES else account_number
    if made_on(who, owner) is None or (system is not owner and not carried):
        return ""
    # The mortgages department asks nobody for an account, and the platforms know no loans.
    if (system, owner) in {
        (System.MORTGAGES, System.DEPOSITS),
        (System.HELP_DESK, System.MORTGAGES),
        (System.SURVEY, System.MORTGAGES),
    }:
        return ""
    if system is not owner and wrong:
        return number(max(0, who.number - 1) if who.number > DAUGHTER + 1 and others else who.number + 1)
    return number(who.number)


def _created(draw: Draw, who: Person, system: System, copy: int) -> int:
    second = draw.between(_OFFICE_OPENS, _OFFICE_CLOSES)
    day = made_on(who, system) if system in DEPARTMENTS else None
    if day is None:
        day = who.first_day
    if copy:
        day = min(period.DAYS - 1, day + draw.between(10, 700))
    return period.at(day, second)


def _of_the_story(found: Seen, who: Person, system: System) -> Seen:
    """The records of the fixed people: without chance dirt, and as their story needs them."""
    address = "" if not found.address else f"{who.home.street}, {' '.join(who.home.town)}"
    story = evolve(
        found, given=who.given, family=who.family, email=who.email, birth_year=who.birth_year, loan="", account=""
    )
    if system is System.MORTGAGES:
        story = evolve(story, loan=loan_number(who.number))
    if system is System.DEPOSITS:
        story = evolve(story, account=account_number(who.number))
    if system in {System.HELP_DESK, System.SURVEY}:
        return evolve(story, phone="", address="", birth_year=None)
    if who.number == HEROINE:
        # The deposits department has no loan number of hers; only the mailbox is the same, spelt otherwise.
        email = "Hedda.Lindqvarn+konto@MAIL.example" if system is System.DEPOSITS else who.email
        loan = HEROINE_LOAN if system is System.SERVICE_CENTRE else story.loan
        return evolve(story, email=email, phone=who.mobile, address=address, loan=loan)
    phone = who.mobile if system is System.SERVICE_CENTRE else who.home.landline
    return evolve(story, phone=phone, address=f"{who.home.street}, {' '.join(who.home.town)}")
