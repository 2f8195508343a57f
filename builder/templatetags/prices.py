"""How prices are told on the pages: exactly, as a range, or on request (docs/algorithms/pricing.md)."""

from datetime import datetime
from decimal import Decimal

from django import template
from django.utils import timezone

from builder import pricing, quotes
from builder.models import Band, Design

register = template.Library()


@register.filter
def told(amount: Decimal | None, mode: str) -> str:
    """ "$12,480", "$12,000 to $13,000" or "Price on request"; nothing for an amount that is not there."""
    return "" if amount is None else pricing.told(amount, mode=mode)


@register.simple_tag
def band_told(band: Band, design: Design, now: datetime | None = None) -> str:
    """What a band costs in her metal and size."""
    return quotes.band_told(band, design=design, now=now or timezone.now())
