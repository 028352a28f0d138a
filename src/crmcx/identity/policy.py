"""What may join two records, as frozen data that can be written as JSON, hashed and compared."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any

from attrs import asdict, field, frozen

from crmcx.errors import UsageError
from crmcx.identity.names import NICKNAMES

RULES = ("phone", "email", "id")
"""The kinds of keys, the weakest first: where a component breaks a rule, the edges of the weakest are cut first."""


def _positive(_policy: Any, attribute: Any, value: int) -> None:  # noqa: ANN401 - attrs' signature
    if type(value) is not int or value < 1:
        msg = f"found {attribute.name}={value!r}, expected a whole number of at least 1"
        raise UsageError(msg, hint="see the reference of Policy")


def _region(_policy: Any, _attribute: Any, value: object) -> None:  # noqa: ANN401 - attrs' signature
    if value is not None and not (isinstance(value, str) and re.fullmatch("[A-Z]{2}", value)):
        msg = f"found region={value!r}, expected an ISO 3166 code of two letters or None"
        raise UsageError(msg, hint="name the country whose phone numbers are written without a country code")


def _names(value: Iterable[str]) -> tuple[str, ...]:
    found = () if isinstance(value, str) else tuple(value)
    if isinstance(value, str) or not all(isinstance(each, str) for each in found):
        msg = f"found {type(value).__name__}, expected several names"
        raise UsageError(msg, hint='pass a tuple such as unique=("tax_id",)')
    return found


def _groups(value: Iterable[Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(_names(group) for group in value)


@frozen(kw_only=True)
class Policy:
    """Rules by which records become people.

    Example:
        >>> Policy(region="DE").hash == Policy().hash
        False
    """

    max_people: int = field(default=10, validator=_positive)
    """A key that more people than this share says nothing of who they are, and joins nobody."""
    birth_years_apart: int = field(default=1, validator=_positive)
    """Years of birth further apart than this are those of two people."""
    unique: tuple[str, ...] = field(default=(), converter=_names)
    """Namespaces, of identifiers or of sources, in which a person has one number at most. Two values never join."""
    region: str | None = field(default=None, validator=_region)
    """Country of phone numbers without a country code, where the record does not name its own."""
    plus_tags: bool = True
    """Whether `ada+shop@mail.example` is the mailbox `ada@mail.example`."""
    nicknames: tuple[tuple[str, ...], ...] = field(default=NICKNAMES, converter=_groups)
    """Given names that may be one person's, in groups."""

    def describe(self) -> dict[str, Any]:
        """The policy as plain data that can be written as JSON."""
        return asdict(self)

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON of the policy, first 16 digits."""
        text = json.dumps(self.describe(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]
