"""What the bank keeps in no system and says of itself: products, teams, hours, pipelines, the survey, what it began.

Nobody exports these; they are loaded as models: `workspace.load(company(), source=COMPANY)`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from crmcx.demo import period
from crmcx.demo.effects import INITIATIVE, INITIATIVE_TOUCHPOINT, initiative_begins
from crmcx.demo.invitations import SURVEY
from crmcx.demo.mailings import CAMPAIGN, CAMPAIGN_DATE
from crmcx.demo.questionnaires import CHANNELS, ENGLISH, QUESTIONNAIRES
from crmcx.demo.sales import PRODUCTS, Phase
from crmcx.demo.staff import TEAMS
from crmcx.models import (
    BusinessCalendar,
    Campaign,
    Channel,
    Choice,
    DealStatus,
    Initiative,
    Instrument,
    Item,
    ItemKind,
    Money,
    OpeningHours,
    Pipeline,
    PipelineStage,
    Product,
    Record,
    Scale,
    Spend,
    Team,
    Wording,
)

COMPANY = "bank"
"""The source that these records carry."""
HOURS = "office"
"""Code of the hours in which the bank can be called and visited."""
_PRODUCTS = {
    "mortgage": ("Mortgage", "mortgage"),
    "account": ("Checking account", "account"),
    "credit_card": ("Credit card", "account"),
}
_PHASES = {Phase.OFFER: "Offer", Phase.APPLICATION: "Application", Phase.DOCUMENTS: "Documents"}
_ITEMS = (
    (ItemKind.NPS, "recommendation", Scale(min=0, max=10)),
    (ItemKind.CSAT, "satisfaction", Scale(min=1, max=5)),
    (ItemKind.CHOICE, None, None),
    (ItemKind.TEXT, None, None),
)
_WITH_CHOICES = "Q3_CHANNEL"


def company() -> tuple[Record, ...]:
    """The records, in an order in which each names only earlier ones."""
    return (_hours(), *_teams(), *_products(), *_pipelines(), instrument(), _initiative(), _campaign())


def instrument() -> Instrument:
    """The bank's survey: four items with one code each, worded in two languages."""
    return Instrument(
        source=COMPANY,
        source_id=SURVEY,
        code=SURVEY,
        name="How is your relation with the bank?",
        items=tuple(
            Item(item=code, kind=kind, measures=measures, scale=scale)
            for (code, _), (kind, measures, scale) in zip(ENGLISH.items, _ITEMS, strict=True)
        ),
        choices=tuple(Choice(item=_WITH_CHOICES, choice=code) for code in CHANNELS),
        wordings=tuple(
            Wording(item=item, choice=choice, language=form.language, text=words)
            for form in QUESTIONNAIRES
            for item, choice, words in (
                *((code, None, words) for code, words in form.items),
                *((_WITH_CHOICES, *each) for each in zip(CHANNELS, form.channels, strict=True)),
            )
        ),
    )


def _hours() -> BusinessCalendar:
    """A bank that is there on every day of the week, from eight to six."""
    opens, closes = timedelta(hours=8), timedelta(hours=18)
    return BusinessCalendar(
        source=COMPANY,
        source_id=HOURS,
        code=HOURS,
        name="Service centre and branches",
        zone=period.ZONE_NAME,
        hours=tuple(OpeningHours(weekday=day, opens=opens, closes=closes) for day in range(7)),
    )


def _teams() -> list[Team]:
    return [
        Team(source=COMPANY, source_id=code, code=code, name=code.replace("_", " ").capitalize(), calendar=HOURS)
        for code in TEAMS
    ]


def _products() -> list[Product]:
    return [
        Product(source=COMPANY, source_id=code, code=code, name=name, line=line, active=True)
        for code, (name, line) in _PRODUCTS.items()
    ]


def _pipelines() -> list[Pipeline]:
    stages = (
        *(PipelineStage(stage=phase, name=name) for phase, name in _PHASES.items()),
        PipelineStage(stage=Phase.CONTRACT, name="Contract", status=DealStatus.WON),
    )
    return [
        Pipeline(source=COMPANY, source_id=code, code=code, name=_PRODUCTS[code][0], stages=stages) for code in PRODUCTS
    ]


def _initiative() -> Initiative:
    return Initiative(
        source=COMPANY,
        source_id=INITIATIVE,
        code=INITIATIVE,
        name="The help desk sorts what comes in before it works on it",
        touchpoint=INITIATIVE_TOUCHPOINT,
        team="service_centre",
        hypothesis="Who is sorted first waits less for a first answer, and is more satisfied",
        metric="first_response_time",
        starts_at=datetime.fromtimestamp(initiative_begins(), UTC),
    )


def _campaign() -> Campaign:
    return Campaign(
        source=COMPANY,
        source_id=CAMPAIGN,
        code=CAMPAIGN,
        name="A credit card for your account",
        channel=Channel.EMAIL,
        objective="Customers with an account take a credit card as well",
        starts_on=CAMPAIGN_DATE,
        ends_on=CAMPAIGN_DATE,
        spend=(Spend(day=CAMPAIGN_DATE, amount=Money(amount=Decimal(1_800), currency="EUR")),),
    )
