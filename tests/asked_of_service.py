"""Every metric of service, asked in several ways of the tables of the company: what the engines must agree on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests import company

from crmcx import metrics
from crmcx.instants import Window

WINDOW = Window(date(2025, 2, 1), date(2025, 3, 20), zone="Europe/Berlin")
AS_OF = datetime(2025, 3, 20, tzinfo=UTC)
AGO = datetime(2025, 2, 1, 12, tzinfo=UTC)
OFFICE, _ = company.calendars()
HOURS = {"calendars": company.calendars(), "of": {"front": "front", "back": "front", "night": "night"}}
PAUSES = ("pending", "on_hold")

SERVICE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "first_response_time": lambda t: metrics.first_response_time(t["cases"], t["interactions"]),
    "first_response_time by priority": lambda t: metrics.first_response_time(
        t["cases"], t["interactions"], by="priority", quantile=0.9
    ),
    "resolution_time": lambda t: metrics.resolution_time(t["cases"], window=WINDOW),
    "resolution_time by priority": lambda t: metrics.resolution_time(t["cases"], by="priority", until="resolved"),
    "first_response_time in business hours": lambda t: metrics.first_response_time(
        t["cases"], t["interactions"], calendar=OFFICE, by="priority"
    ),
    "first_response_time by the team's hours": lambda t: metrics.first_response_time(
        t["cases"], t["interactions"], calendar=metrics.BusinessClock(**HOURS, rule="now"), quantile=0.4
    ),
    "next_response_time": lambda t: metrics.next_response_time(t["cases"], t["interactions"], quantile=0.3),
    "next_response_time of every turn": lambda t: metrics.next_response_time(
        t["cases"], t["interactions"], t["case_changes"], every=True, by="priority", calendar=OFFICE, pauses=PAUSES
    ),
    "resolution_time without pauses": lambda t: metrics.resolution_time(
        t["cases"], t["case_changes"], pauses=PAUSES, as_of=AS_OF
    ),
    "resolution_time for the first time": lambda t: metrics.resolution_time(
        t["cases"], t["case_changes"], until="first resolved", by="priority"
    ),
    **{
        f"resolution_time by the hours {rule}": lambda t, rule=rule: metrics.resolution_time(
            t["cases"],
            t["case_changes"],
            until="resolved",
            calendar=metrics.BusinessClock(calendars=company.calendars(), rule=rule)
            if rule in {"any open", "all open"}
            else metrics.BusinessClock(**HOURS, rule=rule),
            pauses=PAUSES,
        )
        for rule in ("any open", "at start", "at end", "in force")
    },
    "sla_attainment": lambda t: metrics.sla_attainment(t["cases"]),
    "sla_attainment by priority": lambda t: metrics.sla_attainment(t["cases"], by="priority"),
    "first_contact_resolution": lambda t: metrics.first_contact_resolution(t["cases"], as_of=AS_OF),
    "first_contact_resolution with messages": lambda t: metrics.first_contact_resolution(
        t["cases"], t["interactions"], same=(), within=timedelta(hours=30), by="priority"
    ),
    "one_touch_rate": lambda t: metrics.one_touch_rate(t["cases"], t["interactions"]),
    "one_touch_rate by priority": lambda t: metrics.one_touch_rate(
        t["cases"], t["interactions"], by="priority", window=WINDOW, cluster=None
    ),
    "reopen_rate": lambda t: metrics.reopen_rate(t["cases"], t["case_changes"]),
    "reopen_rate within a day": lambda t: metrics.reopen_rate(
        t["cases"], t["case_changes"], within=timedelta(days=1), by="priority"
    ),
    "transfer_rate": lambda t: metrics.transfer_rate(t["cases"], t["case_changes"]),
    "transfer_rate within a day": lambda t: metrics.transfer_rate(
        t["cases"], t["case_changes"], within=timedelta(days=1), by=metrics.per("day", zone="Asia/Tokyo")
    ),
    "escalation_rate": lambda t: metrics.escalation_rate(t["cases"], t["case_changes"], of="priority", to="high"),
    "escalation_rate to the night": lambda t: metrics.escalation_rate(
        t["cases"], t["case_changes"], to=["night", "back"], within=timedelta(days=2), by="priority"
    ),
    "backlog": lambda t: metrics.backlog(t["cases"], as_of=AGO),
    "backlog by its changes": lambda t: metrics.backlog(t["cases"], t["case_changes"], as_of=AGO, by="priority"),
    "backlog as known later": lambda t: metrics.backlog(t["cases"], t["case_changes"], at=AGO, as_of=AS_OF, by="team"),
    "backlog_age": lambda t: metrics.backlog_age(t["cases"], as_of=AGO),
    "backlog_age in business hours": lambda t: metrics.backlog_age(
        t["cases"], t["case_changes"], as_of=AGO, by="category", calendar=OFFICE, pauses=PAUSES
    ),
    "target_attainment": lambda t: metrics.target_attainment(
        t["cases"], t["sla_targets"], t["interactions"], calendars=company.calendars()
    ),
    "target_attainment of resolution": lambda t: metrics.target_attainment(
        t["cases"],
        t["sla_targets"],
        None,
        t["case_changes"],
        of="resolution",
        by="priority",
        calendars=company.calendars(),
        pauses=PAUSES,
        as_of=AGO,
    ),
    "self_service_rate": lambda t: metrics.self_service_rate(t["interactions"], t["cases"], views="help"),
    "self_service_rate in a window": lambda t: metrics.self_service_rate(
        t["interactions"],
        t["cases"],
        views=["help", "quote"],
        within=timedelta(hours=40),
        window=WINDOW,
        by=["channel", metrics.per("week", zone="Asia/Tokyo")],
    ),
    "contact_rate": lambda t: metrics.contact_rate(t["cases"], t["orders"]),
    "contact_rate by month": lambda t: metrics.contact_rate(
        t["cases"], t["orders"], cluster=None, by=metrics.per("month", zone="Asia/Tokyo")
    ),
    "contact_share": lambda t: metrics.contact_share(t["cases"], t["interactions"]),
    "contact_share by channel": lambda t: metrics.contact_share(
        t["cases"], t["interactions"], by="channel", window=WINDOW
    ),
}
