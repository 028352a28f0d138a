"""History: deals, cases, subscriptions, accounts, stages and consents as they were at one date, as known at another.

Two dates, since what was and what was known of it are two things. `at` is the instant in the world. `as_of` is the
instant of knowledge, and is `at` where it is left out: what could be seen then. A later `as_of` takes in what came in
late.

**What a log tells.** A step counts when it changed not later than `at` and was known not later than `as_of`; a step
that does not say when it was known was known when it changed. The last of them, by when it changed, then when it was
known, then its key, says with `new` what was. Where there is none, the first known step after `at` says with `old`
what was until then. A step that a source without history gave (`after_us` is set) counts from `changed_us` on, when it
was seen; back to the look before it, its `old` was seen, and further back only while the source was watched.

**What nobody logged.** Where no step of a field was known by `as_of`, the field was as it is now, or as the first step
that became known later says with `old`. That is true only of what somebody watched: from `known_since` of the source
on, and from when the record itself was first seen. A table of a workspace knows that; of any other `known_us` counts,
which is later where the record was said anew since. Before that the field is None and stands in the column
`before_history`: undefined, which is not the same as nothing. Without `known_since` only the log tells.

**Who was there.** A thing that came to be after `at` has no row, nor has one that was first known after `as_of`. One
without a date of its beginning was always there. Before `known_since` of its source a thing has a row by its own dates
alone.

**What is told.** The key, `source`, `source_id`, what it refers to (as of now: a source that moves a deal to another
customer keeps no track of it), the tracked fields in their own columns, `person_id`, and its other dates as far as they
lie not later than either date. Where a later step moves the status, those other dates are left out, since they may be
news of that step. Columns without track or date, such as a name or a reason, are left out: nobody can tell what they
were. A text of the log that is no value of its column, such as an amount without a currency or a status that the class
does not know, gives None and is named in the column `unreadable`.

The order of rows does not matter. The functions take any table and give one of the same kind: a table of a workspace
for one of a workspace, with its snapshot; else a frame of the same engine, for a list one of Polars where that is
installed. What they give goes into metrics as any other table.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from crmcx.models import Account, Case, Deal, Subscription
from crmcx.tables._ledgers import consents_of, stages_of
from crmcx.tables._state import state_of
from crmcx.tables._steps import KnownSince
from crmcx.tables.frames import Table


def deals_at(
    deals: Table,
    deal_changes: Table,
    at: datetime,
    *,
    as_of: datetime | None = None,
    known_since: KnownSince = None,
    zone: str = "UTC",
    columns: Mapping[str, str] | None = None,
    change_columns: Mapping[str, str] | None = None,
) -> Table:
    """The deals there were at an instant, as known at another.

    A deal began at `created_us`, or on `opened_day` where it has no such instant.

    Args:
        deals: Deals. Needs `key`, and `source` when `known_since` is by source; tells what other columns are there.
        deal_changes: Their steps. Needs `deal_key`, `field`, `old`, `new` and `changed_us`; takes `known_us`,
            `after_us` and `key`.
        at: The instant in the world, aware.
        as_of: The instant of knowledge; None for `at`.
        known_since: Since when each source's steps are known, by source, or one instant for all. None: what the
            workspace knows, for a table of it; else nothing.
        zone: IANA name of the zone whose days are meant by columns of days.
        columns: Canonical column name to the deals' own.
        change_columns: Canonical column name to the changes' own.

    Returns:
        One row per deal: `key`, `source`, `source_id`, references, `stage`, `status`, `amount_micros`,
        `amount_currency`, `owner`, dates with `expected_close_day`, `person_id`, as far as the deals have them, then
        `before_history` and `unreadable`: names of fields, with commas, or None.

    Raises:
        UsageError: A datetime is without a zone.
        MissingColumnError: A needed column is not there.
        EngineMismatchError: The tables are of two engines.

    Example:
        >>> import polars as pl
        >>> from datetime import UTC
        >>> deals = pl.DataFrame({"key": [1], "status": ["won"], "created_us": [0]})
        >>> steps = pl.DataFrame({"deal_key": [1], "field": ["status"], "old": ["open"], "new": ["won"],
        ...     "changed_us": [86_400_000_000]})
        >>> deals_at(deals, steps, datetime(1970, 1, 1, 12, tzinfo=UTC)).rows()
        [(1, None, 0, 'status', None)]
        >>> deals_at(deals, steps, datetime(1970, 1, 2, tzinfo=UTC)).rows()
        [(1, 'won', 0, None, None)]
    """
    return state_of(
        Deal,
        deals,
        deal_changes,
        at,
        as_of=as_of,
        known_since=known_since,
        zone=zone,
        columns=columns,
        change_columns=change_columns,
    )


def cases_at(
    cases: Table,
    case_changes: Table,
    at: datetime,
    *,
    as_of: datetime | None = None,
    known_since: KnownSince = None,
    columns: Mapping[str, str] | None = None,
    change_columns: Mapping[str, str] | None = None,
) -> Table:
    """The cases there were at an instant, as known at another; see `deals_at` for what the arguments mean.

    A case began at `opened_us`.

    Args:
        cases: Cases. Needs `key`.
        case_changes: Their steps. Needs `case_key`, `field`, `old`, `new` and `changed_us`.
        at: The instant in the world, aware.
        as_of: The instant of knowledge; None for `at`.
        known_since: Since when each source's steps are known.
        columns: Canonical column name to the cases' own.
        change_columns: Canonical column name to the changes' own.

    Returns:
        One row per case: as for deals, with `status`, `priority`, `assignee` and `team`.
    """
    return state_of(
        Case,
        cases,
        case_changes,
        at,
        as_of=as_of,
        known_since=known_since,
        zone="UTC",
        columns=columns,
        change_columns=change_columns,
    )


def subscriptions_at(
    subscriptions: Table,
    subscription_changes: Table,
    at: datetime,
    *,
    as_of: datetime | None = None,
    known_since: KnownSince = None,
    columns: Mapping[str, str] | None = None,
    change_columns: Mapping[str, str] | None = None,
) -> Table:
    """The subscriptions there were at an instant, as known at another; see `deals_at` for what the arguments mean.

    A subscription began at `started_us`.

    Args:
        subscriptions: Subscriptions. Needs `key`.
        subscription_changes: Their steps. Needs `subscription_key`, `field`, `old`, `new` and `changed_us`.
        at: The instant in the world, aware.
        as_of: The instant of knowledge; None for `at`.
        known_since: Since when each source's steps are known.
        columns: Canonical column name to the subscriptions' own.
        change_columns: Canonical column name to the changes' own.

    Returns:
        One row per subscription: as for deals, with `status`, `plan`, `mrr_micros` and `mrr_currency`.
    """
    return state_of(
        Subscription,
        subscriptions,
        subscription_changes,
        at,
        as_of=as_of,
        known_since=known_since,
        zone="UTC",
        columns=columns,
        change_columns=change_columns,
    )


def accounts_at(
    accounts: Table,
    account_changes: Table,
    at: datetime,
    *,
    as_of: datetime | None = None,
    known_since: KnownSince = None,
    columns: Mapping[str, str] | None = None,
    change_columns: Mapping[str, str] | None = None,
) -> Table:
    """The accounts there were at an instant, as known at another; see `deals_at` for what the arguments mean.

    An account began at `created_us`.

    Args:
        accounts: Accounts. Needs `key`.
        account_changes: Their steps. Needs `account_key`, `field`, `old`, `new` and `changed_us`.
        at: The instant in the world, aware.
        as_of: The instant of knowledge; None for `at`.
        known_since: Since when each source's steps are known.
        columns: Canonical column name to the accounts' own.
        change_columns: Canonical column name to the changes' own.

    Returns:
        One row per account: as for deals, with `owner`, `segment`, `industry_native`, `employees`,
        `annual_revenue_micros` and `annual_revenue_currency`.
    """
    return state_of(
        Account,
        accounts,
        account_changes,
        at,
        as_of=as_of,
        known_since=known_since,
        zone="UTC",
        columns=columns,
        change_columns=change_columns,
    )


def stages_at(
    stage_changes: Table,
    at: datetime,
    *,
    as_of: datetime | None = None,
    known_since: KnownSince = None,
    unit: str = "person_id",
    columns: Mapping[str, str] | None = None,
) -> Table:
    """The lifecycle stages that held at an instant, as known at another.

    Of one unit and scope the last change tells; of changes at one instant an observed one before a derived one, then
    the one that was known last, then the higher key. Predicted ones are left out. Where no change was by then, the
    next one tells with `previous` under the same rules as a step's `old`, and the stage has no beginning.

    Args:
        stage_changes: Stage changes. Needs `changed_us`, `stage` and the unit; takes `scope`, `previous`, `mode`,
            `known_us`, `after_us`, `key` and `source`.
        at: The instant in the world, aware.
        as_of: The instant of knowledge; None for `at`.
        known_since: Since when each source's changes are known, by source, or one instant for all. None: what the
            workspace knows, for a table of it; else nothing.
        unit: Column that tells people apart: `person_id`, or `customer_key` for each record of a source.
        columns: Canonical column name to the table's own.

    Returns:
        One row per unit and scope: the unit, `scope` (empty for the whole relation), `stage`, `changed_us` (since when
        it held; None where nobody knows). A unit whose stage then cannot be told has no row.

    Raises:
        UsageError: A datetime is without a zone.
        MissingColumnError: A needed column is not there.
    """
    return stages_of(stage_changes, at, as_of=as_of, known_since=known_since, unit=unit, columns=columns)


def consents_at(
    consents: Table,
    at: datetime,
    *,
    as_of: datetime | None = None,
    unit: str = "customer_key",
    columns: Mapping[str, str] | None = None,
) -> Table:
    """What customers allowed at an instant, as known at another: the latest entries of the ledger.

    Of one unit, contact point, purpose, channel and topic the entry that was captured last counts; of those captured at
    one instant the one that was known last, then one that does not grant before one that does, then the higher key. An
    entry for all channels and one for a channel stand beside each other.

    Args:
        consents: The ledger. Needs `captured_us`, `status`, `purpose` and the unit; takes its other columns.
        at: The instant in the world, aware.
        as_of: The instant of knowledge; None for `at`.
        unit: Column that tells whose it is: `customer_key`, or `person_id` over all sources.
        columns: Canonical column name to the table's own.

    Returns:
        One row per unit, contact point, purpose, channel and topic that has an entry: the columns of that entry.
        `status` is `expired` where its `valid_until_us` is not later than `at`. Who has no row was not asked, as far as
        was known, which is no consent.

    Raises:
        UsageError: A datetime is without a zone.
        MissingColumnError: A needed column is not there.
    """
    return consents_of(consents, at, as_of=as_of, unit=unit, columns=columns)
