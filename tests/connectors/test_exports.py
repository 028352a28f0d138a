"""Exports: asked after until they are done, read as a whole, unpacked within bounds."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.loopback import Asked, Says, Source, StillClock

from crmcx.connectors import Api, Csv, JsonLines, Reply, exports
from crmcx.errors import ExportError, OversizeError, SourceFileError

Connect = Callable[..., Api]
WORDS: dict[str, Any] = {"state": ("result", "status"), "done": {"complete"}, "failed": {"failed", "aborted"}}


def states(*words: Any) -> Callable[[], Reply]:
    said = [Reply(200, body=json.dumps({"result": {"status": word}}).encode()) for word in words]
    return lambda: said.pop(0) if len(said) > 1 else said[0]


def zipped(**files: bytes) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.mkdir("folder")
        for name, content in files.items():
            packed.writestr(name, content)
    return into.getvalue()


class TestAsking:
    def test_until_it_is_done(self, still: StillClock) -> None:
        ask = states("queued", "running", None, "complete")
        assert exports.finished(ask, **WORDS, clock=still.clock).get("result", "status") == "complete"
        assert still.slept == [1, 1.5, 2.25]

    def test_the_word_may_be_no_word(self, still: StillClock) -> None:
        ask = states(False, [1], True)
        words = {"state": WORDS["state"], "done": {True}, "failed": [{"a": 1}]}
        assert exports.finished(ask, **words, clock=still.clock).get("result", "status") is True

    def test_at_once(self, still: StillClock) -> None:
        exports.finished(states("complete"), **WORDS, clock=still.clock)
        assert still.slept == []

    def test_waits_grow_to_a_bound(self, still: StillClock) -> None:
        ask = states(*["running"] * 12, "complete")
        exports.finished(ask, **WORDS, clock=still.clock, longest=timedelta(seconds=10))
        assert still.slept[-3:] == [10, 10, 10]

    @pytest.mark.parametrize("word", ["failed", "aborted"])
    def test_it_failed(self, still: StillClock, word: str) -> None:
        with pytest.raises(ExportError) as caught:
            exports.finished(states("running", word), **WORDS, clock=still.clock)
        assert caught.value.data == {"state": word}

    def test_it_takes_too_long(self, still: StillClock) -> None:
        with pytest.raises(ExportError, match="not done within 0:10:00"):
            exports.finished(states("running"), **WORDS, clock=still.clock, within=timedelta(minutes=10))
        assert 540 < still.passed <= 600


class TestUnpacking:
    def test_each_file_in_order(self, tmp_path: Path) -> None:
        path = tmp_path / "download"
        path.write_bytes(zipped(**{"../../b.csv": b"b", "a.csv": b"a"}))
        found = exports.unzipped(path)
        assert [each.read_bytes() for each in found] == [b"b", b"a"]
        assert {each.parent for each in found} == {tmp_path}

    def test_a_bomb(self, tmp_path: Path) -> None:
        path = tmp_path / "download"
        path.write_bytes(zipped(a=b"\0" * 3_000_000, b=b"\0" * 3_000_000))
        assert path.stat().st_size < 10_000
        with pytest.raises(OversizeError):
            exports.unzipped(path, limit=5_000_000)
        assert sum(each.stat().st_size for each in tmp_path.iterdir()) < 5_100_000
        assert len(exports.unzipped(path, limit=6_000_000)) == 2

    @pytest.mark.parametrize("damage", ["text", "cut", "bytes", "empty"])
    def test_what_is_no_zip_file(self, tmp_path: Path, damage: str) -> None:
        whole = zipped(a=bytes(range(256)) * 40)
        path = tmp_path / "download"
        middle = len(whole) // 3
        path.write_bytes(
            {
                "text": b"<html>",
                "cut": whole[:-20],
                "bytes": whole[:middle] + bytes(20) + whole[middle + 20 :],
                "empty": b"",
            }[damage]
        )
        with pytest.raises(SourceFileError) as caught:
            exports.unzipped(path)
        assert caught.value.__context__ is None


def test_submit_ask_read(source: Source, connect: Connect, still: StillClock) -> None:
    """The three steps of a survey platform, over the network, with a break in the middle."""
    lines = b'{"id": 1}\n{"id": 2}\n'
    broken = iter([True, False])
    progress = iter(["inProgress", "inProgress", "complete"])

    def answer(asked: Asked) -> Says:
        if asked.method == "POST":
            return Says(data={"result": {"progressId": "p1"}})
        if asked.path == "/exports/p1":
            return Says(data={"result": {"status": next(progress), "fileId": "f1"}})
        assert asked.path == "/exports/f1/file"
        return Says(
            body=zipped(survey=lines),
            headers={"content-type": "application/zip"},
            cut=20 if next(broken) else None,
        )

    source.answer = answer
    api = connect(source.url)
    job = api.post("/exports", {"format": "ndjson"}).get("result", "progressId")
    done = exports.finished(lambda: api.get(f"/exports/{job}"), **WORDS, clock=api.clock)
    with api.download(f"/exports/{done.get('result', 'fileId')}/file") as path:
        (file,) = exports.unzipped(path)
        chunks = list(JsonLines().chunks(file, rows=1))
    assert [chunk.records for chunk in chunks] == [[{"id": 1}], [{"id": 2}]]
    assert still.slept[:2] == [1, 1.5]


def test_csv_in_pieces(source: Source, connect: Connect) -> None:
    source.says(Says(body=b"id,name\n1,x\n2,y\n3,z\n", headers={"content-type": "text/csv"}))
    with connect(source.url).download("/results") as path:
        chunks = list(Csv().chunks(path, rows=2))
    assert [chunk.records for chunk in chunks] == [[["1", "x"], ["2", "y"]], [["3", "z"]]]
    assert chunks[0].fields == ("id", "name")
