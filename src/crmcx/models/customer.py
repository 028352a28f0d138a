"""Customers as one source sees them, their contact points, and accounts."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from crmcx.models.base import Change, Entity, Part
from crmcx.models.lifecycle import Stage
from crmcx.models.values import (
    Code,
    Country,
    Instant,
    Label,
    Language,
    Money,
    Personal,
    Privacy,
    Ref,
    Staff,
    Target,
    Whole,
)


class CustomerKind(StrEnum):
    """What kind of party a customer is."""

    PERSON = "person"
    ORGANISATION = "organisation"
    HOUSEHOLD = "household"
    ANONYMOUS = "anonymous"


class ContactPointKind(StrEnum):
    """By what a customer can be reached."""

    EMAIL = "email"
    PHONE = "phone"
    ADDRESS = "address"
    SOCIAL = "social"
    DEVICE = "device"
    OTHER = "other"


class ContactPoint(Part):
    """One way to reach a customer, as the source wrote it."""

    table: ClassVar[str] = "contact_points"

    kind: ContactPointKind
    """E-mail, phone, address and so on."""
    value: Personal
    """The address or number as written; nothing is normalised here."""
    label: Label | None = None
    """What the source calls it, such as `home` or `work`."""
    primary: bool | None = None
    """Whether the source prefers it."""
    verified: bool | None = None
    """Whether the source knows that it reaches her."""


class Identifier(Part):
    """A number by which a system knows the customer: of a loan, an account, a customer of another system."""

    table: ClassVar[str] = "identifiers"

    namespace: Code
    """What is counted, such as `loan` or `account`; within it a value means one thing."""
    value: Personal
    """The number as written."""


class AccountLink(Part):
    """An organisation that a customer has to do with, and how."""

    table: ClassVar[str] = "account_links"

    account: Annotated[Ref, Target("accounts")]
    """The organisation."""
    role: Label | None = None
    """What she is there, in the source's words."""
    primary: bool | None = None
    """Whether it is the one that she mainly belongs to."""


class Customer(Entity):
    """A party as seen by one source; people are made of these by identity resolution."""

    table: ClassVar[str] = "customers"
    tracked: ClassVar[tuple[str, ...]] = ("stage",)
    log: ClassVar[str | None] = "stage_changes"

    kind: CustomerKind = CustomerKind.PERSON
    """Person, organisation, household, or an anonymous visitor."""
    name: Personal | None = None
    """The full name as written; it is never split by guess."""
    given_name: Personal | None = None
    """Given name, when the source has it apart."""
    family_name: Personal | None = None
    """Family name, when the source has it apart."""
    language: Language | None = None
    """BCP 47 tag of the language to speak with her."""
    country: Country | None = None
    """ISO 3166 code of two letters."""
    zone: Label | None = None
    """IANA name of her time zone."""
    account: Annotated[Ref | None, Target("accounts")] = None
    """The organisation she mainly belongs to."""
    stage: Stage | None = None
    """The lifecycle stage that the source says she is in now."""
    stage_native: Label | None = None
    """The source's word for the stage."""
    owner: Staff | None = None
    """Who looks after her, as the source names the employee."""
    created_at: Instant | None = None
    """When the source created the record; identity takes the oldest as the person's."""
    birth_year: Annotated[Whole | None, Privacy.SENSITIVE] = None
    """Year of birth, when a source gives it."""
    merged_into: Annotated[Ref | None, Target("customers")] = None
    """The record that took this one's place, where the source merged two."""
    contact_points: tuple[ContactPoint, ...] = ()
    """E-mail addresses, phone numbers and the like."""
    identifiers: tuple[Identifier, ...] = ()
    """Numbers of hers in this and other systems, beside the record's own id."""
    accounts: tuple[AccountLink, ...] = ()
    """All organisations she has to do with."""


class Account(Entity):
    """An organisation that customers belong to."""

    table: ClassVar[str] = "accounts"
    tracked: ClassVar[tuple[str, ...]] = ("owner", "segment", "industry_native", "employees", "annual_revenue")
    log: ClassVar[str | None] = "account_changes"

    name: Label
    """Its name as written."""
    domain: Label | None = None
    """Its internet domain."""
    industry_native: Label | None = None
    """The source's word for its industry."""
    country: Label | None = None
    """The source's word for its country."""
    employees: Whole | None = None
    """Number of employees."""
    annual_revenue: Money | None = None
    """Revenue of a year."""
    segment: Label | None = None
    """The source's word for the group of customers it is counted among."""
    owner: Staff | None = None
    """Who looks after it, as the source names the employee."""
    parent: Annotated[Ref | None, Target("accounts")] = None
    """The organisation it is a part of."""
    created_at: Instant | None = None
    """When the source created the record."""


class AccountChange(Change):
    """A dated step of an account."""

    table: ClassVar[str] = "account_changes"

    account: Annotated[Ref, Target("accounts")]
    """The account that changed."""
