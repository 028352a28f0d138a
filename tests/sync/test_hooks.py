"""The hooks of plugins in a run: fields of one's own, a look before each commit, word of its end."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from typing import Any

import pytest
from tests.sync.crm import BEGIN, CASE, Reads, Source
from tests.sync.sources import Listed, books, deal, listing, rows

from crmcx.connectors import Gathered, Mapping, Page, Plugins, hookimpl
from crmcx.errors import ConnectorError
from crmcx.models import Case, Deal, values
from crmcx.store import Store
from crmcx.sync import Run, RunReport, sync


@pytest.fixture
def store() -> Iterator[Store]:
    with Store(":memory:") as store:
        yield store


def plugged(*plugins: object) -> Plugins:
    found = Plugins(())
    for number, plugin in enumerate(plugins):
        found._add(f"plugin-{number}", plugin)
    return found


def run(store: Store, plugins: Plugins, *pages: list[Any], rows_per_commit: int = 2) -> RunReport:
    connector = Listed(listing(*pages))
    return sync(Run(store=store, source="crm", connector=connector, plugins=plugins, rows_per_commit=rows_per_commit))


class AcmeCase(Case):
    """A case with a field of one's own."""

    floors: values.Whole | None = None


class TestCustomFields:
    def test_a_plugin_adds_a_field(self, store: Store) -> None:
        asked: list[tuple[str, str]] = []

        class Adds:
            @hookimpl
            def crmcx_map_custom_fields(self, connector: str, stream: str, mapping: Mapping) -> Mapping | None:
                asked.append((connector, stream))
                return mapping.extended(AcmeCase, floors=("custom", "floors")) if mapping.cls is Case else None

        connector = Reads(Source(), maps=(CASE,))
        said = {"id": "1", "status": "open", "opened": BEGIN.isoformat(), "custom": {"floors": 3}}
        connector.read = lambda _cursor: iter([Page([said])])  # type: ignore[method-assign]
        sync(Run(store=store, source="desk", connector=connector, plugins=plugged(Adds())))
        assert asked == [("desk", "cases")]
        snapshot = store.snapshot()
        assert snapshot.extended(AcmeCase).rows()[0]["floors"] == 3
        snapshot.close()

    @pytest.mark.parametrize(
        ("answer", "told"),
        [
            (3, "gave int in the place of the mapping of Deal"),
            (CASE, "gave Case in the place of the mapping of Deal"),
        ],
    )
    def test_rubbish_is_named(self, answer: Any, told: str, store: Store) -> None:
        class Bad:
            @hookimpl
            def crmcx_map_custom_fields(self) -> Any:
                return answer

        with pytest.raises(ConnectorError, match=f"the plugin plugin-0 {told}"):
            run(store, plugged(Bad()), [deal("1")])

    def test_one_that_raises_is_named(self, store: Store) -> None:
        class Bad:
            @hookimpl
            def crmcx_map_custom_fields(self) -> Any:
                msg = "Ada's secret"
                raise RuntimeError(msg)

        with pytest.raises(ConnectorError, match="the plugin plugin-0 raised RuntimeError in crmcx_map_c") as raised:
            run(store, plugged(Bad()), [deal("1")])
        assert "Ada" not in str(raised.value)
        assert books(store, "runs") == []


class TestBeforeCommit:
    def test_it_sees_what_is_to_be_written(self, store: Store) -> None:
        seen: list[Gathered] = []

        class Looks:
            @hookimpl
            def crmcx_before_commit(self, gathered: Gathered) -> None:
                seen.append(gathered)
                assert len(rows(store, "deals")) == 2 * (len(seen) - 1)

        run(store, plugged(Looks()), [deal("1"), deal("2"), deal("3", status="odd")], [deal("4"), deal("5")])
        assert [each.read for each in seen] == [3, 2]
        assert seen[0] == Gathered(
            source="crm", stream="deals", read=3, rows={"deals": 2}, deleted=0, rejected={"Deal.status": 1}
        )

    def test_one_that_raises_stops_the_stream_and_nothing_is_written(self, store: Store) -> None:
        class Refuses:
            @hookimpl
            def crmcx_before_commit(self, gathered: Gathered) -> None:
                if gathered.rejected:
                    msg = "too many"
                    raise ValueError(msg)

        with pytest.raises(ConnectorError, match="the plugin plugin-0 raised ValueError in crmcx_before_commit"):
            run(store, plugged(Refuses()), [deal("1"), deal("2")], [deal("3"), deal("4", status="odd")], [deal("5")])
        assert [row["source_id"] for row in rows(store, "deals")] == ["1", "2"]
        assert books(store, "runs", "state") == [("failed",)]

        report = run(store, plugged(), [deal("1"), deal("2")], [deal("3"), deal("4", status="odd")], [deal("5")])

        assert (report.streams[0].resumed, report.counts.read) == (True, 3)


class TestAfterRun:
    def test_it_hears_how_the_run_ended(self, store: Store) -> None:
        heard: list[RunReport] = []

        class Hears:
            @hookimpl
            def crmcx_after_run(self, report: RunReport) -> None:
                heard.append(report)

        report = run(store, plugged(Hears()), [deal("1")])
        assert heard == [report]

    def test_its_own_error_is_logged_and_hurts_nobody(self, store: Store, caplog: pytest.LogCaptureFixture) -> None:
        class Bad:
            @hookimpl
            def crmcx_after_run(self) -> None:
                msg = "Ada's secret"
                raise RuntimeError(msg)

        heard: list[int] = []

        class Hears:
            @hookimpl
            def crmcx_after_run(self, report: RunReport) -> None:
                heard.append(report.counts.read)

        with caplog.at_level(logging.WARNING):
            run(store, plugged(Bad(), Hears()), [deal("1")])
        assert heard == [1]
        assert "the plugin plugin-0 raised RuntimeError in crmcx_after_run" in caplog.text
        assert "Ada" not in caplog.text


def test_a_plugin_that_ends_the_program_while_it_is_loaded_is_skipped(caplog: pytest.LogCaptureFixture) -> None:
    class Quits(EntryPoint):
        def load(self) -> Any:
            raise SystemExit(1)

    found = Plugins((Quits("quits", "quits", "crmcx"),))
    assert [(each.plugin, each.reason) for each in found.failed] == [("quits", "SystemExit: 1")]
    assert "the plugin quits failed to load and is skipped: SystemExit" in caplog.text
    assert found.names() == ("files", "hubspot", "qualtrics")


def test_a_mapping_of_another_class_is_no_extension() -> None:
    with pytest.raises(Exception, match="Deal is not derived from Case"):
        CASE.extended(Deal)
