"""The bank over HTTP: two of its systems answer on this machine as their vendors' do, the others hand over files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from types import MappingProxyType

from attrs import evolve, frozen

from crmcx.connectors import Connector, Files, FileStream
from crmcx.connectors.clock import held
from crmcx.demo import feedback, maps, period, portal
from crmcx.demo.bank import Exports
from crmcx.demo.feedback import Survey
from crmcx.demo.records import System
from crmcx.demo.truth import Truth
from crmcx.sandbox import HubSpotSandbox, StillClock

PORTAL = f"hubspot:{portal.NAME}"
"""The source of what the deposits department's CRM holds."""
PLATFORM = f"qualtrics:{feedback.NAME}"
"""The source of what the survey platform holds."""
_CORE, _MAP = "core_banking", "journey_map"


@frozen(kw_only=True)
class Platforms:
    """The two systems that answer over HTTP, with the bank in them."""

    still: StillClock
    """The clock of both; nobody waits by it."""
    portal: HubSpotSandbox
    """The deposits department's CRM."""
    survey: Survey
    """The survey platform."""

    def connections(self, exports: Exports) -> dict[str, Connector]:
        """All systems of the bank as connections, by name."""
        files = maps.files_of(exports)
        here: Mapping[str | None, str] = {System.DEPOSITS.source: PORTAL}
        core = [each for each in files.pop("deposits") if each.path not in _taken_up(exports)]
        journeys = [each for each in files.pop("survey") if each.path == exports.touchpoints]
        return {
            portal.NAME: portal.connector(self.portal),
            feedback.NAME: self.survey.connector(),
            _CORE: _pointing(core, {None: PORTAL, **here}),
            _MAP: Files(*journeys),
            **{name: _pointing(streams, here) for name, streams in files.items()},
        }

    def told(self, truth: Truth) -> Truth:
        """The truth under the names that the records have in these systems."""
        return evolve(
            truth,
            people=MappingProxyType({self._ref(ref): person for ref, person in truth.people.items()}),
            heroine=evolve(truth.heroine, refs=tuple(sorted(map(self._ref, truth.heroine.refs)))),
        )

    def _ref(self, ref: str) -> str:
        source, _, id_ = ref.partition("/")
        if source == System.DEPOSITS.source:
            return f"{PORTAL}/{id_}"
        return f"{PLATFORM}/{self.survey.contacts[id_]}" if source == System.SURVEY.source else ref


@contextmanager
def platforms(exports: Exports) -> Iterator[Platforms]:
    """Take the exports up into both systems, and let them answer; meanwhile clients go by their clock.

    Args:
        exports: The bank's exports.
    """
    still = StillClock(datetime.fromtimestamp(period.end(), UTC))
    made = Platforms(still=still, portal=portal.portal(exports, still), survey=feedback.survey(exports, still))
    with ExitStack() as stack:
        stack.enter_context(held(still.clock))
        stack.enter_context(made.portal)
        stack.enter_context(made.survey.server)
        yield made


def _taken_up(exports: Exports) -> set[object]:
    return {exports.deposits_customers, exports.deposits_deals, exports.deposits_stages}


def _pointing(files: Iterable[FileStream], sources: Mapping[str | None, str]) -> Files:
    return Files(*(evolve(each, maps=tuple(maps.pointing(told, sources) for told in each.maps)) for each in files))
