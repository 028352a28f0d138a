"""The second sync: a week passes, the systems change, and the store follows."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from crmcx.demo.bank import Exports
from crmcx.demo.compared import Compared, compare
from crmcx.demo.platforms import Platforms
from crmcx.demo.week import pass_week
from crmcx.estimates import Estimate
from crmcx.metrics import nps
from crmcx.sync import SyncReport
from crmcx.workspace import Workspace


@frozen(kw_only=True)
class Later:
    """What happened in the week, what the sync brought of it, and whether the store says what is so."""

    first: Compared
    """The store and the systems before."""
    happened: tuple[tuple[str, int], ...]
    """What happened, and how often."""
    report: SyncReport
    """What the sync brought."""
    second: Compared
    """The store and the systems after."""
    before: Estimate
    """The Net Promoter Score before."""
    after: Estimate
    """The same after."""

    def to_dict(self) -> dict[str, Any]:
        """It as plain JSON values."""
        return {
            "compared_before": {"records": self.first.records, "different": list(self.first.different)},
            "happened": dict(self.happened),
            "sync": self.report.dicts(),
            "compared": {"records": self.second.records, "different": list(self.second.different)},
            "nps": [self.before.to_dict(), self.after.to_dict()],
        }

    def __str__(self) -> str:
        happened = [f"  {n:>5,} {words}" for words, n in self.happened if n]
        streams = [
            (f"{run.source} {each.stream}", each.counts.read, each.counts.stored, each.counts.deleted, each.requests)
            for run in self.report.runs
            for each in run.streams
            if each.counts.stored or each.counts.deleted
        ]
        width = max((len(name) for name, *_ in streams), default=0)
        head = f"  {'what changed':<{width}}{'read':>9}{'stored':>9}{'deleted':>9}{'requests':>10}"
        told = [
            f"  {name:<{width}}{read:>9,}{stored:>9,}{deleted:>9,}{requests:>10,}"
            for name, read, stored, deleted, requests in streams
        ]
        counts = self.report.counts
        sums = f"  of {counts.read:,} records that were read {counts.stored:,} were new or other than before"
        scores = f"  Net Promoter Score: {self.before.value_words} before, {self.after.value_words} since"
        return "\n".join(
            [f"  before: {self.first}", *happened, "", head, *told, sums, "", f"  since: {self.second}", scores]
        )


def weeks_later(workspace: Workspace, systems: Platforms, exports: Exports) -> Later:
    """Let a week pass, sync again, and hold the store against the systems before and after.

    Args:
        workspace: A workspace that was synced with them.
        systems: The systems that answer over HTTP.
        exports: The bank's exports.
    """
    first, before = compare(workspace, systems, exports), nps(workspace.tables.answers)
    happened = pass_week(systems, exports)
    report = workspace.sync()
    second = compare(workspace, systems, exports)
    workspace.resolve()
    after = nps(workspace.refresh().answers)
    return Later(first=first, happened=happened, report=report, second=second, before=before, after=after)
