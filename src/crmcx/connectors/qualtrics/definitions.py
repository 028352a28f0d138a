"""What a survey asks, read from its definition: one field for each value that a response can hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import evolve, field, frozen

from crmcx.connectors.qualtrics.safe import fields, items, language, number, plain, word, yes
from crmcx.connectors.qualtrics.settings import LANGUAGES, QualtricsSettings

_SEVERAL = frozenset({"MAVR", "MAHR", "MACOL", "MSB"})
_GRIDS = frozenset({"Likert", "Bipolar"})
_SCORED = frozenset({"nps", "csat", "ces", "likert"})
_TENS = (0.0, 10.0)
_HIGHER, _LOWER = "higher_is_better", "lower_is_better"


@frozen
class Option:
    """One choice."""

    code: str
    """Its id, the same in every language."""
    value: float | None
    """The number it is counted as; None where it is left out of analyses."""
    recode: str
    """What stands for it in recoded responses."""
    out: bool
    """Whether it is no answer, such as "does not apply"."""
    texts: tuple[tuple[str, str], ...]
    """How it is worded, by language."""


@frozen(kw_only=True)
class Field:
    """What one value of a response answers."""

    key: str
    """Its name in responses, which is the code of the item."""
    question: str
    """Id of the question."""
    kind: str
    """What it asks, in the model's words."""
    measures: str | None = None
    """The export tag of its question."""
    low: float | None = None
    """The lowest score."""
    high: float | None = None
    """The highest score."""
    direction: str = _HIGHER
    """Which end of the scale is the good one."""
    options: tuple[Option, ...] = ()
    """Its choices."""
    texts: tuple[tuple[str, str], ...] = ()
    """How it is worded, by language."""
    beside: bool = False
    """Whether it is a text beside a choice, which only who chose it is asked for."""

    @property
    def scored(self) -> bool:
        """Whether its answers are scores."""
        return self.low is not None and self.high is not None


@frozen
class Form:
    """A survey as it can be answered."""

    survey: str
    """Its id."""
    fields: tuple[Field, ...] = field(default=(), repr=False)
    """What it asks."""
    languages: frozenset[str] = frozenset()
    """Its languages."""

    def told(self) -> dict[str, Any]:
        """Its items, choices and wordings as plain data."""
        asked = [
            {
                "item": each.key,
                "kind": each.kind,
                "measures": each.measures,
                "low": each.low,
                "high": each.high,
                "direction": each.direction if each.scored else None,
            }
            for each in self.fields
        ]
        choices = [
            {"item": each.key, "choice": option.code, "value": option.value}
            for each in self.fields
            for option in each.options
        ]
        wordings = [
            {"item": each.key, "choice": choice, "language": tongue, "text": text}
            for each in self.fields
            for choice, texts in [(None, each.texts), *((option.code, option.texts) for option in each.options)]
            for tongue, text in texts
        ]
        return {"items": asked, "choices": choices, "wordings": wordings}


class Reader:
    """Reads definitions by what the settings say of questions.

    Args:
        settings: The settings.
    """

    def __init__(self, settings: QualtricsSettings) -> None:
        self._settings = settings
        self._tongues = {**LANGUAGES, **settings.languages}

    def form(self, survey: str, definition: object) -> Form:
        """A survey, from its definition; what is not as promised is passed over."""
        said = fields(definition)
        own = language(fields(said.get("SurveyOptions")).get("SurveyLanguage"), self._tongues) or "und"
        questions = said.get("Questions")
        listed = questions.items() if isinstance(questions, dict) else ((None, each) for each in items(questions))
        found: dict[str, Field] = {}
        for key, question in listed:
            told = fields(question)
            code = word(told.get("QuestionID")) or word(key)
            for each in self._fields(code, told, own) if code else ():
                found.setdefault(each.key, each)
        spoken = {tongue for each in found.values() for tongue, _ in each.texts}
        return Form(survey, tuple(found.values()), frozenset(spoken | {own}))

    def _fields(self, code: str, said: dict[str, Any], own: str) -> Iterator[Field]:
        kind, selector = word(said.get("QuestionType")), word(said.get("Selector")) or ""
        base = Field(
            key=code,
            question=code,
            kind="text",
            measures=word(said.get("DataExportTag")),
            texts=self._words(said, own, "QuestionText"),
        )
        if kind == "MC":
            options = self._options(said, own, "Choices")
            yield (
                evolve(base, kind="multi", options=options)
                if selector in _SEVERAL
                else self._one(base, "nps" if selector == "NPS" else "choice", options)
            )
            for choice, told in fields(said.get("Choices")).items():
                if yes(fields(told).get("TextEntry")) or fields(told).get("TextEntry") == "on":
                    yield evolve(base, key=f"{code}_{choice}_TEXT", beside=True)
        elif kind == "TE" and selector != "FORM":
            yield evolve(base, key=f"{code}_TEXT")
        else:
            yield from self._rows(base, said, own, kind, selector)

    def _rows(self, base: Field, said: dict[str, Any], own: str, kind: str | None, selector: str) -> Iterator[Field]:
        """The fields of a question with a value for each of its lines."""
        lines = self._options(said, own, "Choices")
        several = said.get("SubSelector") == "MultipleAnswer"
        options = self._options(said, own, "Answers")
        shape = fields(said.get("Configuration"))
        low, high = number(shape.get("CSSliderMin")), number(shape.get("CSSliderMax"))
        for line in lines:
            each = evolve(base, key=f"{base.key}_{line.code}", texts=_joined(base.texts, line.texts))
            if kind == "Matrix" and selector in _GRIDS:
                yield evolve(each, kind="multi", options=options) if several else self._one(each, "likert", options)
            elif kind == "Slider" and low is not None and high is not None and low < high:
                yield evolve(each, kind="number", low=low, high=high)
            elif kind == "RO" and len(lines) > 1:
                yield evolve(each, kind="rank", low=1.0, high=float(len(lines)), direction=_LOWER)
            elif kind == "TE":
                yield each

    def _one(self, base: Field, kind: str, options: tuple[Option, ...]) -> Field:
        names = {base.key, base.question, base.measures or base.key}
        kind = next((said for name, said in self._settings.kinds.items() if name in names), kind)
        values = [option.value for option in options if option.value is not None]
        low, high = (min(values), max(values)) if values else _TENS if kind == "nps" else (0.0, 0.0)
        if kind not in _SCORED or low >= high:
            return evolve(base, kind="choice", options=options)
        direction = _LOWER if names & self._settings.lower_is_better else _HIGHER
        return evolve(base, kind=kind, options=options, low=low, high=high, direction=direction)

    def _options(self, said: dict[str, Any], own: str, where: str) -> tuple[Option, ...]:
        lines_of_a_grid = where == "Choices" and "Answers" in said
        recodes = {} if lines_of_a_grid else fields(said.get("RecodeValues"))
        analysed = fields(said.get("AnalyzeChoices"))
        found = []
        for code, told in fields(said.get(where)).items():
            recode = word(recodes.get(code)) or code
            out = str(analysed.get(code, "Yes")).lower() in {"no", "false"}
            texts = [(own, plain(fields(told).get("Display")))]
            for tongue, inner in self._tongues_of(said):
                texts.append((tongue, plain(fields(fields(inner.get(where)).get(code)).get("Display"))))
            found.append(Option(code, None if out else number(recode), recode, out, _said(texts)))
        return tuple(found)

    def _words(self, said: dict[str, Any], own: str, where: str) -> tuple[tuple[str, str], ...]:
        texts = [(own, plain(said.get(where)))]
        texts += [(tongue, plain(inner.get(where))) for tongue, inner in self._tongues_of(said)]
        return _said(texts)

    def _tongues_of(self, said: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        for code, inner in fields(said.get("Language")).items():
            tongue = language(code, self._tongues)
            if tongue is not None:
                yield tongue, fields(inner)


def _said(texts: list[tuple[str, str | None]]) -> tuple[tuple[str, str], ...]:
    """The first text of each language that is there."""
    found: dict[str, str] = {}
    for tongue, text in texts:
        if text:
            found.setdefault(tongue, text)
    return tuple(found.items())


def _joined(first: tuple[tuple[str, str], ...], second: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """A question and its line, in the languages of either."""
    one, other = dict(first), dict(second)
    return tuple(
        (tongue, ": ".join(text for text in (one.get(tongue), other.get(tongue)) if text))
        for tongue in {**one, **other}
    )
