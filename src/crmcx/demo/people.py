"""The bank's customers: who they are, from when until when, and how satisfied they are at heart."""

from __future__ import annotations

from attrs import frozen

from crmcx.demo import period, words
from crmcx.demo.draw import Draw, Stream

DEPARTMENTS = ("mortgages", "deposits", "service_centre")
"""Departments that own a customer's record."""
_YEARS_BACK = 20
_LANGUAGES = (("de", 0.6), ("en", 0.4))
_OWNERS = (("mortgages", 0.3), ("deposits", 0.5), ("service_centre", 0.2))
_OFFICE_OPENS, _OFFICE_CLOSES = 8 * 3600, 18 * 3600


@frozen(kw_only=True)
class Person:
    """One customer of the bank."""

    number: int
    """Position among the customers, from 0."""
    given: str
    """Given name."""
    family: str
    """Family name."""
    language: str
    """Language she is written to in: `de` or `en`."""
    email: str
    """E-mail address, empty when the bank does not have it."""
    phone: str
    """Phone number, empty when the bank does not have it."""
    street: str
    """Street and number."""
    town: tuple[str, str]
    """Postcode and name."""
    birth_year: int | None
    """Year of birth, when the bank has it."""
    department: str
    """Department that owns her record."""
    adviser: str
    """Employee who looks after her."""
    balance_cents: int
    """What is on her account, in cents; may be negative."""
    created: int
    """Instant at which her record was made."""
    satisfaction: float
    """Latent satisfaction: mean 0, variance 1, higher is better."""
    first_day: int
    """First day of the exports on which she is a customer, from 0."""
    last_day: int
    """Day of the exports on which she ceases to be one; the number of days when she stays."""

    @property
    def id(self) -> str:
        """Her number in the bank's CRM, which the other systems carry as an external id."""
        return crm_id(self.number)

    @property
    def name(self) -> str:
        """Her full name."""
        return f"{self.given} {self.family}"

    @property
    def until(self) -> int:
        """The first instant at which she is no longer a customer, or the end of the exports."""
        return period.at(self.last_day, 0)

    @property
    def left(self) -> bool:
        """Whether she left the bank within the exports."""
        return self.last_day < period.DAYS


def crm_id(number: int) -> str:
    """A customer's id in the CRM.

    Example:
        >>> crm_id(41)
        'K-000042'
    """
    return f"K-{number + 1:06d}"


def person(seed: int, number: int) -> Person:
    """The customer of a number: a pure function, so nobody has to be kept in memory.

    Args:
        seed: The bank's seed.
        number: Position among the customers, from 0.
    """
    draw = Draw(seed, Stream.PERSON, number)
    language = draw.weighted(_LANGUAGES)
    given = draw.pick(words.GIVEN[language])
    family = draw.pick(words.FAMILY[language])
    satisfaction = draw.normal()
    created_day = draw.between(-_YEARS_BACK * 365, period.DAYS - 30) if draw.chance(0.4) else -draw.skewed(1, 3650)
    first_day = max(0, created_day)
    leaves = draw.chance(0.07 - 0.05 * satisfaction)
    last_day = draw.between(first_day + 14, period.DAYS - 1) if leaves else period.DAYS
    house = draw.between(1, 140)
    floor = f"; {draw.between(1, 4)}. OG" if draw.chance(0.1) else ""
    return Person(
        number=number,
        given=given,
        family=family,
        language=language,
        email=_address(given, family, number) if draw.chance(0.96) else "",
        phone=f"{draw.pick(words.PHONE_RANGES)} {draw.below(1000):03d}" if draw.chance(0.8) else "",
        street=f"{draw.pick(words.STREETS)} {house}{floor}",
        town=draw.pick(words.TOWNS),
        birth_year=draw.between(1940, 2004) if draw.chance(0.9) else None,
        department=draw.weighted(_OWNERS),
        adviser=draw.pick(words.ADVISERS),
        balance_cents=draw.skewed(-150_000, 9_000_000),
        created=period.at(created_day, draw.between(_OFFICE_OPENS, _OFFICE_CLOSES)),
        satisfaction=satisfaction,
        first_day=first_day,
        last_day=last_day,
    )


_PLAIN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "ë": "e", "'": None})


def _address(given: str, family: str, number: int) -> str:
    name = f"{given}.{family}".lower().translate(_PLAIN)
    # Typed in by hand at the counter: some are in capitals.
    return f"{name}{number + 1}@mail.example".upper() if number % 25 == 0 else f"{name}{number + 1}@mail.example"
