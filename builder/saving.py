"""Save my design: a version that never changes, its price promise, and a mailed link that opens it anywhere.

A refusal names the way out and leaves the design as it was. Saving twice, or from two tabs at once, keeps and mails once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from builder import designs, links, pricebook, pricing, quotes, steps, stills, versions
from builder.book import Telling
from builder.events import DesignSaved
from builder.models import Design, DesignLink, DesignVersion, Stone
from jeweler import customers, mail, outbox, tokens, visitors
from jeweler.models import Customer, EmailMessage, IdentityEdge, Visitor

DOUBLE_CLICK = timedelta(seconds=60)


class NothingChosen(Exception):
    """There is neither a setting nor a stone to be kept."""

    def __init__(self) -> None:
        super().__init__("Choose a setting or a stone first; then there is something to keep.")


class NoPrice(Exception):
    """Something of the ring lacks a price; what it is, is the house's business."""

    def __init__(self) -> None:
        super().__init__(
            "We cannot price this ring right now. It is kept as it is; ask us, or try again later."
        )


@dataclass(frozen=True, kw_only=True)
class Saved:
    """`mail`: the one that this save or, of two clicks, the first one owes her."""

    version: DesignVersion
    customer: Customer
    token: str
    mail: EmailMessage


def save(
    *,
    design: Design,
    email: str,
    visitor: Visitor | None,
    is_discreet: bool,
    now: datetime,
) -> Saved:
    """Keep the design as a version and mail its owner a link that opens it anywhere.

    The unchanged design makes no new version, only a new link and mail; a double click makes one of
    each. A design that is another person's is copied for this one, never taken over. `visitor` is
    None, or a store's own device, when an associate saves it for her.
    """
    address = customers.canonical_email(email)
    with transaction.atomic():
        locked = _locked_with_all(design, visitor=visitor)
        customer = _owner(locked, email=email, now=now)
        if locked.customer and customers.resolve(locked.customer) != customer:
            locked = _copy(locked, visitor=visitor or locked.visitor, customer=customer, now=now)
        now_quoted = _saveable(locked, now=now)
        version, is_new = _version(locked, now_quoted, now=now)
        is_first = is_new or locked.customer is None
        locked.customer = customer
        locked.is_discreet = is_discreet
        locked.saved_at = now
        locked.removed_at = None  # another tab took it off the list a moment ago
        locked.next_watch_at = now
        locked.save(
            update_fields=["customer", "is_discreet", "saved_at", "removed_at", "next_watch_at"]
        )
        token = links.issue(design=locked, purpose=DesignLink.Purpose.RESUME, now=now)
        owed = _mail(version, address=address, token=token, customer=customer, now=now)
        if visitor is not None:
            steps.reached(design=locked, visitor=visitor, step=steps.Step.SAVED, now=now)
            visitors.recognize(
                visitor=visitor,
                customer=customer,
                evidence=IdentityEdge.Evidence.SAVED_DESIGN,
                now=now,
            )
        if is_first:
            outbox.publish(
                DesignSaved(
                    design_id=locked.pk,
                    version_id=version.pk,
                    customer_id=customer.pk,
                    visitor_id=visitor.pk if visitor else None,
                ),
                at=now,
            )
    return Saved(version=version, customer=customer, token=token, mail=owed)


def resume(*, token: str, visitor: Visitor, now: datetime) -> Design:
    """Go on with the design in this browser too, which thereby is known to be its owner's.

    The link went to her own inbox, so her other saved designs are on this browser's list from now on. A design
    that she had taken off her list is on it again.
    """
    with transaction.atomic():
        link = links.opened(token, now=now, purposes=[DesignLink.Purpose.RESUME])
        _lock_visitors(visitor.pk)
        design = designs.lock(link.design)
        Design.objects.filter(pk=design.pk, removed_at__isnull=False).update(
            removed_at=None, next_watch_at=now
        )
        designs.go_on(design=design, visitor=visitor, now=now)
        if design.customer:
            visitors.recognize(
                visitor=visitor,
                customer=customers.resolve(design.customer),
                evidence=IdentityEdge.Evidence.MAGIC_LINK,
                now=now,
            )
    return design


def _locked_with_all(design: Design, *, visitor: Visitor | None) -> Design:
    """The design, kept from everybody else together with its browser and its stone.

    In this order everywhere: the browser, its designs, the stone, and the e-mail address last, as at
    the till. So those who save one ring under two addresses wait in line and not for each other. The
    locks let others refer to the rows: who has the design and writes a step of this browser goes on.
    """
    _lock_visitors(design.visitor_id, visitor.pk if visitor else None)
    locked = designs.lock(design)
    if locked.stone_id is not None:
        Stone.objects.select_for_update().only("pk").get(pk=locked.stone_id)
    return locked


def _lock_visitors(*ids: int | None) -> None:
    known = [each for each in ids if each is not None]
    rows = Visitor.objects.select_for_update(of=["self"], no_key=True).filter(pk__in=known)
    list(rows.only("pk").order_by("pk"))


def _owner(design: Design, *, email: str, now: datetime) -> Customer:
    """Whose e-mail it is. Of several who share it, the one whose design it is, else the eldest."""
    try:
        return customers.identify(email=email, source="design", now=now)
    except customers.AmbiguousCustomer as error:
        owners = [each for each in error.candidates if each.pk == design.customer_id]
        return owners[0] if owners else min(error.candidates, key=lambda each: each.created_at)


def _copy(design: Design, *, visitor: Visitor | None, customer: Customer, now: datetime) -> Design:
    """The same ring under another person's name; the copy a double click made is found again."""
    mine = Design.objects.filter(visitor=visitor, customer=customer).order_by("-id")
    for found in mine:
        if quotes.is_same(design, found):
            return designs.lock(found)
    return designs.lock(designs.copied(design, visitor=visitor, now=now))


def _saveable(design: Design, *, now: datetime) -> quotes.Quote:
    """The quote to be kept, with the stone's row locked so that no sale slips in between."""
    if design.setting_id is None and design.stone_id is None:
        raise NothingChosen
    if design.stone_id is not None:
        design.stone = Stone.objects.select_for_update().get(pk=design.stone_id)
        if design.stone.status in (Stone.Status.SOLD, Stone.Status.WITHDRAWN):
            raise designs.StoneGone(stone=design.stone)
    quoted = quotes.quote(design, now=now)
    if quoted.fit and not quoted.fit.fits:
        raise designs.DoesNotFit(fit=quoted.fit)
    if quoted.outdated:
        raise designs.NoLongerMade(quoted.outdated)
    if quoted.unpriced and quoted.is_complete:
        raise NoPrice
    return quoted


def _version(design: Design, quoted: quotes.Quote, *, now: datetime) -> tuple[DesignVersion, bool]:
    """The version that says this, and whether it had to be written. A ring that is not whole has no price in it."""
    last = design.versions.order_by("-number").first()
    if last and (quoted.is_promised or _says_the_same(last, design, quoted)):
        return last, False
    made = DesignVersion.objects.create(
        design=design,
        number=last.number + 1 if last else 1,
        picture_hash=quoted.picture_hash,
        description=quoted.description,
        saved_at=now,
        **(_price(quoted) if quoted.is_complete else {}),
        **{name: getattr(design, name) for name in quotes.STATE},
    )
    return made, True


def _says_the_same(last: DesignVersion, design: Design, quoted: quotes.Quote) -> bool:
    """Without a price there is no promise to renew, so the same state is the same version."""
    return not quoted.is_complete and last.price is None and quotes.is_same(design, last)


def _price(quoted: quotes.Quote) -> dict[str, Any]:
    return {
        "price": quoted.total,
        "price_lines": quotes.written(quoted.lines),
        "priced_at": quoted.priced_at,
        "price_inputs": quoted.inputs,
        "price_until_date": quoted.price_until,
    }


def _mail(
    version: DesignVersion, *, address: str, token: str, customer: Customer, now: datetime
) -> EmailMessage:
    design = version.design
    earlier = EmailMessage.objects.filter(
        key__startswith=f"design-saved:{version.pk}:", to__iexact=address
    )
    if sent := earlier.filter(queued_at__gt=now - DOUBLE_CLICK).order_by("-pk").first():
        return sent
    picture = stills.picture_url(design, version.picture_hash)
    return mail.queue(
        key=f"design-saved:{version.pk}:{earlier.count() + 1}:{tokens.hashed(address)[:16]}",
        template="builder/design_kept" if design.is_discreet else "builder/design_saved",
        to=address,
        subject="Here is your link" if design.is_discreet else _subject(version),
        context={
            "code": design.code,
            "qr": f"{settings.SITE_URL}/codes/{design.code}.png",
            "said": versions.in_words(version),
            "open_parts": versions.open_parts(version),
            "engraving": version.engraving,
            **_beside(design, now=now),
            "link": f"{settings.SITE_URL}/d/{token}/",
            "picture": f"{settings.SITE_URL}{picture}" if picture else "",
            "until": version.price_until_date,
            "promise_days": settings.PRICE_PROMISE_DAYS,
            **_told(version, telling=pricebook.telling(design.store)),
        },
        customer=customer,
        sender=settings.DISCREET_FROM_EMAIL if design.is_discreet else "",
        now=now,
    )


def _beside(design: Design, *, now: datetime) -> dict[str, str]:
    """The wedding band that lies beside it in the picture, which is not in its price."""
    if design.band is None or design.stone is None:
        return {"band": "", "band_price": ""}
    told = quotes.band_told(design.band, design=design, now=now)
    is_told = told != pricing.IN_WORDS_ON_REQUEST
    return {"band": design.band.name.lower(), "band_price": told if is_told else ""}


def _subject(version: DesignVersion) -> str:
    if version.setting is None:
        return f"Your stone, {versions.stone(version)}, is kept"
    return f"Your design, {version.setting.name}, is kept"


def _told(version: DesignVersion, *, telling: Telling) -> dict[str, Any]:
    """The bill as the design's store tells its prices; nothing of a ring that is not whole."""
    if version.price is None:
        return {"lines": [], "total": "", "tax": ""}
    bill = pricing.bill(quotes.lines_of(version), mode=telling.mode)
    return {
        "lines": [vars(line) for line in bill],
        "total": pricing.told(version.price, mode=telling.mode),
        "tax": pricing.tax_told(telling.tax, total=version.price, mode=telling.mode),
    }
