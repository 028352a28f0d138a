"""The contract of a connector: names, settings, streams, mappings, samples."""

from __future__ import annotations

import json
import re

from pydantic import BaseModel, SecretBytes, SecretStr

from crmcx.connectors import Compiled
from crmcx.connectors.streams import Way
from crmcx.testing._judging import Judging, demand_whole, seen, stream_of, synced

_SOUNDS_SECRET = re.compile(r"token|secret|password|passphrase|api_?key|private_?key|credential", re.IGNORECASE)
_SHORTEST_SECRET = 8


class ContractTests(Judging):
    """What a connector is, before it is asked for anything."""

    def test_streams_and_kinds_of_the_platform_have_the_same_names(self) -> None:
        """Each stream reads the kind of record of its own name."""
        with self.trial() as trial:
            assert {each.name for each in trial.streams} == set(trial.platform.kinds), (
                "name the kinds of the platform as the streams of the connector"
            )

    def test_stream_names_are_told_apart(self) -> None:
        """No two streams have one name."""
        with self.trial() as trial:
            names = [each.name for each in trial.streams]
            assert names
            assert sorted(set(names)) == sorted(names)

    def test_settings_that_sound_secret_are_of_a_secret_type(self) -> None:
        """A token is a `SecretStr`, so that it does not print."""
        model = self.subject.connector.settings
        assert isinstance(model, type)
        assert issubclass(model, BaseModel)
        for name, field in model.model_fields.items():
            kind = str(field.annotation)
            if _SOUNDS_SECRET.search(name) and "url" not in name:
                assert SecretStr.__name__ in kind or SecretBytes.__name__ in kind, f"make the setting {name} SecretStr"

    def test_the_secrets_of_the_trial_can_be_told_from_other_words(self) -> None:
        """What is looked for in logs and files must not be there by chance."""
        with self.trial() as trial:
            for secret in trial.secrets():
                assert len(secret) >= _SHORTEST_SECRET, (
                    "give the suite settings whose secrets have 8 characters or more"
                )

    def test_described_settings_hold_no_secret(self) -> None:
        """What the store keeps of a connection is data, without secrets."""
        with self.trial() as trial:
            described = json.dumps(trial.connector.describe())
            assert not [secret for secret in trial.secrets() if secret in described]

    def test_mappings_compile(self, kind: str) -> None:
        """The mappings of each stream can be made into one validator."""
        with self.trial() as trial:
            Compiled(stream_of(trial, kind).maps, source="trial")

    def test_every_sample_is_stored_and_none_is_quarantined(self, kind: str) -> None:
        """The records of the platform are all understood."""
        with self.trial() as trial:
            synced(trial)
            counts = next(each.counts for each in trial.store.status().streams if each.stream == kind)
            assert counts.quarantined == 0, repr(trial.store.quarantine(limit=3))
            assert counts.stored == len(trial.platform.world.records(kind)) > 0, seen(trial)
            demand_whole(trial)

    def test_what_the_source_tells_of_deletions_is_declared(self, kind: str) -> None:
        """A source that says what is gone is listened to."""
        with self.trial() as trial:
            told = trial.platform.kinds[kind]
            stream = stream_of(trial, kind)
            if told.deleted is not None:
                assert stream.deletes.way is not Way.UNKNOWN, "declare deletes=Deletes.flag(...)"
            if told.tombstone is not None:
                assert stream.deletes.way is not Way.UNKNOWN, "declare deletes=Deletes.endpoint(...)"
