"""The one place that loads plotly, at first use."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from crmcx.errors import MissingExtraError

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif"
"""The type of the page, so that plotly measures what is shown."""
_LAYOUT: dict[str, Any] = {
    "template": "none",
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
    "font": {"family": FONT, "size": 13},
    "showlegend": False,
    "dragmode": False,
    "hovermode": "closest",
    "hoverlabel": {"align": "left", "font": {"family": FONT, "size": 13}},
}
HIDDEN_AXIS: dict[str, Any] = {"visible": False, "fixedrange": True}
"""An axis that only places things."""


def plotly_script() -> str:
    """The source of plotly.js.

    Raises:
        MissingExtraError: plotly is not installed.
    """
    _demand()
    from plotly.offline import get_plotlyjs  # noqa: PLC0415 - an optional package, loaded at first use

    return str(get_plotlyjs())


def drawn(traces: Sequence[Mapping[str, Any]], layout: Mapping[str, Any]) -> str:
    """A picture as JSON, after plotly has checked every name and value in it.

    Raises:
        MissingExtraError: plotly is not installed.
    """
    _demand()
    from plotly import graph_objects  # noqa: PLC0415 - an optional package, loaded at first use

    figure = graph_objects.Figure(data=list(traces), layout=_LAYOUT | dict(layout)).to_plotly_json()
    figure["layout"].pop("template", None)
    return json.dumps({"data": figure["data"], "layout": figure["layout"]}, sort_keys=True)


def _demand() -> None:
    if find_spec("plotly") is None:
        msg = "pictures are drawn by plotly, which is not installed"
        raise MissingExtraError(msg, hint='install it with: pip install "crmcx[plots]"')
