"""The files in which Qualtrics exports responses: JSON, a line of JSON each, or separated values; zipped or not."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from attrs import field, frozen

from crmcx.testing.loopback import Says


@frozen
class Exported(Says):
    """A file of responses, in whatever state its records are when it is sent."""

    form: str = field(default="ndjson", kw_only=True)
    """The format."""
    zipped: bool = field(default=True, kw_only=True)
    """Whether it is in a zip file."""

    @property
    def written(self) -> bytes:
        """The body as it is sent."""
        if self.body is not None:
            return self.body
        plain = file_of(self.data["responses"], self.form)
        if not self.zipped:
            return plain
        into = io.BytesIO()
        with ZipFile(into, "w", ZIP_DEFLATED) as packed:
            packed.writestr(ZipInfo(f"Responses.{self.form}"), plain)
        return into.getvalue()


def file_of(responses: Sequence[Any], form: str) -> bytes:
    """The responses as a file; among those in JSON are empty objects, and blank lines, as the vendor has them."""
    if form == "csv":
        return _separated(responses).encode()
    if form == "json":
        return json.dumps({"responses": [*responses, {}] if responses else []}).encode()
    lines = [json.dumps(each) for each in responses]
    return "\n".join([*lines[:1], "", "{}", *lines[1:], ""]).encode() if lines else b""


def _separated(responses: Sequence[Any]) -> str:
    """The rows below three headers: the name, the words of the question, and an id as JSON."""
    names = list(dict.fromkeys(name for each in responses for name in each["values"]))
    into = io.StringIO()
    writer = csv.writer(into)
    writer.writerow(["ResponseId", *names])
    writer.writerow(["Response ID", *names])
    writer.writerow([json.dumps({"ImportId": name}) for name in ("_recordId", *names)])
    for each in responses:
        said = each["values"]
        cells = [",".join(said[name]) if isinstance(said.get(name), list) else said.get(name) for name in names]
        writer.writerow([each["responseId"], *cells])
    return into.getvalue()


def labelled(responses: Sequence[Any], definition: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The responses with the words of choices in the place of their values."""
    words: dict[str, dict[str, str]] = {}
    for code, question in definition["Questions"].items():
        points = question.get("Answers") or question.get("Choices") or {}
        recodes = question.get("RecodeValues", {})
        by_value = {str(recodes.get(choice, choice)): said["Display"] for choice, said in points.items()}
        names = [f"{code}_{line}" for line in question["Choices"]] if "Answers" in question else [code]
        words |= dict.fromkeys(names, by_value)

    def told(name: str, value: Any) -> Any:  # noqa: ANN401 - JSON
        table = words.get(name, {})
        if isinstance(value, list):
            return [table.get(str(each), each) for each in value]
        return table.get(str(value), value)

    return [
        {**each, "values": {name: told(name, value) for name, value in each["values"].items()}} for each in responses
    ]
