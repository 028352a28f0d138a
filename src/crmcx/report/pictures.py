"""Pictures of results: the funnel, and answers of groups side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmcx.errors import UsageError
from crmcx.estimates import EstimateTable
from crmcx.estimates.words import count_words, share_words, time_words
from crmcx.journey import Funnel, FunnelStep
from crmcx.report._colours import PLAIN, SCORE_GROUPS
from crmcx.report._plotly import HIDDEN_AXIS, drawn
from crmcx.report._text import interval_sentence, listed, pictured, spaced
from crmcx.report.blocks import Figure, Rows

_ROW = 74
_FULL = 100


def funnel_picture(
    funnel: Funnel,
    *,
    names: Mapping[str, str] | None = None,
    title: str = "How far people get",
    unit: str = "people",
) -> Figure:
    """Bars for the steps of a funnel, each as long as the share that came so far, with the ends of its interval.

    Args:
        funnel: The funnel.
        names: Step to what people call it; a step without one is called by its own name.
        title: The title of the picture.
        unit: What is counted.
    """
    called = [(names or {}).get(step.name, spaced(step.name)) for step in funnel]
    shares = [_number(step.from_start.value) for step in funnel]
    bar = {
        "type": "bar",
        "orientation": "h",
        "x": shares,
        "y": list(range(len(called))),
        "width": 0.36,
        "marker": {"color": PLAIN},
        "hoverinfo": "text",
        "hovertext": [
            f"<b>{pictured(name)}</b><br>{pictured(_step_words(step, unit))}"
            for name, step in zip(called, funnel, strict=True)
        ],
    }
    labels = [
        {
            "x": 0,
            "y": place - 0.22,
            "text": f"<b>{pictured(name)}</b>  {count_words(step.n)} {pictured(unit)}, {step.from_start.value_words}",
            "xanchor": "left",
            "yanchor": "bottom",
            "showarrow": False,
            "font": {"size": 14},
        }
        for place, (name, step) in enumerate(zip(called, funnel, strict=True))
    ]
    layout = {
        "height": _ROW * len(called) + 10,
        "margin": {"l": 2, "r": 12, "t": 4, "b": 4},
        "xaxis": HIDDEN_AXIS | {"range": [0, 1.02]},
        "yaxis": HIDDEN_AXIS | {"range": [len(called) - 0.6, -0.7]},
        "annotations": labels,
    }
    return Figure(
        title=title,
        caption=_funnel_caption(funnel, called, unit),
        name=f"Horizontal bars, one a step, as long as the share of {unit} that came so far: {', '.join(called)}.",
        wide=drawn([bar, _whiskers(funnel)], layout),
        tables=(_funnel_rows(funnel, called, title),),
    )


def _number(value: object) -> float:
    return value if isinstance(value, float) else 0.0


def _whiskers(funnel: Funnel) -> dict[str, Any]:
    """Lines from the lower to the upper end of each interval; none for what is certain, as the entry."""
    ends = [
        (place, step.from_start.value, step.from_start.interval)
        for place, step in enumerate(funnel)
        if place and isinstance(step.from_start.value, float) and step.from_start.interval is not None
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [share for _, share, _ in ends],
        "y": [place for place, _, _ in ends],
        "marker": {"size": 1, "opacity": 0},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [max(0.0, _number(interval.high) - share) for _, share, interval in ends],
            "arrayminus": [max(0.0, share - _number(interval.low)) for _, share, interval in ends],
            "thickness": 1.5,
            "width": 5,
        },
        "hoverinfo": "skip",
    }


def _step_words(step: FunnelStep, unit: str) -> str:
    said = f"{count_words(step.n)} {unit}, {step.from_start.value_words} of those that entered"
    if interval := interval_sentence(step.from_start):
        said += f" ({interval})"
    return said if step.median_time is None else f"{said}; half of them within {time_words(step.median_time)}"


def _funnel_caption(funnel: Funnel, called: list[str], unit: str) -> str:
    if not funnel.steps or not funnel[0].n:
        return f"Nobody entered: there are no {unit} to count."
    first, last = funnel[0], funnel[len(funnel) - 1]
    said = (
        f"Of {count_words(first.n)} {unit} at the step {called[0]}, {count_words(last.n)} came as far as {called[-1]}:"
        f" {last.from_start.value_words}."
    )
    losses = [before.n - after.n for before, after in zip(funnel.steps, funnel.steps[1:], strict=False)]
    if (most := max(losses, default=0)) > 0:
        place = losses.index(most)
        said += f" Most are lost between {called[place]} and {called[place + 1]}: {count_words(most)}."
    return f"{said} The thin lines are the intervals."


def _funnel_rows(funnel: Funnel, called: list[str], title: str) -> Rows:
    head = ("step", "n", "of those that entered", "interval", "of the step before", "median time")
    rows = tuple(
        (
            name,
            count_words(step.n),
            step.from_start.value_words,
            step.from_start.interval_words or "-",
            step.from_previous.value_words,
            "-" if step.median_time is None else time_words(step.median_time),
        )
        for name, step in zip(called, funnel, strict=True)
    )
    return Rows(head, rows, title)


def answers_picture(
    table: EstimateTable,
    *,
    title: str = "Answers side by side",
    names: Mapping[str, str] | None = None,
    groups: tuple[str, str, str] = ("detractors", "passives", "promoters"),
) -> Figure:
    """One bar for each group of a table, cut by how many answered low, in the middle and high.

    Args:
        table: Scores by one column, such as the Net Promoter Score by language, with what they are made of.
        title: The title of the picture.
        names: Group to what people call it.
        groups: Names of the counts from low to high.

    Raises:
        UsageError: The estimates are not made of these counts.
    """
    called = ["not said" if group[0] is None else (names or {}).get(str(group[0]), str(group[0])) for group, _ in table]
    counts = [_counts(dict(estimate.counts), groups) for _, estimate in table]
    totals = [sum(found) for found in counts]
    traces: list[dict[str, Any]] = []
    for place, group in enumerate(groups):
        shares = [found[place] / total if total else 0.0 for found, total in zip(counts, totals, strict=True)]
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "x": shares,
                "y": list(range(len(called))),
                "width": 0.42,
                "marker": {"color": SCORE_GROUPS[place]},
                "text": [f"{_FULL * share:.0f} %" for share in shares],
                "textposition": "inside",
                "insidetextanchor": "middle",
                "textangle": 0,
                "textfont": {"size": 14},
                "hoverinfo": "text",
                "hovertext": [
                    f"<b>{pictured(name)}</b><br>{pictured(spaced(group))}: {count_words(found[place])} of"
                    f" {count_words(total)}, {share_words(share)}"
                    for name, found, total, share in zip(called, counts, totals, shares, strict=True)
                ],
            }
        )
    sides = zip((0.0, 0.5, 1.0), ("left", "center", "right"), groups, ("0 to 6", "7 and 8", "9 and 10"), strict=True)
    is_nps = groups == ("detractors", "passives", "promoters")
    labels: list[dict[str, Any]] = [
        _label(x, -0.82, anchor, f"{pictured(spaced(group))}<br>{scores}" if is_nps else pictured(spaced(group)), 12)
        for x, anchor, group, scores in sides
    ]
    labels += [
        _label(0, place - 0.24, "left", f"<b>{pictured(name)}</b>  {pictured(_score_words(estimate))}", 14)
        for place, (name, (_, estimate)) in enumerate(zip(called, table, strict=True))
    ]
    layout = {
        "height": _ROW * len(called) + 50,
        "margin": {"l": 2, "r": 2, "t": 4, "b": 4},
        "barmode": "stack",
        "xaxis": HIDDEN_AXIS | {"range": [0, 1]},
        "yaxis": HIDDEN_AXIS | {"range": [len(called) - 0.6, -1.3]},
        "annotations": labels,
    }
    return Figure(
        title=title,
        caption=_answers_caption(called, table),
        name=f"One bar for each of {', '.join(called)}, cut into the shares of {listed(map(spaced, groups))}.",
        wide=drawn(traces, layout),
        tables=(_answers_rows(table, called, counts, groups, title),),
    )


def _counts(found: dict[str, Any], groups: tuple[str, ...]) -> tuple[int, ...]:
    missing = [group for group in groups if group not in found]
    if missing:
        msg = f"the estimates are not made of {', '.join(missing)}; they have {', '.join(found) or 'no counts'}"
        raise UsageError(msg, hint="pass groups= the names of their counts from low to high")
    return tuple(int(found[group]) for group in groups)


def _label(x: float, y: float, anchor: str, text: str, size: int) -> dict[str, Any]:
    place = {"x": x, "y": y, "xanchor": anchor, "yanchor": "bottom", "align": anchor}
    return place | {"text": text, "showarrow": False, "font": {"size": size}}


def _score_words(estimate: Any) -> str:  # noqa: ANN401 - an estimate
    return f"{estimate.value_words}, n = {count_words(estimate.n)}"


def _answers_caption(called: list[str], table: EstimateTable) -> str:
    told = [
        f"{name} {estimate.value_words}" + (f" ({estimate.interval_words})" if estimate.interval else "")
        for name, (_, estimate) in zip(called, table, strict=True)
    ]
    return f"{listed(told)}." if told else "There are no answers."


def _answers_rows(
    table: EstimateTable, called: list[str], counts: list[tuple[int, ...]], groups: tuple[str, ...], title: str
) -> Rows:
    head = (spaced(table.by[0]), *map(spaced, groups), "score", "interval", "n")
    rows = tuple(
        (name, *map(count_words, found), estimate.value_words, estimate.interval_words or "-", count_words(estimate.n))
        for name, found, (_, estimate) in zip(called, counts, table, strict=True)
    )
    return Rows(head, rows, title)
