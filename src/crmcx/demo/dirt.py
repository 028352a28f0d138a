"""How people and clerks misspell: names, mailboxes and phone numbers as they come to stand in a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcx.demo import words

if TYPE_CHECKING:
    from crmcx.demo.draw import Draw

NICKNAME = 0.16
"""Share of records that hold a nickname, among those of people whose name has one."""
GIVEN_TYPO, FAMILY_TYPO, MAIL_TYPO = 0.05, 0.06, 0.02
"""Shares of records with a slip of the keyboard."""
SWAPPED, INITIAL_ONLY, FAMILY_MISSING = 0.015, 0.04, 0.02
"""Shares of records whose names changed places, whose given name is an initial, whose family name is not there."""
PLUS_TAG, CAPITALS, SPELT_OUT = 0.03, 0.04, 0.04
"""Shares of mailboxes with a tag and in capitals, and of names without their umlauts."""

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_TAGS = ("bank", "kredit", "konto", "news")
_SHORTEST = 3
_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ö": "Oe", "Ü": "Ue", "é": "e", "ë": "e"})


def misspelt(draw: Draw, word: str) -> str:
    """A word with one slip: a letter left out, doubled, changed, or two that changed places.

    The first letter stays; words of fewer than three letters stay as they are.
    """
    slip, place, letter = draw.below(4), draw.unit(), draw.pick(_LETTERS)
    if len(word) < _SHORTEST:
        return word
    at = 1 + int(place * (len(word) - 2))
    if slip == 0:
        return word[:at] + word[at + 1 :]
    if slip == 1:
        return word[:at] + word[at] + word[at:]
    if slip == 2:  # noqa: PLR2004 - the third of four slips
        return word[:at] + letter + word[at + 1 :]
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def written_name(draw: Draw, given: str, family: str) -> tuple[str, str]:
    """Given and family name as a record has them.

    Every chance is drawn for every name, so that one rate never shifts what another brings.
    """
    nickname, initial, spelt = draw.chance(NICKNAME), draw.chance(INITIAL_ONLY), draw.chance(SPELT_OUT)
    typo, family_typo = draw.chance(GIVEN_TYPO), draw.chance(FAMILY_TYPO)
    missing, swapped = draw.chance(FAMILY_MISSING), draw.chance(SWAPPED)
    slipped, family_slipped = misspelt(draw, given), misspelt(draw, family)
    if nickname:
        given = words.NICKNAMES.get(given, given)
    elif initial:
        given = f"{given[0]}."
    elif typo:
        given = slipped
    if missing:
        return given, ""
    if family_typo:
        family = family_slipped
    if spelt:
        given, family = given.translate(_SPELT_OUT), family.translate(_SPELT_OUT)
    return (family, given) if swapped else (given, family)


def written_mail(draw: Draw, address: str) -> str:
    """A mailbox as a record has it."""
    name, _, host = address.partition("@")
    typo, tagged, capitals = draw.chance(MAIL_TYPO), draw.chance(PLUS_TAG), draw.chance(CAPITALS)
    slipped, tag = misspelt(draw, name), draw.pick(_TAGS)
    if typo:
        name = slipped
    if tagged:
        name = f"{name}+{tag}"
    return f"{name}@{host}".upper() if capitals else f"{name}@{host}"


def written_phone(draw: Draw, number: str) -> str:
    """A number such as `030 23125123456` in one of the ways in which people write numbers."""
    area, _, local = number.partition(" ")
    way = draw.below(6)
    if way == 0:
        return f"+49 {area[1:]} {local}"
    if way == 1:
        return f"({area}) {local[:5]} {local[5:]}"
    if way == 2:  # noqa: PLR2004 - the third of six ways
        return f"{area} {local[:5]}-{local[5:]}"
    if way == 3:  # noqa: PLR2004 - the fourth of six ways
        return f"0049{area[1:]}{local}"
    if way == 4:  # noqa: PLR2004 - the fifth of six ways
        return f"{area}/{local}"
    return number
