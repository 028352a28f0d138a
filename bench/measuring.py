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


@frozen
class Took:
    """What one process took, with those that it started and waited for."""

    cpu: float
    """CPU seconds, those of the kernel too."""
    wall: float
    """Seconds by the clock."""
    peak_mb: float
    """The most memory that the largest of the processes held."""
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
        [python, "-m", module, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        | {"PYTHONPYCACHEPREFIX": str(cache)},
    )
    assert done.stdout is not None
    said = done.stdout.read().strip()
    _, status, usage = os.wait4(done.pid, 0)
    done.returncode = status
    if status:
        sys.exit(f"{module} {' '.join(map(str, arguments[:1]))} failed with status {status}")
    return Took(usage.ru_utime + usage.ru_stime, time.perf_counter() - began, usage.ru_maxrss / 1024, said)


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
