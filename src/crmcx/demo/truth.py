"""What the generator knows about the exports it wrote: small figures to check a metric against.

Broken rows are extra rows, so no figure but `FileTruth` ever counts one. People, and what was planted among them, are
described in `people_truth`; contracts, and whom the bank wrote to and asked, in `contact_truth`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from crmcx.demo.people_truth import stage_at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime, timedelta
    from decimal import Decimal

    from crmcx.demo.contact_truth import CampaignTruth, ConsentTruth, ContractTruth, InvitationTruth
    from crmcx.demo.people_truth import HeroineTruth, InitiativeTruth, PainPointTruth, StageTruth


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
    chosen: tuple[tuple[str, int], ...]
    """Choices of Q3_CHANNEL by their code, and how often each was chosen."""


@frozen(kw_only=True)
class DealTruth:
    """The deals of one pipeline at the end of the exports."""

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

    effects: bool
    """Whether pain point and initiative do what they do."""
    customers: int
    """People who deal with the bank."""
    customers_left: int
    """People who ceased to be customers within the exports."""
    people: Mapping[str, int] = field(repr=False)
    """Who is who: every record of a customer, such as `files:mortgages/H-0000001`, to the number of the person."""
    stages: Mapping[int, tuple[StageTruth, ...]] = field(repr=False)
    """The stages of every person who is more than a caller, line by line, in the order of days."""
    pain_point: PainPointTruth
    """The touchpoint after which customers leave sooner."""
    initiative: InitiativeTruth
    """What made the help desk faster."""
    father_and_daughter: tuple[tuple[str, ...], tuple[str, ...]]
    """The records of two people of one name, address and landline; empty in a bank of fewer than three people."""
    heroine: HeroineTruth
    """The customer who is nobody's at the second door."""
    interactions: int
    """Web events, comments, calls and visits to branches, from good rows."""
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
    invitations: tuple[InvitationTruth, ...]
    """One per touchpoint that the survey asks about."""
    contracts: tuple[ContractTruth, ...]
    """One per product."""
    consents: tuple[ConsentTruth, ...]
    """One per channel."""
    campaign: CampaignTruth
    """The mailing."""
    deal_talks: int
    """Calls and visits that name the deal they belong to."""

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

    def records(self, person: int) -> tuple[str, ...]:
        """The records of a person, in order."""
        return tuple(sorted(ref for ref, number in self.people.items() if number == person))

    def stage_at(self, person: int, when: date | datetime, line: str | None = None) -> str | None:
        """The stage that a person was truly in.

        Args:
            person: Number of the person.
            when: An instant, or a day, which stands for its beginning in the bank's zone.
            line: Product line: `mortgage` or `account`. Without it the whole relation: of the stages in all lines the
                one that says most, in the order of `people_truth.WEIGHT`.

        Returns:
            The stage, or None when there was none yet.
        """
        return stage_at(self.stages.get(person, ()), when, line)
