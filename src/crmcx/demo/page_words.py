"""What the demo's page says about its numbers, in words made from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import pairwise

from crmcx.demo.answers import Answers
from crmcx.demo.effects import INITIATIVE_DATE
from crmcx.estimates import Estimate, Receipt
from crmcx.estimates.words import count_words, share_words
from crmcx.report import Place, Point

_FEWEST = 20
_DAY = 86_400


def meaning(estimate: Estimate) -> str:
    """What the answer to one of the bank's questions means, in a sentence."""
    if estimate.value is None:
        return f"There is no number: {estimate.reason}."
    say = _MEANINGS.get(estimate.receipt.definition.name)
    return say(estimate, dict(estimate.counts)) if say else ""


def _nps(estimate: Estimate, counts: Mapping[str, int]) -> str:
    return (
        f"{share_words(counts['promoters'] / estimate.n)} would recommend the bank (9 or 10 of 10),"
        f" {share_words(counts['detractors'] / estimate.n)} would not (0 to 6); the score is the difference."
    )


def _csat(estimate: Estimate, counts: Mapping[str, int]) -> str:
    return f"{count_words(counts['satisfied'])} of {count_words(estimate.n)} answers are 4 or 5 of 5."


def _win_rate(estimate: Estimate, counts: Mapping[str, int]) -> str:
    waiting = dict(estimate.excluded).get("open", 0)
    return (
        f"{count_words(counts['won'])} of {count_words(estimate.n)} decided deals were won;"
        f" {count_words(waiting)} are still open, and those that customers withdrew count neither way."
    )


def _first_response(estimate: Estimate, counts: Mapping[str, int]) -> str:
    return (
        f"Half of all cases have a first answer by then; {count_words(counts.get('open', 0))} of"
        f" {count_words(estimate.n)} have none yet and count as waiting."
    )


def _conversion(estimate: Estimate, counts: Mapping[str, int]) -> str:
    return (
        f"{count_words(counts['converted'])} of {count_words(counts['started'])} people went on to apply"
        f"{within(estimate.receipt)} of their first quote; a later quote does not count here."
    )


def _retention(_estimate: Estimate, counts: Mapping[str, int]) -> str:
    return (
        f"{count_words(counts['returned'])} of {count_words(counts['began'])} people came back in the month after"
        " the one in which they were first seen."
    )


_MEANINGS: dict[str, Callable[[Estimate, Mapping[str, int]], str]] = {
    "nps": _nps,
    "csat": _csat,
    "win_rate": _win_rate,
    "first_response_time": _first_response,
    "conversion": _conversion,
    "retention": _retention,
}


def three_things(answers: Answers, places: Mapping[str, Place]) -> tuple[Point, ...]:
    """What someone who runs a service team should know first.

    Args:
        answers: What the bank asked.
        places: Touchpoint to its place, for its name.
    """
    found = [_lowest(answers, places), _loss(answers, places), _faster(answers)]
    return tuple(point for point in found if point is not None)


def _first(answers: Answers, metric: str) -> Estimate | None:
    """The first answer of a metric."""
    return next((each for _, each in answers.estimates if each.receipt.definition.name == metric), None)


def within(receipt: Receipt) -> str:
    """The longest time that counts, in words; nothing when any time does."""
    seconds = dict(receipt.definition.parameters).get("within_s")
    return "" if seconds is None else f" within {seconds / _DAY:g} days"


def _name(touchpoint: str, places: Mapping[str, Place]) -> str:
    place = places.get(touchpoint)
    return place.name if place is not None and place.name else touchpoint.replace("_", " ")


def _lowest(answers: Answers, places: Mapping[str, Place]) -> Point | None:
    scored = [
        (estimate.value, str(group[0]), estimate)
        for group, estimate in answers.by_touchpoint
        if group[0] is not None and isinstance(estimate.value, float) and estimate.n >= _FEWEST
    ]
    overall = None if (whole := _first(answers, "nps")) is None else whole.value
    if not scored or not isinstance(overall, float):
        return None
    value, touchpoint, estimate = min(scored, key=lambda each: each[:2])
    name = _name(touchpoint, places)
    text = f"Its Net Promoter Score is {value:.1f}, that of all touchpoints together {overall:.1f}."
    interval = estimate.interval
    if interval is not None and isinstance(interval.high, float):
        sure = "it is lower beyond chance" if interval.high < overall else "chance alone may explain the gap"
        between = estimate.interval_words.replace(" to ", " and ")
        text += f" With {count_words(estimate.n)} answers it may lie between {between}, so {sure}."
    return Point(f"The lowest score: {name}.", text)


def _loss(answers: Answers, places: Mapping[str, Place]) -> Point | None:
    steps = answers.funnel.steps
    pairs = list(pairwise(steps))
    if not pairs or not steps[0].n:
        return None
    before, after = max(pairs, key=lambda pair: pair[0].n - pair[1].n)
    lost = before.n - after.n
    if not lost:
        return None
    here, there = _name(before.name, places), _name(after.name, places)
    return Point(
        f"Most people are lost between {here} and {there}.",
        f"{count_words(lost)} of {count_words(before.n)} who came as far as {here} did not go on to {there}"
        f"{within(answers.funnel.receipt)} of any of their quotes ({share_words(lost / before.n)}). In the end"
        f" {count_words(steps[-1].n)} of {count_words(steps[0].n)} came as far as {_name(steps[-1].name, places)}.",
    )


def _faster(answers: Answers) -> Point | None:
    """What the registered change of the help desk went along with; no claim that it was the cause."""
    before, since = answers.response_before, answers.response_since
    if not isinstance(before.value, timedelta) or not isinstance(since.value, timedelta):
        return None
    began = f"{INITIATIVE_DATE:%B %Y}"
    apart = _apart(before, since)
    word = "shorter" if since.value < before.value else "longer" if since.value > before.value else "as long"
    surely = "beyond chance" if apart else "which chance alone may explain"
    return Point(
        f"Since {began} half of all cases have a first answer within {since.value_words}; before, it was"
        f" {before.value_words}.",
        "Since then the help desk sorts what comes in before it works on it. The wait is"
        f" {word}, {surely}: {_between(since)} now (n = {count_words(since.n)}), {_between(before)} before"
        f" (n = {count_words(before.n)}).",
    )


def _between(estimate: Estimate) -> str:
    return "between " + estimate.interval_words.replace(" to ", " and ")


def _apart(one: Estimate, other: Estimate) -> bool:
    """Whether two intervals have nothing in common."""
    if one.interval is None or other.interval is None:
        return False
    ends = [one.interval.low, one.interval.high, other.interval.low, other.interval.high]
    if not all(isinstance(end, timedelta) for end in ends):
        return False
    low, high, other_low, other_high = (end for end in ends if isinstance(end, timedelta))
    return high < other_low or other_high < low
