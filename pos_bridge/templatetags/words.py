"""A name of the code's as staff read it."""

from django import template

register = template.Library()


@register.filter
def spaced(name: str) -> str:
    """ "refund_before_payment" and "inbox.replayed" as words."""
    return name.replace("_", " ").replace(".", " ")
