"""The door of connectors: built-in and third-party classes by name, the contract of a class, and the docs of hooks."""

from __future__ import annotations

import inspect
import re
import sys
import types
from collections.abc import Iterator, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

import crmcx
from crmcx.connectors import Connector, Cursor, Files, Page, Plugins, hookimpl, hookspecs, installed, mapping, stream
from crmcx.connectors.pages import MAX_PAGE, Unreadable
from crmcx.errors import ConnectorError
from crmcx.models import Account, Deal

DOCS = Path(crmcx.__file__).parents[2] / "docs"
ACCOUNT = mapping(Account, id="id", name="name")
DEAL = mapping(Deal, id="id", status="status")


BUILT_IN = ("files", "hubspot", "qualtrics")


def with_built_in(*names: str) -> tuple[str, ...]:
    return tuple(sorted((*BUILT_IN, *names)))


class Notes(Connector):
    name: ClassVar[str] = "notes"


class Other(Connector):
    name: ClassVar[str] = "other"


class Taken(Connector):
    name: ClassVar[str] = "files"


class Twin(Connector):
    name: ClassVar[str] = "notes"


class Bringing:
    """A plugin that brings what it is given."""

    def __init__(self, *classes: Any) -> None:
        self._classes = classes

    @hookimpl
    def crmcx_register_connectors(self) -> Sequence[Any]:
        return self._classes


class Shop(Connector):
    """A connector with settings and two streams."""

    class Settings(BaseModel):
        shop: str
        token: SecretStr

    name: ClassVar[str] = "shop"
    settings = Settings

    def open(self) -> list[dict[str, str]]:
        return [{"id": "1", "name": "Ada"}]

    @stream(ACCOUNT)
    def accounts(self, client: list[dict[str, str]], cursor: Cursor) -> Iterator[Page]:
        yield Page(client, next=Cursor(token=(cursor.token or 0) + 1))

    @stream(DEAL, keeps_history=True, resumes=False)
    def deals(self, _client: object, _cursor: Cursor) -> Iterator[Page]:
        yield Page([])


@pytest.fixture
def entry(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes entry points of plugins, as installed packages would have them."""

    def made(name: str, plugin: Any) -> EntryPoint:
        module = types.ModuleType(f"crmcx_test_{name}")
        module.plugin = plugin  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
        return EntryPoint(name, f"{module.__name__}:plugin", "crmcx")

    return made


class TestDoor:
    def test_built_in_connectors_come_through_it(self) -> None:
        plugins = Plugins(())
        assert plugins.names() == with_built_in()
        assert plugins.connector("files") is Files
        assert plugins.failed == ()

    def test_a_third_party_comes_through_it_too(self, entry: Any) -> None:
        plugins = Plugins((entry("pack", Bringing(Other, Notes)), entry("more", Bringing(Shop))))
        assert plugins.names() == with_built_in("notes", "other", "shop")
        assert plugins.connector("notes") is Notes
        assert plugins.connector("notes")().describe() == {}
        assert plugins.failed == ()

    def test_a_module_may_be_a_plugin(self, entry: Any) -> None:
        module = types.ModuleType("crmcx_test_module")
        module.crmcx_register_connectors = hookimpl(lambda: [Notes])  # type: ignore[attr-defined]
        assert Plugins((entry("m", module),)).connector("notes") is Notes

    def test_a_plugin_needs_no_hook(self, entry: Any) -> None:
        plugins = Plugins((entry("idle", types.SimpleNamespace), entry("pack", Bringing(Notes))))
        assert (plugins.names(), plugins.failed) == (with_built_in("notes"), ())

    def test_a_connector_that_nobody_knows(self, entry: Any) -> None:
        plugins = Plugins((entry("pack", Bringing(Notes)),))
        told = "no connector is called 'note'; there are: files, hubspot, notes, qualtrics"
        with pytest.raises(ConnectorError, match=told) as error:
            plugins.connector("note")
        assert error.value.code == "connector"

    @pytest.mark.parametrize(
        ("plugin", "reason"),
        [
            (Bringing(Other, Taken), "ConnectorError: the connector name 'files' is taken"),
            (Bringing(Other, "files"), "ConnectorError: registered 'files', which is no Connector class"),
            (Bringing(Notes()), "which is no Connector class"),
            (Bringing(int), "ConnectorError: registered <class 'int'>, which is no Connector class"),
        ],
    )
    def test_a_plugin_that_brings_what_it_may_not(self, plugin: Any, reason: str, entry: Any) -> None:
        plugins = Plugins((entry("bad", plugin), entry("good", Bringing(Notes))))

        (failed,) = plugins.failed
        assert failed.plugin == "bad"
        assert reason in failed.reason
        assert plugins.names() == with_built_in("notes")
        assert plugins.connector("files") is Files
        assert not plugins.manager.is_registered(plugin)

    def test_a_plugin_that_cannot_be_loaded_is_named_where_it_is_missed(self, entry: Any) -> None:
        plugins = Plugins((EntryPoint("gone", "crmcx_test_no_such_module:x", "crmcx"), entry("pack", Bringing(Notes))))
        assert plugins.names() == with_built_in("notes")
        with pytest.raises(ConnectorError, match=r"the plugin 'gone' failed to load \(ModuleNotFoundError: ") as error:
            plugins.connector("gone")
        assert error.value.code == "connector"

    def test_a_hook_that_raises_is_not_in_the_way(self, entry: Any) -> None:
        class Broken:
            @hookimpl
            def crmcx_register_connectors(self) -> Sequence[type[Connector]]:
                msg = "on purpose"
                raise RuntimeError(msg)

        plugins = Plugins((entry("broken", Broken()), entry("pack", Bringing(Notes))))
        assert [(each.plugin, each.reason) for each in plugins.failed] == [("broken", "RuntimeError: on purpose")]
        assert plugins.names() == with_built_in("notes")

    def test_two_plugins_of_one_name(self, entry: Any) -> None:
        second = EntryPoint("pack", entry("second", Bringing(Other)).value, "crmcx")
        plugins = Plugins((entry("pack", Bringing(Notes)), second))
        assert plugins.names() == with_built_in("notes")
        assert [each.plugin for each in plugins.failed] == ["pack"]

    def test_one_plugin_with_one_name_twice(self, entry: Any) -> None:
        plugins = Plugins((entry("pack", Bringing(Notes, Twin)),))
        assert [each.plugin for each in plugins.failed] == ["pack"]

    def test_the_plugins_of_this_environment_are_looked_up_once(
        self, entry: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[str] = []

        def found(*, group: str) -> tuple[EntryPoint, ...]:
            asked.append(group)
            return (entry("pack", Bringing(Notes)),)

        monkeypatch.setattr("crmcx.connectors.plugins.entry_points", found)
        installed.cache_clear()
        try:
            assert installed().names() == with_built_in("notes")
            assert installed() is installed()
        finally:
            installed.cache_clear()
        assert asked == ["crmcx"]


class TestHooks:
    HOOKS = tuple(name for name, value in vars(hookspecs).items() if hasattr(value, "crmcx_spec"))

    def test_there_are_hooks(self) -> None:
        assert "crmcx_register_connectors" in self.HOOKS

    @pytest.mark.parametrize("name", HOOKS)
    def test_every_hook_is_documented(self, name: str) -> None:
        rows = [
            line
            for line in (DOCS / "reference" / "hooks.md").read_text(encoding="utf-8").splitlines()
            if line.startswith(f"| `{name}(")
        ]
        said = inspect.getdoc(getattr(hookspecs, name))
        assert said
        assert len(rows) == 1
        assert said.splitlines()[0] in rows[0]

    def test_every_documented_hook_is_there(self) -> None:
        page = (DOCS / "reference" / "hooks.md").read_text(encoding="utf-8")
        assert set(re.findall(r"^\| `(\w+)\(", page, flags=re.MULTILINE)) == set(self.HOOKS)


class TestContract:
    @pytest.mark.parametrize("name", ["", "Shop", "my shop", "-x", "größe"])
    def test_a_name_in_lower_case(self, name: str) -> None:
        with pytest.raises(ConnectorError, match=f"the connector Odd has the name '{name}', expected") as error:
            type("Odd", (Connector,), {"name": name})
        assert error.value.code == "connector"

    def test_a_name_at_all(self) -> None:
        with pytest.raises(ConnectorError, match="has the name ''"):
            type("Odd", (Connector,), {})

    def test_settings_are_checked_and_secrets_are_not_told(self) -> None:
        shop = Shop(shop="eu", token="hush")  # noqa: S106 - no secret of ours
        assert shop.describe()["shop"] == "eu"
        assert "hush" not in repr(shop.describe())
        with pytest.raises(ValidationError):
            Shop(shop="eu")
        with pytest.raises(ValidationError):
            Notes(shop="eu")

    def test_settings_made_by_hand(self) -> None:
        class Ready(Connector):
            name: ClassVar[str] = "ready"
            settings = Shop.Settings(shop="eu", token=SecretStr("hush"))

        assert Ready().describe()["shop"] == "eu"

    def test_streams_in_the_order_of_the_class(self) -> None:
        accounts, deals = Shop(shop="eu", token="hush").streams()  # noqa: S106 - no secret of ours
        assert (accounts.name, accounts.maps, accounts.keeps_history, accounts.resumes) == (
            "accounts",
            (ACCOUNT,),
            False,
            True,
        )
        assert (deals.name, deals.maps, deals.keeps_history, deals.resumes) == ("deals", (DEAL,), True, False)

    def test_a_stream_reads_through_what_is_opened_from_the_cursor_on(self) -> None:
        accounts, _ = Shop(shop="eu", token="hush").streams()  # noqa: S106 - no secret of ours
        (page,) = accounts.read(Cursor(token=4))
        assert (page.records, page.next) == ([{"id": "1", "name": "Ada"}], Cursor(token=5))

    def test_a_subclass_may_read_a_stream_in_another_way(self) -> None:
        class Better(Shop):
            name: ClassVar[str] = "better"

            @stream(ACCOUNT, resumes=False)
            def accounts(self, _client: object, _cursor: Cursor) -> Iterator[Page]:
                yield Page([{"id": "2"}])

        accounts, deals = Better(shop="eu", token="hush").streams()  # noqa: S106 - no secret of ours
        assert (accounts.name, accounts.resumes, deals.name) == ("accounts", False, "deals")
        assert next(accounts.read(Cursor())).records == [{"id": "2"}]

    def test_a_connector_that_says_nothing_opens_nothing(self) -> None:
        Notes().check()
        assert Notes().open() is None
        assert Notes().streams() == ()

    def test_a_page_of_too_many_records(self) -> None:
        with pytest.raises(ConnectorError, match=f"a page holds {MAX_PAGE + 1} records, at most {MAX_PAGE}") as error:
            Page(range(MAX_PAGE + 1))  # type: ignore[arg-type]
        assert error.value.code == "connector"
        assert len(Page(range(MAX_PAGE)).records) == MAX_PAGE  # type: ignore[arg-type]

    def test_a_page_does_not_show_its_records(self) -> None:
        shown = repr(Page([{"name": "Ada Lovelace"}], body=b"Ada Lovelace"))
        assert "Ada" not in shown
        assert "<1 records>" in shown

    def test_an_unreadable_record_does_not_show_itself(self) -> None:
        assert "Ada" not in repr(Unreadable("broken", "Ada Lovelace"))
