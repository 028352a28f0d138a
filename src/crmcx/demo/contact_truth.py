"""What the generator knows of contracts, and of whom the bank may write to, wrote to and asked."""

from __future__ import annotations

from attrs import frozen


@frozen(kw_only=True)
class InvitationTruth:
    """The invitations to the survey about one touchpoint."""

    touchpoint: str
    """Its code."""
    sent: int
    """Invitations sent."""
    bounced: int
    """Those that did not arrive."""
    answered: int
    """Those that a response follows, complete or partial: over those that arrived it is the response rate."""
    completed: int
    """Those whose response is complete."""


@frozen(kw_only=True)
class ContractTruth:
    """The contracts for one product at the end of the exports."""

    product: str
    """Its code."""
    running: int
    """Contracts that go on."""
    cancelled: int
    """Contracts of which notice was given, and which have not ended."""
    ended: int
    """Contracts that ended."""


@frozen(kw_only=True)
class ConsentTruth:
    """What people said about marketing over one channel, by the end of the exports."""

    channel: str
    """The channel."""
    granted: int
    """Records of customers whose consent stands."""
    denied: int
    """Records of customers who never gave it."""
    withdrawn: int
    """Records of customers who took it back."""


@frozen(kw_only=True)
class CampaignTruth:
    """A mailing that changed nothing: whoever got it buys as often as who was held out, but for chance."""

    code: str
    """Its code."""
    held_out: int
    """Customers who were kept from it on purpose."""
    sent: int
    """Customers it was sent to."""
    bounced: int
    """Customers whom it did not reach."""
    opened: int
    """Customers who opened it themselves."""
    opened_by_machine: int
    """Customers whose mailbox opened it for them."""
    clicked: int
    """Customers who followed its link."""
    unsubscribed: int
    """Customers who want no more of them."""
