"""Numbers as people read them."""

from __future__ import annotations

from datetime import timedelta

from crmcx.models.values import Money

_UNITS = ((86_400.0, "d", 24.0, "h"), (3_600.0, "h", 60.0, "min"), (60.0, "min", 60.0, "s"))
_SMALL = 1e-4
"""Below it a p value is only said to be below."""


def count_words(number: int) -> str:
    """A count with its thousands apart.

    Example:
        >>> count_words(24918)
        '24,918'
    """
    return f"{number:,}"


def share_words(share: float) -> str:
    """A share as per cent with one decimal.

    Example:
        >>> share_words(0.6342), share_words(0.5)
        ('63.4 %', '50.0 %')
    """
    return f"{100 * share:.1f} %"


def level_words(level: float) -> str:
    """A confidence level.

    Example:
        >>> level_words(0.95), level_words(0.999)
        ('95 %', '99.9 %')
    """
    return f"{100 * level:g} %"


def time_words(length: timedelta) -> str:
    """A length of time in its two largest units.

    Example:
        >>> time_words(timedelta(hours=2, minutes=10)), time_words(timedelta(days=6, hours=1, minutes=52))
        ('2 h 10 min', '6 d 2 h')
    """
    seconds = length.total_seconds()
    for size, large, steps, small in _UNITS:
        if abs(seconds) >= size:
            rest = round(abs(seconds) / size * steps)
            whole, part = divmod(rest, int(steps))
            sign = "-" if seconds < 0 else ""
            return f"{sign}{whole} {large}" + (f" {part} {small}" if part else "")
    return f"{seconds:.3g} s"


def amount_words(money: Money) -> str:
    """An amount with its currency.

    Example:
        >>> amount_words(Money(amount="10005534", currency="USD"))
        '10,005,534.00 USD'
    """
    return f"{money.amount:,.2f} {money.currency}"


def p_words(probability: float) -> str:
    """A p value with two digits.

    Example:
        >>> p_words(0.1634), p_words(0.00012), p_words(1e-9)
        ('0.16', '0.00012', 'below 0.0001')
    """
    return "below 0.0001" if probability < _SMALL else f"{probability:.2g}"
