"""Rules of lifecycle stages: which rows of which tables are evidence of which stage. Rules are data, never code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from attrs import asdict, evolve, field, fields, frozen

from crmcx.errors import UsageError, demand_one_of
from crmcx.estimates import Definition
from crmcx.instants import duration_us
from crmcx.models import Stage
from crmcx.tables import TABLES
from crmcx.tables.schema import INSTANTS

Word = str | int | bool | None
Condition = tuple[str, tuple[Word, ...]]
_LASTS = (Stage.PURCHASE, Stage.REPURCHASE, Stage.EXISTING)


def _conditions(given: Mapping[str, Iterable[Word]] | Iterable[tuple[str, Iterable[Word]]]) -> tuple[Condition, ...]:
    pairs = tuple(given.items() if isinstance(given, Mapping) else given)
    bare = [column for column, words in pairs if isinstance(words, str)]
    if bare:
        msg = f"the words of {', '.join(bare)} are one text, expected several"
        raise UsageError(msg, hint='put them into a list: where={"status": ["paid"]}')
    return tuple((column, tuple(words)) for column, words in pairs)


def _stage(given: Stage | str) -> Stage:
    demand_one_of("says", given, [stage.value for stage in Stage])
    return Stage(given)


def _by_stage(given: Mapping[Any, Any] | Iterable[tuple[Any, Any]]) -> tuple[tuple[Stage, Any], ...]:
    pairs = given.items() if isinstance(given, Mapping) else given
    return tuple((Stage(stage), value) for stage, value in pairs)


@frozen(kw_only=True)
class StageEvidence:
    """What makes a row of a table evidence of a stage.

    Raises:
        UsageError: The table, or a column of an instant or a day, is not in the model; or a stage that cannot last is
            to last.
    """

    table: str
    """Name of the table, such as `orders`."""
    says: Stage = field(converter=_stage)
    """The stage it is evidence of. A purchase is a repurchase where the customer was one before; `repurchase` says so
    also where that is not known."""
    at: str
    """Column of the instant at which it is evidence, such as `placed_us`."""
    day: str | None = None
    """Column of the day, for sources that know only days: its beginning in UTC counts."""
    where: tuple[Condition, ...] = field(default=(), converter=_conditions)
    """Columns and the words of which each has to hold one; None stands for a missing value."""
    unless: tuple[Condition, ...] = field(default=(), converter=_conditions)
    """Columns and the words of which none may hold one; a column that a table lacks holds missing values."""
    after: str | None = None
    """Column of an instant: a row counts only when it is missing, or before `at`."""
    until: str | None = None
    """Column of the instant until which a contract lasts: a row counts only when it is missing, or after `at`. While
    one lasts, the end of another is not the end of the relation."""
    scope: str = ""
    """The product line; empty for the whole relation."""
    scope_from: str | None = None
    """Column that tells the product line, instead; a row without one does not count."""
    word: str | None = None
    """The user's own name of the stage, when it is known by this."""
    takes_back: bool = False
    """For awareness: interest is lost, and what was evidence of consideration before counts no more."""

    def __attrs_post_init__(self) -> None:
        demand_one_of("table", self.table, TABLES)
        schema = TABLES[self.table]
        for name, unit in ((self.at, INSTANTS), (self.after, INSTANTS), (self.until, INSTANTS), (self.day, "days")):
            if name is not None and (name not in schema or not (schema[name].unit or "").startswith(unit)):
                known = [column.name for column in schema.columns if (column.unit or "").startswith(unit)]
                msg = f"found {name!r}, which is no column of {unit.split(' ')[0]} of the {self.table} table"
                raise UsageError(msg, hint=f"it has: {', '.join(known) or 'none'}")
        if self.until is not None and self.says not in _LASTS:
            msg = f"evidence of {self.says.value} has an end, {self.until}"
            raise UsageError(msg, hint=f"only evidence of {', '.join(_LASTS)} lasts until an instant")
        if self.takes_back and self.says is not Stage.AWARENESS:
            msg = f"evidence of {self.says.value} takes interest back"
            raise UsageError(msg, hint="who loses interest is back at awareness: say that")


def _pieces(given: Iterable[StageEvidence]) -> tuple[StageEvidence, ...]:
    return tuple(given)


@frozen(kw_only=True)
class StageRules:
    """A named set of rules: what is evidence of which stage, and how long stages take.

    Of several evidence of one table that have the same `at`, a row counts for the last that fits.

    Example:
        >>> web = StageEvidence(table="interactions", says="awareness", at="occurred_us")
        >>> rules = StageRules(name="shop", version=1, evidence=[web])
        >>> rules.label, StageRules.from_dict(rules.to_dict()) == rules
        ('shop@1', True)
    """

    name: str
    """Name of the rules."""
    version: int
    """Raised when the rules change."""
    evidence: tuple[StageEvidence, ...] = field(converter=_pieces)
    """What is evidence of which stage."""
    onboarding: timedelta = timedelta(0)
    """How long a purchase takes until she is an existing customer; zero makes a purchase an event."""
    dormant: tuple[tuple[Stage, timedelta], ...] = field(default=(), converter=_by_stage)
    """After how long without evidence one is dormant in a stage; never in stages that are not here."""
    words: tuple[tuple[Stage, str], ...] = field(default=(), converter=_by_stage)
    """The users' own names of stages, where evidence has none."""

    def __attrs_post_init__(self) -> None:
        if not self.evidence:
            msg = f"the rules {self.name!r} have no evidence"
            raise UsageError(msg, hint="say of at least one table what its rows are evidence of")
        times = [self.onboarding, *(time + timedelta.resolution * -1 for _, time in self.dormant)]
        if min(times) < timedelta(0):
            msg = f"the rules {self.name!r} have a time that is too short"
            raise UsageError(msg, hint="onboarding takes zero or longer, and only after some time is anyone dormant")

    @property
    def label(self) -> str:
        """Name and version, as they stand at a stage change."""
        return f"{self.name}@{self.version}"

    @property
    def definition(self) -> Definition:
        """What the rules mean: equal meaning, equal hash."""
        told = self.to_dict()
        return Definition(told.pop("name"), told.pop("version"), told)

    def to_dict(self) -> dict[str, Any]:
        """The rules as plain JSON values; times as whole microseconds."""
        return {
            "name": self.name,
            "version": self.version,
            "evidence": [_told(each) for each in self.evidence],
            "onboarding_us": duration_us(self.onboarding),
            "dormant_us": {stage.value: duration_us(time) for stage, time in self.dormant},
            "words": {stage.value: word for stage, word in self.words},
        }

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> StageRules:
        """The rules that `to_dict` told."""
        return cls(
            name=told["name"],
            version=told["version"],
            evidence=[StageEvidence(**each) for each in told["evidence"]],
            onboarding=timedelta(microseconds=told["onboarding_us"]),
            dormant={stage: timedelta(microseconds=us) for stage, us in told["dormant_us"].items()},
            words=told["words"],
        )

    def per_line(self, **columns: str) -> StageRules:
        """The same rules, product line by product line.

        Only evidence of tables that tell the product line is kept: who looks at the page of a card is not therefore at
        awareness with her loan.

        Args:
            columns: Name of a table to its column of the product line, such as `deals="product"`.

        Example:
            >>> LIFECYCLE.per_line(subscriptions="product").label
            'lifecycle per line@1'

        Raises:
            UsageError: There is no such table.
        """
        for table in columns:
            demand_one_of("table", table, TABLES)
        kept = [evolve(each, scope_from=columns[each.table]) for each in self.evidence if each.table in columns]
        return evolve(self, name=f"{self.name} per line", evidence=kept)


def _told(evidence: StageEvidence) -> dict[str, Any]:
    """A piece of evidence without what is as by default: a later field does not change the hash of rules without it."""
    defaults = {each.name: each.default for each in fields(StageEvidence)}
    told = {name: value for name, value in asdict(evidence).items() if value != defaults[name]}
    told["says"] = evidence.says.value
    for name in told.keys() & {"where", "unless"}:
        told[name] = {column: list(words) for column, words in told[name]}
    return told


_INTENT = ("product_view", "cart", "form_submit")
_DAYS = timedelta(days=1)
LIFECYCLE = StageRules(
    name="lifecycle",
    version=1,
    evidence=[
        StageEvidence(
            table="interactions", says=Stage.AWARENESS, at="occurred_us", unless={"visibility": ["internal"]}
        ),
        StageEvidence(
            table="interactions",
            says=Stage.CONSIDERATION,
            at="occurred_us",
            where={"kind": _INTENT},
            unless={"visibility": ["internal"]},
        ),
        StageEvidence(table="deals", says=Stage.CONSIDERATION, at="created_us", day="opened_day"),
        StageEvidence(
            table="deals",
            says=Stage.AWARENESS,
            at="closed_us",
            day="closed_day",
            where={"status": ["lost", "abandoned"]},
            takes_back=True,
        ),
        StageEvidence(table="deals", says=Stage.PURCHASE, at="closed_us", day="closed_day", where={"status": ["won"]}),
        StageEvidence(table="orders", says=Stage.PURCHASE, at="placed_us", unless={"status": ["cancelled"]}),
        StageEvidence(table="subscriptions", says=Stage.PURCHASE, at="started_us", until="ended_us"),
        StageEvidence(
            table="subscriptions", says=Stage.CONSIDERATION, at="started_us", unless={"trial_ends_us": [None]}
        ),
        StageEvidence(table="subscriptions", says=Stage.CONSIDERATION, at="started_us", where={"status": ["trial"]}),
        StageEvidence(table="subscriptions", says=Stage.PURCHASE, at="trial_ends_us", until="ended_us"),
        StageEvidence(table="subscriptions", says=Stage.EXITING, at="cancel_requested_us", after="trial_ends_us"),
        StageEvidence(table="subscriptions", says=Stage.AWARENESS, at="ended_us", takes_back=True),
        StageEvidence(table="subscriptions", says=Stage.FORMER, at="ended_us", after="trial_ends_us"),
    ],
    dormant={Stage.AWARENESS: 90 * _DAYS, Stage.CONSIDERATION: 90 * _DAYS, Stage.EXISTING: 365 * _DAYS},
)
"""The rules that come with crmcx, for the whole relation.

An interaction is awareness; looking at a product, a cart, a form, a deal or a trial is consideration, and a deal or a
trial that came to nothing takes it back; a deal that was won, an order, and a contract that starts are purchases; its
notice is exiting, its end former. A sale that stands in two tables, as a deal that was won and the contract that came
of it days later, is a purchase and a repurchase: leave one of the tables out, or write rules that do.
"""
