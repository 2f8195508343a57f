"""Mails: owed by a row, rendered when they are queued, sent by a worker.

`queue` writes the row in the caller's transaction, so that a mail is owed if and only if the change
it tells of was committed. One row per key: whoever queues it again gets the first one back.
`send_due` claims rows one by one, counts the attempt before it is made, and hands the mail to
Django's mail interface (anymail in production).

Limit: a process that is killed after the mail server took a mail, and before that was written down,
sends it again a few minutes later. Nobody can promise more over SMTP; both copies carry the same
Message-ID, by which mail programs show one. A mail is never lost.
"""

import hashlib
import logging
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import mrml
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template import Context, Engine
from django.template.loader import render_to_string

from jeweler.models import Customer, EmailMessage
from jeweler.outbox import wait_after

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)  # longer than the mail server may take to answer


class BadMail(ValueError):
    """A template is no MJML; the text names it."""


class NotGivenUp(ValueError):
    """A mail that was sent, or is still being tried, is not owed anew."""


def queue(
    *,
    key: str,
    template: str,
    to: str,
    subject: str,
    context: dict[str, Any],
    customer: Customer | None = None,
    now: datetime,
) -> EmailMessage:
    """Owe a mail, once per key.

    `template` "builder/design_saved" stands for `emails/builder/design_saved.mjml` and `.txt`.
    Must run in the transaction of what it tells of.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(
            f"The mail {key} was queued outside a transaction; queue it inside the one "
            "that makes it true"
        )
    queued = EmailMessage.objects.filter(key=key).first()
    if queued is not None:
        return queued
    text, html = render(template=template, subject=subject, context=context)
    return EmailMessage.objects.get_or_create(
        key=key,
        defaults={
            "kind": template,
            "customer": customer,
            "to": to,
            "subject": " ".join(subject.split()),
            "text": text,
            "html": html,
            "queued_at": now,
            "next_attempt_at": now,
        },
    )[0]


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


def _send(message: EmailMessage) -> None:
    outgoing = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        to=[message.to],
        headers={"Message-ID": message_id(message)},
    )
    outgoing.attach_alternative(message.html, "text/html")
    outgoing.send()


def message_id(message: EmailMessage) -> str:
    """The same for every attempt at one mail, and telling nothing of its key."""
    local = hashlib.sha256(message.key.encode()).hexdigest()[:32]
    return f"<{local}@{urlsplit(settings.SITE_URL).hostname}>"
