"""Mails: owed by a row, rendered when they are queued, sent by a worker.

`queue` writes the row in the caller's transaction, so that a mail is owed if and only if the change
it tells of was committed. One row per key: whoever queues it again gets the first one back.
`nudge` is for what nobody asked for: never to who refused its topic, at most `NUDGE_CAP` in a week to one address, by day
only, and with a way to end it in one click (RFC 8058). `send_due` claims rows one by one, counts the attempt before it is
made, and hands the mail to Django's mail interface (anymail in production).

A mail may carry an invitation for her calendar: kept with the row, so that a second attempt sends the same bytes, and sent as a
file for every mail program and, where the provider lets us, as the part by which calendars take it up themselves.

Limit: a process that is killed after the mail server took a mail, and before that was written down,
sends it again a few minutes later. Nobody can promise more over SMTP; both copies carry the same
Message-ID, by which mail programs show one. A mail is never lost.
"""

import hashlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import mrml
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.template import Context, Engine
from django.template.loader import render_to_string

from jeweler import locking, prepared, subscriptions
from jeweler.events import MailCameBack
from jeweler.models import Customer, EmailMessage
from jeweler.outbox import publish, wait_after

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)  # longer than the mail server may take to answer
NUDGE_DAYS = 7
# Of anymail's providers these two take a part of any kind; Django's own back ends do too.
TAKES_PARTS = ("anymail.backends.amazon_ses.", "anymail.backends.sendgrid.")
INVITE_NAME = "invite.ics"
FORGOTTEN, FORGOTTEN_ADDRESS = "Forgotten", "forgotten@invalid.invalid"


class BadMail(ValueError):
    """A template is no MJML; the text names it."""


class NotGivenUp(ValueError):
    """A mail that was sent, or is still being tried, is not owed anew."""


@dataclass(frozen=True, kw_only=True)
class Invitation:
    """What a calendar is to learn: iCalendar text, and its METHOD, which the mail's header has to repeat."""

    text: str
    method: str


def queue(
    *,
    key: str,
    template: str,
    to: str,
    subject: str,
    context: dict[str, Any],
    customer: Customer | None = None,
    sender: str = "",
    reply_to: str = "",
    not_before: datetime | None = None,
    invitation: Invitation | None = None,
    now: datetime,
) -> EmailMessage:
    """Owe a mail, once per key.

    `template` "builder/design_saved" stands for `emails/builder/design_saved.mjml` and `.txt`. `sender`: who
    the inbox shows, when not the house by its name. `reply_to`: a canonical address, empty: the sender's.
    `not_before`: the moment from which on it is sent.
    Must run in the transaction of what it tells of.
    """
    _refuse_outside_a_transaction(key)
    queued = EmailMessage.objects.filter(key=key).first()
    if queued is not None:
        return queued
    return _owe(
        key=key, template=template, to=to, subject=subject, context=context, customer=customer,
        sender=sender, reply_to=reply_to, queued_at=now, next_attempt_at=max(now, not_before or now),
        calendar=invitation.text if invitation else "",
        calendar_method=invitation.method if invitation else "",
    )  # fmt: skip


def nudge(
    *,
    key: str,
    template: str,
    to: str,
    subject: str,
    context: dict[str, Any],
    customer: Customer | None,
    topic: str,
    zone: ZoneInfo | None,
    sender: str = "",
    now: datetime,
    leave: int = 0,
) -> EmailMessage | None:
    """Owe a mail that nobody asked for, once per key; None when it must not be, or not yet.

    `to` is canonical. It must not be when she refused the topic; not yet when the week's mails to her are
    used up but for `leave` of them, which are kept for what matters more. `zone` is where she is, None: where
    the house is. The template is given `stop_url`. Must run in the transaction of what it tells of; two at
    once for one address wait for each other.
    """
    _refuse_outside_a_transaction(key)
    _lock_address(to)
    queued = EmailMessage.objects.filter(key=key).first()
    if queued is not None:
        return queued
    if subscriptions.is_refused(address=to, topic=topic):
        return None
    if _unasked_lately(to, now=now) + leave >= settings.NUDGE_CAP:
        return None
    zone = zone or ZoneInfo(settings.HOUSE_TIME_ZONE)
    return _owe(
        key=key, template=template, to=to, subject=subject, customer=customer, sender=sender,
        context={**context, "stop_url": stop_url(address=to, topic=topic)},
        queued_at=now, next_attempt_at=by_day(now, zone=zone), topic=topic, zone=zone.key,
    )  # fmt: skip


def by_day(moment: datetime, *, zone: ZoneInfo) -> datetime:
    """The moment itself, or the end of the quiet hours that it lies in, by the clocks of the zone."""
    local = moment.astimezone(zone)
    if settings.QUIET_UNTIL_HOUR <= local.hour < settings.QUIET_FROM_HOUR:
        return moment
    day = local.date() + timedelta(days=local.hour >= settings.QUIET_FROM_HOUR)
    return datetime.combine(day, time(settings.QUIET_UNTIL_HOUR), tzinfo=zone).astimezone(UTC)


def stop_url(*, address: str, topic: str) -> str:
    """Where she says that she wants no more of them."""
    return f"{settings.SITE_URL}/mail/stop/{subscriptions.token(address=address, topic=topic)}/"


def withdraw(*, keys: Iterable[str], why: str, now: datetime) -> int:
    """Mails that were not sent yet and are true no more; how many."""
    waiting = EmailMessage.objects.filter(key__in=keys, sent_at=None, dead_at=None)
    return waiting.update(dead_at=now, last_error=why)


def forget(*, ids: Iterable[int], now: datetime) -> None:
    """Nothing of whom they were for and of what they said; what was not sent yet is not sent. Nor does a key tell an address."""
    mails = EmailMessage.objects.filter(pk__in=list(ids))
    mails.filter(sent_at=None, dead_at=None).update(dead_at=now, last_error=FORGOTTEN)
    mails.update(
        key=Concat(Value("forgotten:"), Cast("pk", CharField())),
        to=FORGOTTEN_ADDRESS, reply_to="", subject="", text="", html="", calendar="",
    )  # fmt: skip
    mails.exclude(last_error="").update(
        last_error=FORGOTTEN
    )  # a provider's refusal names the address


def render(*, template: str, subject: str, context: dict[str, Any]) -> tuple[str, str]:
    """The mail's text and HTML. Raises BadMail."""
    known = {
        "house_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "subject": subject,
        **context,
    }
    plain = Engine.get_default().get_template(f"emails/{template}.txt")
    text = plain.render(Context(known, autoescape=False)).strip() + "\n"
    markup = render_to_string(f"emails/{template}.mjml", known).strip()
    try:
        html: str = mrml.to_html(markup).content
    except OSError as error:
        raise BadMail(f"templates/emails/{template}.mjml is no MJML: {error}") from error
    return text, html


def send_due(*, now: datetime, limit: int = 50) -> int:
    """Send what is owed and due, and count what was sent.

    Must not run inside a transaction: a claim has to be seen by the other workers at once.
    """
    sent = 0
    for _ in range(limit):
        claimed = _claim(now=now)
        if claimed is None:
            break
        sent += _attempt(claimed, now=now)
    return sent


def replay(*, message: EmailMessage, now: datetime) -> None:
    """Owe a mail that was given up anew, with all its attempts before it. Raises NotGivenUp."""
    given_up = EmailMessage.objects.filter(pk=message.pk, dead_at__isnull=False)
    if not given_up.update(dead_at=None, attempts=0, next_attempt_at=now):
        raise NotGivenUp(
            f"The mail {message.key} was not given up: it was sent, or will be tried again by itself"
        )


def came_back(*, mail_id: int, why: str, now: datetime) -> bool:
    """The provider could not deliver it. Says whether that is news; told again it changes nothing."""
    with transaction.atomic():
        sent = EmailMessage.objects.filter(pk=mail_id, bounced_at=None)
        is_news = bool(sent.update(bounced_at=now, last_error=why[:2000]))
        if is_news:
            publish(MailCameBack(mail_id=mail_id), at=now)
    return is_news


@transaction.atomic(durable=True)
def _claim(*, now: datetime) -> EmailMessage | None:
    """Count an attempt on the next mail and lease it, in case this process dies of it."""
    while True:
        message = (
            EmailMessage.objects.select_for_update(skip_locked=True)
            .filter(sent_at=None, dead_at=None, next_attempt_at__lte=now)
            .order_by("next_attempt_at", "id")
            .first()
        )
        if message is None:
            return None
        if message.attempts < settings.OUTBOX_MAX_ATTEMPTS:
            break
        # Only a process that died with its last attempt leaves such a row.
        message.dead_at = now
        message.last_error = message.last_error or "The worker died during the last attempt"
        message.save(update_fields=["dead_at", "last_error"])
    message.attempts += 1
    message.next_attempt_at = now + LEASE
    message.save(update_fields=["attempts", "next_attempt_at"])
    return message


def _attempt(claimed: EmailMessage, *, now: datetime) -> bool:
    mine = EmailMessage.objects.filter(pk=claimed.pk, attempts=claimed.attempts, sent_at=None)
    if claimed.topic and not _may_go(claimed, mine, now=now):
        return False
    try:
        _send(claimed)
    except Exception as error:  # whatever the provider's library raises
        logger.warning("Could not send the mail %s", claimed.key, exc_info=True)
        is_last = claimed.attempts >= settings.OUTBOX_MAX_ATTEMPTS
        mine.update(
            last_error=repr(error)[:2000],
            next_attempt_at=now + wait_after(claimed.attempts),
            dead_at=now if is_last else None,
        )
        return False
    return bool(mine.update(sent_at=now, dead_at=None, last_error=""))


def _may_go(message: EmailMessage, mine: QuerySet[EmailMessage], *, now: datetime) -> bool:
    """Whether one that nobody asked for is still wanted, and it is day: asked again, for it may have waited long."""
    if subscriptions.is_refused(address=message.to, topic=message.topic):
        mine.update(dead_at=now, last_error="She wants no more of these")
        return False
    day = by_day(now, zone=ZoneInfo(message.zone or settings.HOUSE_TIME_ZONE))
    if day > now:
        mine.update(next_attempt_at=day, attempts=message.attempts - 1)
    return day <= now


def _send(message: EmailMessage) -> None:
    headers = {"Message-ID": message_id(message)}
    if message.topic:
        url = stop_url(address=message.to, topic=message.topic)
        headers |= {
            "List-Unsubscribe": f"<{url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    outgoing = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        from_email=message.sender or None,
        to=[message.to],
        reply_to=[message.reply_to] if message.reply_to else None,
        headers=headers,
    )
    # By which a provider's report of it finds the row again; Django's own back ends leave it alone.
    outgoing.metadata = {"mail": str(message.pk)}  # type: ignore[attr-defined]
    outgoing.attach_alternative(message.html, "text/html")
    if message.calendar:
        _invite(outgoing, message)
    outgoing.send()


def _invite(outgoing: EmailMultiAlternatives, message: EmailMessage) -> None:
    """With the part that calendars read themselves the file is only a file, or some would show two invitations."""
    part = f"text/calendar; method={message.calendar_method}"
    backend = settings.EMAIL_BACKEND
    if backend.startswith("anymail.") and not backend.startswith(TAKES_PARTS):
        outgoing.attach(INVITE_NAME, message.calendar, part)
        return
    outgoing.attach_alternative(message.calendar, part)
    outgoing.attach(INVITE_NAME, message.calendar.encode(), "application/ics")


def _owe(
    *, key: str, template: str, subject: str, context: dict[str, Any], **fields: Any
) -> EmailMessage:
    text, html = render(template=template, subject=subject, context=context)
    written = {"kind": template, "subject": " ".join(subject.split()), "text": text, "html": html}
    # A savepoint and two looks less than get_or_create.
    owed = prepared.inserted(EmailMessage, key=key, **written, **fields)
    return owed or EmailMessage.objects.get(key=key)  # by somebody else, a moment ago


def _refuse_outside_a_transaction(key: str) -> None:
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(
            f"The mail {key} was queued outside a transaction; queue it inside the one "
            "that makes it true"
        )


def _unasked_lately(address: str, *, now: datetime) -> int:
    """How many mails of whatever topic she got, or is about to get, without having asked."""
    since = now - timedelta(days=NUDGE_DAYS)
    lately = EmailMessage.objects.filter(to=address, queued_at__gt=since, dead_at=None)
    return lately.exclude(topic="").count()


def _lock_address(address: str) -> None:
    """Until the transaction ends: two who write to her at once must see each other's mail."""
    locking.hold(f"unasked mail {address}")


def message_id(message: EmailMessage) -> str:
    """The same for every attempt at one mail, and telling nothing of its key."""
    local = hashlib.sha256(message.key.encode()).hexdigest()[:32]
    return f"<{local}@{urlsplit(settings.SITE_URL).hostname}>"
