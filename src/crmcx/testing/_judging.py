"""What the tests of the suite demand, and what they say where it is not met."""

from __future__ import annotations

from typing import ClassVar

import pytest

from crmcx.connectors import Stream
from crmcx.connectors.streams import Way
from crmcx.testing.trial import Subject, Trial, fresh


class Judging:
    """What all parts of the suite share."""

    subject: ClassVar[Subject]
    _in_calm: ClassVar[dict[str, object]]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One test for each kind of record."""
        if "kind" in metafunc.fixturenames:
            metafunc.parametrize("kind", sorted(self.subject.server.kinds))

    def trial(self, *, page_size: int = 3, path: str = ":memory:") -> Trial:
        """A connector, a platform and a store of their own; to be used in a `with`."""
        return Trial(self.subject, page_size=page_size, path=path)

    def in_calm(self) -> str:
        """The digest of a store after one run in calm."""
        if "digest" not in self._in_calm:
            with self.trial() as trial:
                synced(trial)
                demand_whole(trial)
                self._in_calm["digest"] = trial.store.digest()
        return str(self._in_calm["digest"])


def stream_of(trial: Trial, kind: str) -> Stream:
    """The stream that reads a kind."""
    found = next((stream for stream, name in trial.kinds_read() if name == kind), None)
    assert found is not None, f"no stream of {trial.connector.name} is named {kind!r} as this kind of the platform is"
    return found


def synced(trial: Trial, *, rows_per_commit: int = 4) -> None:
    """Read what is new; it must go well."""
    outcome = trial.sync(rows_per_commit=rows_per_commit)
    assert outcome.error is None, f"a sync in calm ended with {outcome.error!r}"


def demand_whole(trial: Trial) -> None:
    """Demand that every record of the world is in the store, once, and that the books say so."""
    lost, doubled = trial.lost_and_doubled()
    assert (lost, doubled) == (0, 0), f"{lost} records of the source are lost and {doubled} are doubled; {seen(trial)}"
    assert trial.books_add_up(), f"the books do not add up; {seen(trial)}"


def demand_like_fresh(trial: Trial) -> None:
    """Demand that the store says what one says that read the world as it stands, from nothing."""
    demand_whole(trial)
    with fresh(trial.subject, trial) as other:
        synced(other, rows_per_commit=1_000)
        ours, theirs = trial.content(), other.content()
    for table in sorted({*ours, *theirs}):
        mine, others = ours.get(table, []), theirs.get(table, [])
        assert mine == others, f"the table {table} is not as of one that reads everything now; {seen(trial)}"


def seen(trial: Trial) -> str:
    """What was asked for and what was stored, in words."""
    pages = ", ".join(f"{kind} {count}" for kind, count in sorted(trial.platform.pages.items()))
    counts = ", ".join(
        f"{each.stream} {each.counts.read} read, {each.counts.stored} stored, {each.counts.quarantined} quarantined"
        for each in trial.store.status().streams
    )
    return f"pages asked for: {pages or 'none'}; in the books: {counts or 'nothing'}"


def can_see_deletions(stream: Stream) -> bool:
    """Whether a stream learns in a sync of what is gone."""
    return stream.deletes.way in {Way.FLAG, Way.ENDPOINT, Way.SWEEP}
