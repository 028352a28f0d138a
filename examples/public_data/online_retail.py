"""A year of an online shop: 541,909 lines of 25,900 invoices, cancellations and corrections among them.

Traps: lines have no id, and 5,268 are equal in everything, so a line is its invoice with the number of the occurrence;
prices are floats, so the way to money is named; times are naive, of London; 135,080 lines have no customer; 43 invoices
have lines of two minutes, of which the later is the order's.
"""

from __future__ import annotations

from pathlib import Path

from crmcx import Workspace, metrics
from crmcx.connectors import Files, FileStream, instant, joined, mapping, money, ref, shortest_decimal, words
from crmcx.models import Order, OrderLine
from examples.public_data.publication import Example, Publication

ZONE = "Europe/London"
LINES = Publication(
    publisher='UCI Machine Learning Repository, "Online Retail" (352); Chen, Sain and Guo (2012)',
    licence="CC BY 4.0",
    file="online_retail/online_retail.parquet",
    sha256="e6419d2511c1b227cf958310808d8848cc1ce6e3cd3fa351d4cf677f31f8e1ad",
)

ORDER = mapping(
    Order,
    id="InvoiceNo",
    number="InvoiceNo",
    customer=ref("CustomerID"),
    placed_at=instant("InvoiceDate", zone=ZONE),
    version=instant("InvoiceDate", zone=ZONE),
    status=words("InvoiceNo", {"C*": "cancelled", "A*": "other"}, other="placed"),
    country="Country",
)
LINE = mapping(
    OrderLine,
    id=joined("InvoiceNo", "#"),
    order=ref("InvoiceNo"),
    customer=ref("CustomerID"),
    product="StockCode",
    description="Description",
    kind=words(
        "StockCode",
        {
            "POST": "shipping",
            "DOT": "shipping",
            "C2": "shipping",
            "D": "discount",
            "M": "adjustment",
            "m": "adjustment",
            "B": "adjustment",
            "BANK CHARGES": "fee",
            "AMAZONFEE": "fee",
        },
        other="item",
    ),
    quantity="Quantity",
    unit_price=money(shortest_decimal("UnitPrice"), currency="GBP"),
    placed_at=instant("InvoiceDate", zone=ZONE),
)


def connect(workspace: Workspace, folder: Path) -> None:
    """Connect the lines, from which the orders are made too."""
    stream = FileStream(LINES.path(folder), (ORDER, LINE), number_by=("InvoiceNo",))
    workspace.connect(Files(stream), name=EXAMPLE.name)


def ask(workspace: Workspace) -> list[tuple[str, str]]:
    """Who orders again in the month after the first order."""
    placed = workspace.tables.orders.relation.filter("status = 'placed'")
    again = metrics.retention(placed, period="month", zone=ZONE, columns={"occurred_us": "placed_us"})
    return [("ordered again a month later", repr(again))]


EXAMPLE = Example(
    name="online_retail",
    title="a year of an online shop (real)",
    publications=(LINES,),
    connect=connect,
    ask=ask,
)
