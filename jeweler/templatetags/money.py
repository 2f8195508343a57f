"""Amounts in templates: `{% load money %}{{ amount|money:"USD" }}`."""

from decimal import Decimal

from django import template

from jeweler.money import in_words

register = template.Library()


@register.filter
def money(amount: Decimal | int | str | None, currency: str) -> str:
    """ "$15,500"; nothing for an amount that is not there."""
    if amount is None or amount == "":
        return ""
    return in_words(Decimal(amount), currency=currency)
