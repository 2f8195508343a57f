"""Amounts, exact to the last unit."""

from decimal import Decimal

import pytest
from babel.numbers import format_currency
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from jeweler import money

D = Decimal
CURRENCIES = st.sampled_from(["USD", "JPY", "KWD"])


@pytest.mark.parametrize(
    ("minor", "currency", "amount"),
    [
        (508800, "USD", "5088.00"),
        (1234, "JPY", "1234"),
        (1234, "KWD", "1.234"),
        (-1, "USD", "-0.01"),
    ],
)
def test_minor_units_follow_the_currency(minor: int, currency: str, amount: str) -> None:
    assert money.from_minor(minor, currency=currency) == D(amount)
    assert money.to_minor(D(amount), currency=currency) == minor


@given(st.integers(-(10**12), 10**12), CURRENCIES)
def test_an_amount_survives_the_way_to_the_till_and_back(minor: int, currency: str) -> None:
    assert money.to_minor(money.from_minor(minor, currency=currency), currency=currency) == minor


def test_a_fraction_of_the_smallest_coin_is_refused_and_never_rounded() -> None:
    with pytest.raises(money.FractionalMinorUnit, match=r"1\.001 has more decimals than USD has"):
        money.to_minor(D("1.001"), currency="USD")


@pytest.mark.parametrize("code", ["", "US", "XXQ", "usd "])
def test_a_currency_that_is_none_is_refused_with_the_way_out(code: str) -> None:
    with pytest.raises(money.UnknownCurrency, match="ISO 4217 code such as USD"):
        money.exponent(code)


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("0.005", "USD", "0.01"),
        ("-0.005", "USD", "-0.01"),
        ("1.4999", "JPY", "1"),
        ("2", "KWD", "2"),
    ],
)
def test_halves_are_rounded_away_from_zero(amount: str, currency: str, rounded: str) -> None:
    assert money.rounded(D(amount), currency=currency) == D(rounded)


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        ("15500", "USD", "$15,500"),
        ("15500.00", "USD", "$15,500"),
        ("15500.50", "USD", "$15,500.50"),
        ("-900", "USD", "-$900"),
        ("1234", "JPY", "¥1,234"),
        ("0", "USD", "$0"),
    ],
)
def test_a_price_is_shown_whole_when_it_is_whole(amount: str, currency: str, words: str) -> None:
    assert money.in_words(D(amount), currency=currency) == words


@pytest.mark.parametrize(
    ("amount", "shown"), [(D("980.000"), "$980"), ("15500", "$15,500"), (None, ""), ("", "")]
)
def test_a_template_shows_an_amount_in_words(amount: Decimal | str | None, shown: str) -> None:
    template = Template('{% load money %}{{ amount|money:"USD" }}')
    assert template.render(Context({"amount": amount})) == shown


@given(
    amount=st.decimals(min_value=-(10**6), max_value=10**12, places=0),
    currency=st.sampled_from(["USD", "EUR", "CHF", "GBP", "JPY", "KWD", "INR", "SEK"]),
)
def test_whole_amounts_are_said_as_babel_says_them(amount: Decimal, currency: str) -> None:
    said = format_currency(amount, currency, locale="en_US", format="¤#,##0", currency_digits=False)
    assert money.in_words(amount, currency=currency) == said
