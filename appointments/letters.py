"""What is written to her about a visit: which mail, to which address, with which words.

Promise: each mail once per state of the visit; one that is true no more is withdrawn before it is sent. Whatever changes the
visit's time or its rings carries an invitation that updates her calendar. A surprise gives nothing away: another sender, plain
words, no picture; the page behind the link says the rest.

Limit: who left no address is written nothing; her associate has her phone.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings

from appointments import clocks, invitations, links, lookbook, promises
from appointments.models import Appointment, WaitlistEntry
from jeweler import customers, mail
from jeweler.models import EmailMessage

TOPIC = "visits"  # what she did not ask for and can end


def confirm(visit: Appointment, *, now: datetime) -> None:
    """It is booked: the lookbook. Where its address has to be proved first, the link that does it instead."""
    if visit.risk and visit.verified_at is None:
        verify(visit, now=now)
        return
    _write(
        "confirmed", visit, template="lookbook", subject="Your visit, {when}",
        title="We look forward to seeing you", now=now, invite=invitations.REQUEST,
        context={"has_lookbook": True},
    )  # fmt: skip


def moved(visit: Appointment, *, now: datetime) -> None:
    _withdraw(visit, why="The visit was moved", now=now)
    _write(
        "moved", visit, template="lookbook", subject="Your visit is now {when}",
        title="Your visit has moved", now=now, invite=invitations.REQUEST,
        context={"has_lookbook": True},
    )  # fmt: skip


def changed(visit: Appointment, *, now: datetime) -> None:
    """Another ring or stone is to be laid out for it."""
    _withdraw(visit, why="The visit was changed", now=now)
    _write(
        "changed", visit, template="lookbook", subject="Your visit, {when}: one more",
        title="One more is laid out for you", now=now, invite=invitations.REQUEST,
        context={"has_lookbook": True},
    )  # fmt: skip


def cancelled(visit: Appointment, *, now: datetime) -> None:
    _withdraw(visit, why="The visit was cancelled", now=now)
    _write(
        "cancelled", visit, template="cancelled", subject="Your visit, {when}, is cancelled",
        title="Your visit is cancelled", now=now, invite=invitations.CANCEL,
        label="Choose another time",
    )  # fmt: skip


def lapsed(visit: Appointment, *, now: datetime) -> None:
    """Its address was never proved. No calendar knows of it, so none is told."""
    _withdraw(visit, why="The visit was let go", now=now)
    _write(
        "lapsed", visit, template="lapsed", subject="We have let go of {when}",
        title="It was not confirmed in time", now=now, label="Choose another time",
    )  # fmt: skip


def verify(visit: Appointment, *, now: datetime) -> None:
    """The time is kept for two hours; the link's page books it."""
    _write(
        "verify", visit, template="verify", subject="Please confirm your visit, {when}",
        title="One more step", now=now, label="Confirm my visit", link=links.verify_url(visit),
    )  # fmt: skip


def remind(visit: Appointment, *, kind: str, now: datetime) -> None:
    """`kind` is one of `reminders.BEFORE`; a visit at another time is reminded of anew."""
    _write(
        kind, visit, template="reminder", subject="Your visit, {when}",
        title="Until soon", key=reminder_key(visit, kind), now=now,
        context={"tray": lookbook.tray(visit)},
    )  # fmt: skip


def follow_up(visit: Appointment, *, now: datetime) -> EmailMessage | None:
    """The day after: the rings that she tried on. Nobody asked for it; None when it must not be, or not yet."""
    to = _address(visit)
    if to is None or visit.customer is None:
        return None
    context = _context(visit, title="It was good to have you here", now=now)
    return mail.nudge(
        key=follow_up_key(visit),
        template="appointments/note" if visit.is_surprise else "appointments/follow_up",
        to=to,
        subject="A note about your visit" if visit.is_surprise else "The rings you tried on",
        context={
            **context,
            "kind": "follow_up",
            "looks": lookbook.looks(visit, now=now, tried=True),
        },
        customer=customers.resolve(visit.customer),
        topic=TOPIC,
        zone=visit.store.zone,
        sender=_sender(visit),
        now=now,
    )


def broken(visit: Appointment, *, now: datetime) -> None:
    """Stones of it are gone: what is like each of them and can be there, the nearest first."""
    holds = promises.broken(visit)
    link = links.manage_url(visit)
    gone = [
        {
            "stone": lookbook.stone_told(hold.stone),
            "was_sold": hold.stone.status == hold.stone.Status.SOLD,
            "twins": [
                {
                    "head": lookbook.stone_told(twin.stone), "words": twin.words,
                    "price": twin.price, "priced": "",
                    "link": f"{link}?instead={hold.pk}&stone={twin.stone.pk}#instead",
                }
                for twin in promises.instead(hold, now=now)
            ],
        }
        for hold in holds
    ]  # fmt: skip
    _write(
        "broken", visit, template="broken", subject="About a stone of your visit, {when}",
        title="A stone you were to see is gone", key=broken_key(visit, holds), now=now,
        context={"gone": gone, "has_twins": any(each["twins"] for each in gone)},
    )  # fmt: skip


def offered(entry: WaitlistEntry, visit: Appointment, *, now: datetime) -> None:
    """A time came free and is kept for her alone until `visit.expires_at`."""
    context = _context(visit, title="A time has come free", now=now)
    until = visit.expires_at or visit.starts_at
    mail.queue(
        key=f"visit:{visit.pk}:offered",
        template="appointments/offered",
        to=customers.canonical_email(entry.email),
        subject=f"A time has come free: {context['when']}",
        context={
            **context,
            "link": links.offer_url(visit),
            "label": "See and take this time",
            "until": clocks.in_full(until, zone=visit.store.zone, now=now),
        },
        customer=customers.resolve(entry.customer),
        now=now,
    )


def offer_over(entry: WaitlistEntry, visit: Appointment, *, now: datetime) -> None:
    """The time that was kept for her went to the next, and she is on the list no more. Once."""
    _withdraw(visit, why="The offer is over", now=now)
    mail.queue(
        key=f"visit:{visit.pk}:offer_over",
        template="appointments/offer_over",
        to=customers.canonical_email(entry.email),
        subject="The time we kept for you has gone to the next",
        context={
            **_context(visit, title="We kept it as long as we said", now=now),
            "link": links.waiting_url(entry),
            "label": "Wait for another time",
        },
        customer=customers.resolve(entry.customer),
        not_before=mail.by_day(now, zone=visit.store.zone),
        now=now,
    )


def reminder_key(visit: Appointment, kind: str) -> str:
    return f"visit:{visit.pk}:{visit.starts_at:%Y%m%dT%H%M}:{kind}"


def follow_up_key(visit: Appointment) -> str:
    return f"visit:{visit.pk}:follow_up"


def broken_key(visit: Appointment, holds: Sequence[Any]) -> str:
    """Once for what is broken now; what breaks later is told anew."""
    return f"visit:{visit.pk}:broken:{max((hold.pk for hold in holds), default=0)}"


# Inside.


def _write(
    kind: str,
    visit: Appointment,
    *,
    template: str,
    subject: str,
    title: str,
    now: datetime,
    key: str = "",
    invite: str = "",
    label: str = "My visit",
    link: str = "",
    context: dict[str, Any] | None = None,
) -> None:
    to = _address(visit)
    if to is None or visit.customer is None:
        return
    known = _context(visit, title=title, now=now)
    told = {**known, "kind": kind, "label": label, **(context or {})}
    if link:
        told["link"] = link
    if told.get("has_lookbook") and not visit.is_surprise:
        told |= {"looks": lookbook.looks(visit, now=now), "tray": lookbook.tray(visit)}
    page = links.manage_url(visit)
    text = invitations.calendar(visit, method=invite, url=page, now=now) if invite else ""
    mail.queue(
        key=key or f"visit:{visit.pk}:{visit.sequence}:{kind}",
        template="appointments/note" if visit.is_surprise else f"appointments/{template}",
        to=to,
        subject=str(known["when"]) if visit.is_surprise else subject.format(when=known["when"]),
        context=told,
        customer=customers.resolve(visit.customer),
        sender=_sender(visit),
        invitation=mail.Invitation(text=text, method=invite) if invite else None,
        now=now,
    )


def _context(visit: Appointment, *, title: str, now: datetime) -> dict[str, Any]:
    link = links.manage_url(visit)
    return {
        **lookbook.facts(visit, now=now),
        "title": title,
        "label": "My visit",
        "link": f"{link}?{lookbook.MARK}",
    }


def _address(visit: Appointment) -> str | None:
    return customers.canonical_email(visit.email) if visit.email else None


def _sender(visit: Appointment) -> str:
    return settings.DISCREET_FROM_EMAIL if visit.is_surprise else ""


def _withdraw(visit: Appointment, *, why: str, now: datetime) -> None:
    """What was not sent yet tells of a time or of rings that are not so any more."""
    unsent = EmailMessage.objects.filter(key__startswith=f"visit:{visit.pk}:", sent_at=None)
    mail.withdraw(keys=unsent.values_list("key", flat=True), why=why, now=now)
