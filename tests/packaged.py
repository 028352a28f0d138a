"""Packages of this repository put into a folder as an installer would, for processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Collection
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PACKAGES = ROOT / "packages"


def module_at(path: Path, name: str) -> Any:
    """A module of a package, imported from its file under a name."""
    if name not in sys.modules:
        spec = spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[name] = module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


def example_tests() -> Any:
    """The tests of the example package, with its platform in small."""
    folder = PACKAGES / "crmcx-example"
    module_at(folder / "src" / "crmcx_example" / "__init__.py", "crmcx_example")
    return module_at(folder / "tests" / "test_connector.py", "crmcx_example_tests")


def install(package: Path, site: Path, *, only: Collection[str] | None = None) -> None:
    """Put a package's modules on a path, with the metadata by which Python finds its entry points.

    Args:
        package: The folder of the package.
        site: The folder that stands for `site-packages`.
        only: The entry points to announce; None for all.
    """
    project = tomllib.loads((package / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {project['name']}\nVersion: {project['version']}\n")
    lines = [
        f"{name} = {at}\n" for name, at in project["entry-points"]["crmcx"].items() if only is None or name in only
    ]
    (info / "entry_points.txt").write_text("".join(["[crmcx]\n", *lines]), encoding="utf-8")
    for module in (package / "src").iterdir():
        if not (site / module.name).exists():
            (site / module.name).symlink_to(module, target_is_directory=True)


def run(*words: str, site: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python with a folder of packages."""
    path = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    environment = {**os.environ, **variables, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *words], env=environment, cwd=site, capture_output=True, text=True, timeout=120, check=False
    )
