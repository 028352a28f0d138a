"""A vendor on this machine: deals as HubSpot nests them, 1,000 a page, behind a token; a process of its own.

Run with `python -m bench.http_server`; it prints its address when all pages are rendered, so that nothing but sending
is left to do. Records are made of their number and the seed alone. There are 20 fields that the bench maps and two that
it does not; numbers and flags are texts, and one record in a hundred has a value that no mapping takes.

    GET /first/deals?limit=1000&after=TOKEN   all records, page by page
    GET /shifted/deals                        the same ones, half a page further on: no page has its bytes again
    GET /changed/deals                        the same ones, one in ten with another amount, stage and stamp
    GET /anew/deals                           the same ones, each with another amount, stage and stamp
    GET /live/deals?since=STAMP               the one newest record; without a stamp, all of them
"""

from __future__ import annotations

import argparse
import gzip
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

A_PAGE = 1_000
FIRST_ID = 1_000_000
_BAD_OF = 100
_BAD = 37
_START = datetime(2024, 1, 1)  # noqa: DTZ001 - UTC, which the text says
_CHANGES = datetime(2026, 1, 1)  # noqa: DTZ001 - as above
_64_BITS = 2**64 - 1
_CAMPAIGNS = ("null", '"spring"', '"autumn"')
_STAGES = ("appointment", "qualified", "presentation", "contract")
_RECORD = (
    '{"id":"%s","properties":{"amount":"%s","deal_currency_code":"%s","dealname":"%s","dealstage":"%s","pipeline":"%s"'
    ',"hs_is_closed_won":"%s","hs_deal_stage_probability":"%s","hs_forecast_category":"%s","hubspot_owner_id":"%s"'
    ',"contact_id":"%s","company_id":"%s","product_code":%s,"campaign":%s,"opened_on":"%s","closed_on":%s'
    ',"expected_close":"%s","closed_lost_reason":%s,"closedate":%s,"hs_object_id":"%s"}'
    ',"createdAt":"%s","updatedAt":"%s","archived":false}'
)


def is_bad(number: int) -> bool:
    """Whether a record has a value that no mapping takes."""
    return number % _BAD_OF == _BAD


def changes(number: int, variant: str) -> bool:
    """Whether a record says something else in a variant."""
    return variant == "anew" or (variant == "changed" and number % 10 == 0)


def cents(number: int, seed: int, variant: str) -> int:
    """What a deal is worth: by this the bench looks whether a store holds what was sent last."""
    return (number * 7919 + seed * 104_729) % 9_000_000 + 100 + (1 if changes(number, variant) else 0)


class Draw:
    """Numbers that look drawn, quickly, and the same ones for a record at any time.

    Args:
        number: Number of the record.
        seed: Another one gives another vendor.
    """

    def __init__(self, number: int, seed: int) -> None:
        self._state = (number * 0x9E3779B97F4A7C15 + seed + 1) & _64_BITS

    def below(self, bound: int) -> int:
        """The next number, below a bound."""
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) & _64_BITS
        return (self._state >> 33) % bound


def _stamp(when: datetime, milliseconds: int) -> str:
    return f"{when.isoformat()}.{milliseconds:03d}Z"


def record(number: int, *, seed: int, stride: int, variant: str) -> str:
    """A record as JSON."""
    below = Draw(number, seed).below
    other, wrong = changes(number, variant), number // _BAD_OF % 3 if is_bad(number) else None
    worth = cents(number, seed, variant)
    created = _START + timedelta(seconds=below(50_000_000))
    closed = created + timedelta(seconds=below(90 * 86_400))
    is_open = below(10) < 4
    won = not is_open and below(2) == 0
    updated = _CHANGES + timedelta(seconds=number) if other else closed + timedelta(hours=1)
    number_id = FIRST_ID + number * stride
    return _RECORD % (
        number_id,
        "n/a" if wrong == 0 else f"{worth // 100}.{worth % 100:02d}",
        "EUR",
        f"Order {number} of {below(1_000_000)}",
        "decided" if other else _STAGES[below(4)],
        "default",
        "maybe" if wrong == 1 else "true" if won else "false",
        f"0.{below(100):02d}",
        "pipeline" if is_open else "commit",
        below(40),
        below(80_000),
        below(9_000),
        f'"P-{below(300)}"',
        _CAMPAIGNS[below(3)],
        created.date(),
        "null" if is_open else f'"{closed.date()}"',
        _CHANGES.date() + timedelta(days=below(200)),
        "null" if is_open or won else '"price"',
        "null" if is_open else f'"{_stamp(closed, number % 1000)}"',
        number_id,
        "yesterday" if wrong == 2 else _stamp(created, number % 1000),
        _stamp(updated, number % 1000),
    )


def pages(records: Sequence[str], *, first: int = A_PAGE) -> Iterator[bytes]:
    """The records as bodies of pages; the first page may hold fewer."""
    edges = sorted({0, *range(first, len(records), A_PAGE), len(records)})
    for number, (start, end) in enumerate(pairwise(edges), start=1):
        following = f',"paging":{{"next":{{"after":"{number}","link":"deals?after={number}"}}}}'
        yield f'{{"results":[{",".join(records[start:end])}]{"" if end == len(records) else following}}}'.encode()


def rendered(variants: Sequence[str], *, count: int, seed: int, stride: int, packed: bool) -> dict[str, list[bytes]]:
    """The bodies of all pages of each variant."""
    pack = partial(gzip.compress, compresslevel=6) if packed else bytes
    base = [record(number, seed=seed, stride=stride, variant="first") for number in range(count)]
    found = {}
    for variant in variants:
        said = [
            record(number, seed=seed, stride=stride, variant=variant) if changes(number, variant) else as_first
            for number, as_first in enumerate(base)
        ]
        first = A_PAGE // 2 if variant == "shifted" else A_PAGE
        found[variant] = [pack(body) for body in pages(said, first=first)]
    return found


class _Vendor(ThreadingHTTPServer):
    daemon_threads = True
    bodies: dict[str, list[bytes]]
    newest: bytes
    packed: bool


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 20
    server: _Vendor

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        variant = url.path.split("/")[1]
        if variant == "live" and "since" in query:
            body = self.server.newest
        else:
            bodies = self.server.bodies["first" if variant == "live" else variant]
            body = bodies[int(query.get("after", ["0"])[0])]
        self.send_response(200)
        self.send_header("Content-Type", "application/json;charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if self.server.packed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Render, tell the address, and answer until the end."""
    options = argparse.ArgumentParser()
    options.add_argument("--records", type=int, default=300_000)
    options.add_argument("--seed", type=int, default=20)
    options.add_argument("--stride", type=int, default=1)
    options.add_argument("--variants", default="first")
    options.add_argument("--gzip", action="store_true")
    given = options.parse_args()
    server = _Vendor(("127.0.0.1", 0), _Answers)
    server.packed = given.gzip
    server.bodies = rendered(
        given.variants.split(","), count=given.records, seed=given.seed, stride=given.stride, packed=given.gzip
    )
    newest = [record(0, seed=given.seed, stride=given.stride, variant="first")]
    (body,) = pages(newest)
    server.newest = gzip.compress(body) if given.gzip else body
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
