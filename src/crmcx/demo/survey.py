"""The exports of the bank's survey platform: what people answered, driven by how satisfied they are at heart."""

from __future__ import annotations

from collections import Counter
from itertools import product
from types import MappingProxyType
from typing import TYPE_CHECKING

from attrs import Factory, define, frozen

from crmcx.demo import period, words
from crmcx.demo.draw import Draw, Stream
from crmcx.demo.effects import CSAT_RAISE, GERMAN_SHIFT, MOODS, NPS_RAISE
from crmcx.demo.files import spoiled, with_broken, write_csv
from crmcx.demo.people import person
from crmcx.demo.questionnaires import CHANNELS, NOT_APPLICABLE, QUESTIONNAIRES, STATUSES, Questionnaire
from crmcx.demo.records import System, seen
from crmcx.demo.truth import FileTruth, SurveyTruth

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from crmcx.demo.plan import Response

_FIRST_RESPONSE = 1_000_001
_SATISFIED = 4
_PASSIVE, _PROMOTER = 7, 9


@define
class SurveyTally:
    """Counts over the responses of one language and status."""

    responses: int = 0
    promoters: int = 0
    passives: int = 0
    detractors: int = 0
    nps_skipped: int = 0
    nps_not_applicable: int = 0
    csat_answered: int = 0
    csat_satisfied: int = 0
    in_repeated_hour: int = 0
    chosen: Counter[str] = Factory(Counter)

    def add(self, nps: int | None, csat: int | None, channel: str | None = None, *, twice: bool) -> None:
        """Count one response."""
        self.responses += 1
        self.in_repeated_hour += twice
        if channel is not None:
            self.chosen[channel] += 1
        if nps is None:
            self.nps_skipped += 1
        elif nps == NOT_APPLICABLE:
            self.nps_not_applicable += 1
        else:
            self.promoters += nps >= _PROMOTER
            self.passives += _PASSIVE <= nps < _PROMOTER
            self.detractors += nps < _PASSIVE
        if csat is not None and csat != NOT_APPLICABLE:
            self.csat_answered += 1
            self.csat_satisfied += csat >= _SATISFIED

    def truth(self, language: str, status: str) -> SurveyTruth:
        """The counts as they are handed out."""
        return SurveyTruth(
            language=language,
            status=status,
            responses=self.responses,
            promoters=self.promoters,
            passives=self.passives,
            detractors=self.detractors,
            nps_skipped=self.nps_skipped,
            nps_not_applicable=self.nps_not_applicable,
            csat_answered=self.csat_answered,
            csat_satisfied=self.csat_satisfied,
            in_repeated_hour=self.in_repeated_hour,
            chosen=tuple((channel, self.chosen[channel]) for channel in CHANNELS),
        )


_Tallies = dict[tuple[str, str], SurveyTally]


def _tallies() -> _Tallies:
    languages = (questionnaire.language for questionnaire in QUESTIONNAIRES)
    return {pair: SurveyTally() for pair in product(languages, STATUSES)}


@define
class SurveyTallies:
    """The counts of every language and status."""

    by_pair: _Tallies = Factory(_tallies)

    def truth(self) -> tuple[SurveyTruth, ...]:
        """The figures of the survey."""
        return tuple(tally.truth(*pair) for pair, tally in self.by_pair.items())


@frozen(kw_only=True)
class Said:
    """What a response says."""

    partial: bool
    """Whether it ends after its first item."""
    nps: int | None
    """Answer to the first item."""
    csat: int | None
    """Answer to the second."""
    chosen: int | None
    """Place of the choice of the third among `CHANNELS`."""
    comment: str
    """Words, or nothing."""
    anonymous: bool
    """Whether the platform was not to keep who said it."""
    seconds: int
    """How long it took."""


def said(seed: int, response: Response) -> Said:
    """What a response says: drawn anew for each export, always the same."""
    draw = Draw(seed, Stream.RESPONSE, response.number, response.index)
    partial = draw.chance(0.08)
    likely, satisfied = centres(response)
    nps = _answer(draw, likely, (0, 10), spread=1.1)
    csat = _answer(draw, satisfied, (1, 5), spread=0.6)
    comment = draw.pick(words.COMMENTS[response.language][_mood(response.satisfaction)])
    chosen = draw.below(len(CHANNELS))
    talkative = draw.chance(0.35)
    return Said(
        partial=partial,
        nps=nps,
        csat=None if partial else csat,
        chosen=None if partial else chosen,
        comment=comment if talkative and not partial else "",
        anonymous=draw.chance(0.05),
        seconds=draw.between(20, 90) + draw.skewed(0, 800),
    )


def write_responses(
    folder: Path,
    seed: int,
    responses: Sequence[Response],
    form: Questionnaire,
    tallies: SurveyTallies,
    *,
    who: dict[str, int],
    invitations: Mapping[tuple[int, int], str] = MappingProxyType({}),
) -> FileTruth:
    """Write the responses of one language.

    Args:
        folder: Where the exports go.
        seed: The bank's seed.
        responses: Those of all languages; ids are counted over them.
        form: The questionnaire in the language.
        tallies: Where the answers are counted.
        who: Takes, for each contact, whose it is.
        invitations: Person and index of a response to the invitation that it follows.
    """
    broken = broken_of(form)
    rows = with_broken(_rows(seed, responses, form, tallies, who=who, invitations=invitations), broken)
    written = write_csv(folder / form.name, form.form, form.columns, rows)
    return FileTruth(name=form.name, records=written, broken=len(broken))


def _rows(
    seed: int,
    responses: Sequence[Response],
    form: Questionnaire,
    tallies: SurveyTallies,
    *,
    who: dict[str, int],
    invitations: Mapping[tuple[int, int], str],
) -> Iterator[tuple[object, ...]]:
    for number, response in enumerate(responses, _FIRST_RESPONSE):
        if response.language != form.language:
            continue
        answered = said(seed, response)
        wall = period.local(response.at)
        other = wall.replace(fold=1 - wall.fold)
        twice = wall.utcoffset() != other.utcoffset()
        channel = None if answered.chosen is None else CHANNELS[answered.chosen]
        tallies.by_pair[form.language, STATUSES[answered.partial]].add(
            answered.nps, answered.csat, channel, twice=twice
        )
        yield (
            f"R-{number}",
            *_contact(seed, response.number, who, anonymous=answered.anonymous),
            wall.strftime(form.time_format),
            form.statuses[answered.partial],
            answered.seconds,
            response.touchpoint,
            answered.nps,
            answered.csat,
            "" if answered.chosen is None else form.channels[answered.chosen],
            answered.comment,
            "" if answered.anonymous else invitations.get((response.number, response.index), ""),
        )


def centres(response: Response) -> tuple[float, float]:
    """Around what somebody answers both items, before rounding and clipping."""
    mood = MOODS[response.touchpoint]
    likely = 7.7 + 1.8 * response.satisfaction + mood + (GERMAN_SHIFT if response.language == "de" else 0.0)
    satisfied = 3.8 + 0.7 * response.satisfaction + 0.4 * mood
    return (likely + NPS_RAISE, satisfied + CSAT_RAISE) if response.raised else (likely, satisfied)


def _contact(seed: int, number: int, who: dict[str, int], *, anonymous: bool) -> tuple[str, ...]:
    if anonymous:
        return ("",) * 5
    contact = seen(seed, person(seed, number), System.SURVEY)
    who[f"{System.SURVEY.source}/{contact.id}"] = number
    return contact.id, contact.given, contact.family, contact.email, contact.account


def _answer(draw: Draw, centre: float, scale: tuple[int, int], *, spread: float) -> int | None:
    score = int(centre + spread * draw.normal() + 0.5)
    state = draw.unit()
    if state < 0.03:  # noqa: PLR2004 - the share that skips
        return None
    if state < 0.05:  # noqa: PLR2004 - and the share to whom it does not apply
        return NOT_APPLICABLE
    return min(max(score, scale[0]), scale[1])


def _mood(satisfaction: float) -> str:
    return "low" if satisfaction < -0.8 else "high" if satisfaction > 0.5 else "middle"  # noqa: PLR2004


def broken_of(form: Questionnaire) -> tuple[tuple[object, ...], ...]:
    """The rows of an export that nobody can read."""
    recorded = period.local(period.at(100, 43_200)).strftime(form.time_format)
    good = ("R-9000001", "", "", "", "", "", recorded, form.statuses[0], 60, "help", 9, 4, form.channels[0], "", "")
    return spoiled(form.columns, good, *form.broken)
