"""Sync: read a source, map its records, commit them; go on after a break."""

from crmcx.sync.replaying import replay
from crmcx.sync.report import Progress, RunReport, StreamReport, SyncReport
from crmcx.sync.run import ROWS_PER_COMMIT, Run, sync
from crmcx.sync.several import SyncInterrupted, over_all
from crmcx.sync.writing import Listener

__all__ = [
    "ROWS_PER_COMMIT",
    "Listener",
    "Progress",
    "Run",
    "RunReport",
    "StreamReport",
    "SyncInterrupted",
    "SyncReport",
    "over_all",
    "replay",
    "sync",
]
