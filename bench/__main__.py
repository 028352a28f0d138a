"""All measurements: `python -m bench`. What misses its goal is printed as such; nothing is hidden."""

from __future__ import annotations

import subprocess
import sys

for name in ("validation", "journey", "sync"):
    print(f"\n{name}", flush=True)
    subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False)
