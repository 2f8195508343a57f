"""What became of a ring since it was designed: its stone was sold, or it became dearer, and what is like it."""

from typing import Any

from django import template
from django.template import Context
from django.urls import reverse
from django.utils import timezone

from builder import alike
from builder.models import Design
from builder.quotes import Quote

register = template.Library()


@register.inclusion_tag("components/gone.html", takes_context=True)
def instead(
    context: Context, design: Design, quote: Quote, *, action: str = "", back: str = ""
) -> dict[str, Any]:
    """The panel with the twins, each set by a button; nothing where the ring is as it was.

    `action`: where the button posts its `stone`, when that is not the ring of this browser.
    """
    now = context.get("now") or timezone.now()
    return {
        "instead": alike.instead(design, total=quote.total, now=now),
        "design": design,
        "quote": quote,
        "action": action or reverse("builder:choose"),
        "back": back or reverse("builder:ring"),
        # The ring of an address is not this browser's yet: the choice carries it whole.
        "source": context.get("source", ""),
        "wanted": context.get("wanted"),
        "csrf_token": context.get("csrf_token"),
    }
