"""Nothing secret comes out: not into logs, reprs, errors, reports, the store's file or a cassette."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmcx.connectors.clock import held
from crmcx.store import Store
from crmcx.sync import Run, sync
from crmcx.testing import cassettes
from crmcx.testing._judging import Judging, synced
from crmcx.testing.hostile import MODES, Mode, refused
from crmcx.testing.trial import SOURCE, Trial

REFUSING: tuple[Mode, ...] = (refused, *(mode for mode in MODES if mode.ends))


class SecretTests(Judging):
    """A secret is sent to the source, and told to nobody."""

    def test_no_secret_is_in_a_repr(self) -> None:
        """Neither the connector nor its settings print one."""
        with self.trial() as trial:
            told = f"{trial.connector!r} {trial.connector.settings!r} {trial.connector.settings} {trial.streams!r}"
            demand_none(trial, told, "a repr")

    @pytest.mark.parametrize("mode", REFUSING, ids=[mode.name for mode in REFUSING])
    def test_no_secret_is_in_an_error_a_log_or_a_report_when_the_source_is(self, mode: Mode) -> None:
        """However a run ends, what it says holds no secret."""
        with self.trial() as trial:
            outcome = trial.sync(mode.make(trial.platform))
            demand_none(trial, outcome.told, "an error or a log")

    def test_no_secret_is_in_a_report_or_a_log_in_calm(self) -> None:
        """A run that goes well says nothing secret either."""
        with self.trial() as trial:
            demand_none(trial, trial.sync().told, "a report or a log")

    def test_no_secret_is_in_the_file_of_the_store(self, tmp_path: Path) -> None:
        """The store keeps settings without what is secret in them."""
        path = tmp_path / "trial.crmcx"
        with self.trial(path=str(path)) as trial:
            synced(trial)
            trial.sync(refused.make(trial.platform))
        written = b"".join(each.read_bytes() for each in tmp_path.iterdir())
        demand_none(trial, written.decode("latin-1"), "the file of the store")

    def test_a_cassette_holds_no_secret_and_plays_alike(self, tmp_path: Path) -> None:
        """What was recorded holds no secret, and a sync over it brings as much."""
        tape = tmp_path / "trial.cassette"
        with self.trial() as trial, held(trial.still.clock):
            with cassettes.recording(tape, trial.connector, keep=self.subject.keep):
                outcome = trial.sync()
            assert outcome.error is None
            demand_none(trial, tape.read_text(encoding="utf-8"), "a cassette")
            connector = self.subject.connector(**self.subject.settings_at(trial.platform.url))
            with cassettes.replaying(tape) as still, Store(":memory:", clock=still.now) as store:
                played = sync(Run(store=store, source=SOURCE, connector=connector))
            assert played.counts == outcome.counts, "what a cassette plays is not what was recorded"


def demand_none(trial: Trial, text: str, where: str) -> None:
    """Demand that no secret of the settings is in a text; the message does not repeat it."""
    found = [number for number, secret in enumerate(trial.secrets(), start=1) if secret in text]
    assert not found, f"secret number {found[0]} of the settings is in {where}"
