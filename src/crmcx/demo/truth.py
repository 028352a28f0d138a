"""What the generator knows about the exports it wrote: small figures to check a metric against.

Broken rows are extra rows, so no figure but `FileTruth` ever counts one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from datetime import timedelta
    from decimal import Decimal


@frozen(kw_only=True)
class FileTruth:
    """What is in one file."""

    name: str
    """Path within the folder, with slashes."""
    records: int
    """Rows or lines written, without a header: good, broken and repeated ones."""
    broken: int
    """Rows that nobody can read: they belong in quarantine."""
    repeated: int = 0
    """Rows that stand there a second time, equal to the first: nothing new."""


@frozen(kw_only=True)
class SurveyTruth:
    """The answers in one language and of one status, from good rows."""

    language: str
    """Language of the questionnaire: `en` or `de`."""
    status: str
    """`complete` or `partial`."""
    responses: int
    """Surveys handed in."""
    promoters: int
    """Answers to Q1_NPS of 9 or 10."""
    passives: int
    """Answers to Q1_NPS of 7 or 8."""
    detractors: int
    """Answers to Q1_NPS of 0 to 6."""
    nps_skipped: int
    """Surveys whose Q1_NPS is empty."""
    nps_not_applicable: int
    """Surveys whose Q1_NPS is the code for not applicable."""
    csat_answered: int
    """Answers to Q2_CSAT of 1 to 5."""
    csat_satisfied: int
    """Answers to Q2_CSAT of 4 or 5."""
    in_repeated_hour: int
    """Surveys recorded in the hour that the wall clock shows twice: its naive time fits two instants."""


@frozen(kw_only=True)
class DealTruth:
    """The deals of one pipeline at the end of the year."""

    pipeline: str
    """Name of the pipeline, which is the product's."""
    won: int
    """Deals won."""
    lost: int
    """Deals lost."""
    abandoned: int
    """Deals that the customer withdrew."""
    open: int
    """Deals not decided."""
    won_amount: Decimal
    """What the won deals are worth, in EUR."""


@frozen(kw_only=True)
class CaseTruth:
    """The tickets of the help desk, each counted once."""

    cases: int
    """All tickets."""
    solved: int
    """Tickets that have a time of solution."""
    sla_met: int
    """Tickets whose SLA was met."""
    sla_missed: int
    """Tickets whose SLA was missed; the rest is not judged yet."""
    answered: int
    """Tickets with a public comment of an employee; a bot's is none."""
    first_response_total: timedelta
    """From opening to the first such comment, added up over the answered tickets."""
    first_response_median: timedelta | None
    """Median of the same over the answered tickets; None when there is none."""


@frozen(kw_only=True)
class FunnelTruth:
    """Customers, by signed-in id, who reached a step after the step before it."""

    steps: tuple[str, ...]
    """Touchpoints in order."""
    customers: tuple[int, ...]
    """How many reached each, at any distance in time."""
    within: timedelta
    """A window from the first step that changes nothing: nobody takes as long."""


@frozen(kw_only=True)
class Truth:
    """What is known of the whole bank."""

    customers: int
    """Customers in the CRM."""
    customers_left: int
    """Customers who left the bank within the year."""
    interactions: int
    """Web events, comments, calls and branch visits, from good rows."""
    files: tuple[FileTruth, ...]
    """One per file, in the order of writing."""
    surveys: tuple[SurveyTruth, ...]
    """One per language and status."""
    deals: tuple[DealTruth, ...]
    """One per pipeline."""
    cases: CaseTruth
    """The help desk."""
    funnel: FunnelTruth
    """The application on the website."""

    def file(self, name: str) -> FileTruth:
        """What is in one file.

        Args:
            name: Path within the folder, with slashes.

        Raises:
            KeyError: There is no such file.
        """
        for entry in self.files:
            if entry.name == name:
                return entry
        raise KeyError(name)
