"""The errors of crmcx, grouped by what the caller does next.

CrmcxError
├── UsageError (ValueError)                fix the call
│   ├── ColumnError
│   │   ├── MissingColumnError             a table lacks a column
│   │   └── ColumnTypeError                a column has another type
│   ├── ScaleError                         a score on another scale, or on none
│   ├── CurrencyError                      amounts of several currencies
│   ├── EngineMismatchError                tables of two engines in one call
│   ├── UnsupportedEngineError             not a table, or an engine that is refused
│   └── MappingError                       a mapping that cannot work
├── MissingExtraError (ImportError)        install an extra
├── SourceError                            fix the source, then run again
│   ├── SourceFileError                    a file that is missing or not as described
│   ├── ConnectorError                     no such connector or stream, or one that misbehaves
│   ├── RequestError                       a source that answers with an error
│   │   ├── SignInError                    credentials that are refused
│   │   ├── ThrottledError                 too many requests; come back later
│   │   └── UnreachableError               no usable answer after all tries; run again
│   ├── ForeignHostError                   a link to a host that is not configured
│   ├── OversizeError                      an answer larger than allowed
│   ├── PagingError                        an answer that does not lead on
│   └── ExportError                        an export that failed, or is not done in time
├── PersonError (LookupError)              ask for another person
│   ├── UnknownPersonError                 nobody is known by this
│   └── AmbiguousPersonError               several people are
└── StoreError                             the store as a whole
    ├── StoreVersionError                  written by a newer crmcx
    ├── StoreLockedError                   another process writes
    ├── StoreReadOnlyError                 opened to read only
    ├── StoreFullError (OSError)           no room to write; what was committed stands
    ├── KeyCollisionError                  two records with one key
    └── CountMismatchError                 a commit whose counts do not add up

Messages are lower-case, one sentence, then a hint. They never hold a secret or a customer's words.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar


class CrmcxError(Exception):
    """Base of all errors that crmcx raises on purpose.

    Args:
        message: What was found and what is allowed, in one sentence.
        hint: The next step for the reader.
        data: What a program may want to read, kept in the attribute `data`.
    """

    code: ClassVar[str] = "crmcx"

    def __init__(self, message: str, *, hint: str | None = None, **data: object) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.data = data

    def __str__(self) -> str:
        return f"{self.message}; {self.hint} [{self.code}]" if self.hint else f"{self.message} [{self.code}]"


class UsageError(CrmcxError, ValueError):
    """A call with an argument that cannot be used."""

    code = "usage"


class ColumnError(UsageError):
    """A table whose columns do not fit the call."""

    code = "column"


class MissingColumnError(ColumnError):
    """A table lacks a column that the call needs."""

    code = "missing-column"


class ColumnTypeError(ColumnError):
    """A column has a type that the call cannot read."""

    code = "column-type"


class ScaleError(UsageError):
    """A score on a scale that the metric is not defined for, or on none."""

    code = "scale"


class CurrencyError(UsageError):
    """Amounts of several currencies where one is needed."""

    code = "currency"


class EngineMismatchError(UsageError):
    """Tables of two engines, or of two connections, in one call."""

    code = "engine-mismatch"


class UnsupportedEngineError(UsageError):
    """Data of a kind that is not a table, or of an engine that is refused by name."""

    code = "unsupported-engine"


class MappingError(UsageError):
    """A mapping that names an unknown field or leaves a required one out."""

    code = "mapping"


class MissingExtraError(CrmcxError, ImportError):
    """An optional package is needed for this and is not installed."""

    code = "missing-extra"


class SourceError(CrmcxError):
    """A source that cannot be read as it was described."""

    code = "source"


class SourceFileError(SourceError):
    """A file that is missing, or not in the format that was described."""

    code = "source-file"


class ConnectorError(SourceError):
    """A connector or stream that is unknown or does not keep its contract."""

    code = "connector"


class RequestError(SourceError):
    """A source answered a request with an error."""

    code = "request"

    @property
    def status(self) -> int | None:
        """The status of the answer; None without one."""
        found: Any = self.data.get("status")
        return None if found is None else int(found)

    @property
    def request_id(self) -> str | None:
        """What the source calls this request, for its support; None where it does not say."""
        found: Any = self.data.get("request_id")
        return None if found is None else str(found)


class SignInError(RequestError):
    """A source refused the credentials."""

    code = "sign-in"


class ThrottledError(RequestError):
    """A source wants no more requests for longer than a run may wait."""

    code = "throttled"

    @property
    def until(self) -> datetime | None:
        """When the source can be asked again; None where it does not say."""
        found: Any = self.data.get("until")
        return found if isinstance(found, datetime) else None


class UnreachableError(RequestError):
    """A source gave no usable answer after all tries."""

    code = "unreachable"


class ForeignHostError(SourceError):
    """A link or redirect leads to a host that the connection is not configured for."""

    code = "foreign-host"


class OversizeError(SourceError):
    """An answer, packed or unpacked, is larger than allowed."""

    code = "oversize"


class PagingError(SourceError):
    """An answer does not lead on: its next page was read before, or more records stand together than can be read."""

    code = "paging"


class ExportError(SourceError):
    """An export that a source prepares failed, or is not done in time."""

    code = "export"


class PersonError(CrmcxError, LookupError):
    """A person that cannot be told by what was given."""

    code = "person"


class UnknownPersonError(PersonError):
    """Nobody is known by this identifier."""

    code = "unknown-person"


class AmbiguousPersonError(PersonError):
    """Several people are known by this identifier."""

    code = "ambiguous-person"


class StoreError(CrmcxError):
    """The store cannot do what was asked."""

    code = "store"


class StoreVersionError(StoreError):
    """The store was written by a newer version of crmcx, or is not a store."""

    code = "store-version"


class StoreLockedError(StoreError):
    """Another process holds the store for writing."""

    code = "store-locked"


class StoreReadOnlyError(StoreError):
    """The store was opened to read only."""

    code = "store-read-only"


class StoreFullError(StoreError, OSError):
    """The disk is full or a size limit was reached; everything committed before stands."""

    code = "store-full"


class KeyCollisionError(StoreError):
    """Two different records have the same 63-bit key."""

    code = "key-collision"


class CountMismatchError(StoreError):
    """A commit in which read is not stored + unchanged + quarantined; it was rolled back."""

    code = "count-mismatch"


def demand_one_of(name: str, value: str, allowed: Iterable[str]) -> None:
    """Demand that an argument is one of the words it may be.

    Raises:
        UsageError: It is not.
    """
    known = tuple(allowed)
    if value not in known:
        msg = f"found {name}={value!r}, expected one of {', '.join(known)}"
        raise UsageError(msg, hint="the reference tells what each of them means")
