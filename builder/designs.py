"""A shopper's ring in the making: begun, chosen piece by piece, quoted, saved by e-mail, opened again.

Everything is kept on the server and everything may be repeated: a double click, a second tab or a retried request
changes nothing that the first did not. A refusal names the way out and leaves the design as it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from django.conf import settings
from django.db import transaction

from builder import codes, compatibility, engraving, gemology, pricebook, pricing, quotes, sizes
from builder.book import Telling
from builder.engraving import BadEngraving as BadEngraving
from builder.events import BuilderCompleted, DesignSaved
from builder.models import Design, DesignLink, DesignVersion, Metal, Setting, Stone
from builder.quotes import Quote as Quote
from builder.quotes import quote as quote
from jeweler import customers, mail, outbox, tokens
from jeweler.models import Customer, EmailMessage, IdentityEdge, Visitor

DOUBLE_CLICK = timedelta(seconds=60)
INTENT_LENGTH = 16
OTHERS_NAMED = 3


class DoesNotFit(Exception):
    """`fit` says why, in millimeters, and the way out; `others` are settings that hold the stone at the size."""

    def __init__(self, *, fit: compatibility.Fit, others: Sequence[str] = ()) -> None:
        named = ", ".join(others[:OTHERS_NAMED])
        yours = f"Settings that would hold it: {named}." if named else ""
        super().__init__(" ".join(filter(None, [fit.reason, str(fit.fix or ""), yours])))
        self.fit, self.others = fit, others


class StoneGone(Exception):
    """The stone can no longer be had. The design keeps everything else, and the stone's measures."""

    def __init__(self, *, stone: Stone) -> None:
        super().__init__(
            f"This {stone.carat} ct {stone.shape} was sold or withdrawn. Your ring is kept; "
            "choose another stone for it."
        )
        self.stone = stone


class BadSize(ValueError):
    """Not a size that rings are made in."""


class BadMetal(ValueError):
    """The setting is not made in this metal."""


class BadIntent(ValueError):
    """An answer that is not a short word."""


class Incomplete(Exception):
    """Steps are missing before the design can be saved."""

    def __init__(self, *, missing: list[str]) -> None:
        super().__init__(f"Choose the {' and the '.join(missing)} first; the rest is kept.")
        self.missing = missing


class NoLongerMade(Exception):
    """The house changed its catalog under the ring; the message names what, and the way out."""


class NoPrice(Exception):
    """Something of the ring lacks a price; what it is, is the house's business."""

    def __init__(self) -> None:
        super().__init__(
            "We cannot price this ring right now. It is kept as it is; ask us, or try again later."
        )


class LinkGone(Exception):
    """The link is unknown, withdrawn or expired: one answer for all three."""

    def __init__(self) -> None:
        super().__init__("This link no longer opens a design. Ask for a new one by e-mail.")


class Choices(TypedDict, total=False):
    """What can be chosen; a name that is not given stays as it is, None takes a choice back."""

    setting: Setting | None
    metal: Metal | None
    stone: Stone | None
    ring_size: Decimal | None
    engraving: str
    budget: str
    style: str
    timeline: str


@dataclass(frozen=True, kw_only=True)
class Saved:
    version: DesignVersion
    customer: Customer
    token: str


def current(*, visitor: Visitor) -> Design | None:
    """The design she touched last."""
    return (
        Design.objects.filter(visitor=visitor)
        .select_related("setting", "metal", "stone", "customer", "store")
        .order_by("-updated_at", "-id")
        .first()
    )


def start(*, visitor: Visitor, now: datetime) -> Design:
    """A new design; an untouched one of hers is used again, so that two tabs begin the same ring."""
    with transaction.atomic():
        Visitor.objects.select_for_update().get(pk=visitor.pk)
        found = current(visitor=visitor)
        if (
            found
            and found.saved_at is None
            and not any(getattr(found, name) for name in quotes.STATE)
        ):
            return found
        return Design.objects.create(
            code=_new_code(), visitor=visitor, created_at=now, updated_at=now
        )


def choose(*, design: Design, now: datetime, **choices: Unpack[Choices]) -> Design:
    """Put choices into the design and return it as it then is.

    Locks the design's row: of two tabs, each changes only what it chose. All choices hold or none does.
    """
    with transaction.atomic():
        locked = _locked(design)
        for name, value in choices.items():
            setattr(locked, name, value)
        if "setting" in choices:
            _keep_metal_if_offered(locked)
        _refuse(locked, choices)
        locked.updated_at = now
        locked.save(update_fields=[*choices, "metal", "updated_at"])
    return locked


def complete(*, design: Design, visitor: Visitor, now: datetime) -> None:
    """She reached the summary of a whole ring: announced once per design."""
    with transaction.atomic():
        locked = _locked(design)
        if locked.completed_at is not None or quotes.missing(locked):
            return
        locked.completed_at = now
        locked.save(update_fields=["completed_at"])
        outbox.publish(BuilderCompleted(design_id=locked.pk, visitor_id=visitor.pk), at=now)


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
            locked = _copy(locked, customer=customer, now=now)
        now_quoted = _saveable(locked, now=now)
        version, is_new = _version(locked, now_quoted, now=now)
        is_first = is_new or locked.customer is None
        locked.customer = customer
        locked.is_discreet = is_discreet
        locked.saved_at = now
        locked.save(update_fields=["customer", "is_discreet", "saved_at"])
        token = _link(locked, now=now)
        _mail(version, address=address, token=token, customer=customer, now=now)
        if visitor is not None:
            customers.recognize(
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
    return Saved(version=version, customer=customer, token=token)


def open_link(*, token: str, now: datetime) -> Design:
    """The design behind a mailed or shared link, to look at."""
    return _opened(token, now=now).design


def resume(*, token: str, visitor: Visitor, now: datetime) -> Design:
    """Go on with the design in this browser, which thereby is known to be its owner's."""
    with transaction.atomic():
        link = _opened(token, now=now)
        if link.purpose != DesignLink.Purpose.RESUME:
            raise LinkGone
        _lock_visitors(visitor.pk)
        design = _locked(link.design)
        design.visitor = visitor
        design.updated_at = now
        design.save(update_fields=["visitor", "updated_at"])
        if design.customer:
            customers.recognize(
                visitor=visitor,
                customer=customers.resolve(design.customer),
                evidence=IdentityEdge.Evidence.MAGIC_LINK,
                now=now,
            )
    return design


# Choosing.


def _new_code() -> str:
    """A code that no design has; at a billion of them a second try is rare."""
    while Design.objects.filter(code=(code := codes.new())).exists():
        continue
    return code


def _locked(design: Design) -> Design:
    """The design as it is now, kept from everybody else until the transaction ends.

    Read anew after the lock: a row that was waited for is joined to what was there before the wait.
    """
    Design.objects.select_for_update().only("pk").get(pk=design.pk)
    return Design.objects.select_related("setting", "metal", "stone", "customer", "store").get(
        pk=design.pk
    )


def _locked_with_all(design: Design, *, visitor: Visitor | None) -> Design:
    """The design, kept from everybody else together with its browser and its stone.

    In this order everywhere: the browser, its designs, the stone, and the e-mail address last, as at
    the till. So those who save one ring under two addresses wait in line and not for each other.
    """
    _lock_visitors(design.visitor_id, visitor.pk if visitor else None)
    locked = _locked(design)
    if locked.stone_id is not None:
        Stone.objects.select_for_update().only("pk").get(pk=locked.stone_id)
    return locked


def _lock_visitors(*ids: int | None) -> None:
    known = [each for each in ids if each is not None]
    visitors = Visitor.objects.select_for_update(of=["self"]).filter(pk__in=known)
    list(visitors.only("pk").order_by("pk"))


def _keep_metal_if_offered(design: Design) -> None:
    """The metal stays where the new setting is made in it; else the setting's first one."""
    if design.setting is None:
        return
    offered = list(design.setting.metals.order_by("position"))
    if design.metal not in offered:
        design.metal = offered[0] if offered else None


def _refuse(design: Design, choices: Choices) -> None:
    """Raise what is wrong with the design as it would be."""
    for name in ("budget", "style", "timeline"):
        _refuse_intent(name, getattr(design, name))
    if chosen := choices.get("stone"):
        _refuse_gone(chosen)
    if "ring_size" in choices:
        _refuse_size(design)
    if "metal" in choices and design.setting and design.metal:
        _refuse_metal(design.setting, design.metal)
    if {"engraving", "setting", "ring_size"} & choices.keys():
        rules = design.setting.engraving_rules if design.setting else engraving.Rules()
        engraving.check(design.engraving, rules=rules, size=design.ring_size)
    fit = quotes.fit_of(design) if {"setting", "stone", "ring_size"} & choices.keys() else None
    if fit and not fit.fits:
        raise DoesNotFit(fit=fit, others=quotes.settings_that_hold(design))


def _refuse_intent(name: str, text: str) -> None:
    if len(text) > INTENT_LENGTH or not text.isprintable():
        raise BadIntent(f"The {name} is no short word; use up to {INTENT_LENGTH} letters.")


def _refuse_gone(stone: Stone) -> None:
    """Asks the table, for the caller's row may be older than the sale."""
    if not Stone.objects.filter(pk=stone.pk, status=Stone.Status.AVAILABLE).exists():
        raise StoneGone(stone=stone)


def _refuse_size(design: Design) -> None:
    size = design.ring_size
    if size is not None and (size * 2 % 1 or not sizes.SMALLEST <= size <= sizes.LARGEST):
        raise BadSize(f"{size} is no ring size we make; use a US size from 3 to 13 in halves.")


def _refuse_metal(setting: Setting, metal: Metal) -> None:
    offered = [each.name for each in setting.metals.order_by("position")]
    if metal.name not in offered:
        raise BadMetal(f"{setting.name} is not made in {metal.name}; choose {', '.join(offered)}.")


# Saving.


def _owner(design: Design, *, email: str, now: datetime) -> Customer:
    """Whose e-mail it is. Of several who share it, the one whose design it is, else the eldest."""
    try:
        return customers.identify(email=email, source="design", now=now)
    except customers.AmbiguousCustomer as error:
        owners = [each for each in error.candidates if each.pk == design.customer_id]
        return owners[0] if owners else min(error.candidates, key=lambda each: each.created_at)


def _copy(design: Design, *, customer: Customer, now: datetime) -> Design:
    """The same ring under another person's name; the copy a double click made is found again."""
    mine = Design.objects.filter(visitor=design.visitor_id, customer=customer).order_by("-id")
    for found in mine:
        if quotes.is_same(design, found):
            return _locked(found)
    state = {name: getattr(design, name) for name in (*quotes.STATE, "budget", "style", "timeline")}
    copied = Design.objects.create(
        code=_new_code(),
        visitor_id=design.visitor_id,
        store_id=design.store_id,
        created_at=now,
        updated_at=now,
        completed_at=design.completed_at,
        **state,
    )
    return _locked(copied)


def _saveable(design: Design, *, now: datetime) -> quotes.Quote:
    """The quote to be kept, with the stone's row locked so that no sale slips in between."""
    missing = quotes.missing(design)
    if missing or design.stone_id is None:
        raise Incomplete(missing=missing)
    design.stone = Stone.objects.select_for_update().get(pk=design.stone_id)
    if design.stone.status in (Stone.Status.SOLD, Stone.Status.WITHDRAWN):
        raise StoneGone(stone=design.stone)
    quoted = quotes.quote(design, now=now)
    if quoted.fit and not quoted.fit.fits:
        raise DoesNotFit(fit=quoted.fit)
    if quoted.outdated:
        raise NoLongerMade(quoted.outdated)
    if quoted.unpriced:
        raise NoPrice
    return quoted


def _version(design: Design, quoted: quotes.Quote, *, now: datetime) -> tuple[DesignVersion, bool]:
    """The version that says this, and whether it had to be written."""
    last = design.versions.order_by("-number").first()
    if last and quoted.is_promised:
        return last, False
    made = DesignVersion.objects.create(
        design=design,
        number=last.number + 1 if last else 1,
        price=quoted.total,
        price_lines=quotes.written(quoted.lines),
        priced_at=quoted.priced_at,
        price_inputs=quoted.inputs,
        price_until_date=quoted.price_until,
        picture_hash=quoted.picture_hash,
        description=quoted.description,
        saved_at=now,
        **{name: getattr(design, name) for name in quotes.STATE},
    )
    return made, True


def _link(design: Design, *, now: datetime) -> str:
    token, token_hash = tokens.issue()
    DesignLink.objects.create(
        design=design,
        purpose=DesignLink.Purpose.RESUME,
        token_hash=token_hash,
        created_at=now,
        expires_at=now + timedelta(days=settings.DESIGN_LINK_DAYS),
    )
    return token


def _mail(
    version: DesignVersion, *, address: str, token: str, customer: Customer, now: datetime
) -> None:
    design = version.design
    earlier = EmailMessage.objects.filter(
        key__startswith=f"design-saved:{version.pk}:", to__iexact=address
    )
    if earlier.filter(queued_at__gt=now - DOUBLE_CLICK).exists():
        return
    name = version.setting.name
    mail.queue(
        key=f"design-saved:{version.pk}:{earlier.count() + 1}:{tokens.hashed(address)[:16]}",
        template="builder/design_saved",
        to=address,
        subject=(
            f"Your link from {settings.SITE_NAME}"
            if design.is_discreet
            else f"Your design, {name}, is kept"
        ),
        context={
            "code": design.code,
            "qr": f"{settings.SITE_URL}/codes/{design.code}.png",
            "setting": name,
            "metal": version.metal.name,
            "ring_size": gemology.in_halves(version.ring_size),
            "engraving": version.engraving,
            "link": f"{settings.SITE_URL}/d/{token}/",
            "picture": f"{settings.SITE_URL}/pictures/{version.picture_hash}.png",
            **_told(version, telling=pricebook.telling(design.store)),
            "until": version.price_until_date,
            "is_discreet": design.is_discreet,
        },
        customer=customer,
        now=now,
    )


def _told(version: DesignVersion, *, telling: Telling) -> dict[str, Any]:
    """The bill as the design's store tells its prices."""
    bill = pricing.bill(quotes.lines_of(version), mode=telling.mode)
    return {
        "lines": [vars(line) for line in bill],
        "total": pricing.told(version.price, mode=telling.mode),
        "tax": pricing.tax_told(telling.tax, total=version.price, mode=telling.mode),
    }


# Links.


def _opened(token: str, *, now: datetime) -> DesignLink:
    link = (
        DesignLink.objects.filter(token_hash=tokens.hashed(token))
        .select_related(
            "design__setting", "design__metal", "design__stone", "design__customer", "design__store"
        )
        .first()
    )
    if link is None or link.revoked_at is not None or link.expires_at <= now:
        raise LinkGone
    return link
