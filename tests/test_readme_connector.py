"""The README's connector is at most 40 lines, and keeps all that the suite asks of a connector."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.packaged import example_tests

from crmcx.testing import connector_suite

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
(BLOCK,) = (
    block for block in re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL) if "(Connector)" in block
)
NAMES: dict[str, Any] = {}
exec(compile(BLOCK, "README.md", "exec", dont_inherit=True), NAMES)  # noqa: S102 - the project's own example

_EXAMPLE = example_tests()
TestReadme = connector_suite(
    NAMES["Helpdesk"], settings={"url": "{url}", "token": _EXAMPLE.TOKEN}, server=_EXAMPLE.ExampleInSmall
)


def test_it_is_at_most_40_lines() -> None:
    assert len(BLOCK.splitlines()) <= 40
