"""Sync: read a source, map its records, commit them; go on after a break."""

from crmcx.sync.report import RunReport, StreamReport, SyncReport
from crmcx.sync.run import ROWS_PER_COMMIT, Listener, Progress, Run, sync

__all__ = ["ROWS_PER_COMMIT", "Listener", "Progress", "Run", "RunReport", "StreamReport", "SyncReport", "sync"]
