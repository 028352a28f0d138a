"""What becomes of a person and the bank, as data: stages by product line, deals, notice and end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from crmcx.demo import period

if TYPE_CHECKING:
    from crmcx.demo.sales import Deal, Purpose

LINES = ("mortgage", "account")
"""Product lines: each has its own lifecycle; credit cards belong to the account's."""


@frozen
class Step:
    """A person's step to another stage in a product line."""

    day: int
    """Day from whose midnight on it holds; negative before the exports begin."""
    line: str
    """The product line."""
    stage: str
    """The stage, in the model's words."""


@frozen(kw_only=True)
class Relation:
    """What becomes of a person and the bank."""

    steps: tuple[Step, ...]
    """Her stages, line by line in the order of days."""
    deals: tuple[Deal, ...]
    """Her deals in their order."""
    visits: tuple[tuple[int, Purpose, str], ...]
    """Visits to the website that are part of an application: instant, purpose, product."""
    since: int | None
    """Day from which she is a customer; None when she never becomes one."""
    touched: int | None
    """Day on which she first meets the pain point; None when she does not."""
    notice: int | None
    """Day on which she gives notice; None when she does not."""
    last_day: int
    """Day on which she ceases to be a customer; the number of days when she stays."""

    @property
    def left(self) -> bool:
        """Whether she ceased to be a customer within the exports."""
        return self.last_day < period.DAYS

    @property
    def until(self) -> int:
        """The first instant at which she has nothing more to do with the bank, or the end of the exports."""
        return period.at(self.last_day, 0)
