"""What a link to a ring looks like where it is shared: its card's address and words. Never a price."""

from dataclasses import dataclass

from django import template
from django.conf import settings

from builder import cards
from builder.models import Design
from builder.quotes import Quote

register = template.Library()


@dataclass(frozen=True, kw_only=True)
class Card:
    """`image` is absolute, for sites that fetch it."""

    name: str
    line: str
    image: str


@register.simple_tag
def card_of(design: Design | None, quote: Quote | None) -> Card | None:
    """The card of a ring that can be drawn; None for any other, and for one that is a secret."""
    if design is None or quote is None or not quote.picture_hash or design.is_discreet:
        return None
    if design.setting is None:
        return None
    name, line = design.setting.name, _line(design)
    address = cards.address(picture_hash=quote.picture_hash, name=name, line=line)
    return Card(name=name, line=line, image=f"{settings.SITE_URL}{address}")


def _line(design: Design) -> str:
    """1.20 ct oval, 18 k yellow gold."""
    stone = design.stone
    said = [f"{stone.carat:.2f} ct {stone.get_shape_display().lower()}"] if stone else []
    return ", ".join(said + ([design.metal.name] if design.metal else []))
