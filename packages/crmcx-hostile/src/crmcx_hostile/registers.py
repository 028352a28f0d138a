"""Goes wrong when it is asked for its connectors."""

from typing import Any

from crmcx.connectors import Connector, hookimpl


class Registering:
    """Answers with what it is given, or raises it."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    @hookimpl
    def crmcx_register_connectors(self) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Takes(Connector):
    name = "files"


class One(Connector):
    name = "one"


class Other(Connector):
    name = "one"


raising = Registering(RuntimeError("broken at registration"))
rubbish = Registering(["rubbish", 7])
nothing = Registering(7)
taken = Registering([Takes])
twice = Registering([One, Other])
