"""The transition graph, laid out by meaning: stages one way, channels the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from attrs import frozen

from crmcx.estimates import Estimate, EstimateTable
from crmcx.estimates.words import count_words, share_words
from crmcx.journey import END, START, Transition, Transitions
from crmcx.report._graph_traces import Node, Way, graph_layout, graph_traces
from crmcx.report._layout import Place, narrow_grid, wide_grid
from crmcx.report._plotly import drawn
from crmcx.report._text import spaced
from crmcx.report.blocks import Figure, Rows

_NOWHERE = Place("elsewhere", "elsewhere")
_LEAST_REACH = {"points": 10.0, "share": 0.05}


@frozen
class _Scores:
    """Scores by step, with the middle that colours are told from."""

    by_step: Mapping[str, Estimate]
    name: str
    middle: float
    reach: float

    def place(self, step: str) -> float | None:
        """Where the score of a step lies from -1, the lowest, to 1, the highest; None when there is none."""
        found = self.by_step.get(step)
        return None if found is None else (_plain(found) - self.middle) / self.reach

    def words(self, step: str) -> str:
        """The score of a step for people; nothing when there is none."""
        found = self.by_step.get(step)
        return "" if found is None else f"{self.name} {found.value_words}"


def transition_picture(
    transitions: Transitions,
    places: Mapping[str, Place],
    scores: EstimateTable | None = None,
    *,
    most: int = 28,
    title: str = "From where people go to where",
) -> Figure:
    """A graph of steps and the strongest ways between them: stages across, channels down.

    A step's mark is as large as often it was taken, its colour tells its score, from orange below the mean of all
    scored steps to blue above it; the score also stands in the label, and steps without one are squares. A way is as
    wide as often it was taken. On a phone, stages go down and channels across.

    Args:
        transitions: The ways.
        places: Step to its stage and channel; a step without a place stands elsewhere.
        scores: Scores by step, such as the Net Promoter Score by touchpoint; needs one column of groups.
        most: How many ways are drawn: the strongest out of each step, then the strongest of all. The rest is counted
            in the caption.
        title: The title of the picture.
    """
    inner = [way for way in transitions if way.source != START and way.target != END]
    shown = _strongest(inner, most)
    told = _scores(scores)
    steps = sorted({step for way in shown for step in (way.source, way.target)} | _known(told, transitions))
    nodes = {step: _node(step, transitions, places, told) for step in steps}
    here = {step: places.get(step, _NOWHERE) for step in steps}
    sizes = {step: node.n for step, node in nodes.items()}
    ways = [_way(way, nodes) for way in shown]
    wide, narrow = wide_grid(here, sizes), narrow_grid(here, sizes)
    return Figure(
        title=title,
        caption=_caption(inner, shown, nodes, told),
        name=(
            f"A graph of {len(nodes)} steps and {len(shown)} ways between them, laid out by lifecycle"
            " stage and channel. The tables below hold the same."
        ),
        wide=drawn(graph_traces(wide, nodes, ways, size=12), graph_layout(wide, across=True)),
        narrow=drawn(graph_traces(narrow, nodes, ways, size=11), graph_layout(narrow, across=False)),
        narrow_min=round(narrow.width),
        tables=(_step_rows(nodes, here, told), _way_rows(shown, nodes)),
    )


def _strongest(ways: Sequence[Transition], most: int) -> list[Transition]:
    """The strongest way out of each step to another, then the strongest of all, as many as may be; in their order."""
    best: dict[str, Transition] = {}
    for way in ways:
        if way.source != way.target:
            best.setdefault(way.source, way)
    chosen = [*best.values(), *(way for way in ways if best.get(way.source) != way)][:most]
    return [way for way in ways if way in set(chosen)]


def _plain(estimate: Estimate) -> float:
    value = estimate.value
    return value.total_seconds() if isinstance(value, timedelta) else float(value) if isinstance(value, float) else 0.0


def _scores(table: EstimateTable | None) -> _Scores | None:
    found = {
        str(group[0]): estimate
        for group, estimate in table or ()
        if group[0] is not None and isinstance(estimate.value, float | timedelta)
    }
    if not found:
        return None
    answers = sum(estimate.n for estimate in found.values())
    middle = sum(_plain(estimate) * estimate.n for estimate in found.values()) / answers
    first = next(iter(found.values()))
    least = _LEAST_REACH.get(first.unit, 1e-9)
    reach = max(least, *(abs(_plain(estimate) - middle) for estimate in found.values()))
    name = first.receipt.definition.name
    return _Scores(found, name.upper() if name in {"nps", "csat", "ces"} else spaced(name), middle, reach)


def _known(scores: _Scores | None, transitions: Transitions) -> set[str]:
    """Steps that have a score and were taken."""
    taken = {way.source for way in transitions}
    return set() if scores is None else taken & scores.by_step.keys()


def _node(step: str, transitions: Transitions, places: Mapping[str, Place], scores: _Scores | None) -> Node:
    given = places.get(step)
    name = given.name if given is not None and given.name else spaced(step)
    n = sum(way.n for way in transitions if way.target == step)
    again, starts, ends = transitions.n(step, step), transitions.n(START, step), transitions.n(step, END)
    lines = [f"taken {count_words(n)} times"]
    if again:
        lines.append(f"{count_words(again)} times right after itself")
    lines += [f"{count_words(starts)} journeys begin here", f"{count_words(ends)} end here"]
    estimate = None if scores is None else scores.by_step.get(step)
    if estimate is None or scores is None:
        return Node(name=name, n=n, again=again, score="", colour=None, told=(*lines, "no score"))
    lines.append(f"{scores.words(step)}, n = {count_words(estimate.n)}")
    if estimate.interval is not None:
        lines.append(f"interval {estimate.interval_words}")
    return Node(
        name=name, n=n, again=again, score=scores.words(step), colour=scores.place(step) or 0.0, told=tuple(lines)
    )


def _way(way: Transition, nodes: Mapping[str, Node]) -> Way:
    source, target = nodes[way.source].name, nodes[way.target].name
    return Way(
        source=way.source,
        target=way.target,
        n=way.n,
        title=f"{source} to {target}" if way.source != way.target else f"{source}, again",
        told=f"{count_words(way.n)} times, {share_words(way.share)} of all that left {source}",
    )


def _caption(
    inner: list[Transition], shown: list[Transition], nodes: Mapping[str, Node], scores: _Scores | None
) -> str:
    if not shown:
        return "No step follows another."
    moves = [way for way in shown if way.source != way.target]
    said = ""
    if moves:
        top = moves[0]
        said = (
            f"The most taken way from one step to another leads from {nodes[top.source].name} to"
            f" {nodes[top.target].name}: {count_words(top.n)} times, {share_words(top.share)} of all that left"
            f" {nodes[top.source].name}. "
        )
    again = max((way for way in shown if way.source == way.target), key=lambda way: way.n, default=None)
    if again is not None and (not moves or again.n > moves[0].n):
        name = nodes[again.source].name
        often = "More often still" if moves else "Most often"
        said += f"{often}, {name} follows {name}: {count_words(again.n)} times. "
    if scores is not None:
        lowest = min(scores.by_step.keys() & nodes.keys(), key=lambda step: (scores.place(step), step), default=None)
        if lowest is not None:
            said += f"The lowest score is that of {nodes[lowest].name}: {scores.words(lowest)}. "
    steps, drawn_steps = sum(way.n for way in inner), sum(way.n for way in shown)
    said += (
        f"Drawn are {len(shown)} of {count_words(len(inner))} ways, the strongest out of each step and the strongest of"
        f" all; they hold {share_words(drawn_steps / steps)} of what people did next."
    )
    if scores is not None:
        said += " Orange is below the mean of all scored steps, blue above it; squares have no score."
    return said


def _step_rows(nodes: Mapping[str, Node], places: Mapping[str, Place], scores: _Scores | None) -> Rows:
    rows = []
    for step in sorted(nodes, key=lambda step: (-nodes[step].n, step)):
        node, place = nodes[step], places[step]
        estimate = None if scores is None else scores.by_step.get(step)
        told = ("-", "-", "-")
        if estimate is not None:
            told = (estimate.value_words, estimate.interval_words or "-", count_words(estimate.n))
        rows.append((node.name, spaced(place.stage), spaced(place.channel), count_words(node.n), *told))
    name = "score" if scores is None else scores.name
    return Rows(("step", "stage", "channel", "times", name, "interval", "answers"), tuple(rows), "The steps")


def _way_rows(shown: list[Transition], nodes: Mapping[str, Node]) -> Rows:
    rows = tuple(
        (nodes[way.source].name, nodes[way.target].name, count_words(way.n), share_words(way.share)) for way in shown
    )
    return Rows(("from", "to", "times", "of all that left"), rows, "The ways that are drawn")
