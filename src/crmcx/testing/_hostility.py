"""A connector under every hostile mode: all is stored, or a clear error says why not, and then all is stored."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from attrs import frozen

from crmcx.errors import PagingError
from crmcx.testing._judging import Judging, demand_like_fresh, demand_whole, seen, synced
from crmcx.testing.hostile import MODES, Mode
from crmcx.testing.trial import Outcome, Trial

NAMES = [mode.name for mode in MODES]


@frozen(kw_only=True)
class Endured:
    """What a run over a hostile source came to, and what the next one in calm made of it."""

    first: Outcome
    """How the run ended."""
    fired: int
    """How many answers were hostile."""
    whole: bool
    """Whether all that the source had when the run ended was in the store, once."""
    content: Mapping[str, list[str]]
    """What was in the store then, by table."""
    lost: int
    """Records that are not in the store after the run in calm."""
    doubled: int
    """Records that are there more than once after it."""


def endure(trial: Trial, mode: Mode) -> Endured:
    """One run over a hostile source, and one in calm."""
    hostility = mode.make(trial.platform)
    first = trial.sync(hostility)
    whole, content = trial.lost_and_doubled() == (0, 0), trial.content()
    trial.platform.calm()
    if mode.mends:
        trial.mend()
    synced(trial, rows_per_commit=1_000)
    lost, doubled = trial.lost_and_doubled()
    fired = hostility.fired.total()
    return Endured(first=first, fired=fired, whole=whole, content=content, lost=lost, doubled=doubled)


class HostileTests(Judging):
    """A source that does not behave costs no record."""

    @pytest.mark.parametrize("mode", MODES, ids=NAMES)
    def test_nothing_is_lost_or_doubled_when_the_source_is(self, mode: Mode) -> None:
        """A run ends with all that is there, or with a clear error; after one in calm, all is there once."""
        with self.trial() as trial:
            if mode.unordered and not trial.platform.scattered:
                pytest.skip("every stream promises its order")
            endured = endure(trial, mode)
            error = endured.first.error
            assert endured.fired, "the platform has no second page of any kind: mark pages by Says(rows=...)"
            if error is not None:
                assert set(endured.first.codes) <= mode.codes, f"ended with {error!r}, expected one of {_named(mode)}"
                assert error.hint, f"{error!r} does not say what to do next"
            else:
                assert mode.passes, f"went on as if nothing were wrong, expected {_named(mode)}; {seen(trial)}"
                assert endured.whole or mode.later or mode.mends, f"records are lost in silence; {seen(trial)}"
            if mode.later or mode.mends:
                demand_like_fresh(trial)
            else:
                demand_whole(trial)
                assert trial.store.digest() == self.in_calm(), f"the store is not as in calm; {seen(trial)}"

    def test_a_repeated_cursor_ends_in_an_error_instead_of_a_loop(self) -> None:
        """A source that leads back to where it was is told of, soon."""
        (mode,) = (each for each in MODES if each.name == "repeated cursor")
        with self.trial() as trial:
            outcome = trial.sync(mode.make(trial.platform))
            assert set(outcome.codes) == {PagingError.code}, f"ended with {outcome.error!r}; {seen(trial)}"
            demand_few(trial)

    def test_what_cannot_be_read_is_set_aside_with_its_words(self) -> None:
        """A record without an id is in quarantine, as the source said it, and counted."""
        (mode,) = (each for each in MODES if each.name == "null id")
        with self.trial() as trial:
            hostility = mode.make(trial.platform)
            outcome = trial.sync(hostility)
            assert outcome.error is None
            aside = trial.store.quarantine()
            assert len(aside) == outcome.counts.quarantined == len(hostility.fired)
            assert trial.books_add_up()

    def test_a_hostile_run_after_a_calm_one_changes_nothing(self) -> None:
        """What is stored stands, however the source behaves later."""
        with self.trial() as trial:
            synced(trial)
            before = trial.store.digest()
            for mode in MODES:
                if not mode.passes:
                    trial.sync(mode.make(trial.platform), rows_per_commit=1_000)
                    trial.platform.calm()
            demand_whole(trial)
            assert trial.store.digest() == before


def demand_few(trial: Trial) -> None:
    """Demand that a run that was led back did not ask for much more than there is."""
    pages = trial.platform.pages
    for kind in trial.platform.kinds:
        there = len(trial.platform.world.records(kind))
        assert pages[kind] <= there + 3, f"asked for {pages[kind]} pages of {there} records"


def _named(mode: Mode) -> str:
    return ", ".join(each.__name__ for each in mode.ends) or "no error"
