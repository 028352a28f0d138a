"""The file that tells the command line which connections a store has: TOML, with secrets from the environment."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from attrs import frozen
from pydantic import BaseModel, SecretBytes, SecretStr, ValidationError

from crmcx.connectors import Connector, installed
from crmcx.errors import UsageError
from crmcx.workspace import Workspace

FILE = "crmcx.toml"
"""The file that is read unless another is named."""
_SECRETS = (SecretStr, SecretBytes)


@frozen(kw_only=True)
class Connection:
    """One connection as the file tells it."""

    name: str
    """Its name."""
    connector: type[Connector]
    """The class of the system."""
    settings: Mapping[str, Any]
    """The settings; secrets by the name of their variable."""

    def open(self) -> Connector:
        """The connector with its settings, secrets taken from the environment.

        Raises:
            UsageError: A variable is not set, a secret stands in the file, or the settings are not as described.
        """
        model = self.connector.settings
        fields = model.model_fields if isinstance(model, type) and issubclass(model, BaseModel) else {}
        given = {}
        for name, value in self.settings.items():
            secret = name in fields and _is_secret(fields[name].annotation)
            if isinstance(value, dict) and value.keys() == {"env"}:
                given[name] = self._of_environment(name, value["env"])
            elif secret:
                msg = f"{name} of the connection {self.name} is a secret and stands in the file"
                raise UsageError(
                    msg, hint=f'write {name} = {{ env = "..." }} with the name of a variable that holds it'
                )
            else:
                given[name] = value
        try:
            return self.connector(**given)
        except ValidationError as error:
            faults = error.errors(include_url=False, include_context=False, include_input=False)
            told = "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'settings'}: {fault['msg']}" for fault in faults)
        msg = f"the settings of the connection {self.name} cannot be used: {told}"
        raise UsageError(msg, hint=f"{self.connector.name} takes: {', '.join(fields) or 'none'}")

    def _of_environment(self, name: str, variable: object) -> str:
        found = os.environ.get(str(variable))
        if found is None:
            msg = f"{name} of the connection {self.name} is to come from the variable {variable}, which is not set"
            raise UsageError(msg, hint=f"set {variable}, then run again")
        return found


@frozen(kw_only=True)
class Config:
    """What the file says."""

    store: Path
    """The store's file."""
    connections: tuple[Connection, ...]
    """The connections, in their order."""

    def workspace(self, only: tuple[str, ...] = ()) -> Workspace:
        """The store, opened, with the connections.

        Args:
            only: Sources or names of those that are wanted; none for all.

        Raises:
            UsageError: One of them is not there, or settings cannot be used.
        """
        known = {each.name for each in self.connections}
        strangers = [name for name in only if name not in known]
        if strangers:
            msg = f"there is no connection {', '.join(strangers)}; there are: {', '.join(sorted(known)) or 'none'}"
            raise UsageError(msg, hint="take a name from the file")
        made = [(each, each.open()) for each in self.connections if not only or each.name in only]
        workspace = Workspace(self.store)
        for each, connector in made:
            workspace.connect(connector, name=None if each.name == connector.name else each.name)
        return workspace


def read_config(path: Path) -> Config:
    """Read the file.

    Raises:
        UsageError: It is not there, is no TOML, or says something that has no meaning.
    """
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        msg = f"found no file {path.name} in {path.resolve().parent}"
        raise UsageError(msg, hint="write one, or name it with --config; the docs show one") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        told = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "it is not written in UTF-8"
        msg = f"{path.name} is no TOML: {told}"
        raise UsageError(msg, hint="mend it there") from None
    strangers = sorted(said.keys() - {"store", "connections"})
    connections = said.get("connections", {})
    if strangers or not isinstance(said.get("store"), str) or not isinstance(connections, dict):
        found = f"says {', '.join(strangers)}" if strangers else "does not say which store= it is for"
        msg = f"{path.name} {found}; it has store and connections"
        raise UsageError(msg, hint='begin with store = "company.duckdb", then [connections.NAME]')
    made = tuple(_connection(path.name, name, table) for name, table in connections.items())
    return Config(store=path.parent / said["store"], connections=made)


def _connection(file: str, name: str, table: object) -> Connection:
    if not isinstance(table, dict) or not isinstance(table.get("connector"), str):
        msg = f"the connection {name} in {file} does not say which connector= it is of"
        raise UsageError(msg, hint=f"there are: {', '.join(installed().names())}")
    settings = {key: value for key, value in table.items() if key != "connector"}
    return Connection(name=name, connector=installed().connector(table["connector"]), settings=settings)


def _is_secret(annotation: object) -> bool:
    return annotation in _SECRETS or any(_is_secret(inner) for inner in get_args(annotation))
