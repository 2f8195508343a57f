"""How measures, sizes and dates are said on the pages, and the drawings that stand beside them."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import phonenumbers
from django import template
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from builder import codes, compatibility, gemology, quotes, spread
from builder.models import Metal, Stone
from builder.search import FacetValue
from jeweler import qr

register = template.Library()

SWATCHES = {"yellow": "#c9a24b", "rose": "#c98d6f", "white": "#cfcdc6", "platinum": "#a7a9ab"}


@register.filter
def in_halves(size: Decimal) -> str:
    """6.5 is said "6½"."""
    return gemology.in_halves(size)


@register.filter
def mm(length: Decimal | float) -> str:
    return f"{length:.2f} mm"


@register.filter
def day(when: date) -> str:
    """ "December 5", as dates are said; a moment's is that of the house's clock."""
    if isinstance(when, datetime):
        when = quotes.day_of(None, now=when)
    return f"{when:%B} {when.day}"


@register.filter
def grade(word: str) -> str:
    """ "very_good" is said "Very good"."""
    return word.replace("_", " ").capitalize()


@register.filter
def reason(fit: compatibility.Fit) -> SafeString:
    """The fit's sentence, its measure set in the ink of what is true for her."""
    before, colon, after = fit.reason.rpartition(": ")
    if not colon:
        return format_html("{}", fit.reason)
    return format_html('{}: <strong class="num nw">{}</strong>', before, after)


@register.filter
def holds_it(fit: compatibility.Fit) -> str:
    """What a card of many says of a fit: "Holds it: 1.0 mm to spare."; the head is named where one setting is looked at."""
    _, colon, spare = fit.reason.rpartition(": ")
    return f"Holds it: {spare}" if colon else fit.reason


@register.simple_tag
def picture(content_hash: str, width: int = 900) -> str:
    """The address of a drawn ring."""
    return f"{reverse('builder:picture', args=[content_hash])}?w={width}"


@register.simple_tag
def srcset(content_hash: str) -> str:
    return ", ".join(f"{picture(content_hash, width)} {width}w" for width in (300, 600, 900))


@register.filter
def by_family(metals: Iterable[Metal]) -> list[tuple[str, str, list[Metal]]]:
    """Family, its word and its metals, in the order in which they are offered: ("rose", "Rose", [18 k, 14 k])."""
    families: dict[str, list[Metal]] = {}
    for metal in metals:
        families.setdefault(metal.family, []).append(metal)
    return [
        (family, Metal.Family(family).label.removesuffix(" gold"), each)
        for family, each in families.items()
    ]


@register.filter
def karat(metal: Metal) -> str:
    """ "18 k" of "18 k yellow gold"; nothing of platinum."""
    found = re.match(r"\d+ ?k\b", metal.name)
    return found[0] if found else ""


@register.simple_tag
def swatch(family: str) -> SafeString:
    """A metal, as a ring of it."""
    return format_html(
        '<svg width="30" height="30" viewBox="0 0 30 30" fill="none" aria-hidden="true">'
        '<circle cx="15" cy="15" r="12" stroke="{}" stroke-width="4.5"/>'
        '<g stroke="#16181d" stroke-opacity=".35" stroke-width=".6">'
        '<circle cx="15" cy="15" r="14.4"/><circle cx="15" cy="15" r="9.6"/></g></svg>',
        SWATCHES[family],
    )


@register.simple_tag
def promise(until: date) -> dict[str, Any]:
    """The promise ruler: a tick for each of its days, what is left of it inked."""
    whole = settings.PRICE_PROMISE_DAYS
    left = max(0, min(whole, (until - quotes.day_of(None, now=timezone.now())).days))
    return {
        "ticks": [f"{1 + 998 * day / whole:.1f}" for day in range(whole + 1)],
        "left": f"{1000 - 1000 * left / whole:.1f}",
        "in_words": f"{left} of {whole} days of price promise left",
    }


@register.filter
def faces_up(stone: Stone) -> str:
    """The carat whose usual outline is as large."""
    carat = gemology.faces_up_like(
        shape=stone.shape, length_mm=float(stone.length_mm), width_mm=float(stone.width_mm)
    )
    return f"{carat:.2f}"


@register.simple_tag
def scanned(code: str) -> SafeString:
    """The QR that an associate scans to open the design."""
    address = codes.scanned_address(code=code, site=settings.SITE_URL)
    return qr.svg(text=address, label=f"QR code of {code}")


@register.filter
def phone(number: str) -> str:
    """A number as it is dialed in its own country."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)


@register.filter
def faces_up_sentence(stone: Stone) -> str:
    """What its outline does for its weight, said in one sentence."""
    like = Decimal(faces_up(stone))
    unusual = spread.faces_up(
        shape=stone.shape,
        carat=float(stone.carat),
        length_mm=float(stone.length_mm),
        width_mm=float(stone.width_mm),
    )
    if unusual:
        return (
            f"Faces up like a {like} ct: unusually {unusual} for its weight. Ask us to look at it."
        )
    more = like / stone.carat - 1
    if more >= Decimal("0.015"):
        return f"Faces up like a {like} ct: it carries its weight where you see it."
    if more <= Decimal("-0.015"):
        return f"Faces up like a {like} ct: some of its weight lies in its depth."
    return f"Faces up like the {like} ct it is."


@register.filter
def the(name: str) -> str:
    """ "The Alba" inside a sentence."""
    return name.replace("The ", "the ", 1)


@register.filter
def few(count: int) -> str:
    """3 is said "three"; more than ten are written in figures."""
    words = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    return words[count] if count < len(words) else str(count)


@register.filter
def chosen_span(values: Sequence[FacetValue]) -> str:
    """ "D to H" where neighbors are chosen, else each of them."""
    places = [place for place, value in enumerate(values) if value.selected]
    if not places:
        return ""
    first, last = values[places[0]].label, values[places[-1]].label
    if len(places) == places[-1] - places[0] + 1 > 2:
        return f"{first} to {last}"
    return ", ".join(values[place].label for place in places)
