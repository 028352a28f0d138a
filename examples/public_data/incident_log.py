"""An audit log of a help desk: 141,712 rows of 24,918 incidents, each row one state of an incident.

Traps: the rows of an incident fold into one case, and the one with the highest modification count says how it stands;
missing values are written `?`; times are day/month/year in minutes, without a zone; a state of five rows is -100.
"""

from __future__ import annotations

from pathlib import Path

from crmcx import Workspace, metrics
from crmcx.connectors import Files, FileStream, Parquet, instant, mapping, ref, words
from crmcx.models import Case
from examples.public_data.publication import Example, Publication

FORMAT = "%d/%m/%Y %H:%M"
ZONE = "America/Sao_Paulo"
EVENTS = Publication(
    publisher='UCI Machine Learning Repository, "Incident management process enriched event log" (498)',
    licence="CC BY 4.0",
    file="incident_log/incident_event_log.parquet",
    sha256="cfe6a8677a9793112e8a262d9d46c1314843d78f9c8525d9ff9b97525212614b",
)

CASE = mapping(
    Case,
    id="number",
    version="sys_mod_count",
    customer=ref("caller_id"),
    status=words(
        "incident_state",
        {
            "New": "new",
            "Active": "open",
            "Awaiting User Info": "pending",
            "Awaiting Evidence": "pending",
            "Awaiting Vendor": "on_hold",
            "Awaiting Problem": "on_hold",
            "Resolved": "solved",
            "Closed": "closed",
        },
        other="other",
    ),
    status_native="incident_state",
    priority="priority",
    category="category",
    channel=words(
        "contact_type", {"Phone": "phone", "Email": "email", "Self service": "web", "IVR": "phone"}, other="other"
    ),
    channel_native="contact_type",
    team="assignment_group",
    assignee="assigned_to",
    reopened="reopen_count",
    met_sla="made_sla",
    opened_at=instant("opened_at", format=FORMAT, zone=ZONE),
    resolved_at=instant("resolved_at", format=FORMAT, zone=ZONE),
    closed_at=instant("closed_at", format=FORMAT, zone=ZONE),
)


def connect(workspace: Workspace, folder: Path) -> None:
    """Connect the log; it tells the steps itself, so none are made up of its rows."""
    stream = FileStream(EVENTS.path(folder), CASE, format=Parquet(nulls=("?",)), keeps_history=True)
    workspace.connect(Files(stream), name=EXAMPLE.name)


def ask(workspace: Workspace) -> list[tuple[str, str]]:
    """How long a case takes, and how often the agreed times are kept."""
    cases = workspace.tables.cases
    return [
        ("opened to closed", repr(metrics.resolution_time(cases))),
        ("agreed times kept", repr(metrics.sla_attainment(cases))),
        ("by priority", repr(metrics.resolution_time(cases, by="priority"))),
    ]


EXAMPLE = Example(
    name="incident_log",
    title="the audit log of a help desk (real)",
    publications=(EVENTS,),
    connect=connect,
    ask=ask,
)
