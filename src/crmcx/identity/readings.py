"""What a value as written stands for: the mailbox, the line, the number; or why it is no key.

Each distinct value is read once, and the reading kept with the version of the reader.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.util import find_spec
from typing import Any

from attrs import field, frozen

_SHORT = 15
_ID_OF_SALESFORCE = re.compile(r"[0-9A-Za-z]{15}([A-Z0-5]{3})?")
_BASE_32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
READER = 2
"""Version of these rules; values read by another version are read again."""
_ROLES = frozenset(
    [
        "abuse",
        "accounts",
        "admin",
        "anfrage",
        "billing",
        "buchhaltung",
        "bestellung",
        "career",
        "contact",
        "contacto",
        "datenschutz",
        "einkauf",
        "empfang",
        "enquiries",
        "hallo",
        "hello",
        "help",
        "hr",
        "info",
        "infos",
        "jobs",
        "kontakt",
        "kundenservice",
        "mail",
        "marketing",
        "office",
        "orders",
        "personal",
        "post",
        "postmaster",
        "presse",
        "privacy",
        "reception",
        "rechnung",
        "sales",
        "service",
        "shop",
        "support",
        "team",
        "verkauf",
        "vertrieb",
        "webmaster",
        "zentrale",
    ]
)
_PLACEHOLDERS = frozenset(
    [
        "a",
        "aa",
        "aaa",
        "abc",
        "asdf",
        "customer",
        "donotreply",
        "dummy",
        "email",
        "example",
        "fake",
        "kein",
        "keine",
        "keinemail",
        "kunde",
        "leer",
        "na",
        "name",
        "nn",
        "no",
        "nobody",
        "noemail",
        "nomail",
        "none",
        "noreply",
        "null",
        "test",
        "tester",
        "testing",
        "unbekannt",
        "undefined",
        "unknown",
        "user",
        "xx",
        "xxx",
        "xyz",
    ]
)
_GMAIL = frozenset({"gmail.com", "googlemail.com"})
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_SEQUENCES = ("0123456789", "9876543210")
_SHORTEST_LINE = 5
_SAME = 5
_LONG_ENOUGH = 6
"""Characters from which on the last two of a number may be shown."""


@frozen
class Reading:
    """What one value stands for."""

    key: str | None = field(repr=False)
    """The key that it makes; None for none."""
    aside: str | None = None
    """Why it makes none."""


def read_email(value: str, *, plus_tags: bool = True) -> Reading:
    """The mailbox of an e-mail address.

    Case and compatible characters do not count; what follows a plus sign does not, where `plus_tags` says so; the dots
    of Gmail do not.

    Args:
        value: The address as written.
        plus_tags: Whether a tag behind a plus sign is no part of the mailbox.

    Example:
        >>> read_email(" Ada+Shop@Mail.Example").key
        'ada@mail.example'
        >>> read_email("info@mail.example").aside
        'role mailbox'
    """
    text = unicodedata.normalize("NFKC", value).strip().removeprefix("mailto:").casefold()
    if not _EMAIL.fullmatch(text):
        return Reading(None, "no e-mail address")
    local, domain = text.rsplit("@", 1)
    bare = local.partition("+")[0] if plus_tags else local
    if domain in _GMAIL:
        bare, domain = bare.replace(".", ""), "gmail.com"
    plain = re.sub(r"[^\w]", "", bare)
    if not plain or plain.strip("0123456789") in _PLACEHOLDERS or len(set(plain)) == 1:
        return Reading(None, "placeholder")
    if plain.strip("0123456789") in _ROLES:
        return Reading(None, "role mailbox")
    return Reading(f"{bare}@{domain}")


def can_read_phones() -> bool:
    """Whether the extra that reads phone numbers is installed."""
    return find_spec("phonenumbers") is not None


@cache
def _phones() -> Any:  # noqa: ANN401 - a module
    import phonenumbers  # noqa: PLC0415 - an optional package, loaded at first use

    return phonenumbers


def read_phone(value: str, region: str | None) -> Reading:
    """The line of a phone number, as E.164.

    Args:
        value: The number as written.
        region: ISO 3166 code of the country that it was written in.

    Example:
        >>> read_phone("(030) 23125 123", "DE").key
        '+493023125123'
    """
    if not can_read_phones():
        return Reading(None, 'needs the extra "phone"')
    digits = re.sub(r"\D", "", value)
    rest = digits.lstrip("0")
    if len(rest) < _SHORTEST_LINE or len(set(rest[-_SAME:])) == 1 or any(rest in run for run in _SEQUENCES):
        return Reading(None, "placeholder")
    phones = _phones()
    try:
        number = phones.parse(value, region)
    except phones.NumberParseException:
        known = region is not None or value.strip().startswith(("+", "00"))
        return Reading(None, "no phone number" if known else "no country to read it in")
    if not phones.is_possible_number(number):
        return Reading(None, "no phone number")
    return Reading(phones.format_number(number, phones.PhoneNumberFormat.E164))


def read_id(value: str) -> Reading:
    """The number of an identifier: case, blanks and hyphens do not count.

    Salesforce's ids of 15 characters differ by case alone, so theirs counts; those of 18 say the same with three
    characters more, by which case can be told, and are read as the 15.

    Source: Salesforce, "What are Salesforce record ID's composed of", on the three characters.

    Example:
        >>> read_id(" DL-4711 ").key
        'dl4711'
        >>> read_id("0015g00000Xa1BcAAJ").key == read_id("0015g00000Xa1Bc").key
        True
    """
    bare = re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", value))
    text = _salesforce(bare) or bare.casefold()
    if not text:
        return Reading(None, "empty")
    if text in _PLACEHOLDERS or not text.strip("0") or (len(text) > _SAME and len(set(text)) == 1):
        return Reading(None, "placeholder")
    return Reading(text)


def _salesforce(value: str) -> str | None:
    """The 15 characters of an id of Salesforce, whose case counts; None for what cannot be one."""
    short, check = value[:_SHORT], value[_SHORT:]
    if not _ID_OF_SALESFORCE.fullmatch(value) or (check and check != _check(short)):
        return None
    mixed = short != short.lower() and short != short.upper() and any(map(str.isdigit, short))
    return short if check or mixed else None


def _check(short: str) -> str:
    """The three characters that say which of fifteen are capitals, five by five, the first as the lowest bit."""
    blocks = (short[start : start + 5] for start in range(0, _SHORT, 5))
    return "".join(_BASE_32[sum(letter.isupper() << bit for bit, letter in enumerate(block))] for block in blocks)


def masked(rule: str, key: str) -> str:
    """A key so far as it may be shown.

    Example:
        >>> masked("email", "ada@mail.example"), masked("id", "12094711"), masked("id", "4711")
        ('a***@mail.example', '***11', '***')
    """
    if rule == "email":
        return f"{key[:1]}***{key[key.rfind('@') :]}"
    end = key[-2:] if len(key) >= _LONG_ENOUGH else ""
    return f"***{end}" if rule == "id" else f"{key[:3]}***{end}"
