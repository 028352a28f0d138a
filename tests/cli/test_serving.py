"""`crmcx sandbox` says where it answers and by which token, and a connector reads it."""

from __future__ import annotations

import io
import json
import re
from contextlib import redirect_stdout
from threading import Event, Thread

import httpx
import pytest

from crmcx.cli.serving import SYSTEMS, serve
from crmcx.connectors import installed

HEADERS = {"hubspot": "Authorization", "qualtrics": "X-API-TOKEN"}
ASKED = {"hubspot": "/crm/v3/objects/contacts", "qualtrics": "/API/v3/surveys"}


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("system", SYSTEMS)
def test_it_answers_until_it_is_ended(system: str, *, as_json: bool) -> None:
    out, until = io.StringIO(), Event()
    with redirect_stdout(out):
        thread = Thread(target=serve, args=(system,), kwargs={"records": 2, "as_json": as_json, "until": until})
        thread.start()
        while "token" not in out.getvalue() or not out.getvalue().endswith("\n"):
            assert thread.is_alive()
    try:
        told = out.getvalue()
        said = json.loads(told) if as_json else dict(re.findall(r"(\w+): (\S+)", told))
        assert said["system"] == system
        token = f"Bearer {said['token']}" if system == "hubspot" else said["token"]
        reply = httpx.get(said["url"] + ASKED[system], headers={HEADERS[system]: token})
        assert reply.status_code == 200
        assert "results" in reply.json() or reply.json()["result"]["elements"]
        assert httpx.get(said["url"] + ASKED[system]).status_code == 401
        made = installed().connector(system)(url=said["url"], token=said["token"])
        assert made.name == system
    finally:
        until.set()
        thread.join()
    with pytest.raises(httpx.ConnectError):
        httpx.get(said["url"])
