"""The texts of a log of changes, read exactly into the columns of the class: no float, no Python value per row.

Written in string functions and whole numbers that every engine has. A text that is no value of its column is told by
a flag; nothing is guessed. Engines look at every branch of a condition, so a text that cannot be read is swapped for
one that can before it is turned into a number. All fields go through each pass together, since passes are what costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals.stable.v2 as nw
from attrs import frozen

from crmcx import engines
from crmcx.models.cells import MILLION
from crmcx.models.fields import Kind, Leaf
from crmcx.models.values import LARGEST_AMOUNT

_SHAPES = {
    Kind.EXACT: (r"^\s*[+-]?0*[0-9]{1,13}(?:\.[0-9]{1,6}0*)?\s+[A-Z]{3}\s*$", "0 EUR"),
    Kind.DAY: (r"^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}\s*$", "1970-01-01"),
    Kind.WHOLE: (r"^\s*[+-]?0*[0-9]{1,18}(?:\.0*)?\s*$", "0"),
}
"""The texts of numbers: their pattern, and one that has it."""
_MARCH_TO_1970 = 719_468
"""Days from 0000-03-01 to 1970-01-01."""
_DAYS_OF_400_YEARS = 146_097
_JANUARY, _FEBRUARY, _DECEMBER = 1, 2, 12


def flag(condition: nw.Expr) -> nw.Expr:
    """1 where a condition holds, else 0: also where it cannot be told."""
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int64())


def with_read(lazy: nw.LazyFrame[Any], texts: Sequence[tuple[str, Sequence[Leaf]]]) -> nw.LazyFrame[Any]:
    """Add what columns of texts say.

    Args:
        lazy: The frame.
        texts: Columns of texts, as a log writes them (money as `12.50 EUR`, a day as `2025-03-01`), each with the
            leaves of the field it is of.

    Returns:
        The frame with `read_<column>` for each column of each field, and with `<text>_bad`: 1 where a text is there
        and is no value of the field, else 0.
    """
    found = [_Text(name, {leaf.kind: leaf for leaf in field}) for name, field in texts]
    numbers = [text for text in found if text.shape]
    if numbers:
        lazy = lazy.with_columns(text.good for text in numbers)
        lazy = lazy.with_columns(text.clean for text in numbers)
        lazy = lazy.with_columns(part for text in numbers for part in text.parts)
        lazy = engines.nullable(lazy.with_columns(number for text in numbers for number in text.numbers))
    return lazy.with_columns(read for text in found for read in text.read)


@frozen
class _Text:
    """One column of texts, and the expressions of each pass over it."""

    name: str
    field: dict[Kind, Leaf]

    @property
    def shape(self) -> tuple[str, str] | None:
        return next((shape for kind, shape in _SHAPES.items() if kind in self.field), None)

    def _col(self, name: str) -> nw.Expr:
        return nw.col(f"{self.name}_{name}")

    @property
    def good(self) -> nw.Expr:
        """Whether it has the shape of its kind."""
        assert self.shape is not None  # noqa: S101 - asked of numbers only
        text = nw.col(self.name)
        return flag(~text.is_null() & text.str.contains(self.shape[0])).alias(f"{self.name}_good")

    @property
    def clean(self) -> nw.Expr:
        """A text that certainly has it."""
        assert self.shape is not None  # noqa: S101 - asked of numbers only
        text = nw.when(self._col("good") == 1).then(nw.col(self.name)).otherwise(nw.lit(self.shape[1]))
        return text.alias(f"{self.name}_clean")

    @property
    def parts(self) -> list[nw.Expr]:
        """The whole numbers that it is made of, without their sign."""
        clean = self._col("clean")
        if Kind.DAY in self.field:
            digits = clean.str.replace_all(r"[^0-9]", "")
            made = {"y": digits.str.slice(0, 4), "m": digits.str.slice(4, 2), "d": digits.str.slice(6, 2)}
        else:
            digits = clean.str.replace_all(r"[^0-9.]", "")
            fraction = nw.concat_str(digits.str.replace_all(r"^[^.]*\.?", ""), nw.lit("000000"))
            made = {"whole": digits.str.replace_all(r"\..*$", ""), "fraction": fraction.str.slice(0, 6)}
        return [number.cast(nw.Int64()).alias(f"{self.name}_{part}") for part, number in made.items()]

    @property
    def numbers(self) -> list[nw.Expr]:
        """What the parts make, and whether they make a value."""
        if Kind.DAY in self.field:
            number, fits = _day(self._col("y"), self._col("m"), self._col("d"))
        else:
            number, fits = self._col("whole"), ~self._col("whole").is_null()
            if Kind.EXACT in self.field:
                part = self._col("fraction")
                fits = (number < LARGEST_AMOUNT) | ((number == LARGEST_AMOUNT) & (part == 0))
                # Nothing may overflow, also where it is not used.
                number = nw.when(fits).then(number).otherwise(nw.lit(0)).cast(nw.Int64()) * MILLION + part
            negative = self._col("clean").str.contains("-", literal=True)
            number *= nw.when(negative).then(nw.lit(-1)).otherwise(nw.lit(1)).cast(nw.Int64())
        return [number.cast(nw.Int64()).alias(f"{self.name}_number"), flag(fits).alias(f"{self.name}_fits")]

    @property
    def read(self) -> list[nw.Expr]:
        """The columns of the field, and whether it could not be read."""
        text = nw.col(self.name)
        there = ~text.is_null()
        if self.shape:
            good = (self._col("good") == 1) & (self._col("fits") == 1)
            letters = self._col("clean").str.replace_all(r"[^A-Z]", "")
            values = {kind: letters if kind is Kind.WORD else self._col("number") for kind in self.field}
        else:
            words = self.field[Kind.WORD].enum
            good = there if words is None else there & text.is_in([word.value for word in words])
            values = {Kind.WORD: text}
        read = [nw.when(good).then(values[kind]).alias(f"read_{leaf.column}") for kind, leaf in self.field.items()]
        return [*read, flag(there & ~good).alias(f"{self.name}_bad")]


def _day(year: nw.Expr, month: nw.Expr, day: nw.Expr) -> tuple[nw.Expr, nw.Expr]:
    """Days since 1970 by the proleptic Gregorian calendar, and whether there is such a day.

    Years are counted from March, so that leap days come last.

    Source: Howard Hinnant, chrono-compatible low-level date algorithms, `days_from_civil`.
    """
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    longest = nw.when(month.is_in([4, 6, 9, 11])).then(nw.lit(30)).otherwise(nw.lit(31))
    longest = nw.when(month == _FEBRUARY).then(nw.lit(28) + flag(leap)).otherwise(longest)
    fits = (year >= 1) & (month >= _JANUARY) & (month <= _DECEMBER) & (day >= 1) & (day <= longest)
    from_march = year - flag(month <= _FEBRUARY)
    of_400 = from_march // 400
    year_of_400 = from_march - of_400 * 400
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    day_of_400 = year_of_400 * 365 + year_of_400 // 4 - year_of_400 // 100 + day_of_year
    return of_400 * _DAYS_OF_400_YEARS + day_of_400 - _MARCH_TO_1970, fits
