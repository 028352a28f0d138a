"""The process that `kills` lets die: one sync, told on stdin."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Lock
from typing import IO, TYPE_CHECKING, Any, cast

from crmcx.connectors import Connector, Reply
from crmcx.connectors.clock import held
from crmcx.connectors.replies import Fault
from crmcx.connectors.wires import Exchange, wired
from crmcx.store import Store
from crmcx.sync import Run, sync
from crmcx.testing.still import StillClock

if TYPE_CHECKING:
    from crmcx.connectors._wire import Request


class _Failpoint:
    """Counts, and ends its own process without a word at the chosen number."""

    def __init__(self, kill_at: int) -> None:
        self.passed = 0
        self._kill_at = kill_at
        self._lock = Lock()

    def __call__(self, _name: str = "") -> None:
        with self._lock:
            self.passed += 1
            if self.passed == self._kill_at:
                os.kill(os.getpid(), signal.SIGKILL)


class _Counted:
    """The wire, with a failpoint behind every answer."""

    def __init__(self, real: Exchange, answered: Callable[[], None]) -> None:
        self._real = real
        self._answered = answered

    def exchange(self, request: Request, into: IO[bytes] | None) -> Reply | Fault:
        said = self._real.exchange(request, into)
        self._answered()
        return said

    def close(self) -> None:
        self._real.close()


def _connector(task: Mapping[str, Any]) -> type[Connector]:
    """The class, by its module where that can be imported, or by its file."""
    try:
        module = importlib.import_module(task["module"] if task["module"] != "__main__" else "")
    except (ImportError, ValueError):
        spec = importlib.util.spec_from_file_location("crmcx_victim", task["file"])
        if spec is None or spec.loader is None:
            raise
        module = importlib.util.module_from_spec(spec)
        sys.modules["crmcx_victim"] = module
        spec.loader.exec_module(module)
    found: Any = module
    for name in task["class"].split("."):
        found = getattr(found, name)
    return cast("type[Connector]", found)


def main() -> None:
    """Sync as told, and say what came of it."""
    task = json.load(sys.stdin)
    sys.path[:] = task["path"]
    steps, answers = _Failpoint(task["kill"].get("step", 0)), _Failpoint(task["kill"].get("answer", 0))
    still = StillClock(datetime.fromisoformat(task["now"]))
    with (
        held(still.clock),
        wired(lambda make: _Counted(make(), answers)),
        Store(task["store"], clock=still.now, step=steps) as store,
    ):
        connector = _connector(task)(**task["settings"])
        run = Run(store=store, source=task["source"], connector=connector, rows_per_commit=task["rows_per_commit"])
        sync(run)
        told = {"digest": store.digest(), "steps": steps.passed, "answers": answers.passed}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
