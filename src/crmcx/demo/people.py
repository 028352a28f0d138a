"""The people of the bank as they truly are: who they are, with whom they live, and how satisfied they are at heart."""

from __future__ import annotations

from functools import lru_cache

from attrs import evolve, frozen

from crmcx.demo import period, words
from crmcx.demo.draw import Draw, Stream

HEROINE, FATHER, DAUGHTER = 0, 1, 2
"""People whose story is fixed; see `fixed`."""
HEROINE_LOAN = "4711"
"""The loan number by which the heroine knows herself."""

_BLOCK = 100
_SIZES = ((1, 0.45), (2, 0.30), (3, 0.12), (4, 0.09), (5, 0.04))
_LANGUAGES = (("de", 0.6), ("en", 0.4))
_HELD = (("M", 0.12), ("D", 0.36), ("MD", 0.12), ("DS", 0.17), ("MS", 0.09), ("MDS", 0.1), ("S", 0.04))
_YEARS_BACK = 15
_MEETS_PAIN_POINT = 0.111  # of all; some never become customers or have left by then, so that 8 % meet it
_PRIME = 9_999_991
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"


@frozen(kw_only=True)
class Household:
    """Who lives behind one door."""

    first: int
    """Number of the first member, which names the household."""
    size: int
    """How many live there."""
    language: str
    """Language they are written to in: `de` or `en`."""
    family: str
    """Family name most of them share."""
    street: str
    """Street, number and perhaps floor."""
    town: tuple[str, str]
    """Postcode and name."""
    landline: str
    """Number they share, empty when there is none."""
    mailbox: str
    """Mailbox they share, empty when there is none."""


@frozen(kw_only=True)
class Person:
    """One person who deals with the bank."""

    number: int
    """Position among the people, from 0."""
    given: str
    """Given name."""
    family: str
    """Family name."""
    birth_year: int
    """Year of birth."""
    home: Household
    """With whom she lives, and where."""
    email: str
    """Her own mailbox; nobody else has it."""
    work_email: str
    """Her mailbox at work, empty when she has no employer."""
    mobile: str
    """Her own mobile number; nobody else has it now."""
    satisfaction: float
    """Latent satisfaction: mean 0, variance 1, higher is better."""
    mortgages_day: int | None
    """Day on which the mortgages department made her record; None when it has none."""
    deposits_day: int | None
    """The same in the deposits department."""
    service_day: int | None
    """The same in the service centre."""
    pain: float | None
    """Where in her time as a customer she meets the pain point, from 0 to 1; None when she never does."""

    @property
    def language(self) -> str:
        """Language she is written to in: `de` or `en`."""
        return self.home.language

    @property
    def first_day(self) -> int:
        """First day of the exports on which a department knows her."""
        return max(0, min(day for day in (self.mortgages_day, self.deposits_day, self.service_day) if day is not None))


def scattered(number: int, factor: int) -> int:
    """A number from 0 to 9,999,990 that belongs to this one alone, up to that many, and does not tell it."""
    return (number + 1) * factor % _PRIME


@lru_cache(maxsize=1 << 16)
def person(seed: int, number: int) -> Person:
    """The person of a number: a pure function, so nobody has to be kept; the last ones asked for are.

    Args:
        seed: The bank's seed.
        number: Position among the people, from 0.
    """
    draw = Draw(seed, Stream.PERSON, number)
    home = household(seed, number)
    given = _common(draw, words.GIVEN[home.language])
    family = home.family
    if number > home.first and not draw.chance(0.8):
        family = _common(draw, words.FAMILY[home.language])
    held = draw.weighted(_HELD)
    pain = draw.unit() if draw.chance(_MEETS_PAIN_POINT) else None
    days = {department: _made(draw) for department in "MDS"}
    if pain is not None:
        # Whoever waits for a callback has called before: the service centre has known her from the first day.
        days["S"] = min(days[department] for department in held)
    plain = f"{_plain(given)}.{_plain(family)}"
    sign = _base36(scattered(number, 7_368_787))
    made = Person(
        number=number,
        given=given,
        family=family,
        birth_year=draw.between(1940, 2004),
        home=home,
        email=f"{plain}.{sign}@{draw.pick(words.MAIL_HOSTS)}",
        work_email=f"{plain}.{sign}@{draw.pick(words.COMPANIES)}" if draw.chance(0.55) else "",
        mobile=f"{words.MOBILE}{scattered(number, 3_141_593):07d}",
        satisfaction=draw.normal(),
        mortgages_day=days["M"] if "M" in held else None,
        deposits_day=days["D"] if "D" in held else None,
        service_day=days["S"] if "S" in held or pain is not None else None,
        pain=pain,
    )
    return fixed(made) if number <= DAUGHTER else made


def fixed(made: Person) -> Person:
    """The people of the story, out of those whom chance made in their place.

    The heroine had a mortgage for years when she opened an account at the same bank. Father and daughter have one
    name, address and landline, and are two people.
    """
    made = evolve(made, satisfaction=0.2, pain=None, work_email="")
    if made.number == HEROINE:
        return evolve(
            made,
            given="Hedda",
            family="Lindqvarn",
            birth_year=1984,
            email="hedda.lindqvarn@mail.example",
            home=evolve(made.home, language="en", street="Lindenweg 47", town=words.TOWNS[0], landline="", mailbox=""),
            mortgages_day=-500,
            deposits_day=252,
            service_day=20,
        )
    older = made.number == FATHER
    return evolve(
        made,
        given="Kim",
        family="Vossgarten",
        birth_year=1958 if older else 1989,
        email="kim.vossgarten@post.example" if older else "kimi.voss@inbox.example",
        home=evolve(made.home, language="de", family="Vossgarten", mailbox=""),
        mortgages_day=-900 if older else -650,
        deposits_day=-1200 if older else -700,
        service_day=30 if older else 90,
    )


@lru_cache(maxsize=256)
def _firsts(seed: int, block: int) -> tuple[int, ...]:
    """For each place of a block the place at which its household begins; households never cross blocks."""
    # The heroine lives alone, father and daughter together.
    firsts = [HEROINE, FATHER, FATHER] if block == 0 else []
    draw = Draw(seed, Stream.HOUSEHOLD_SIZES, block)
    while len(firsts) < _BLOCK:
        firsts += [len(firsts)] * draw.weighted(_SIZES)
    return tuple(firsts[:_BLOCK])


def household(seed: int, number: int) -> Household:
    """The household of a person: the same for all who live in it."""
    block, place = divmod(number, _BLOCK)
    firsts = _firsts(seed, block)
    return _household(seed, block * _BLOCK + firsts[place], firsts.count(firsts[place]))


@lru_cache(maxsize=4096)
def _household(seed: int, first: int, size: int) -> Household:
    draw = Draw(seed, Stream.HOUSEHOLD, first)
    language = draw.weighted(_LANGUAGES)
    family = _common(draw, words.FAMILY[language])
    sign = (first + 1) * 1_618_033 % 4_000_000
    floor = f"; {draw.between(1, 4)}. OG" if draw.chance(0.1) else ""
    has_landline = draw.chance(0.75) or first == FATHER
    shares_mailbox = size > 1 and draw.chance(0.06)
    return Household(
        first=first,
        size=size,
        language=language,
        family=family,
        street=f"{draw.pick(words.STREETS)} {draw.between(1, 140)}{floor}",
        town=draw.pick(words.TOWNS),
        landline=f"{words.LANDLINES[sign // 1_000_000]}{sign % 1_000_000:06d}" if has_landline else "",
        mailbox=f"familie.{_plain(family)}.{_base36(sign)}@{words.MAIL_HOSTS[0]}" if shares_mailbox else "",
    )


def _made(draw: Draw) -> int:
    """The day on which a department makes a record: most were there before the exports begin."""
    if draw.chance(0.65):
        return -draw.between(1, _YEARS_BACK * 365)
    return draw.between(0, period.DAYS - 60)


def _common(draw: Draw, names: tuple[str, ...]) -> str:
    # The square makes the first names of the list common, so that many people share a name.
    share = draw.unit()
    return names[int(share * share * len(names))]


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _BASE36[digit] + digits
    return digits


_PLAIN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "ë": "e", "'": None})


def _plain(name: str) -> str:
    return name.lower().translate(_PLAIN)
