"""The bank of the demo: writes its exports as a real company would hand them over, and says what is in them.

Three years of a bank with three departments and eight systems that share no customer number. Twenty-six files in unlike
formats; the columns stand in the module that writes them: `departments`, `history`, `deals`, `contracts`, `consents`,
`talks`, `helpdesk`, `staff`, `questionnaires`, `invitations`, `touchpoints`, `mailings`, `web`. A few rows of each are
broken on purpose. What the bank keeps in no system, such as its products and the survey itself, stands in `company`.
The same seed gives the same bytes; the last day is fixed in `period`, never today. The truth is written beside the
exports, under `truth/`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from attrs import frozen

from crmcx.demo import (
    consents,
    contracts,
    deals,
    departments,
    helpdesk,
    history,
    invitations,
    mailings,
    staff,
    survey,
    talks,
    touchpoints,
    web,
)
from crmcx.demo import effects as planted
from crmcx.demo.lives import gather
from crmcx.demo.people import DAUGHTER, FATHER, HEROINE, HEROINE_LOAN
from crmcx.demo.people_truth import HeroineTruth, InitiativeTruth, PainPointTruth, as_truth
from crmcx.demo.period import date_of
from crmcx.demo.plan import Plan
from crmcx.demo.questionnaires import ENGLISH, GERMAN
from crmcx.demo.truth import Truth
from crmcx.demo.truth_files import write_truth
from crmcx.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from crmcx.demo.stages import Relation
    from crmcx.demo.truth import FileTruth


@frozen(kw_only=True)
class Exports:
    """The files that were written, and what is known of them."""

    mortgages_customers: Path
    """Customers of the mortgages department."""
    mortgages_stages: Path
    """Their lifecycle."""
    mortgages_deals: Path
    """Its deals."""
    mortgages_contracts: Path
    """Its contracts."""
    mortgages_staff: Path
    """Its users."""
    deposits_customers: Path
    """Customers of the deposits department."""
    deposits_stages: Path
    """Their lifecycle."""
    deposits_deals: Path
    """Its deals."""
    deposits_contracts: Path
    """Its contracts."""
    deposits_consents: Path
    """Its ledger of consents."""
    deposits_staff: Path
    """Its users."""
    service_contacts: Path
    """Contacts of the service centre."""
    service_calls: Path
    """Calls with the service centre."""
    service_staff: Path
    """Its users."""
    tickets: Path
    """Tickets of the help desk, each with its requester."""
    comments: Path
    """Comments on the tickets."""
    agents: Path
    """Users of the help desk."""
    survey_contacts: Path
    """Everybody whom the survey platform ever asked."""
    invitations: Path
    """Every mail that asks."""
    responses_en: Path
    """Survey in English."""
    responses_de: Path
    """Survey in German."""
    touchpoints: Path
    """The journey map, kept by those who run the surveys."""
    events: Path
    """Pages seen on the website."""
    branch_visits: Path
    """Visits to branches."""
    branches_staff: Path
    """Users of the terminals there."""
    mailing_touches: Path
    """A mailing, whom it reached, and who was held out."""
    truth: Truth
    """What the generator knows."""


def write_exports(folder: Path, *, customers: int = 5000, seed: int = 7, effects: bool = True) -> Exports:
    """Write the exports of the bank into a folder, replacing those of an earlier call.

    Args:
        folder: Where to write; made when it does not exist.
        customers: How many people deal with the bank, at least 1; each brings about 40 interactions and one to three
            departments' records.
        seed: Names the bank; not negative. One person's life does not depend on how many others there are.
        effects: Whether the pain point does harm and the initiative good; without, the same bank lacks both.

    Returns:
        The paths of the files and what is in them.

    Raises:
        UsageError: A number that is too small.
    """
    if customers < 1:
        msg = f"the bank needs at least 1 customer, found {customers}"
        raise UsageError(msg, hint="pass customers=200 for a quick look")
    if seed < 0:
        msg = f"a seed is not negative, found {seed}"
        raise UsageError(msg, hint="pass any whole number from 0")
    plan, relations = gather(seed, customers, effects=effects)
    truth = _write(folder, seed, plan, relations, effects=effects)
    write_truth(folder, truth)
    return Exports(
        mortgages_customers=folder / departments.MORTGAGES.name,
        mortgages_stages=folder / history.MORTGAGES_HISTORY.name,
        mortgages_deals=folder / deals.MORTGAGES_BOOK.name,
        mortgages_contracts=folder / contracts.MORTGAGES_CONTRACTS.name,
        mortgages_staff=folder / staff.MORTGAGES_STAFF.name,
        deposits_customers=folder / departments.DEPOSITS.name,
        deposits_stages=folder / history.DEPOSITS_HISTORY.name,
        deposits_deals=folder / deals.DEPOSITS_BOOK.name,
        deposits_contracts=folder / contracts.DEPOSITS_CONTRACTS.name,
        deposits_consents=folder / consents.CONSENTS,
        deposits_staff=folder / staff.DEPOSITS_STAFF.name,
        service_contacts=folder / departments.SERVICE_CENTRE.name,
        service_calls=folder / talks.CALLS,
        service_staff=folder / staff.SERVICE_STAFF.name,
        tickets=folder / helpdesk.TICKETS,
        comments=folder / helpdesk.COMMENTS,
        agents=folder / staff.AGENTS_FILE,
        survey_contacts=folder / invitations.CONTACTS,
        invitations=folder / invitations.INVITATIONS,
        responses_en=folder / ENGLISH.name,
        responses_de=folder / GERMAN.name,
        touchpoints=folder / touchpoints.CATALOGUE,
        events=folder / web.EVENTS,
        branch_visits=folder / talks.VISITS,
        branches_staff=folder / staff.BRANCHES_STAFF.name,
        mailing_touches=folder / mailings.TOUCHES,
        truth=truth,
    )


def _write(folder: Path, seed: int, plan: Plan, relations: tuple[Relation, ...], *, effects: bool) -> Truth:
    """Write the exports and count what is in them."""
    customers, who = len(relations), dict[str, int]()
    sales, cases = deals.DealTally(), helpdesk.CaseTally()
    answers, funnel = survey.SurveyTallies(), web.FunnelTally()
    asked, held, allowed = invitations.InvitationTally(), contracts.ContractTally(), consents.ConsentTally()
    numbers, ids = deals.deal_numbers(plan.deals), invitations.invitation_ids(plan.invitations)
    mailing = mailings.send(seed, relations)
    files = (
        departments.write_customers(folder, seed, relations, departments.MORTGAGES, who),
        history.write_history(folder, seed, relations, history.MORTGAGES_HISTORY),
        deals.write_deals(folder, plan.deals, deals.MORTGAGES_BOOK, sales),
        contracts.write_contracts(folder, relations, contracts.MORTGAGES_CONTRACTS, held),
        staff.write_staff(folder, staff.MORTGAGES_STAFF),
        departments.write_customers(folder, seed, relations, departments.DEPOSITS, who),
        history.write_history(folder, seed, relations, history.DEPOSITS_HISTORY),
        deals.write_deals(folder, plan.deals, deals.DEPOSITS_BOOK, sales),
        contracts.write_contracts(folder, relations, contracts.DEPOSITS_CONTRACTS, held),
        consents.write_consents(folder, seed, relations, mailing.unsubscribed, allowed),
        staff.write_staff(folder, staff.DEPOSITS_STAFF),
        departments.write_customers(folder, seed, relations, departments.SERVICE_CENTRE, who),
        talks.write_calls(folder, seed, plan.calls, numbers),
        staff.write_staff(folder, staff.SERVICE_STAFF),
        helpdesk.write_tickets(folder, seed, plan.tickets, cases, who),
        helpdesk.write_comments(folder, seed, plan.tickets),
        staff.write_agents(folder),
        invitations.write_contacts(folder, seed, plan.invitations, who),
        invitations.write_invitations(folder, seed, plan.invitations, asked),
        survey.write_responses(folder, seed, plan.responses, ENGLISH, answers, who=who, invitations=ids),
        survey.write_responses(folder, seed, plan.responses, GERMAN, answers, who=who, invitations=ids),
        touchpoints.write_catalogue(folder),
        web.write_events(folder, seed, plan.visits, funnel),
        talks.write_visits(folder, seed, plan.branch_visits, numbers),
        staff.write_staff(folder, staff.BRANCHES_STAFF),
        mailings.write_touches(folder, mailing),
    )
    return Truth(
        effects=effects,
        customers=customers,
        customers_left=sum(relation.left for relation in relations),
        people=MappingProxyType(who),
        stages=MappingProxyType(
            {number: as_truth(relation.steps) for number, relation in enumerate(relations) if relation.steps}
        ),
        pain_point=_pain_point(relations, effects=effects),
        initiative=_initiative(effects=effects),
        father_and_daughter=(_refs(who, FATHER), _refs(who, DAUGHTER)),
        heroine=HeroineTruth(person=HEROINE, loan=HEROINE_LOAN, refs=_refs(who, HEROINE)),
        interactions=_interactions(files),
        files=files,
        surveys=answers.truth(),
        deals=sales.truth(),
        cases=cases.truth(),
        funnel=funnel.truth(),
        invitations=asked.truth(),
        contracts=held.truth(),
        consents=allowed.truth(),
        campaign=mailing.truth(),
        deal_talks=_of_deals(plan),
    )


def _of_deals(plan: Plan) -> int:
    return sum(call.deal is not None for call in plan.calls) + sum(
        visit.deal is not None for visit in plan.branch_visits
    )


def _refs(who: dict[str, int], person: int) -> tuple[str, ...]:
    return tuple(sorted(ref for ref, number in who.items() if number == person))


def _pain_point(relations: Sequence[Relation], *, effects: bool) -> PainPointTruth:
    met = tuple(
        (number, date_of(relation.touched)) for number, relation in enumerate(relations) if relation.touched is not None
    )
    return PainPointTruth(
        touchpoint=planted.PAIN_POINT,
        hazard_ratio=planted.HAZARD_RATIO if effects else 1.0,
        people=met,
        reach=len(met) / len(relations),
    )


def _initiative(*, effects: bool) -> InitiativeTruth:
    return InitiativeTruth(
        code=planted.INITIATIVE,
        begins=planted.INITIATIVE_DATE,
        touchpoint=planted.INITIATIVE_TOUCHPOINT,
        response_factor=planted.RESPONSE_FACTOR if effects else 1.0,
        nps_raise=planted.NPS_RAISE if effects else 0.0,
        csat_raise=planted.CSAT_RAISE if effects else 0.0,
    )


def _interactions(files: tuple[FileTruth, ...]) -> int:
    names = {helpdesk.COMMENTS, talks.CALLS, talks.VISITS, web.EVENTS}
    return sum(file.records - file.broken - file.repeated for file in files if file.name in names)
