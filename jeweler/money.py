"""Amounts of money: exact decimals, rounded in one place.

Amounts are `Decimal` in major units; the currency stands beside them on the row. A till speaks in
minor units (cents, yen, fils): `from_minor` and `to_minor` convert by the currency's own exponent
(ISO 4217, through py-moneyed), so that JPY has none and KWD has three.
"""

import functools
from decimal import ROUND_HALF_UP, Decimal

from babel.numbers import format_currency
from moneyed import CurrencyDoesNotExist, get_currency


class UnknownCurrency(ValueError):
    """The code is not one of ISO 4217."""


class FractionalMinorUnit(ValueError):
    """The amount has more decimals than its currency."""


def exponent(currency: str) -> int:
    """How many decimals the currency has: 2 for USD, 0 for JPY, 3 for KWD."""
    try:
        sub_unit = get_currency(currency).sub_unit
    except CurrencyDoesNotExist as error:
        raise UnknownCurrency(
            f"{currency!r} is no currency; use an ISO 4217 code such as USD"
        ) from error
    return len(str(sub_unit)) - 1


def from_minor(minor: int, *, currency: str) -> Decimal:
    """508800 minor units of USD are Decimal("5088.00")."""
    return Decimal(minor).scaleb(-exponent(currency))


def to_minor(amount: Decimal, *, currency: str) -> int:
    """The amount in minor units; an amount with a fraction of one is refused, never rounded."""
    minor = amount.scaleb(exponent(currency))
    if minor != minor.to_integral_value():
        raise FractionalMinorUnit(f"{amount} has more decimals than {currency} has")
    return int(minor)


def rounded(amount: Decimal, *, currency: str) -> Decimal:
    """The amount at its currency's decimals, halves away from zero."""
    return amount.quantize(Decimal(1).scaleb(-exponent(currency)), rounding=ROUND_HALF_UP)


@functools.cache
def _sign(currency: str) -> str:
    """What stands before an amount in American English: "$", "€", "CHF" and a narrow space."""
    return str(
        format_currency(1, currency, locale="en_US", format="¤#,##0", currency_digits=False)
    ).removesuffix("1")


def in_words(amount: Decimal, *, currency: str, locale: str = "en_US") -> str:
    """How a price is shown: "$15,500" when it is whole, "$15,500.50" when it is not."""
    whole = amount == amount.to_integral_value()
    if whole and amount > 0 and locale == "en_US":
        # What babel makes of it, in a tenth of its time: most amounts of every page and answer.
        return f"{_sign(currency)}{int(amount):,}"
    return format_currency(
        amount,
        currency,
        locale=locale,
        format="¤#,##0" if whole else None,
        currency_digits=not whole,
    )
