"""`crmcx new-connector` writes a package that passes its own suite at once, and nothing over anything."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.packaged import ROOT, install, run

from crmcx.cli import BAD_INPUT, main


def test_the_package_passes_its_suite_at_once_and_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new-connector", "acme-desk", "--dir", str(tmp_path)]) == 0
    package = tmp_path / "crmcx-acme-desk"
    assert f"next: cd {package}" in capsys.readouterr().out
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=package,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-1000:]
    assert "passed" in ended.stdout
    install(package, tmp_path / "site")
    told = json.loads(run("-m", "crmcx.cli", "connectors", "--json", site=tmp_path / "site").stdout)
    assert {"name": "acme-desk", "brought by": "crmcx_acme_desk", "streams": 2} in told["connectors"]


def test_what_is_written_is_told_as_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new-connector", "desk2", "--dir", str(tmp_path), "--json"]) == 0
    written = [
        Path(each).relative_to(tmp_path / "crmcx-desk2").as_posix() for each in json.loads(capsys.readouterr().out)
    ]
    assert written == [
        "pyproject.toml",
        "README.md",
        "src/crmcx_desk2/__init__.py",
        "src/crmcx_desk2/py.typed",
        "tests/test_connector.py",
    ]
    assert all((tmp_path / "crmcx-desk2" / each).is_file() for each in written)
    assert "Desk2Connector" in (tmp_path / "crmcx-desk2" / written[2]).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name", ["Acme", "acme_desk", "2desk", "acme--desk", "desk-", "", "../desk", "d" * 41, "b\u00fcro"]
)
def test_a_name_that_cannot_be_used_is_refused(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new-connector", name, "--dir", str(tmp_path)]) == BAD_INPUT
    assert "expected lower case letters, digits and dashes" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_name_of_a_connector_that_is_installed_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new-connector", "files", "--dir", str(tmp_path)]) == BAD_INPUT
    assert "the connector name 'files' is taken" in capsys.readouterr().err


def test_nothing_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "crmcx-desk" / "README.md"
    kept.parent.mkdir()
    kept.write_text("mine")
    assert main(["new-connector", "desk", "--dir", str(tmp_path)]) == BAD_INPUT
    assert "the folder crmcx-desk is there already" in capsys.readouterr().err
    assert [each.read_text() for each in kept.parent.iterdir()] == ["mine"]


def test_a_place_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new-connector", "desk", "--dir", str(tmp_path / "gone")]) == BAD_INPUT
    assert "crmcx-desk cannot be written" in capsys.readouterr().err


def test_the_docs_show_what_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new-connector", "acme-desk", "--dir", str(tmp_path)]) == 0
    written = (tmp_path / "crmcx-acme-desk/src/crmcx_acme_desk/__init__.py").read_text(encoding="utf-8")
    page = (ROOT / "docs/how-to/write-a-connector.md").read_text(encoding="utf-8")
    shown = re.findall(r"^```py\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(shown) == 6
    for block in shown:
        assert block in written
