"""Letting others look: a share link, with prices or without, and a hint by mail, which never has one.

Who looks needs no name and leaves none. A hint's recipient is no customer of ours: the address stands on the mail alone. A
link can be taken back at any time, and a hint that was not sent yet is not sent then.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction

from builder import designs, gallery, links, quotes, stills, versions, workdays
from builder.models import Design, DesignLink, DesignStep, Hint
from jeweler import customers, mail
from jeweler.models import EmailMessage, Visitor

NAME_LENGTH = 60
NOTE_LENGTH = 400
DOUBLE_CLICK = timedelta(seconds=60)
FARTHEST = timedelta(days=3 * 365)
# An address of any kind: what mail programs make a link of, and what reads like one.
_LINK = re.compile(r"://|\bwww\.|@|[^\W_][.。．｡][^\W\d_]{2,}", re.IGNORECASE)


class NothingToShow(Exception):
    """There is neither a setting nor a stone to look at."""

    def __init__(self) -> None:
        super().__init__("Choose a setting or a stone first; then there is something to show.")


class BadHint(ValueError):
    """Words that we do not send on in her name. `field` says which."""

    def __init__(self, words: str, *, field: str) -> None:
        super().__init__(words)
        self.field = field


@dataclass(frozen=True, kw_only=True)
class Order:
    """By when a ring is ordered to be worn on a day, and when it is ready if it is ordered today."""

    by: date
    ready: date
    is_in_time: bool


def share(*, design: Design, has_price: bool, now: datetime, once: str = "") -> str:
    """The token of a link by which anybody may look at the design as it is then. Raises NothingToShow.

    `once`: the key of the form that asked for it; posted again, it gives the same link for as long as that opens.
    """
    _refuse_nothing(design)
    return links.issue(
        design=design, purpose=DesignLink.Purpose.SHARE, has_price=has_price, once=once, now=now
    )


def start_from(*, token: str, visitor: Visitor, now: datetime, once: str = "") -> Design:
    """The shared ring as a new one of the visitor's own, one for each form of key `once`. Raises LinkGone."""
    with transaction.atomic():
        link = links.opened(token, now=now, purposes=[DesignLink.Purpose.SHARE])
        return designs.copied(
            link.design, visitor=visitor, entry=DesignStep.Entry.SHARED, once=once, now=now
        )


def hint(
    *,
    design: Design,
    to: str,
    from_name: str,
    note: str,
    wanted_date: date | None,
    now: datetime,
    has_size: bool = False,
    reply_to: str = "",
) -> Hint:
    """Tell somebody by mail which ring it is. Raises NothingToShow, BadHint, customers.BadEmail.

    Never a price. The size only with `has_size`, and only in the mail. `reply_to` is hers, where an answer may come to her; it
    is on the mail alone. A double click sends one.
    """
    _refuse_nothing(design)
    address = customers.canonical_email(to)
    answer = customers.canonical_email(reply_to) if reply_to else ""
    from_name, note = _from(from_name), _note(note)
    if wanted_date is not None:
        _refuse_day(wanted_date, today=quotes.day_of(design.store, now=now))
    with transaction.atomic():
        designs.lock(design)
        if sent := _sent_just_now(
            design, address, from_name=from_name, note=note, wanted_date=wanted_date, now=now
        ):
            return sent
        token = links.issue(
            design=design, purpose=DesignLink.Purpose.HINT, has_price=False, now=now
        )
        made = Hint.objects.create(
            design=design, link=links.opened(token, now=now), from_name=from_name, note=note,
            wanted_date=wanted_date, sent_at=now,
        )  # fmt: skip
        made.mail = _mail(
            made, address=address, reply_to=answer, token=token, has_size=has_size, now=now
        )
        made.save(update_fields=["mail"])
    return made


def _sent_just_now(
    design: Design, address: str, *, now: datetime, **said: str | date | None
) -> Hint | None:
    """The same hint, sent by the first of two clicks."""
    since = now - DOUBLE_CLICK
    lately = Hint.objects.filter(design=design, mail__to=address, sent_at__gt=since, **said)
    return lately.filter(link__revoked_at=None).first()


def order(*, design: Design, wanted_date: date, now: datetime) -> Order:
    """Counted back from the day by the working days that it takes to make."""
    today = quotes.day_of(design.store, now=now)
    ready = quotes.quote(design, now=now).ready_date
    by = workdays.before(wanted_date, days=workdays.until(ready, today=today))
    return Order(by=by, ready=ready, is_in_time=by >= today)


def withdraw(*, design: Design, link_id: int, now: datetime) -> None:
    """Nobody opens the link from now on; a hint that is still owed is not sent. Doing it again changes nothing."""
    with transaction.atomic():
        link = design.links.filter(pk=link_id).exclude(purpose=DesignLink.Purpose.RESUME).first()
        if link is None:
            raise links.LinkGone
        links.revoke(link=link, now=now)
        mail.withdraw(keys=[_key(link)], why="She took it back", now=now)


# What may be written in her name.


def _from(name: str) -> str:
    tidy = " ".join(unicodedata.normalize("NFC", name).split())
    if not tidy or len(tidy) > NAME_LENGTH:
        raise BadHint(f"Say who it is from, in up to {NAME_LENGTH} letters.", field="from_name")
    if _LINK.search(tidy) or not tidy.isprintable() or sum(map(str.isdecimal, tidy)) > 4:
        raise BadHint("Say who it is from by a name alone.", field="from_name")
    return tidy


def _note(note: str) -> str:
    lines = [" ".join(line.split()) for line in unicodedata.normalize("NFC", note).splitlines()]
    tidy = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    if len(tidy) > NOTE_LENGTH:
        raise BadHint(
            f"A note has up to {NOTE_LENGTH} letters; yours has {len(tidy):,}.", field="note"
        )
    if _LINK.search(tidy):
        raise BadHint(
            "A note takes words alone, no addresses and no links. After a full stop, leave a space.",
            field="note",
        )
    if not tidy.replace("\n", " ").isprintable():
        raise BadHint(
            "That note has signs that cannot be shown. Write it in letters.", field="note"
        )
    return tidy


def _refuse_day(day: date, *, today: date) -> None:
    if not today <= day <= today + FARTHEST:
        raise BadHint("Choose a day from today on, within three years.", field="wanted_date")


def _refuse_nothing(design: Design) -> None:
    if design.setting_id is None and design.stone_id is None:
        raise NothingToShow


# The mail.


def _mail(
    made: Hint, *, address: str, reply_to: str, token: str, has_size: bool, now: datetime
) -> EmailMessage:
    design = made.design
    quote = quotes.quote(design, now=now)
    if quote.picture_hash:
        gallery.remember({quote.picture_hash: quote.description}, for_good=True, now=now)
    wanted = made.wanted_date
    picture = stills.picture_url(design, quote.picture_hash)
    return mail.queue(
        key=_key(made.link),
        template="builder/hint_plain" if design.is_discreet else "builder/hint",
        to=address,
        subject=(
            f"A note from {made.from_name}"
            if design.is_discreet
            else f"{made.from_name} has a hint for you"
        ),
        context={
            "from_name": made.from_name,
            "note": made.note,
            "said": versions.for_others(design),
            "size": versions.size(design) if has_size else "",
            "wanted": wanted,
            "order": order(design=design, wanted_date=wanted, now=now) if wanted else None,
            "code": design.code,
            "qr": f"{settings.SITE_URL}/codes/{design.code}.png",
            "link": f"{settings.SITE_URL}/d/{token}/",
            "picture": f"{settings.SITE_URL}{picture}" if picture else "",
            "may_answer": bool(reply_to),
        },
        reply_to=reply_to,
        sender=settings.DISCREET_FROM_EMAIL if design.is_discreet else "",
        now=now,
    )


def _key(link: DesignLink) -> str:
    return f"hint:{link.pk}"
