"""The sandbox of HubSpot speaks its protocol, so that the vendor's own client works on it unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import hubspot
import jsonschema_rs
import pytest
import yaml
from hubspot.crm.contacts import (
    ApiException,
    BatchReadInputSimplePublicObjectId,
    PublicObjectSearchRequest,
    SimplePublicObjectInputForCreate,
)

from crmcx.sandbox import HubSpotSandbox
from crmcx.sandbox.hubspot import TOKEN

SPECS = Path(__file__).parents[2].parent / "shared" / "specs" / "hubspot"


@pytest.fixture
def sandbox() -> Iterator[HubSpotSandbox]:
    with HubSpotSandbox() as made:
        yield made


@pytest.fixture
def http(sandbox: HubSpotSandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.url, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield client


@pytest.fixture
def client(sandbox: HubSpotSandbox) -> Any:
    return hubspot.Client.create(access_token=TOKEN, host=sandbox.url)


def search(http: httpx.Client, **said: Any) -> httpx.Response:
    return http.post("/crm/v3/objects/contacts/search", json=said)


class TestProtocol:
    def test_a_wrong_token_is_refused(self, http: httpx.Client) -> None:
        refused = http.get("/crm/v3/objects/contacts", headers={"Authorization": "Bearer wrong"})
        assert refused.status_code == 401
        assert refused.json()["category"] == "INVALID_AUTHENTICATION"
        assert refused.json()["correlationId"]

    def test_too_many_requests_are_refused_by_the_name_of_the_policy(
        self, sandbox: HubSpotSandbox, http: httpx.Client
    ) -> None:
        sandbox.per_ten_seconds = 2
        left = [http.get("/crm/v3/owners").headers["X-HubSpot-RateLimit-Remaining"] for _ in range(2)]
        refused = http.get("/crm/v3/owners")
        assert (left, refused.status_code) == (["1", "0"], 429)
        assert refused.json()["policyName"] == "TEN_SECONDLY_ROLLING"
        sandbox.still.move(timedelta(seconds=10))
        assert http.get("/crm/v3/owners").status_code == 200

    def test_values_are_texts_or_null(self, sandbox: HubSpotSandbox, http: httpx.Client) -> None:
        deal = sandbox.world.create("deals", {"dealname": "One", "amount": "12.50"})
        asked = {"properties": "dealname,amount,description"}
        said = http.get(f"/crm/v3/objects/deals/{deal}", params=asked).json()["properties"]
        assert (said["dealname"], said["amount"], said["description"]) == ("One", "12.50", None)

    def test_a_list_ends_without_paging(self, sandbox: HubSpotSandbox, http: httpx.Client) -> None:
        made = [sandbox.world.create("contacts", {"email": f"{n}@example.org"}) for n in range(5)]
        found: list[str] = []
        after: str | None = ""
        while after is not None:
            query = {"limit": "2", **({"after": after} if after else {})}
            page = http.get("/crm/v3/objects/contacts", params=query).json()
            found += [each["id"] for each in page["results"]]
            after = page.get("paging", {}).get("next", {}).get("after")
        assert found == made
        assert http.get("/crm/v3/objects/contacts", params={"limit": "101"}).status_code == 400

    def test_a_search_ends_at_its_ceiling(self, sandbox: HubSpotSandbox, http: httpx.Client) -> None:
        sandbox.ceiling = 4
        for number in range(6):
            sandbox.world.create("contacts", {"email": f"{number}@example.org"})
        page = search(http, limit=4)
        assert (page.status_code, page.json()["total"], len(page.json()["results"])) == (200, 6, 4)
        assert search(http, limit=4, after="4").status_code == 400

    def test_a_search_knows_of_a_change_late_and_never_of_the_archive(
        self, sandbox: HubSpotSandbox, http: httpx.Client
    ) -> None:
        sandbox.index_lag = timedelta(minutes=5)
        ada = sandbox.world.create("contacts", {"email": "ada@example.org"})
        assert search(http).json()["results"] == []
        sandbox.still.move(timedelta(minutes=6))
        assert [each["id"] for each in search(http).json()["results"]] == [ada]
        sandbox.world.archive("contacts", ada)
        assert search(http).json()["results"] == []
        listed = http.get("/crm/v3/objects/contacts", params={"archived": "true"}).json()["results"]
        assert [(each["id"], each["archived"]) for each in listed] == [(ada, True)]

    def test_the_id_of_one_that_was_merged_leads_to_the_other(
        self, sandbox: HubSpotSandbox, http: httpx.Client
    ) -> None:
        one, other = (sandbox.world.create("contacts", {"email": f"{n}@example.org"}) for n in "ab")
        said = {"primaryObjectId": one, "objectIdToMerge": other}
        assert http.post("/crm/v3/objects/contacts/merge", json=said).status_code == 200
        assert http.get(f"/crm/v3/objects/contacts/{other}").json()["id"] == one
        wanted = {"properties": "hs_merged_object_ids"}
        assert other in http.get(f"/crm/v3/objects/contacts/{one}", params=wanted).json()["properties"][
            "hs_merged_object_ids"
        ].split(";")

    def test_one_deleted_for_good_leaves_no_trace(self, sandbox: HubSpotSandbox, http: httpx.Client) -> None:
        ada = sandbox.world.create("contacts", {"email": "ada@example.org"})
        http.post("/crm/v3/objects/contacts/gdpr-delete", json={"objectId": ada})
        for archived in ("true", "false"):
            listed = http.get("/crm/v3/objects/contacts", params={"archived": archived}).json()
            assert listed["results"] == []

    def test_the_version_is_in_the_path(self, sandbox: HubSpotSandbox, http: httpx.Client) -> None:
        sandbox.version = "2026-03"
        assert http.get("/crm/objects/2026-03/contacts").status_code == 200
        assert http.get("/crm/v3/objects/contacts").status_code == 404


class TestClient:
    """hubspot-api-client, as the vendor publishes it."""

    def test_it_writes_and_reads(self, client: Any) -> None:
        api = client.crm.contacts.basic_api
        ada = api.create(SimplePublicObjectInputForCreate(properties={"email": "ada@example.org"}, associations=[]))
        assert api.get_by_id(ada.id).properties["email"] == "ada@example.org"
        api.update(ada.id, {"properties": {"email": "lovelace@example.org"}})
        (found,) = client.crm.contacts.get_all()
        assert (found.id, found.properties["email"], found.archived) == (ada.id, "lovelace@example.org", False)
        api.archive(ada.id)
        with pytest.raises(ApiException) as caught:
            api.get_by_id(ada.id)
        assert caught.value.status == 404

    def test_it_searches_in_batches_and_by_links(self, sandbox: HubSpotSandbox, client: Any) -> None:
        ada, ann = (sandbox.world.create("contacts", {"email": f"{name}@example.org"}) for name in ("ada", "ann"))
        deal = sandbox.world.create("deals", {"dealname": "One"})
        sandbox.world.associate("deals", deal, "contacts", ann)
        of_ann = [{"filters": [{"propertyName": "email", "operator": "EQ", "value": "ann@example.org"}]}]
        found = client.crm.contacts.search_api.do_search(PublicObjectSearchRequest(filter_groups=of_ann, limit=10))
        assert (found.total, [each.id for each in found.results]) == (1, [ann])
        inputs = BatchReadInputSimplePublicObjectId(
            inputs=[{"id": ada}, {"id": ann}], properties=["email"], properties_with_history=[]
        )
        read = client.crm.contacts.batch_api.read(inputs)
        assert {each.id for each in read.results} == {ada, ann}
        links = client.crm.associations.v4.basic_api.get_page("deals", deal, "contacts")
        assert [str(each.to_object_id) for each in links.results] == [ann]

    def test_it_reads_owners_and_pipelines(self, sandbox: HubSpotSandbox, client: Any) -> None:
        sandbox.world.add("owners", 2)
        sandbox.world.add("pipelines", 1)
        assert len(client.crm.owners.owners_api.get_page().results) >= 2
        pipelines = client.crm.pipelines.pipelines_api.get_all("deals").results
        assert pipelines
        assert pipelines[0].stages


@cache
def description(name: str) -> dict[str, Any]:
    if not SPECS.is_dir():
        pytest.skip("the vendor's descriptions are not beside the project")
    found: dict[str, Any] = yaml.safe_load((SPECS / f"{name}.yaml").read_text(encoding="utf-8"))
    return found


def without_nulls(said: Any) -> Any:
    """The vendor's real answers have nulls where its description has none."""
    if isinstance(said, dict):
        return {name: without_nulls(value) for name, value in said.items() if value is not None}
    return [without_nulls(each) for each in said] if isinstance(said, list) else said


def faults(described: dict[str, Any], schema: dict[str, Any], said: Any) -> list[str]:
    whole = {**schema, "components": described["components"]}
    validator = jsonschema_rs.Draft4Validator(whole)
    return [f"{'/'.join(map(str, each.instance_path))}: {each.message}" for each in validator.iter_errors(said)]


@pytest.mark.parametrize(
    ("name", "kind"), [("contact", "contacts"), ("company", "companies"), ("deal", "deals"), ("ticket", "tickets")]
)
@pytest.mark.parametrize("way", ["list", "one", "search", "batch"])
def test_answers_are_as_described(way: str, name: str, kind: str, sandbox: HubSpotSandbox, http: httpx.Client) -> None:
    described = description(name)
    sandbox.world.add(kind, 3)
    path = f"/crm/v3/objects/{kind}"
    (first, *_) = [each["id"] for each in http.get(path).json()["results"]]
    asked: dict[str, tuple[str, str, httpx.Response]] = {
        "list": ("get", path, http.get(path, params={"limit": "2"})),
        "one": ("get", f"{path}/{{id}}", http.get(f"{path}/{first}")),
        "search": ("post", f"{path}/search", http.post(f"{path}/search", json={"limit": 2})),
        "batch": (
            "post",
            f"{path}/batch/read",
            http.post(f"{path}/batch/read", json={"inputs": [{"id": first}], "properties": []}),
        ),
    }
    method, place, reply = asked[way]
    (operation,) = [
        said[method]
        for spelled, said in described["paths"].items()
        if spelled.replace(f"{name}Id", "id") == place and method in said
    ]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert faults(described, schema, without_nulls(reply.json())) == []
    assert faults(described, schema, {"results": 1, "id": 7}) != []
