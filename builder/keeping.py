"""My designs: every ring that is hers to go on with, its name, its copies, its earlier versions, and its removal.

Hers is what was begun or taken up in this browser, and, where the browser has proved by a link out of her own inbox whose
it is, every ring saved under that name. An address that was only typed proves nothing. A store's own device lists the one
ring that it is at, for many people use it.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import Prefetch, Q, QuerySet

from builder import codes, designs, links, quotes, steps
from builder.models import Design, DesignLink, DesignVersion
from jeweler import customers, mail, tokens, visitors
from jeweler.models import Customer, IdentityEdge, Visitor

NAME_LENGTH = 60
LISTED = 24
LIST_LINK_LASTS = timedelta(days=2)
NOBODY = 0
AGAIN = ", again"
_SALT = "builder.keeping.list"


class NotHers(LookupError):
    """No ring of this code is on her list."""

    def __init__(self) -> None:
        super().__init__(
            "This design is not on your list. Open it from the link in its mail, and it will be."
        )


class BadName(ValueError):
    """The text is no name for a ring."""


class NoSuchVersion(LookupError):
    """The design was never saved like that."""

    def __init__(self) -> None:
        super().__init__("This design has no such version. Choose one of those listed with it.")


def of(*, visitor: Visitor) -> QuerySet[Design]:
    """Her rings in which something is chosen, with their parts."""
    reach = designs.within_reach(visitor=visitor)
    if visitor.is_store_device:
        here = designs.current(visitor=visitor)
        return reach.filter(pk=here.pk) if here else reach.none()
    owners = _proved(visitor)
    if owners:
        saved = Design.objects.filter(customer__in=owners, saved_at__isnull=False).values("pk")
        pks = reach.values("pk").union(saved)
        reach = Design.objects.filter(pk__in=pks, removed_at=None).select_related(
            "setting", "metal", "stone", "customer", "store", "band"
        )
    return reach.filter(Q(setting__isnull=False) | Q(stone__isnull=False))


def listed(*, visitor: Visitor, page: int = 1) -> list[Design]:
    """A page of hers, the ones she touched last first, with versions, notices and open links read along."""
    first = (page - 1) * LISTED
    versions = DesignVersion.objects.select_related("setting", "metal", "stone").order_by("-number")
    links = DesignLink.objects.exclude(purpose=DesignLink.Purpose.RESUME).order_by("-created_at")
    return list(
        of(visitor=visitor)
        .prefetch_related(
            Prefetch("versions", versions), Prefetch("links", links), "links__hint", "notices"
        )
        .order_by("-updated_at", "-pk")[first : first + LISTED]
    )


def pages(*, visitor: Visitor) -> int:
    """How many pages her list has: at least one."""
    return max(1, -(-of(visitor=visitor).count() // LISTED))


def page_of(*, design: Design, visitor: Visitor) -> int:
    """On which page of her list the design stands."""
    later = Q(updated_at__gt=design.updated_at) | Q(updated_at=design.updated_at, pk__gt=design.pk)
    return of(visitor=visitor).filter(later).count() // LISTED + 1


def find(*, code: str, visitor: Visitor, removed: bool = False) -> Design:
    """The ring of hers with this code; of those that she removed, when asked for. Raises NotHers."""
    mine = _removed(visitor) if removed else of(visitor=visitor)
    try:
        found = mine.filter(code=codes.read(code)).first()
    except codes.NotACode as error:
        raise NotHers from error
    if found is None:
        raise NotHers
    return found


def rename(*, design: Design, name: str) -> str:
    """Give it her name for it, as it is then; an empty one takes it away. Raises BadName."""
    tidy = " ".join(name.split())
    if len(tidy) > NAME_LENGTH:
        raise BadName(
            f"A name has up to {NAME_LENGTH} letters; yours has {len(tidy):,}. Please shorten it."
        )
    if not tidy.isprintable():
        raise BadName("That name has signs that cannot be shown. Write it in letters and figures.")
    Design.objects.filter(pk=design.pk).update(name=tidy)
    return tidy


def duplicate(*, design: Design, visitor: Visitor, now: datetime, once: str = "") -> Design:
    """The same ring once more, to be changed while the first stays as it is. One for each form, of key `once`."""
    with transaction.atomic():
        base = design.name or (design.setting.name if design.setting else "")
        name = f"{base[: NAME_LENGTH - len(AGAIN)]}{AGAIN}" if base else ""
        return designs.copied(designs.lock(design), visitor=visitor, name=name, once=once, now=now)


def remove(*, design: Design, now: datetime) -> None:
    """Off her list and out of our mails; `restore` brings it back, and so does the link in its mail."""
    Design.objects.filter(pk=design.pk, removed_at=None).update(removed_at=now, next_watch_at=None)


def restore(*, design: Design, now: datetime) -> None:
    """Back on her list, and watched again from now on if it was ever saved."""
    with transaction.atomic():
        locked = designs.lock(design)
        locked.removed_at = None
        locked.next_watch_at = now if locked.saved_at else None
        locked.save(update_fields=["removed_at", "next_watch_at"])


def go_back(*, design: Design, number: int, visitor: Visitor, now: datetime) -> Design:
    """Choose again what this version says, and go on with it here. The version of today stays among its versions if it was saved.

    Raises what `designs.choose` does, NoLongerMade for a setting that the house gave up, NoSuchVersion.
    """
    version = design.versions.filter(number=number).first()
    if version is None:
        raise NoSuchVersion
    setting = version.setting
    if setting is not None and not setting.is_offered:
        raise designs.NoLongerMade(
            f"We no longer make {setting.name}, so that version cannot be made again. "
            "Your ring is left as it is."
        )
    with transaction.atomic():
        chosen = designs.choose(
            design=design,
            setting=setting,
            metal=version.metal,
            stone=version.stone,
            ring_size=version.ring_size,
            engraving=version.engraving,
            width_mm=version.width_mm,
            accents=version.accents,
            now=now,
        )
        if not quotes.is_same(chosen, version):  # another metal or band was chosen in its place
            raise designs.NoLongerMade(
                f"We no longer make {setting.name if setting else 'it'} with the metal or the band of that version. "
                "Your ring is left as it is; choose anew on its page."
            )
        names = ("setting", "metal", "stone", "ring_size")
        steps.chosen(design=chosen, visitor=visitor, names=names, now=now)
        designs.go_on(design=chosen, visitor=visitor, now=now)
    return chosen


def send_again(*, email: str, now: datetime) -> None:
    """Mail a link to the list of whoever has this address. Raises customers.BadEmail.

    An address that nobody saved under gets a mail too, which says so: whoever asks, the same is done and
    answered. The mail is always a plain one, for any of her rings may be a secret.
    """
    address = customers.canonical_email(email)
    with transaction.atomic():
        found = [each.pk for each in customers.find(email=address)] or [NOBODY]
        owner = Q(customer__in=found) | Q(customer__merged_into__in=found)
        kept = Design.objects.filter(owner, saved_at__isnull=False, removed_at=None)
        last = kept.order_by("-saved_at").values_list("customer", flat=True).first()
        minute = now.replace(second=0, microsecond=0)
        mail.queue(
            key=f"designs-again:{tokens.hashed(address)[:32]}:{minute:%Y%m%d%H%M}",
            template="builder/designs_again",
            to=address,
            subject="Here is your link",
            context={"link": _list_address(last or NOBODY), "is_known": last is not None},
            customer=Customer.objects.filter(pk=last or found[0]).first(),
            sender=settings.DISCREET_FROM_EMAIL,
            now=now,
        )


def open_list(*, token: str, visitor: Visitor | None, now: datetime) -> Customer:
    """Whose list the link out of her inbox opens; with a visitor, all of hers is on that browser's list from now on.

    Raises LinkGone for a forged or expired one, and for somebody who was forgotten.
    """
    try:
        customer_id = signing.loads(token, salt=_SALT, max_age=LIST_LINK_LASTS)
    except (signing.BadSignature, ValueError) as error:
        raise links.LinkGone from error
    customer = Customer.objects.filter(pk=customer_id, forgotten_at=None).first()
    if customer is None:
        raise links.LinkGone
    if visitor is not None:
        visitors.recognize(
            visitor=visitor,
            customer=customers.resolve(customer),
            evidence=IdentityEdge.Evidence.MAGIC_LINK,
            now=now,
        )
    return customer


def _list_address(customer_id: int) -> str:
    return f"{settings.SITE_URL}/ring/saved/all/{signing.dumps(customer_id, salt=_SALT)}/"


def _proved(visitor: Visitor) -> list[int]:
    """The customer whose browser this is by its last evidence, if a link out of her inbox was ever opened in it."""
    if visitor.customer is None:
        return []
    ids = customers.ids_of(visitor.customer)
    opened = visitor.edges.filter(
        evidence=IdentityEdge.Evidence.MAGIC_LINK, customer__in=ids, revoked_at=None
    )
    return ids if opened.exists() else []


def _removed(visitor: Visitor) -> QuerySet[Design]:
    owned = Q(visitor=visitor) | Q(devices__visitor=visitor) | Q(customer__in=_proved(visitor))
    return Design.objects.filter(owned, removed_at__isnull=False).distinct()
