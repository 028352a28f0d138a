"""What a whole process took, from cold start to its end, as the operating system counts it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

_INSIDE = """
import runpy, sys
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
with open("/proc/self/status") as told:
    print("peak", next(line.split()[1] for line in told if line.startswith("VmHWM")))
"""
"""Runs a module and tells the most memory of its own process: what the system counts for a child begins with what its
parent held when it was started."""


@frozen
class Took:
    """What one process took, with those that it started and waited for."""

    cpu: float
    """CPU seconds, those of the kernel too."""
    wall: float
    """Seconds by the clock."""
    peak_mb: float
    """The most memory that it held."""
    said: str
    """What it printed."""


def run(module: str, *arguments: object, python: str = sys.executable, cache: Path) -> Took:
    """Run a module as a process of its own.

    Args:
        module: Its name.
        arguments: What it is told.
        python: The interpreter, and with it the environment.
        cache: Where its bytecode is kept, so that only the first run of an environment compiles.
    """
    began = time.perf_counter()
    done = subprocess.Popen(
        [python, "-c", _INSIDE, module, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        | {"PYTHONPYCACHEPREFIX": str(cache)},
    )
    assert done.stdout is not None
    said, _, peak = done.stdout.read().strip().rpartition("peak ")
    _, status, usage = os.wait4(done.pid, 0)
    done.returncode = status
    if status:
        sys.exit(f"{module} {' '.join(map(str, arguments[:1]))} failed with status {status}")
    return Took(usage.ru_utime + usage.ru_stime, time.perf_counter() - began, int(peak) / 1024, said.strip())


@contextmanager
def serving(options: Sequence[object], *, module: str = "bench.http_server") -> Iterator[str]:
    """A server as a process of its own; its address."""
    with subprocess.Popen(
        [sys.executable, "-m", module, *map(str, options)], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.kill()
