"""The sandbox of Qualtrics speaks its protocol, so that clients written for the vendor work on it unchanged."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
import yaml

from crmcx.sandbox import QualtricsSandbox
from crmcx.sandbox.qualtrics import DIRECTORY, TOKEN

KNOWN = {
    'result: "LastAccessed" is a required property',
    'result/SurveyOptions/BackButton: "false" is not of type "boolean"',
    'result/SurveyOptions/BallotBoxStuffingPrevention: "false" is not of type "boolean"',
    'result/SurveyOptions/SaveAndContinue: "true" is not of type "boolean"',
}
"""Where the vendor's answers, and the examples in its description, are not as described: nulls, and flags as texts."""
SPECS = Path(__file__).parents[2].parent / "shared" / "specs" / "qualtrics"


@pytest.fixture
def sandbox() -> Iterator[QualtricsSandbox]:
    with QualtricsSandbox() as made:
        yield made


@pytest.fixture
def http(sandbox: QualtricsSandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{sandbox.url}/API/v3", headers={"X-API-TOKEN": TOKEN}) as client:
        yield client


def error(reply: httpx.Response) -> tuple[int, str]:
    meta = reply.json()["meta"]
    assert meta["requestId"]
    assert meta["httpStatus"].startswith(str(reply.status_code))
    return reply.status_code, meta["error"]["errorCode"]


def result(reply: httpx.Response) -> Any:
    assert reply.json()["meta"]["httpStatus"] == "200 - OK"
    return reply.json()["result"]


class Exporting:
    def __init__(self, sandbox: QualtricsSandbox, http: httpx.Client, survey: str) -> None:
        self.sandbox, self.http, self.place = sandbox, http, f"/surveys/{survey}/export-responses"

    def file(self, **wanted: Any) -> tuple[bytes, str | None]:
        job = result(self.http.post(self.place, json={"format": "ndjson", **wanted}))["progressId"]
        assert result(self.http.get(f"{self.place}/{job}"))["status"] == "inProgress"
        self.sandbox.still.move(self.sandbox.export_takes)
        done = result(self.http.get(f"{self.place}/{job}"))
        assert (done["status"], done["percentComplete"]) == ("complete", 100)
        body = self.http.get(f"{self.place}/{done['fileId']}/file").content
        if wanted.get("compress", True):
            with zipfile.ZipFile(io.BytesIO(body)) as packed:
                (name,) = packed.namelist()
                body = packed.read(name)
        return body, done.get("continuationToken")

    def ids(self, **wanted: Any) -> list[str]:
        lines = [json.loads(line) for line in self.file(**wanted)[0].splitlines() if line]
        return [each["responseId"] for each in lines if each]


class TestProtocol:
    def test_a_wrong_token_is_refused(self, http: httpx.Client) -> None:
        assert error(http.get("/surveys", headers={"X-API-TOKEN": "wrong"}))[0] == 401

    def test_what_is_not_there(self, http: httpx.Client) -> None:
        for path in (
            "/nothing",
            "/survey-definitions/SV_sandboxsurv9",
            "/directories/POOL_9/contacts",
            "/distributions/EMD_9",
        ):
            assert error(http.get(path))[0] == 404

    def test_lists_lead_on_by_whole_addresses(self, sandbox: QualtricsSandbox, http: httpx.Client) -> None:
        sandbox.world.add("instruments", 7)
        sandbox.world.add("contacts", 4)
        for path, name in [("/surveys", "offset"), (f"/directories/{DIRECTORY}/contacts", "skipToken")]:
            found, page, address = [], 0, path
            while address:
                told = result(http.get(address))
                found += told["elements"]
                page, address = page + 1, told["nextPage"]
                assert address is None or (address.startswith(sandbox.url) and f"{name}=" in address)
            assert len({json.dumps(each) for each in found}) == (7 if path == "/surveys" else 4)
            assert page == (3 if path == "/surveys" else 2)

    def test_too_many_requests_are_refused_without_a_word_of_when(
        self, sandbox: QualtricsSandbox, http: httpx.Client
    ) -> None:
        sandbox.per_minute = 2
        assert [http.get("/whoami").status_code for _ in range(3)] == [200, 200, 429]
        assert "retry-after" not in http.get("/whoami").headers
        sandbox.still.move(timedelta(minutes=1))
        assert http.get("/whoami").status_code == 200

    def test_distributions_are_those_of_a_survey(self, sandbox: QualtricsSandbox, http: httpx.Client) -> None:
        world = sandbox.world
        one, other = world.create("instruments"), world.create("instruments")
        mailing = world.invite(one, "CID_1", "CID_2")
        world.follow("CGC_2", "HardBounce")
        assert error(http.get("/distributions"))[0] == 400
        assert result(http.get("/distributions", params={"surveyId": other}))["elements"] == []
        (found,) = result(http.get("/distributions", params={"surveyId": one}))["elements"]
        assert (found["stats"]["sent"], found["stats"]["bounced"]) == (2, 1)
        told = result(http.get(f"/distributions/{mailing}/history"))["elements"]
        assert [each["status"] for each in told] == ["Success", "HardBounce"]


class TestExports:
    @pytest.fixture
    def exporting(self, sandbox: QualtricsSandbox, http: httpx.Client) -> Exporting:
        return Exporting(sandbox, http, sandbox.world.create("instruments"))

    def test_the_start_is_in_and_the_end_is_out(self, sandbox: QualtricsSandbox, exporting: Exporting) -> None:
        made = [sandbox.world.answer("SV_sandboxsurv1") for _ in range(3)]
        stamps = [sandbox.world.said(each)["values"]["recordedDate"] for each in sandbox.world.kept("responses")]
        assert exporting.ids() == made
        assert exporting.ids(startDate=stamps[1]) == made[1:]
        assert exporting.ids(endDate=stamps[1]) == made[:1]

    def test_files_hold_blank_lines_and_empty_objects(self, sandbox: QualtricsSandbox, exporting: Exporting) -> None:
        sandbox.world.answer("SV_sandboxsurv1")
        assert exporting.file()[0].splitlines()[1:] == [b"", b"{}"]
        assert json.loads(exporting.file(format="json")[0])["responses"][1:] == [{}]

    def test_separated_values_have_three_headers(self, sandbox: QualtricsSandbox, exporting: Exporting) -> None:
        sandbox.world.answer("SV_sandboxsurv1", QID2=5)
        body, _ = exporting.file(format="csv", useLabels=True, compress=False)
        names, _, ids, row = csv.reader(io.StringIO(body.decode()))
        assert json.loads(ids[names.index("QID2")]) == {"ImportId": "QID2"}
        assert row[names.index("QID2")] == "Very satisfied"
        assert row[0] == "R_1"

    @pytest.mark.parametrize(
        "wanted",
        [
            {"format": "doc"},
            {"useLabels": True},
            {"startDate": "yesterday"},
            {"startDate": "2026-03-01T00:00:00"},
            {"continuationToken": "unknown"},
        ],
    )
    def test_what_is_not_valid(self, exporting: Exporting, wanted: dict[str, Any]) -> None:
        assert error(exporting.http.post(exporting.place, json={"format": "json", **wanted}))[0] == 400

    def test_a_token_goes_on_for_a_week(self, sandbox: QualtricsSandbox, exporting: Exporting) -> None:
        sandbox.world.answer("SV_sandboxsurv1")
        _, token = exporting.file(allowContinuation=True)
        new = sandbox.world.answer("SV_sandboxsurv1")
        assert exporting.ids(continuationToken=token) == [new]
        sandbox.still.move(timedelta(days=7))
        expired = {"format": "json", "continuationToken": token}
        assert error(exporting.http.post(exporting.place, json=expired))[0] == 400

    def test_an_export_may_fail(self, sandbox: QualtricsSandbox, exporting: Exporting) -> None:
        sandbox.failing.add("SV_sandboxsurv1")
        job = result(exporting.http.post(exporting.place, json={"format": "json"}))["progressId"]
        sandbox.still.move(sandbox.export_takes)
        assert result(exporting.http.get(f"{exporting.place}/{job}"))["status"] == "failed"
        assert error(exporting.http.get(f"{exporting.place}/{job}-file/file"))[0] == 404

    def test_what_is_open_comes_only_when_asked_for(self, sandbox: QualtricsSandbox, exporting: Exporting) -> None:
        begun = sandbox.world.begin("SV_sandboxsurv1", QID1=2)
        assert exporting.ids() == []
        assert exporting.ids(responsesInProgress=True) == [begun]
        ended = sandbox.world.finish(begun)
        assert exporting.ids() == [ended]
        assert exporting.ids(responsesInProgress=True) == []
        assert sandbox.world.truth["feedback"] == {
            ended: {"instrument": "SV_sandboxsurv1", "status": "complete", "nps": 2}
        }

    def test_an_edit_leaves_no_trace_and_a_deletion_none_at_all(
        self, sandbox: QualtricsSandbox, exporting: Exporting
    ) -> None:
        sandbox.world.answer("SV_sandboxsurv1")
        later = (sandbox.still.now() + timedelta(seconds=1)).isoformat()
        sandbox.still.move(timedelta(days=1))
        sandbox.world.edit("R_1", QID1=0)
        assert exporting.ids(startDate=later) == []
        assert json.loads(exporting.file()[0].splitlines()[0])["values"]["QID1"] == 0
        sandbox.world.remove("responses", "R_1")
        assert exporting.ids() == []

    def test_a_survey_goes_with_its_responses(self, sandbox: QualtricsSandbox, exporting: Exporting) -> None:
        sandbox.world.answer("SV_sandboxsurv1")
        sandbox.world.remove("instruments", "SV_sandboxsurv1")
        assert error(exporting.http.post(exporting.place, json={"format": "json"}))[0] == 404
        assert sandbox.world.truth["feedback"] == {}


class TestPublicClient:
    def test_it_works_unchanged(self, sandbox: QualtricsSandbox, tmp_path: Path) -> None:
        api = pytest.importorskip("qualtrics.api", reason="the public client is not installed")
        sandbox.world.add("instruments", 4)
        sandbox.world.answer("SV_sandboxsurv2", QID1=7)
        with api.QualtricsClient(TOKEN, base_url=f"{sandbox.url}/API/v3") as client:
            assert [each.id for each in client.surveys.iter()] == [
                "SV_sandboxsurv1",
                "SV_sandboxsurv2",
                "SV_sandboxsurv3",
                "SV_sandboxsurv4",
            ]
            definition = client.survey_definitions.get("SV_sandboxsurv2")
            assert definition.survey_name == "Survey 2"
            done = client.response_exports.export(
                "SV_sandboxsurv2",
                tmp_path,
                poll_interval=0,
                on_progress=lambda _event: sandbox.still.move(timedelta(seconds=1)),
            )
            with zipfile.ZipFile(done.path) as packed:
                rows = list(csv.reader(io.StringIO(packed.read(packed.namelist()[0]).decode())))
            assert rows[3][rows[0].index("QID1")] == "7"
            with pytest.raises(api.QualtricsAPIError) as refused:
                client.survey_definitions.get("SV_sandboxsurv9")
            assert refused.value.status_code == 404


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(each) for name, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


@cache
def described(path: Path) -> dict[str, Any]:
    said: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return said


class TestDescription:
    @pytest.fixture
    def description(self) -> dict[str, Any]:
        path = SPECS / "survey-definitions.yaml"
        if not path.is_file():
            pytest.skip("the vendor's description is not on this machine")
        return described(path)

    @staticmethod
    def faults(description: dict[str, Any], name: str, answer: Any) -> list[str]:
        schema = {"$ref": f"#/components/schemas/{name}", "components": description["components"]}
        validator = jsonschema_rs.validator_for(schema)
        return [f"{'/'.join(map(str, each.instance_path))}: {each.message}" for each in validator.iter_errors(answer)]

    def test_definitions_are_as_described(
        self, sandbox: QualtricsSandbox, http: httpx.Client, description: dict[str, Any]
    ) -> None:
        sandbox.world.add("instruments")
        answer = without_nulls(http.get("/survey-definitions/SV_sandboxsurv1").json())
        assert set(self.faults(description, "GetSurveyResponse", answer)) == KNOWN
        for question in answer["result"]["Questions"].values():
            assert self.faults(description, "QuestionDefinition", question) == []

    def test_refusals_are_as_described(self, http: httpx.Client, description: dict[str, Any]) -> None:
        answer = http.get("/surveys", headers={"X-API-TOKEN": "wrong"}).json()
        assert self.faults(description, "UnauthorizedRequestErrorResponse", answer) == []
        answer = http.get("/survey-definitions/SV_sandboxsurv9").json()
        assert self.faults(description, "NotFoundErrorResponse", answer) == []

    def test_what_is_not_as_described_is_found(self, description: dict[str, Any]) -> None:
        assert self.faults(description, "GetSurveyResponse", {"meta": {}, "result": {}})
        assert self.faults(description, "QuestionDefinition", {"QuestionType": "MC"})
