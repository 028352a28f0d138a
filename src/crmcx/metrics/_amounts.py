"""Sums of money: exact on every engine, and never over several currencies without a rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import narwhals.stable.v2 as nw
from attrs import frozen

from crmcx.errors import CurrencyError
from crmcx.models import Money, RateTable
from crmcx.tables import Frame, rows

MILLION = 1_000_000
AMOUNT = ("amount_micros", "amount_currency")
"""The columns of an amount."""
_CURRENCY = "amount_currency"


@frozen
class Into:
    """The currency that amounts are converted into, and by which rates: one day's for all of them."""

    currency: str
    """ISO 4217 code."""
    rates: RateTable
    """The table of rates."""
    on: date
    """The day whose rates count; where that has none, the latest before it."""

    def per_unit(self, currency: str) -> Fraction:
        """How many units of the wanted currency one unit is.

        Raises:
            CurrencyError: The table has no rate of one of the two by that day.
        """
        to, of = self.rates.rate(self.currency, self.on), self.rates.rate(currency, self.on)
        missing = [name for name, rate in ((self.currency, to), (currency, of)) if not rate]
        if to is None or of is None or missing:
            msg = f"found no rate of {', '.join(missing)} on or before {self.on} in the table {self.rates.code}"
            raise CurrencyError(msg, hint="give the table that rate, or group by the currency")
        return Fraction(to) / Fraction(of)

    def told(self) -> dict[str, str]:
        """What a definition tells of it."""
        return {"currency": self.currency, "rates": self.rates.code, "rates_on": self.on.isoformat()}


def has_amount() -> nw.Expr:
    """Whether a row has an amount with its currency."""
    return ~nw.col("amount_micros").is_null() & ~nw.col(_CURRENCY).is_null()


@frozen
class Amounts:
    """How the amounts of a frame are summed."""

    currencies: tuple[str, ...]
    """The currencies that there are."""
    place: int | None
    """Where among the groups the currency stands."""
    into: Into | None
    """What they are converted into."""

    @classmethod
    def of(cls, frame: Frame, by: Sequence[str], counts: nw.Expr, into: Into | None = None) -> Amounts:
        """How the amounts of the rows that count are summed.

        Raises:
            CurrencyError: They are of several currencies, and nothing tells how to keep or bring them apart.
        """
        found = rows(frame.lazy.filter(counts & has_amount()).select(_CURRENCY).unique())
        currencies = tuple(sorted(row[_CURRENCY] for row in found))
        place = list(by).index(_CURRENCY) if _CURRENCY in by else None
        if len(currencies) > 1 and place is None and into is None:
            msg = f"found amounts in {', '.join(currencies)}, expected one currency"
            raise CurrencyError(
                msg, hint='group by "amount_currency", or convert them with a rate table where the metric takes into='
            )
        return cls(currencies, place, into)

    def counts(self, name: str, amount: nw.Expr) -> dict[str, nw.Expr]:
        """Integers to sum, of an amount in micros that is 0 where it does not count."""
        if self.into is None:
            return _halves(name, amount)
        parts: dict[str, nw.Expr] = {}
        for currency in self.currencies:
            own = nw.when(nw.col(_CURRENCY) == currency).then(amount).otherwise(nw.lit(0))
            parts |= _halves(f"{name} {currency}", own)
        return parts

    def micros(self, name: str, sums: Mapping[str, int]) -> Fraction:
        """The sum in micros, converted where that was asked."""
        if self.into is None:
            return _whole(name, sums)
        return sum(
            (_whole(f"{name} {currency}", sums) * self.into.per_unit(currency) for currency in self.currencies),
            Fraction(0),
        )

    def currency(self, key: tuple[Any, ...]) -> str | None:
        """The currency of a group's sums."""
        if self.into is not None:
            return self.into.currency
        if self.place is not None:
            return None if key[self.place] is None else str(key[self.place])
        return self.currencies[0] if self.currencies else None

    def money(self, name: str, sums: Mapping[str, int], key: tuple[Any, ...]) -> Money | None:
        """The sum as money; None where there is no currency."""
        currency = self.currency(key)
        return None if currency is None else money(self.micros(name, sums), currency)


def money(micros: Fraction, currency: str) -> Money:
    """Money of micros, rounded to whole ones; not validated, since a sum may be larger than what one record holds."""
    return Money.model_construct(amount=Decimal(round(micros)) / MILLION, currency=currency)


def _halves(name: str, amount: nw.Expr) -> dict[str, nw.Expr]:
    """An amount in two parts, so that no engine's 64 bits can overflow in their sums."""
    whole = amount // MILLION
    return {f"{name} whole": whole, f"{name} rest": amount - whole * MILLION}


def _whole(name: str, sums: Mapping[str, int]) -> Fraction:
    return Fraction(sums.get(f"{name} whole", 0) * MILLION + sums.get(f"{name} rest", 0))
