"""Kill -9: a sync in a process of its own that dies at a numbered failpoint, and what the next one makes of it.

Failpoints are the steps that a store takes in a sync, and the answers that its connector gets; each is numbered from 1.
"""

from __future__ import annotations

import inspect
import json
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias

from attrs import frozen

from crmcx.connectors import Connector
from crmcx.connectors.clock import held
from crmcx.errors import UsageError
from crmcx.store import Store
from crmcx.sync import Run, sync
from crmcx.testing.loopback import Asked
from crmcx.testing.platform import Platform
from crmcx.testing.still import StillClock
from crmcx.testing.trial import SOURCE, Settings, Subject
from crmcx.testing.world import World

Where: TypeAlias = Literal["step", "answer"]
_SECONDS = 120


@frozen(kw_only=True)
class Undisturbed:
    """A sync that nobody killed."""

    digest: str
    """What its store holds."""
    steps: int
    """How many steps the store took."""
    answers: int
    """How many answers the connector got."""


@frozen(kw_only=True)
class Death:
    """A sync that was killed, and one that went on from there."""

    where: Where
    """At which kind of failpoint."""
    number: int
    """Its number."""
    same: bool
    """Whether the store ended as that of a sync that nobody killed."""
    adds_up: bool
    """Whether the books say that nothing was lost."""
    again: Mapping[str, int]
    """How many pages of a pass that was broken off were fetched a second time, by kind of record.

    A pass that had read all pages and was not noted as ended is another one then, from the newest stamp on.
    """


class Kills:
    """Syncs of a connector over a platform in small, each over the same world and from the same store.

    Args:
        connector: The connector; a class that a module of its own holds, so that the child can import it.
        settings: Its settings, as of `connector_suite`.
        server: The platform in small.
        folder: Where the stores lie; it must be there.
        records: How many records of each kind there are.
        page_size: The most records on a page.
        rows_per_commit: Records that one transaction takes.
        news: What happens at the source after a first sync; the sync that is killed is then the second. None to kill
            the first one.
    """

    def __init__(
        self,
        connector: type[Connector],
        *,
        settings: Settings,
        server: type[Platform],
        folder: Path,
        records: int = 40,
        page_size: int = 5,
        rows_per_commit: int = 10,
        news: Callable[[World], None] | None = None,
    ) -> None:
        self._subject = Subject(connector=connector, settings=settings, server=server, records=records)
        self.connector = connector
        self._folder = folder
        self._rows_per_commit = rows_per_commit
        self._made = 0
        self.still = StillClock()
        self.platform = server(self.still)
        self.platform.page_size = page_size
        self._settings = self._subject.settings_at(self.platform.url)
        for name in self.platform.kinds:
            self.platform.world.add(name, records)
        self._before: Path | None = None
        if news is not None:
            self._before = self._folder / "before.crmcx"
            self._go_on(self._before)
            news(self.platform.world)
        self._plain = self._child(self._new_store(), None)
        if not self._plain:
            msg = f"a sync of {connector.name} in a process of its own came to no end"
            raise UsageError(msg, hint="look at what it wrote to stderr")
        self.undisturbed = Undisturbed(**self._plain["said"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.platform.close()

    def spread(self, where: Where, count: int) -> Sequence[int]:
        """So many failpoints of a kind, from the first to the last; fewer where there are fewer."""
        there = self.undisturbed.steps if where == "step" else self.undisturbed.answers
        return sorted({1 + round(place * (there - 1) / max(1, count - 1)) for place in range(count)})

    def kill(self, where: Where, number: int) -> Death:
        """Let a sync die at a failpoint, and the next one go on.

        Raises:
            UsageError: It did not come to this failpoint.
        """
        path = self._new_store()
        killed = self._child(path, {where: number})
        if killed["returned"] != -signal.SIGKILL:
            msg = f"the sync ended with {killed['returned']} before {where} {number}"
            raise UsageError(msg, hint="take a number from spread()")
        ended = self._ended(path)
        with self._noted() as asked:
            digest, adds_up = self._go_on(path)
        once: Counter[tuple[str, ...]] = self._plain["asked"]
        again: Counter[str] = Counter()
        for request, count in (killed["asked"] + asked).items():
            kind = request[0]
            if 0 < once[request] < count and kind not in ended:  # what was read to its end begins anew
                again[kind] += count - once[request]
        path.unlink()
        return Death(where=where, number=number, same=digest == self.undisturbed.digest, adds_up=adds_up, again=again)

    def _new_store(self) -> Path:
        self._made += 1
        path = self._folder / f"store-{self._made}.crmcx"
        if self._before is not None:
            shutil.copy(self._before, path)
        return path

    def _ended(self, path: Path) -> set[str]:
        """The streams that were read to their end since the store as it was before."""
        return {name for name, at in _finished(path).items() if at and at != _finished(self._before).get(name)}

    def _go_on(self, path: Path) -> tuple[str, bool]:
        with held(self.still.clock), Store(path, clock=self.still.now) as store:
            connector = self._subject.connector(**self._settings)
            sync(Run(store=store, source=SOURCE, connector=connector, rows_per_commit=self._rows_per_commit))
            return store.digest(), all(each.counts.adds_up for each in store.status().streams)

    @contextmanager
    def _noted(self) -> Iterator[Counter[tuple[str, ...]]]:
        """The pages that are asked for meanwhile."""
        begun, asked = len(self.platform.log), Counter[tuple[str, ...]]()
        yield asked
        asked.update(_request(kind, each) for kind, each in self.platform.log[begun:])

    def _child(self, store: Path, kill: Mapping[Where, int] | None) -> dict[str, Any]:
        connector = self._subject.connector
        task = {
            "path": sys.path,
            "module": connector.__module__,
            "file": inspect.getsourcefile(connector),
            "class": connector.__qualname__,
            "settings": self._settings,
            "source": SOURCE,
            "store": str(store),
            "now": self.still.now().isoformat(),
            "rows_per_commit": self._rows_per_commit,
            "kill": dict(kill or {}),
        }
        with self._noted() as asked:
            done = subprocess.run(
                [sys.executable, "-m", "crmcx.testing._victim"],
                input=json.dumps(task),
                capture_output=True,
                text=True,
                check=False,
                timeout=_SECONDS,
            )
        if done.returncode not in {0, -signal.SIGKILL}:
            msg = f"the process of a sync ended with {done.returncode}"
            raise UsageError(msg, hint=f"it wrote: {done.stderr.strip().splitlines()[-1:]}")
        said = json.loads(done.stdout) if done.returncode == 0 else None
        return {"returned": done.returncode, "asked": asked, "said": said}


def _finished(path: Path | None) -> dict[str, datetime | None]:
    """When each stream was last read to its end."""
    if path is None or not path.exists():
        return {}
    with Store(path) as store:
        return {each.stream: each.finished_at for each in store.status().streams}


def _request(kind: str, asked: Asked) -> tuple[str, ...]:
    return (kind, asked.path, *(f"{name}={value}" for name, value in sorted(asked.query.items())), asked.body.decode())
