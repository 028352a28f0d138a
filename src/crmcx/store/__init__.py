"""The embedded store: one file, one writer, one transaction for rows, cursor, counts, quarantine and raw pages."""

from crmcx.store.compacting import Compacted
from crmcx.store.ddl import literal
from crmcx.store.deleting import Swept
from crmcx.store.exporting import Exported, ExportedTable, export
from crmcx.store.forgetting import Disconnected
from crmcx.store.pages import StoredPage
from crmcx.store.quarantine import Quarantine, Quarantined
from crmcx.store.snapshot import Snapshot
from crmcx.store.staging import Counts, StagedGone, StagedPage, StagedReject, StagedRows, Unit
from crmcx.store.status import Status, StreamStatus
from crmcx.store.store import Store
from crmcx.store.streams import StreamState
from crmcx.store.tables import Tables

__all__ = [
    "Compacted",
    "Counts",
    "Disconnected",
    "Exported",
    "ExportedTable",
    "Quarantine",
    "Quarantined",
    "Snapshot",
    "StagedGone",
    "StagedPage",
    "StagedReject",
    "StagedRows",
    "Status",
    "Store",
    "StoredPage",
    "StreamState",
    "StreamStatus",
    "Swept",
    "Tables",
    "Unit",
    "export",
    "literal",
]
