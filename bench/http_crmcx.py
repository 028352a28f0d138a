"""The vendor of `bench.http_server` read by a connector like any other's: what the measured processes do.

python -m bench.http_crmcx sync STORE ADDRESS       one sync of all there is, or of what is new
python -m bench.http_crmcx whole STORE ADDRESS      everything read again
python -m bench.http_crmcx again STORE ADDRESS      how long ws.sync() takes in a live process when nothing is new
python -m bench.http_crmcx commits STORE ADDRESS    everything read again, and how long each commit took
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from statistics import median
from typing import Any

from pydantic import BaseModel

from crmcx.connectors import Api, Bearer, Connector, Cursor, Page, at, mapping, money, paging, ref, stream, words
from crmcx.models import Deal
from crmcx.workspace import Workspace

MEMORY = "256MB"  # of this DuckDB takes so much; the rest is Python with what it has loaded


def of(name: str) -> tuple[str, str]:
    """Where a property stands."""
    return ("properties", name)


DEAL = mapping(
    Deal,
    id="id",
    known_at="updatedAt",
    created_at="createdAt",
    customer=ref(of("contact_id")),
    account=ref(of("company_id")),
    name=of("dealname"),
    pipeline=of("pipeline"),
    stage=of("dealstage"),
    status=words(of("hs_is_closed_won"), {"true": "won", "false": "open"}),
    amount=money(of("amount"), currency=at("properties", "deal_currency_code")),
    probability=of("hs_deal_stage_probability"),
    forecast_native=of("hs_forecast_category"),
    product=of("product_code"),
    campaign=of("campaign"),
    owner=of("hubspot_owner_id"),
    opened_on=of("opened_on"),
    closed_at=of("closedate"),
    closed_on=of("closed_on"),
    expected_close=of("expected_close"),
    lost_reason=of("closed_lost_reason"),
)


class Settings(BaseModel):
    url: str


class Vendor(Connector):
    name = "vendor"
    settings = Settings

    def open(self) -> Api:
        return Api(self.settings.url, auth=Bearer("bench"), name=self.name)

    @stream(DEAL, cursor="updatedAt")
    def deals(self, api: Api, cursor: Cursor) -> Iterator[Page]:
        def ask(token: Any) -> Any:
            return api.get("/deals", limit=1_000, since=cursor.watermark, after=token)

        for reply, token in paging.by_cursor(ask, following=("paging", "next", "after"), start=cursor.token):
            yield Page(reply.rows("results"), next=token)


def main(what: str, store: str, url: str) -> None:
    """Sync, and print what is to be known of it as JSON."""
    said: dict[str, Any] = {}
    with Workspace(store, threads=1, memory=MEMORY) as workspace:
        if what == "commits":
            Vendor.threads = 0  # so that a commit has the thread for itself
            said["commits"] = _timed(workspace)
        workspace.connect(Vendor(url=url), name="bench")
        if what == "again":
            workspace.sync()
            said["milliseconds"] = median(_milliseconds(workspace) for _ in range(21))
        else:
            counts = workspace.sync(whole=what in {"whole", "commits"}).counts
            said["told"] = [counts.read, counts.stored, counts.unchanged, counts.quarantined]
    print(json.dumps(said))


def _timed(workspace: Workspace) -> list[tuple[int, float]]:
    """Records and CPU seconds of each commit to come."""
    commit, found = workspace.store.commit, []

    def timed(unit: Any) -> Any:
        began = time.process_time()
        counts = commit(unit)
        found.append((counts.read, time.process_time() - began))
        return counts

    workspace.store.commit = timed  # type: ignore[method-assign]
    return found


def _milliseconds(workspace: Workspace) -> float:
    began = time.perf_counter()
    workspace.sync()
    return (time.perf_counter() - began) * 1_000


if __name__ == "__main__":
    main(*sys.argv[1:])
