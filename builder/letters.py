"""The mails that a saved design's owner gets without having asked: which words, to which address.

A discreet design's mail gives nothing away: no name of the house, no picture, no word of what it is about; the page says it.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings

from builder import links, notices, pricebook, pricing, quotes, stills
from builder.alike import Alike
from builder.models import DesignLink, DesignVersion, Stone
from jeweler import customers, mail
from jeweler.models import ContactPoint, EmailMessage

TOPIC = "designs"


def write(
    kind: str,
    *,
    version: DesignVersion,
    price_now: Decimal | None,
    alike: Sequence[Alike],
    now: datetime,
) -> EmailMessage | None:
    """Owe the mail; None when there is no address, or not (yet) to be written to. Opens a new link for it."""
    design = version.design
    to = address_of(version)
    if to is None or design.customer is None:
        return None
    token = links.issue(design=design, purpose=DesignLink.Purpose.RESUME, now=now)
    return mail.nudge(
        key=key(kind, version),
        template="builder/design_note" if design.is_discreet else f"builder/design_{kind}",
        to=to,
        subject=subject(kind, version=version),
        context={
            "kind": kind,
            **_context(version, token=token, price_now=price_now, alike=alike, now=now),
        },
        customer=customers.resolve(design.customer),
        topic=TOPIC,
        zone=design.store.zone if design.store else None,
        sender=settings.DISCREET_FROM_EMAIL if design.is_discreet else "",
        now=now,
        leave=notices.LEAVES[kind],
    )


def key(kind: str, version: DesignVersion) -> str:
    return f"design-{kind}:{version.pk}"


def subject(kind: str, *, version: DesignVersion) -> str:
    if version.design.is_discreet:
        return "A note about what you kept"
    name = within(version.setting.name) if version.setting else "your ring"
    until = version.price_until_date
    return {
        notices.GONE: f"The stone of {name} {what_became(version)}; here is what is like it",
        notices.DEARER: f"The price of {name} has risen",
        notices.CHEAPER: f"The price of {name} has fallen",
        notices.ENDING: f"Your price for {name} holds until {until:%B} {until.day}"
        if until
        else "",
        notices.PAUSE: f"{name[:1].upper()}{name[1:]}, as you left it",
    }[kind]


def within(name: str) -> str:
    """ "The Alba" inside a sentence."""
    return name.replace("The ", "the ", 1)


def what_became(version: DesignVersion) -> str:
    """Of its stone: "was sold", or what is true of one that its supplier took back."""
    is_sold = version.stone is not None and version.stone.status == Stone.Status.SOLD
    return "was sold" if is_sold else "is offered no more"


def address_of(version: DesignVersion) -> str | None:
    """Where this version was sent when she saved it: another address of hers may be read by others. Else her newest."""
    owner = version.design.customer
    if owner is None or customers.resolve(owner).forgotten_at is not None:
        return None
    sent = EmailMessage.objects.filter(key__startswith=f"design-saved:{version.pk}:")
    if found := sent.order_by("-queued_at", "-pk").values_list("to", flat=True).first():
        return found
    known = ContactPoint.objects.filter(
        customer__in=customers.ids_of(owner), kind=ContactPoint.Kind.EMAIL
    )
    return known.order_by("-created_at", "-pk").values_list("canonical", flat=True).first()


def _context(
    version: DesignVersion,
    *,
    token: str,
    price_now: Decimal | None,
    alike: Sequence[Alike],
    now: datetime,
) -> dict[str, Any]:
    design = version.design
    until = version.price_until_date
    picture = stills.picture_url(design, version.picture_hash)
    link = f"{settings.SITE_URL}/d/{token}/"
    return {
        "code": design.code,
        "name": version.setting.name if version.setting else "",
        "within": within(version.setting.name) if version.setting else "your ring",
        "metal": version.metal.name if version.metal else "",
        "stone": in_words(version),
        "what_became": what_became(version),
        "link": link,
        "picture": f"{settings.SITE_URL}{picture}" if picture else "",
        "until": until,
        "is_promised": until is not None and until >= quotes.day_of(design.store, now=now),
        "twins": [
            {
                "head": in_short(each),
                "words": each.words,
                "price": each.price,
                "priced": each.priced,
                "link": f"{link}?stone={each.stone.pk}",
            }
            for each in alike
        ],
        **_prices(version, price_now),
    }


def _prices(version: DesignVersion, price_now: Decimal | None) -> dict[str, str]:
    """As the design's store tells them: its saved price, today's, and by how much they differ where that is told."""
    mode = pricebook.telling(version.design.store).mode
    if version.price is None or mode == pricing.ON_REQUEST:
        return {"price": "", "price_now": "", "difference": ""}
    told = {"price": pricing.told(version.price, mode=mode), "price_now": "", "difference": ""}
    if price_now is not None:
        told["price_now"] = pricing.told(price_now, mode=mode)
        if mode == pricing.SHOWN:
            told["difference"] = pricing.told(abs(price_now - version.price), mode=mode)
    return told


def in_short(alike: Alike) -> str:
    stone = alike.stone
    return f"{stone.carat:.2f} ct, {stone.color or stone.fancy_color}, {stone.clarity}"


def in_words(version: DesignVersion) -> str:
    """ "1.52 ct round"; empty without a stone."""
    stone = version.stone
    return f"{stone.carat:.2f} ct {stone.get_shape_display().lower()}" if stone else ""
