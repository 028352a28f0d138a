"""What is read out of what Qualtrics says, and what becomes of it in a store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import crmcx
from crmcx import metrics
from crmcx.connectors import Qualtrics
from crmcx.connectors.clock import held
from crmcx.connectors.qualtrics import QualtricsSettings
from crmcx.connectors.qualtrics.answers import Decoder
from crmcx.connectors.qualtrics.definitions import Reader
from crmcx.sandbox.qualtrics import TOKEN, QualtricsSandbox
from crmcx.sandbox.qualtrics_data import definition_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
SURVEY = {"id": "SV_1", "name": "s", "isActive": True, "ownerId": "UR_1", "lastModified": "", "creationDate": ""}
DAY = "2026-03-01T08:00:00Z"


def settings(**more: Any) -> QualtricsSettings:
    return QualtricsSettings(token=TOKEN, url="http://127.0.0.1", **more)


def read(response: dict[str, Any], definition: Any = None, **more: Any) -> dict[str, Any]:
    said = settings(**more)
    form = Reader(said).form("SV_1", definition_of(SURVEY) if definition is None else definition)
    return Decoder(form, said).read(response)


def answers(**values: Any) -> dict[str, Any]:
    more = values.pop("settings", {})
    labels = values.pop("labels", {})
    return {each["item"]: each for each in read({"values": values, "labels": labels}, **more)["answers"]}


def said(answer: dict[str, Any]) -> tuple[Any, ...]:
    return answer["kind"], answer["state"], answer["score"], answer["low"], answer["high"], answer["choice"]


@pytest.fixture
def sandbox() -> Iterator[QualtricsSandbox]:
    with QualtricsSandbox() as made, held(made.still.clock):
        yield made


def synced(sandbox: QualtricsSandbox, **more: Any) -> crmcx.Workspace:
    ws = crmcx.Workspace(":memory:")
    ws.connect(Qualtrics(url=sandbox.url, token=TOKEN, **more), name="surveys")
    ws.sync()
    return ws


class TestAnswers:
    def test_the_scale_of_a_recommendation_is_that_of_the_question(self) -> None:
        assert said(answers(QID1="10")["QID1"]) == ("nps", "answered", 10, 0, 10, "10")

    def test_a_recode_is_not_an_id(self) -> None:
        kinds = {"satisfied": "csat"}
        assert said(answers(QID2=5, settings={"kinds": kinds})["QID2"]) == ("csat", "answered", 5, 1, 5, "1")

    def test_an_id_is_not_a_recode_where_the_settings_say_so(self) -> None:
        more = {"kinds": {"QID2": "csat"}, "values_are": "choices"}
        assert said(answers(QID2=5, settings=more)["QID2"]) == ("csat", "answered", 1, 1, 5, "5")

    @pytest.mark.parametrize("label", ["Very satisfied", "Sehr zufrieden"])
    def test_labels_decide_in_any_language(self, label: str) -> None:
        more = {"kinds": {"QID2": "csat"}}
        assert answers(QID2=1, labels={"QID2": label}, settings=more)["QID2"]["choice"] == "1"
        assert answers(QID2=1, settings=more)["QID2"]["choice"] == "5"

    def test_what_does_not_apply_has_no_score(self) -> None:
        more = {"kinds": {"QID2": "csat"}}
        assert said(answers(QID2=99, settings=more)["QID2"]) == ("csat", "not_applicable", None, 1, 5, None)

    def test_a_score_off_its_scale_is_none(self) -> None:
        assert answers(QID1=11)["QID1"]["score"] is None

    def test_without_settings_a_rating_is_a_choice(self) -> None:
        assert said(answers(QID2=4)["QID2"]) == ("choice", "answered", None, None, None, "2")

    def test_several_choices_are_an_answer_each(self) -> None:
        found = read({"values": {"QID5": ["1", "3"], "QID5_3_TEXT": "coffee", "userLanguage": "DE"}})["answers"]
        assert [each["choice"] for each in found if each["item"] == "QID5"] == ["1", "3"]
        assert [(each["text"], each["lang"]) for each in found if each["item"] == "QID5_3_TEXT"] == [("coffee", "de")]

    def test_each_line_of_a_grid_is_an_item(self) -> None:
        found = answers(QID4_1=3, QID4_2="1")
        assert said(found["QID4_1"]) == ("likert", "answered", 3, 1, 3, "3")
        assert found["QID4_2"]["score"] == 1

    def test_what_was_not_shown_was_not_skipped(self) -> None:
        found = {each["item"]: each["state"] for each in read({"values": {}, "displayedFields": ["QID1"]})["answers"]}
        assert (found["QID1"], found["QID2"]) == ("skipped", "not_shown")

    def test_sliders_and_ranks(self) -> None:
        line = {"Choices": {"1": {"Display": "a"}, "2": {"Display": "b"}}}
        slider = {"QuestionType": "Slider", "Configuration": {"CSSliderMin": "0", "CSSliderMax": 100}, **line}
        found = read(
            {"values": {"QID1_1": 40, "QID2_2": "1"}},
            {"Questions": {"QID1": slider, "QID2": {"QuestionType": "RO", **line}}},
        )
        told = {each["item"]: each for each in found["answers"]}
        assert said(told["QID1_1"]) == ("number", "answered", 40, 0, 100, None)
        assert said(told["QID2_2"]) == ("rank", "answered", 1, 1, 2, None)
        assert told["QID2_2"]["direction"] == "lower_is_better"

    def test_what_no_question_asks_is_kept_apart(self) -> None:
        found = read({"values": {"QID77": 3, "tier": "gold", "QID1_NPS_GROUP": 3}})
        assert found["unread"] == {"QID77": 3}
        assert found["embedded"] == {"tier": "gold"}

    def test_the_good_end_of_a_scale_may_be_the_low_one(self) -> None:
        more = {"kinds": {"QID2": "ces"}, "lower_is_better": ["satisfied"]}
        assert answers(QID2=4, settings=more)["QID2"]["direction"] == "lower_is_better"


class TestResponses:
    @pytest.mark.parametrize(
        ("status", "finished", "expected"),
        [
            (0, 1, "complete"),
            ("0", "True", "complete"),
            (4, True, "complete"),
            (16, 1, "complete"),
            (256, 1, "complete"),
            (0, 0, "partial"),
            (1, 1, "test"),
            (2, 1, "test"),
            ("17", 1, "test"),
            (None, False, "partial"),
        ],
    )
    def test_statuses(self, status: Any, finished: Any, expected: str) -> None:
        assert read({"values": {"status": status, "finished": finished}})["status"] == expected

    @pytest.mark.parametrize(
        ("said", "expected"),
        [("EN", "en"), ("PT-BR", "pt-BR"), ("ZH-S", "zh-Hans"), ("", None), (True, None), ("?", None)],
    )
    def test_languages(self, said: Any, expected: str | None) -> None:
        assert read({"values": {"userLanguage": said}})["language"] == expected

    @given(values=JSON, definition=JSON, labels=JSON, shown=JSON)
    def test_nothing_stops_it(self, values: Any, definition: Any, labels: Any, shown: Any) -> None:
        response = {"values": values, "labels": labels, "displayedFields": shown}
        assert read(response, definition if definition is not None else False)["instrument"] == "SV_1"

    @given(question=st.dictionaries(st.sampled_from([*definition_of(SURVEY)["Questions"]["QID2"], "Answers"]), JSON))
    def test_no_question_stops_it(self, question: dict[str, Any]) -> None:
        for kind in ("MC", "Matrix", "Slider", "RO", "TE", "??"):
            form = Reader(settings()).form("SV_1", {"Questions": {"QID1": {**question, "QuestionType": kind}}})
            assert form.survey == "SV_1"


class TestStored:
    def test_a_question_in_two_languages_is_counted_once_and_tests_are_not(self, sandbox: QualtricsSandbox) -> None:
        world = sandbox.world
        survey = world.create("instruments")
        for score, language in [(10, "EN"), (10, "DE"), (9, "DE"), (3, "EN")]:
            world.answer(survey, QID1=score, userLanguage=language)
        for status in (1, 2):
            world.answer(survey, QID1=0, status=status)
        world.begin(survey, QID1=0)
        t = synced(sandbox).tables
        found = metrics.nps(t.answers)
        assert (found.value, found.n) == (50.0, 4)
        assert ("test", 2) in found.excluded
        by_language = metrics.nps(t.answers, by="language")
        assert {group: estimate.n for (group,), estimate in by_language.rows} == {"de": 2, "en": 2}
        words = {
            row["language"]: row["text"] for row in t.wordings.rows() if row["item"] == "QID1" and not row["choice"]
        }
        assert words == {
            "en": "How likely are you to recommend us?",
            "de": "Wie wahrscheinlich ist es, dass Sie uns empfehlen?",
        }

    def test_links_lead_where_the_settings_say(self, sandbox: QualtricsSandbox) -> None:
        world = sandbox.world
        survey = world.create("instruments")
        world.answer(survey, externalDataReference="4711", call="C-7", ticket=12, place="branch")
        more = {
            "customer_field": "externalDataReference",
            "customer_source": "hubspot:crm",
            "touchpoint_field": "place",
        }
        links = {"interaction_field": "call", "interaction_source": "calls", "case_field": "ticket"}
        (row,) = synced(sandbox, **more, **links).tables.feedback.rows()
        assert row["customer_ref"] == "hubspot:crm/4711"
        assert row["interaction_ref"] == "calls/C-7"
        assert row["case_ref"] == "qualtrics:surveys/12"
        assert row["touchpoint"] == "branch"

    def test_a_contact_who_answered_is_the_customer(self, sandbox: QualtricsSandbox) -> None:
        world = sandbox.world
        contact, survey = world.create("contacts"), world.create("instruments")
        world.answer(survey, contactId=contact)
        t = synced(sandbox).tables
        assert [row["customer_key"] for row in t.feedback.rows()] == [row["key"] for row in t.customers.rows()]

    def test_nulls_and_booleans_in_the_place_of_objects_stop_no_page(self, sandbox: QualtricsSandbox) -> None:
        world = sandbox.world
        broken, sound = world.create("instruments"), world.create("instruments")
        world.questions[broken] = {"Questions": False, "SurveyOptions": None}
        world.create("responses", sound, labels=False, displayedFields=None, displayedValues=True)
        world.create("responses", sound, values={"userLanguage": None, "duration": False, "QID1": None, "QID5": None})
        world.answer(broken, QID1=3)
        world.create("distributions", sound, header=None, recipients=False)
        world.create("contacts", language=None, email=False, extRef=None, embeddedData=False, phone="")
        ws = synced(sandbox)
        assert len(ws.tables.feedback.rows()) == 3
        assert {row["name"] for row in ws.tables.campaigns.rows()} == {None}
        (contact,) = ws.tables.customers.rows()
        assert contact["language"] is None
        assert ws.tables.contact_points.rows() == []

    def test_a_record_that_is_none_is_put_aside_alone(self, sandbox: QualtricsSandbox) -> None:
        survey = sandbox.world.create("instruments")
        lost = sandbox.world.answer(survey)
        kept = next(each for each in sandbox.world.kept("responses"))
        sandbox.world._over["responses", kept.n] = {"values": False}
        sandbox.world.answer(survey)
        ws = synced(sandbox)
        assert [row["source_id"] for row in ws.tables.feedback.rows()] == ["R_2"]
        assert lost == "R_1"

    @pytest.mark.parametrize("more", [{"file_format": "json"}, {"zipped": False}, {"rows_per_page": 2}])
    def test_files_of_any_shape_say_the_same(self, sandbox: QualtricsSandbox, more: dict[str, Any]) -> None:
        survey = sandbox.world.create("instruments")
        for score in range(5):
            sandbox.world.answer(survey, QID1=score)
        t = synced(sandbox, **more).tables
        assert sorted(row["score"] for row in t.answers.rows() if row["item"] == "QID1") == [0, 1, 2, 3, 4]

    def test_only_the_surveys_that_were_named(self, sandbox: QualtricsSandbox) -> None:
        surveys = [sandbox.world.create("instruments") for _ in range(3)]
        for each in surveys:
            sandbox.world.answer(each)
        t = synced(sandbox, surveys=(surveys[1],)).tables
        assert {row["code"] for row in t.instruments.rows()} == {row["instrument"] for row in t.feedback.rows()}
        assert len(t.instruments.rows()) == 1

    def test_a_reminder_invites_nobody_again(self, sandbox: QualtricsSandbox) -> None:
        world = sandbox.world
        contact, survey = world.create("contacts"), world.create("instruments")
        world.invite(survey, contact)
        world.update("distributions", world.invite(survey, contact), requestType="Reminder")
        t = synced(sandbox).tables
        assert len(t.invitations.rows()) == 1
        assert len(t.campaigns.rows()) == 2

    def test_an_export_that_fails_is_told_and_costs_no_other_stream(self, sandbox: QualtricsSandbox) -> None:
        survey = sandbox.world.create("instruments")
        sandbox.world.create("contacts")
        sandbox.failing.add(survey)
        with pytest.raises(crmcx.errors.SourceError, match="export"):
            synced(sandbox)


@pytest.mark.parametrize("more", [{}, {"datacenter": "fra1", "url": "http://127.0.0.1"}, {"datacenter": "a/b"}])
def test_a_place_is_said_once(more: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        QualtricsSettings(token=TOKEN, **more)
