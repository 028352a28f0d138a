"""Strategies for the values that models are made of: one per type of `crmcx.models.values`."""

from __future__ import annotations

import string
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from crmcx.instants import EPOCH, MICROSECOND, zone
from crmcx.models.values import LARGEST_AMOUNT, Direction, Money, Scale, Text
from crmcx.testing._hypothesis import SearchStrategy, st
from crmcx.testing._phrases import PHRASES

_ZONES = (
    *("UTC", "Europe/Berlin", "America/New_York", "America/St_Johns", "America/Sao_Paulo", "Asia/Kolkata"),
    *("Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kiritimati"),
)
_CHANGES = (
    ("Europe/Berlin", "2025-03-30T02:00"),  # an hour that does not come
    ("Europe/Berlin", "2025-10-26T02:00"),  # an hour that comes twice
    ("America/New_York", "2024-03-10T02:00"),
    ("America/New_York", "2024-11-03T01:00"),
    ("America/St_Johns", "2010-03-14T00:01"),  # at a minute past midnight
    ("America/Sao_Paulo", "2018-11-04T00:00"),  # a day without a midnight
    ("America/Sao_Paulo", "2018-02-17T23:00"),
    ("Australia/Lord_Howe", "2025-10-05T02:00"),  # by half an hour
    ("Australia/Lord_Howe", "2025-04-06T01:30"),
    ("Pacific/Apia", "2011-12-30T12:00"),  # a day that does not come
    ("Asia/Kathmandu", "1986-01-01T00:00"),  # a quarter of an hour, once and for all
)
"""Zones and the times on the wall where a stretch begins that does not come, or comes twice."""
_DAYS = (
    *(date(2000, 1, 1), date(2024, 2, 29), date(2000, 2, 29), date(1900, 2, 28), date(2100, 3, 1), date(2024, 12, 31)),
    *(date(1970, 1, 1), date(1969, 12, 31), date.min, date.max),
)
_INSTANTS = (
    datetime(2000, 1, 1, tzinfo=UTC),
    datetime(2024, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2024, 2, 29, 12, tzinfo=zone("Pacific/Kiritimati")),  # still the day before in UTC
    datetime(2000, 2, 29, tzinfo=UTC),
    EPOCH,
    EPOCH - MICROSECOND,
    datetime.min.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
)
_DURATIONS = (
    *(0, 1, -1, 999_999, 1_000_000, 3_600_000_000, 86_400_000_000 - 1, 86_400_000_000, -86_400_000_000),
    *(-(2**63), 2**63 - 1),
)
_WHOLES = (0, 1, -1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63))
_REALS = (0.0, 1.0, -1.0, 0.1, -0.0, 5e-324, 1.7976931348623157e308, -1.7976931348623157e308)
_DECIMALS = {
    2: ("EUR", "USD", "GBP", "CHF", "INR"),
    0: ("JPY", "KRW"),
    3: ("KWD", "BHD", "TND"),
}
"""How many decimals a currency has, and which ones have so many."""
_SCALES = (
    *((0, 10, Direction.HIGHER), (1, 5, Direction.HIGHER), (1, 7, Direction.LOWER), (1, 10, Direction.HIGHER)),
    *((0, 1, Direction.HIGHER), (-2, 2, Direction.HIGHER), (0, 100, Direction.HIGHER)),
)
_LANGUAGES = ("und", "en", "de-AT", "zh-Hant-TW", "sr-Latn-RS", "es-419", "ar", "he", "ca-ES-valencia", "sl-rozaj-1994")
_COUNTRIES = ("DE", "AT", "US", "JP", "IN", "NP", "BR", "EG", "IL", "TN", "KW", "WS", "XK")
_CODES = ("1", "0", "007", "4711", "A-1", "a b", "a/b", "a:b", "\u00e4", "a\u0308", "\u05d0", "x" * 255)
_SOURCES = ("crm", "hubspot:mortgages", "7", "a.b-c_d:X-1")
_LOWER = string.ascii_lowercase + string.digits
_MARKS = "_.-"


def instants() -> SearchStrategy[datetime]:
    """Aware moments, in UTC and in nine other zones, with microseconds.

    Drawn on purpose: times on the wall that do not come or come twice (with both values of `fold`), in zones that
    change by an hour, by half an hour, at midnight, or by a whole day; zones half and a quarter of an hour off; leap
    days; 1970 and the microsecond before; the first and the last moment that a datetime can hold in UTC.

    Example:
        >>> from hypothesis import find
        >>> find(instants(), lambda moment: (moment.month, moment.day) == (2, 29)).year % 4
        0
    """
    walls = st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1))  # noqa: DTZ001 - the zone is drawn beside it
    walls |= st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30))  # noqa: DTZ001 - as above
    anywhere = st.builds(lambda wall, name: wall.replace(tzinfo=zone(name)), walls, st.sampled_from(_ZONES))
    return st.sampled_from(_INSTANTS) | anywhere | _near_changes()


def _near_changes() -> SearchStrategy[datetime]:
    """Times on the wall up to an hour and a half after a clock was put, or half an hour before."""
    return st.builds(
        lambda change, minutes, fold: (datetime.fromisoformat(change[1]) + timedelta(minutes=minutes)).replace(
            tzinfo=zone(change[0]), fold=fold
        ),
        st.sampled_from(_CHANGES),
        st.integers(-30, 90),
        st.integers(0, 1),
    )


def days() -> SearchStrategy[date]:
    """Calendar days from the year 1 to the year 9999.

    Drawn on purpose: leap days, the day where a leap day is missing (1900, 2100), the end of a year, 1970 and the day
    before, the first and the last day.
    """
    return st.sampled_from(_DAYS) | st.dates(date(1990, 1, 1), date(2040, 1, 1)) | st.dates()


def durations() -> SearchStrategy[timedelta]:
    """Lengths of time, exact to the microsecond, of either sign.

    Drawn on purpose: none at all, a microsecond, a day and a microsecond less, the longest that fits a column.
    """
    us = st.sampled_from(_DURATIONS) | st.integers(0, 86_400_000_000) | st.integers(-(2**63), 2**63 - 1)
    return us.map(lambda found: timedelta(microseconds=found))


def wholes() -> SearchStrategy[int]:
    """Whole numbers of 64 bits.

    Drawn on purpose: 0, 1, -1, one that a float cannot hold (2 ** 53 + 1), the smallest and the largest.
    """
    return st.sampled_from(_WHOLES) | st.integers(0, 100) | st.integers(-(2**63), 2**63 - 1)


def reals() -> SearchStrategy[float]:
    """Finite numbers, for scores and weights.

    Drawn on purpose: 0 and -0, one tenth, the smallest above 0, the largest of either sign.
    """
    return st.sampled_from(_REALS) | st.floats(allow_nan=False, allow_infinity=False)


def exacts() -> SearchStrategy[Decimal]:
    """Exact numbers of up to six decimals, such as quantities.

    Drawn on purpose: 0, one millionth of either sign, the largest of either sign.
    """
    return _amounts(2)


def _amounts(places: int) -> SearchStrategy[Decimal]:
    """Amounts of a currency with so many decimals; with six, as unit prices have them, where it has any."""
    unit, largest = Decimal(1).scaleb(-places), Decimal(LARGEST_AMOUNT)
    edges = [Decimal(0), Decimal(1), unit, -unit, -largest, largest, largest - unit]
    usual = st.decimals(-10_000, 10_000, places=places)
    huge = st.decimals(-LARGEST_AMOUNT, LARGEST_AMOUNT, places=places)
    if places == 0:
        return st.sampled_from(edges) | usual | huge
    finest = Decimal(1).scaleb(-6)
    edges += [finest, -finest, largest - finest]
    return st.sampled_from(edges) | usual | huge | st.decimals(-LARGEST_AMOUNT, LARGEST_AMOUNT, places=6)


def currencies() -> SearchStrategy[str]:
    """ISO 4217 codes, of currencies with two decimals, with none (JPY, KRW) and with three (KWD, BHD, TND)."""
    return st.sampled_from([name for names in _DECIMALS.values() for name in names])


def money() -> SearchStrategy[Money]:
    """Amounts with their currency; yen and won without decimals, dinars with three, any but the former also with six.

    Drawn on purpose: nothing, the smallest coin and a millionth, of either sign; the largest amount of either sign and
    the next below.

    Example:
        >>> from hypothesis import find
        >>> find(money(), lambda price: price.amount < 0 and price.currency == "KWD")
        Money(amount=Decimal('-0.001'), currency='KWD')
    """
    of_some = [
        st.builds(Money, amount=_amounts(places), currency=st.sampled_from(names))
        for places, names in _DECIMALS.items()
    ]
    return st.one_of(of_some)


def shares() -> SearchStrategy[float]:
    """Shares of a whole: none of it, all of it, and any part.

    Example:
        >>> from hypothesis import find
        >>> find(shares(), lambda share: share > 0)
        1.0
    """
    return st.sampled_from([0.0, 1.0, 0.5]) | st.floats(0, 1)


def scales() -> SearchStrategy[Scale]:
    """Scales of either direction: those that surveys use (0 to 10, 1 to 5, 1 to 7 and so on), and any other."""
    ends = st.lists(reals(), min_size=2, max_size=2, unique=True).map(sorted)
    usual = st.sampled_from(_SCALES).map(lambda found: Scale(min=found[0], max=found[1], direction=found[2]))
    return usual | st.builds(
        lambda found, direction: Scale(min=found[0], max=found[1], direction=direction),
        ends,
        st.sampled_from(Direction),
    )


def words() -> SearchStrategy[str]:
    """Plain texts in several scripts, mixed ones too, such as names and labels.

    Drawn on purpose: the empty text; Latin letters with marks (composed, and letter by mark), Greek, Cyrillic, Arabic,
    Hebrew, Devanagari, Thai, Chinese, Japanese, Hangul; emoji with joiners; marks of direction, a byte order mark,
    spaces of several kinds; quotes, line ends, a zero character and what spreadsheets and SQL mistake for their own.

    Example:
        >>> from hypothesis import find
        >>> find(words(), lambda found: True)
        ''
    """
    phrases = st.sampled_from([found for _, found in PHRASES])
    return st.text(st.characters(codec="utf-8"), max_size=12) | phrases | st.builds("{} {}".format, phrases, phrases)


def texts() -> SearchStrategy[Text]:
    """Words of a person with their language: phrases in the language they are of, and any words in any."""
    phrases = st.sampled_from(PHRASES).map(lambda found: Text(value=found[1], lang=found[0]))
    return st.builds(Text, value=words(), lang=languages()) | phrases


def languages() -> SearchStrategy[str]:
    """BCP 47 tags, from `und` to such with a script, a region and variants."""
    return st.sampled_from(_LANGUAGES)


def countries() -> SearchStrategy[str]:
    """ISO 3166 codes of two letters, among them one that is not assigned but used (XK)."""
    return st.sampled_from(_COUNTRIES)


def codes() -> SearchStrategy[str]:
    """Ids and other short names of things in a source: never empty, without space at the ends.

    Drawn on purpose: digits with zeros before them, slashes and colons, letters with marks, 255 characters.
    """
    return st.sampled_from(_CODES) | words().map(str.strip).filter(bool)


def sources() -> SearchStrategy[str]:
    """Names of connections, such as `crm` and `hubspot:mortgages`."""
    system = st.builds(str.__add__, st.sampled_from(_LOWER), st.text(_LOWER + _MARKS, max_size=5))
    name = st.text(_LOWER + string.ascii_uppercase + _MARKS, min_size=1, max_size=5)
    return st.sampled_from(_SOURCES) | system | st.builds("{}:{}".format, system, name)


def refs() -> SearchStrategy[str]:
    """References to a record: the name of its source, a slash, its id there."""
    return st.builds("{}/{}".format, sources(), codes())
