"""Records of customers, made in a line each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from crmcx import Workspace
from crmcx.models import Customer


def party(
    ref: str,
    given: str | None = None,
    family: str | None = None,
    *,
    email: str | Sequence[str] = (),
    phone: str | Sequence[str] = (),
    ids: Sequence[tuple[str, str]] = (),
    born: int | None = None,
    year: int | None = 2020,
    **more: object,
) -> Customer:
    """A customer of a reference such as `crm/1`."""
    source, source_id = ref.split("/")
    said = [("email", email), ("phone", phone)]
    points = [
        {"kind": kind, "value": value}
        for kind, all_of in said
        for value in ([all_of] if isinstance(all_of, str) else all_of)
    ]
    return Customer(
        source=source,
        source_id=source_id,
        given_name=given,
        family_name=family,
        birth_year=born,
        created_at=None if year is None else datetime(year, 1, 1, tzinfo=UTC),
        contact_points=points,
        identifiers=[{"namespace": namespace, "value": value} for namespace, value in ids],
        **more,
    )


def load(workspace: Workspace, customers: Iterable[Customer]) -> None:
    by_source: dict[str, list[Customer]] = {}
    for each in customers:
        by_source.setdefault(each.source, []).append(each)
    for source, records in by_source.items():
        workspace.load(records, source=source)


def people_of(workspace: Workspace) -> set[frozenset[str]]:
    """The people, each as the references of her records."""
    found: dict[int, set[str]] = {}
    for row in workspace.refresh().customers.rows():
        found.setdefault(row["person_id"], set()).add(f"{row['source']}/{row['source_id']}")
    return {frozenset(refs) for refs in found.values()}
