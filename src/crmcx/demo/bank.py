"""The small bank of the demo: writes its exports as a real company would hand them over, and says what is in them.

Eight files in unlike formats from four systems; the columns stand in the module that writes them:
`crm` (contacts, deals, activities), `helpdesk` (tickets, comments), `questionnaires` (responses in two languages) and
`web` (events). A few rows of each are broken on purpose. The same seed gives the same bytes; the year ends on the
fixed day `period.END_DAY`, never today.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from crmcx.demo import crm, helpdesk, survey, web
from crmcx.demo.lives import gather
from crmcx.demo.questionnaires import ENGLISH, GERMAN
from crmcx.demo.truth import Truth
from crmcx.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from crmcx.demo.truth import FileTruth


@frozen(kw_only=True)
class Exports:
    """The files that were written, and what is known of them."""

    contacts: Path
    """Customers in the CRM."""
    deals: Path
    """Deals in the CRM."""
    activities: Path
    """Calls and visits to branches in the CRM."""
    tickets: Path
    """Tickets of the help desk."""
    comments: Path
    """Comments on the tickets."""
    responses_en: Path
    """Survey in English."""
    responses_de: Path
    """Survey in German."""
    events: Path
    """Pages seen on the website."""
    truth: Truth
    """What the generator knows."""


def write_exports(folder: Path, *, customers: int = 5000, seed: int = 7) -> Exports:
    """Write the exports of the bank into a folder, replacing those of an earlier call.

    Args:
        folder: Where to write; made when it does not exist.
        customers: How many customers the bank has, at least 1; each brings about 40 interactions.
        seed: Names the bank; not negative. One customer's year does not depend on how many others there are.

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
    plan = gather(seed, customers)
    people, sales, cases = crm.ContactTally(), crm.DealTally(), helpdesk.CaseTally()
    answers, funnel = survey.SurveyTallies(), web.FunnelTally()
    files = (
        crm.write_contacts(folder, seed, customers, people),
        crm.write_deals(folder, seed, plan.deals, sales),
        crm.write_activities(folder, seed, plan.activities),
        helpdesk.write_tickets(folder, seed, plan.tickets, cases),
        helpdesk.write_comments(folder, seed, plan.tickets),
        survey.write_responses(folder, seed, plan.responses, ENGLISH, answers),
        survey.write_responses(folder, seed, plan.responses, GERMAN, answers),
        web.write_events(folder, seed, plan.visits, funnel),
    )
    truth = Truth(
        customers=customers,
        customers_left=people.left,
        interactions=_interactions(files),
        files=files,
        surveys=answers.truth(),
        deals=sales.truth(),
        cases=cases.truth(),
        funnel=funnel.truth(),
    )
    return Exports(
        contacts=folder / crm.CONTACTS,
        deals=folder / crm.DEALS,
        activities=folder / crm.ACTIVITIES,
        tickets=folder / helpdesk.TICKETS,
        comments=folder / helpdesk.COMMENTS,
        responses_en=folder / ENGLISH.name,
        responses_de=folder / GERMAN.name,
        events=folder / web.EVENTS,
        truth=truth,
    )


def _interactions(files: tuple[FileTruth, ...]) -> int:
    names = {crm.ACTIVITIES, helpdesk.COMMENTS, web.EVENTS}
    return sum(file.records - file.broken - file.repeated for file in files if file.name in names)
