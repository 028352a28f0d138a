"""The page: one file, its policy, its script, and the extra it needs."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.report.results import funnel, page

from crmcx.errors import MissingExtraError
from crmcx.report import Folded, Page, Section, Words, funnel_picture


@pytest.fixture(scope="module")
def html() -> str:
    return page().html()


def test_the_same_results_give_the_same_bytes(html: str) -> None:
    assert page().html() == html


def test_nothing_is_loaded_from_elsewhere(html: str) -> None:
    body = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    assert not re.search(r"(?:src|href|action|data)\s*=\s*[\"']?(?!#|data:)[\w/]", body.replace("data-", ""))
    assert "http://" not in body
    assert "https://" not in body
    assert "@import" not in body
    assert "url(" not in body


def test_only_the_scripts_of_the_page_may_run(html: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy
    assert "default-src 'none'" in policy[1]
    scripts = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in scripts]
    assert len(scripts) == 2
    assert re.findall(r"sha256-([^']+)", policy[1]) == digests
    script_part = policy[1].split("script-src")[1].split(";")[0]
    assert "unsafe" not in script_part


def test_plotly_comes_once_and_only_with_a_picture(html: str) -> None:
    assert html.count("plotly.js v") == 1
    assert len(html.encode()) < 6_000_000
    small = Page("A page", "Of words.", (Section("Words", "", (Words("Hello."),)),)).html()
    assert "plotly.js v" not in small
    assert len(small) < 20_000


def test_ids_are_unique_and_links_lead_to_them(html: str) -> None:
    body = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    ids = re.findall(r'\bid="([^"]+)"', body)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', body)) <= set(ids)
    assert set(re.findall(r'aria-(?:labelledby|describedby)="([^"]+)"', body)) <= set(ids)
    assert set(re.findall(r'\bfor="([^"]+)"', body)) <= set(ids)


def test_every_picture_has_a_caption_a_name_and_a_table(html: str) -> None:
    figures = re.findall(r"<figure.*?</figure>", html, flags=re.DOTALL)
    assert len(figures) == 4
    for each in figures:
        assert re.search(r"<figcaption>[^<]{20,}</figcaption>", each)
        assert re.search(r'role="img" aria-label="[^"]{20,}"', each)
        assert "<details><summary>The same numbers as a table</summary>" in each
        assert "<tbody><tr>" in each


def test_it_is_written_as_it_is(tmp_path: Path, html: str) -> None:
    written = page().write(tmp_path / "page.html")
    assert written.read_bytes() == html.encode()
    assert page().write(str(written)) == written


def test_without_plotly_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = page()
    monkeypatch.setattr("crmcx.report._plotly.find_spec", lambda _name: None)
    for call in (whole.html, lambda: funnel_picture(funnel(3, 2))):
        with pytest.raises(MissingExtraError) as caught:
            call()
        assert caught.value.hint == 'install it with: pip install "crmcx[plots]"'


def test_the_room_loads_plotly_at_first_use() -> None:
    code = "import sys, crmcx.report; print('plotly' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"


def test_a_folded_picture_brings_plotly_too() -> None:
    folded = Folded("A picture", (funnel_picture(funnel(3, 2)),))
    assert "plotly.js v" in Page("A page", "Of pictures.", (Section("One", "", (folded,)),)).html()
