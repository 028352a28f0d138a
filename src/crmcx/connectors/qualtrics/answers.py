"""What a response says, by what its survey asks: one answer for each item, scores on their scales."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from attrs import frozen

from crmcx.connectors.qualtrics.definitions import Field, Form, Option
from crmcx.connectors.qualtrics.safe import fields, items, language, number, stamp, word, yes
from crmcx.connectors.qualtrics.settings import CHANNELS, LANGUAGES, QualtricsSettings

_OF_A_QUESTION = re.compile(r"(\d+_)?x?QID\d+")
_OF_THE_RESPONSE = frozenset(
    {
        *("startDate", "endDate", "status", "ipAddress", "progress", "duration", "finished", "recordedDate"),
        *("_recordId", "recipientLastName", "recipientFirstName", "recipientEmail", "externalDataReference"),
        *("locationLatitude", "locationLongitude", "distributionChannel", "userLanguage"),
    }
)
_DERIVED = ("_NPS_GROUP", "_DO")


@frozen
class Decoder:
    """Takes responses of one survey apart.

    Args:
        form: What the survey asks.
        settings: What the settings say of statuses, languages and links.
    """

    form: Form
    settings: QualtricsSettings

    def read(self, response: dict[str, Any]) -> dict[str, Any]:
        """What a response says, in the words that the mapping reads."""
        values = fields(response.get("values"))
        tongues = {**LANGUAGES, **self.settings.languages}
        channel = (word(values.get("distributionChannel")) or "").lower()
        spoken = language(values.get("userLanguage"), tongues)
        begun = stamp(values.get("startDate"))
        ended = stamp(values.get("endDate"))
        known = {each.key for each in self.form.fields}
        others = {name: value for name, value in values.items() if name not in known | _OF_THE_RESPONSE}
        asked = {name for name in others if _OF_A_QUESTION.match(name)}
        return {
            "instrument": self.form.survey,
            "status": self._status(values),
            "status_code": values.get("status"),
            "language": spoken,
            "channel": {**CHANNELS, **self.settings.channels}.get(channel, "other" if channel else None),
            "started": begun,
            "submitted": ended or stamp(values.get("recordedDate")) or begun,
            "duration": number(values.get("duration")),
            "customer": word(values.get(self.settings.customer_field)),
            "interaction": self._linked(values, self.settings.interaction_field),
            "case": self._linked(values, self.settings.case_field),
            "touchpoint": self._linked(values, self.settings.touchpoint_field),
            "answers": list(self._answers(response, values, spoken or "und")),
            "embedded": {name: value for name, value in others.items() if name not in asked},
            "unread": {name: others[name] for name in sorted(asked) if not name.endswith(_DERIVED)},
        }

    @staticmethod
    def _linked(values: dict[str, Any], name: str | None) -> str | None:
        return None if name is None else word(values.get(name))

    def _status(self, values: dict[str, Any]) -> str:
        code = number(values.get("status"))
        if code is not None and any(int(code) & flag for flag in self.settings.test_statuses):
            return "test"
        return "complete" if yes(values.get("finished")) else "partial"

    def _answers(self, response: dict[str, Any], values: dict[str, Any], spoken: str) -> Iterator[dict[str, Any]]:
        labels = fields(response.get("labels"))
        shown = response.get("displayedFields")
        seen = frozenset(map(str, shown)) if isinstance(shown, list) else None
        for each in self.form.fields:
            said = values.get(each.key)
            if said in (None, "", [], {}) or isinstance(said, bool):
                if not each.beside:
                    hidden = seen is not None and not {each.key, each.question} & seen
                    yield _answer(each, state="not_shown" if hidden else "skipped")
            elif each.kind == "text":
                yield _answer(each, text=word(said), lang=spoken)
            elif each.kind == "multi":
                told = items(labels.get(each.key))
                for place, chosen in enumerate(items(said) or [said]):
                    yield self._chosen(each, chosen, told[place] if place < len(told) else None)
            else:
                yield self._chosen(each, said, labels.get(each.key))

    def _chosen(self, asked: Field, said: object, label: object) -> dict[str, Any]:
        code = word(said)
        option = self._option(asked, code, label)
        if option is not None and option.out:
            return _answer(asked, state="not_applicable", native=option.code)
        score = None
        if asked.low is not None and asked.high is not None:
            score = number(code) if option is None else option.value
            score = score if score is not None and asked.low <= score <= asked.high else None
        return _answer(asked, score=score, choice=(code if option is None else option.code) if asked.options else None)

    def _option(self, asked: Field, code: str | None, label: object) -> Option | None:
        if isinstance(label, str):
            found = [option for option in asked.options if label in {text for _, text in option.texts}]
            if len(found) == 1:
                return found[0]
        by_recode = {option.recode: option for option in asked.options}
        by_code = {option.code: option for option in asked.options}
        first, second = (by_recode, by_code) if self.settings.values_are == "recodes" else (by_code, by_recode)
        return first.get(code or "") or second.get(code or "")


def _answer(
    asked: Field,
    *,
    state: str = "answered",
    native: str | None = None,
    score: float | None = None,
    choice: str | None = None,
    text: str | None = None,
    lang: str | None = None,
) -> dict[str, Any]:
    scored = asked.scored
    return {
        "item": asked.key,
        "kind": asked.kind,
        "state": state,
        "native": native,
        "score": score,
        "low": asked.low if scored else None,
        "high": asked.high if scored else None,
        "direction": asked.direction if scored else None,
        "choice": choice,
        "text": text,
        "lang": lang,
    }
