"""Goes wrong in the hooks of a run, each plugin in one."""

from typing import Any

from crmcx.connectors import hookimpl

WRONG = "broken in a hook"


class Mapping:
    @hookimpl
    def crmcx_map_custom_fields(self) -> Any:
        raise RuntimeError(WRONG)


class Other:
    @hookimpl
    def crmcx_map_custom_fields(self) -> Any:
        return "rubbish"


class Commit:
    @hookimpl
    def crmcx_before_commit(self) -> Any:
        raise RuntimeError(WRONG)


class After:
    @hookimpl
    def crmcx_after_run(self) -> Any:
        raise RuntimeError(WRONG)


mapping, other, commit, after = Mapping(), Other(), Commit(), After()
