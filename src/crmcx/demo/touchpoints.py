"""The bank's journey map: every designed place or moment where a customer and the bank can meet.

survey/touchpoints.csv: comma, UTF-8. The people who run the surveys keep it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from attrs import astuple, frozen

from crmcx.demo.files import CsvForm, spoiled, with_broken, write_csv
from crmcx.demo.truth import FileTruth

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CATALOGUE = "survey/touchpoints.csv"
CATALOGUE_COLUMNS = ("code", "name", "stage", "channel", "team")
"""Columns of survey/touchpoints.csv."""
_BROKEN = spoiled(
    CATALOGUE_COLUMNS,
    ("fax", "Fax", "existing", "other", "service_centre"),
    ("code", ""),
    ("channel", "pigeon"),
    ("channel", "carrier pigeon"),
)


@frozen
class Place:
    """One touchpoint of the bank."""

    name: str
    """Its name in English."""
    stage: str
    """The lifecycle stage it is made for."""
    channel: str
    """The channel it mostly lives on."""
    team: str
    """The department that answers for it."""


TOUCHPOINTS: Mapping[str, Place] = MappingProxyType(
    {
        "home": Place("Home page", "awareness", "web", "deposits"),
        "rates": Place("Rates", "awareness", "web", "mortgages"),
        "branch_finder": Place("Branch finder", "awareness", "web", "service_centre"),
        "calculator": Place("Calculator", "consideration", "web", "mortgages"),
        "quote": Place("Quote", "consideration", "web", "mortgages"),
        "advice": Place("Advice in a branch", "consideration", "in_person", "mortgages"),
        "apply": Place("Application", "purchase", "web", "mortgages"),
        "upload_documents": Place("Upload of documents", "purchase", "web", "mortgages"),
        "sign": Place("Signature", "purchase", "web", "mortgages"),
        "login": Place("Sign-in", "existing", "web", "deposits"),
        "account_overview": Place("Account overview", "existing", "web", "deposits"),
        "transfer": Place("Transfer", "existing", "web", "deposits"),
        "statements": Place("Statements", "existing", "web", "deposits"),
        "help": Place("Help pages", "existing", "web", "service_centre"),
        "contact": Place("Contact form", "existing", "web", "service_centre"),
        "help_desk": Place("Help desk", "existing", "email", "service_centre"),
        "hotline": Place("Hotline", "existing", "phone", "service_centre"),
        "callback": Place("Promised callback", "existing", "phone", "service_centre"),
        "branch": Place("Branch counter", "existing", "in_person", "service_centre"),
        "renewal_offer": Place("Offer to existing customers", "repurchase", "phone", "service_centre"),
        "cancellation": Place("Cancellation", "exiting", "phone", "service_centre"),
    }
)
"""Code of a touchpoint to what it is, along the lifecycle."""


def write_catalogue(folder: Path) -> FileTruth:
    """Write survey/touchpoints.csv, one row per touchpoint."""
    rows = with_broken(((code, *astuple(place)) for code, place in TOUCHPOINTS.items()), _BROKEN)
    written = write_csv(folder / CATALOGUE, CsvForm(delimiter=",", encoding="utf-8"), CATALOGUE_COLUMNS, rows)
    return FileTruth(name=CATALOGUE, records=written, broken=len(_BROKEN))
