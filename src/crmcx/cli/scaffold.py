"""A package with a connector to begin with: written from templates, complete with a platform in small and its suite."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from string import Template

from crmcx.connectors import installed
from crmcx.errors import UsageError

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 40
_FILES = {
    "pyproject.toml": "pyproject.toml.txt",
    "README.md": "README.md.txt",
    "src/{module}/__init__.py": "connector.py.txt",
    "src/{module}/py.typed": None,
    "tests/test_connector.py": "test_connector.py.txt",
}


def new_connector(name: str, folder: Path) -> tuple[Path, ...]:
    """Write the package `crmcx-NAME` into a folder of its own.

    Args:
        name: The connector's name: lower case letters, digits, and dashes between them.
        folder: Where the package's folder is made.

    Returns:
        The files, in order.

    Raises:
        UsageError: The name cannot be used or is taken, or the folder cannot be written or is there already.
    """
    if len(name) > _LONGEST or not _NAME.fullmatch(name):
        msg = f"found the name {name!r}, expected lower case letters, digits and dashes, at most {_LONGEST}"
        raise UsageError(msg, hint="begin with a letter, such as acme-desk")
    if name in installed().names():
        msg = f"the connector name {name!r} is taken"
        raise UsageError(msg, hint="choose another name; crmcx connectors lists those that are taken")
    package = folder / f"crmcx-{name}"
    stem = "".join(part.capitalize() for part in name.split("-"))
    words = {
        "name": name,
        "module": f"crmcx_{name.replace('-', '_')}",
        "stem": stem,
        "title": " ".join(part.capitalize() for part in name.split("-")),
        "variable": name.replace("-", "_").upper(),
    }
    templates = files("crmcx.cli") / "templates"
    made = []
    try:
        package.mkdir()
        for place, template in _FILES.items():
            path = package / place.format_map(words)
            path.parent.mkdir(parents=True, exist_ok=True)
            text = (templates / template).read_text(encoding="utf-8") if template else ""
            path.write_text(Template(text).substitute(words), encoding="utf-8")
            made.append(path)
    except FileExistsError:
        msg = f"the folder {package.name} is there already"
        raise UsageError(msg, hint="choose another name, or another place with --dir") from None
    except OSError as error:
        msg = f"the folder {package.name} cannot be written: {error.strerror}"
        raise UsageError(msg, hint="name a folder that exists and may be written, with --dir") from None
    return tuple(made)
