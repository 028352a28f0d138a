"""The company's own side: employees, teams, products, hours, rates, initiatives."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import ClassVar, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from crmcx.models.base import Entity, Part
from crmcx.models.values import (
    Code,
    Currency,
    Day,
    Duration,
    Exact,
    Instant,
    Label,
    Money,
    Personal,
    Real,
    Staff,
    StaffCode,
    Whole,
)

_DAYS_OF_A_WEEK = 7


class Team(Entity):
    """A group of employees."""

    table: ClassVar[str] = "teams"

    code: Code
    """What cases, touchpoints and employees carry."""
    name: Label | None = None
    """The name for people."""
    parent: Code | None = None
    """Code of the team it belongs to."""
    calendar: Code | None = None
    """Code of its business calendar."""


class Employee(Entity):
    """Somebody who works for the company, as one source knows her."""

    table: ClassVar[str] = "employees"

    code: StaffCode
    """What deals, cases and interactions of the same source carry."""
    name: Personal | None = None
    """The name as written."""
    email: Personal | None = None
    """The address, by which she is the same in several sources."""
    team: Code | None = None
    """Code of her team."""
    role: Label | None = None
    """What she does, in the source's words."""
    active: bool | None = None
    """Whether she still works there."""


class Product(Entity):
    """Something that can be bought."""

    table: ClassVar[str] = "products"

    code: Code
    """What orders, deals and subscriptions carry."""
    name: Label | None = None
    """The name for people."""
    line: Label | None = None
    """The product line: the scope of lifecycle stages."""
    price: Money | None = None
    """What one costs."""
    active: bool | None = None
    """Whether it is still sold."""


class OpeningHours(Part):
    """When the company is there on a day of the week, or on one special day, which then counts alone."""

    table: ClassVar[str] = "opening_hours"
    inherits: ClassVar[tuple[str, ...]] = ("code", "zone")
    spans: ClassVar[tuple[tuple[str, str], ...]] = (("opens", "closes"),)

    weekday: Whole | None = None
    """0 for Monday to 6 for Sunday; or"""
    day: Day | None = None
    """the special day, such as a holiday."""
    opens: Duration | None = None
    """Clock time at which it begins, counted from midnight; None when it is closed all day."""
    closes: Duration | None = None
    """Clock time at which it ends, counted from midnight."""

    @model_validator(mode="after")
    def _is_one_day(self) -> Self:
        if (self.weekday is None) is (self.day is None):
            code = "opening_day"
            raise PydanticCustomError(code, "opening hours are for a weekday or for one special day: say one of them")
        if self.weekday is not None and not 0 <= self.weekday < _DAYS_OF_A_WEEK:
            code = "weekday"
            raise PydanticCustomError(code, "a weekday is 0 for Monday to 6 for Sunday")
        if (self.opens is None) is not (self.closes is None):
            code = "opening_end"
            raise PydanticCustomError(code, "opening hours have both ends, or neither when it is closed: say both")
        return self


class BusinessCalendar(Entity):
    """The hours in which the company is there, on the clock of a place."""

    table: ClassVar[str] = "business_calendars"
    spans: ClassVar[tuple[tuple[str, str], ...]] = (("valid_from", "valid_to"),)

    code: Code
    """What teams and agreed times carry."""
    name: Label | None = None
    """The name for people."""
    zone: Label
    """IANA name of the zone of its clock."""
    valid_from: Day | None = None
    """The first day it is for."""
    valid_to: Day | None = None
    """The last day it is for."""
    hours: tuple[OpeningHours, ...] = ()
    """Its hours; a day that is not named is closed."""


class Rate(Part):
    """What one unit of the base was worth from a day on."""

    table: ClassVar[str] = "rates"
    inherits: ClassVar[tuple[str, ...]] = ("code", "base")

    currency: Currency
    """The other currency."""
    day: Day
    """The day from which on it holds."""
    rate: Exact
    """Units of the other currency for one of the base."""


class RateTable(Entity):
    """Rates of exchange, from one publisher, against one base."""

    table: ClassVar[str] = "rate_tables"

    code: Code
    """What names it in a receipt."""
    base: Currency
    """The currency that all rates are against."""
    rates: tuple[Rate, ...] = ()
    """Its rates."""

    def rate(self, currency: str, day: date) -> Decimal | None:
        """Units of a currency for one of the base: the latest rate on or before a day; None when there is none."""
        if currency == self.base:
            return Decimal(1)
        found = [(each.day, each.rate) for each in self.rates if each.currency == currency and each.day <= day]
        return max(found)[1] if found else None


class Initiative(Entity):
    """A registered change in how the company works, so that its effect can be told later."""

    table: ClassVar[str] = "initiatives"
    spans: ClassVar[tuple[tuple[str, str], ...]] = (("starts_at", "ends_at"),)

    code: Code
    """What names it in a result."""
    name: Label | None = None
    """The name for people."""
    touchpoint: Code | None = None
    """Code of the touchpoint that it changes."""
    team: Code | None = None
    """Code of the team that it changes."""
    owner: Staff | None = None
    """Who answers for it, as the source names the employee."""
    hypothesis: Label | None = None
    """What it is expected to bring about, and why."""
    metric: Code | None = None
    """Name of the metric that should move."""
    target: Real | None = None
    """Where it should move to."""
    starts_at: Instant
    """From when on it holds."""
    ends_at: Instant | None = None
    """When it was given up."""
