"""The rival: dlt with the settings that made it quickest; in an environment of its own.

`python -m bench.http_dlt WAY FOLDER ADDRESS RECORDS`, where WAY is one of

    rest     its rest_api source: Parquet for the loader, as many extract files as let two processes normalise, no gzip
    arrow    a resource of one's own that yields each page as an Arrow table, flattened by hand
    rest-merge, arrow-merge   the same with write_disposition="merge" and an incremental cursor, as a re-sync needs it

It keeps no raw page, checks no value, and takes the bad records as they are: what it stores is counted by a query.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ |= {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "ERROR",
    "NORMALIZE__WORKERS": "2",
    "NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION": "true",
    "SOURCES__DATA_WRITER__DISABLE_COMPRESSION": "true",
    "DATA_WRITER__DISABLE_COMPRESSION": "true",
}

import dlt
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator
from dlt.sources.rest_api import rest_api_source

FILES = 8


def _paginator() -> JSONResponseCursorPaginator:
    return JSONResponseCursorPaginator(cursor_path="paging.next.after", cursor_param="after")


def rest(url: str, *, merges: bool) -> Any:
    """The records by the rest_api source."""
    endpoint: dict[str, Any] = {"path": "deals", "params": {"limit": 1_000}, "data_selector": "results"}
    endpoint["paginator"] = _paginator()
    resource: dict[str, Any] = {"name": "deals", "endpoint": endpoint}
    if merges:
        endpoint["incremental"] = {"cursor_path": "updatedAt", "start_param": "since"}
        resource |= {"primary_key": "id", "write_disposition": "merge"}
    return rest_api_source({"client": {"base_url": url}, "resources": [resource]})


def arrow(url: str, *, merges: bool) -> Any:
    """The records as Arrow tables."""
    import pyarrow as pa  # noqa: PLC0415 - the other way does not need it

    def flat(page: list[dict[str, Any]]) -> Any:
        return pa.Table.from_pylist(
            [
                {
                    "id": each["id"],
                    "updated_at": each["updatedAt"],
                    "created_at": each["createdAt"],
                    **each["properties"],
                }
                for each in page
            ]
        )

    if not merges:

        @dlt.resource(name="deals")
        def deals() -> Iterator[Any]:
            yield from map(flat, RESTClient(url, paginator=_paginator()).paginate("deals", data_selector="results"))

        return deals

    @dlt.resource(name="deals", primary_key="id", write_disposition="merge")
    def merged(since: Any = dlt.sources.incremental("updated_at")) -> Iterator[Any]:  # noqa: B008 - dlt's own way
        params = {"since": since.last_value}
        yield from map(
            flat, RESTClient(url, paginator=_paginator()).paginate("deals", params=params, data_selector="results")
        )

    return merged


def main(way: str, folder: str, url: str, records: str) -> None:
    """Load."""
    os.environ["DATA_WRITER__FILE_MAX_ITEMS"] = str(max(1_000, -(-int(records) // FILES)))
    made, _, merges = way.partition("-")
    pipeline = dlt.pipeline(
        pipeline_name="bench",
        destination=dlt.destinations.duckdb(str(Path(folder, "dlt.duckdb"))),
        dataset_name="crm",
        pipelines_dir=str(Path(folder, "pipelines")),
    )
    pipeline.run({"rest": rest, "arrow": arrow}[made](url, merges=bool(merges)), loader_file_format="parquet")


if __name__ == "__main__":
    main(*sys.argv[1:])
