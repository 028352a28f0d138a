"""A reply is taken apart by path; what is missing, null and empty are told apart."""

from __future__ import annotations

import pytest

from crmcx.connectors import Reply, Unreadable
from crmcx.connectors.replies import place_of
from crmcx.errors import SourceError

URL = "https://shop.example/api/v2/contacts?email=ada@example.org"


def reply(body: str, **headers: str) -> Reply:
    return Reply(200, body=body.encode(), headers=headers, url=URL)


class TestValues:
    def test_step_by_step(self) -> None:
        found = reply('{"paging": {"next": {"after": "7"}}, "@odata.nextLink": "n", "all": [{"id": 1}]}')
        assert found.get("paging", "next", "after") == "7"
        assert found.get("@odata.nextLink") == "n"
        assert found.get("all", 0, "id") == 1
        assert found.get("all", -1, "id") == 1
        assert found.get("all", 1) is found.get("nothing", "there") is found.get("@odata.nextLink", "x") is None

    def test_large_whole_numbers_stay_whole(self) -> None:
        assert reply('{"id": 123456789012345678901}').get("id") == 123456789012345678901

    def test_no_json(self) -> None:
        with pytest.raises(SourceError, match=r"the answer of shop\.example/api/v2/contacts is no JSON") as caught:
            reply("<html>ada</html>").get("x")
        assert "ada" not in str(caught.value)
        assert caught.value.__context__ is None


class TestRows:
    def test_at_a_path_or_at_the_top(self) -> None:
        assert reply('{"result": {"elements": [{"a": 1}]}}').rows("result", "elements") == [{"a": 1}]
        assert reply('[{"a": 1}, {"a": 2}]').rows() == [{"a": 1}, {"a": 2}]

    @pytest.mark.parametrize("body", ["", "  ", "null", '{"data": null}', '{"data": []}'])
    def test_none(self, body: str) -> None:
        assert reply(body).rows("data") == []

    def test_one_that_is_no_object_stops_no_page(self) -> None:
        records = reply('[{"a": 1}, null, "x", [1]]').rows()
        assert records[0] == {"a": 1}
        assert records[1:] == [
            Unreadable("the record is a JSON null, expected an object", "null"),
            Unreadable("the record is a JSON str, expected an object", '"x"'),
            Unreadable("the record is a JSON list, expected an object", "[1]"),
        ]

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            ('{"other": []}', "nothing at data"),
            ('{"data": {"a": 1}}', "a JSON dict at data"),
            ("[]", "nothing at data"),
        ],
    )
    def test_a_list_that_is_not_there_is_not_empty(self, body: str, said: str) -> None:
        with pytest.raises(SourceError, match=said):
            reply(body).rows("data")

    def test_a_top_that_is_no_list(self) -> None:
        with pytest.raises(SourceError, match="a JSON dict at its top"):
            reply("{}").rows()


class TestLinks:
    @pytest.mark.parametrize(
        ("header", "expected"),
        [
            ('<https://shop.example/x?page=2>; rel="next"', "https://shop.example/x?page=2"),
            ('</x?page=1>; rel="prev", </x?page=3>; rel="next"; title="a, b"', "https://shop.example/x?page=3"),
            ("<?page=2>; rel=next", "https://shop.example/api/v2/contacts?page=2"),
            ('</x>; title="t"; rel="last NEXT"', "https://shop.example/x"),
            ('</x>; rel="last"', None),
            ("</x>", None),
            ("", None),
        ],
    )
    def test_next(self, header: str, expected: str | None) -> None:
        assert reply("", link=header).link() == expected

    def test_none(self) -> None:
        assert reply("").link() is None


class TestWhatMayBeTold:
    def test_ids_and_words_of_customers_are_stars(self) -> None:
        assert place_of(URL) == "shop.example/api/v2/contacts"
        assert place_of("https://a.example/crm/objects/2026-03/0-1/4711") == "a.example/crm/objects/2026-03/*/*"
        assert place_of("https://a.example/people/ada@example.org/survey_responses.json") == (
            "a.example/people/*/survey_responses.json"
        )

    def test_it_does_not_show_what_it_holds(self) -> None:
        assert repr(reply('{"name": "Ada"}', cookie="x")) == "Reply(status=200)"

    def test_a_request_id_that_looks_like_one(self) -> None:
        assert reply("", **{"x-request-id": "abc-1"}).request_id == "abc-1"
        assert reply("", **{"x-request-id": "a b"}).request_id is None
        assert reply("").request_id is None
