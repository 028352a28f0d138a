"""The clicks of 600 users in a web shop: how many get from the catalogue to a purchase.

Traps: events have no id, and several of a user share a second, so an event is its session with the number of the
occurrence; a user's stage changes from event to event, so the latest tells it; times are naive.
"""

from __future__ import annotations

from pathlib import Path

from crmcx import Workspace, journey
from crmcx.connectors import Files, FileStream, constant, instant, joined, mapping, ref, words
from crmcx.models import Customer, Interaction
from examples.public_data.publication import Example, Publication

EVENTS = Publication(
    publisher="retentioneering-tools, data set `ecom`",
    licence="Apache-2.0",
    file="web_clickstream/ecom_clickstream.csv.gz",
    sha256="a5f1c3b7ac122acfbf1a46020a103ceb424ae042d2b5c91c50c48eb67691bb99",
)
ENTRIES = ("home", "catalog", "promo_page", "search", "product_view")
STEPS = ("product_view", "cart", "purchase")

WHEN = instant("timestamp", format="%Y-%m-%d %H:%M:%S", zone="UTC")
USER = mapping(Customer, id="user_id", kind=constant("anonymous"), version=WHEN)
EVENT = mapping(
    Interaction,
    id=joined("session_id", "#"),
    customer=ref("user_id"),
    kind=words(
        "event", {"search": "search", "add_to_cart": "cart", "cart": "cart", "purchase": "order"}, other="page_view"
    ),
    kind_native="event",
    occurred_at=WHEN,
    channel=words("platform", {"desktop": "web", "mobile": "web", "tablet": "web"}),
    device=words("platform", {"desktop": "desktop", "mobile": "phone", "tablet": "tablet"}),
    touchpoint="event",
    session="session_id",
)


def connect(workspace: Workspace, folder: Path) -> None:
    """Connect the events, from which the users are made too."""
    stream = FileStream(EVENTS.path(folder), (USER, EVENT), number_by=("session_id",))
    workspace.connect(Files(stream), name=EXAMPLE.name)


def ask(workspace: Workspace) -> list[tuple[str, str]]:
    """The way to a purchase."""
    log = journey.JourneyLog(workspace.tables.interactions)
    return [
        ("who comes to a purchase", repr(journey.funnel(log, [ENTRIES, "purchase"], within=None))),
        ("from a product to a purchase, within 14 days", repr(journey.funnel(log, STEPS))),
        ("transitions", repr(journey.transitions(log))),
    ]


EXAMPLE = Example(
    name="web_clickstream",
    title="the clicks of a web shop (made up)",
    publications=(EVENTS,),
    connect=connect,
    ask=ask,
)
