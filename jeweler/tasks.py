"""The doorbell: each task only says "look now". What is owed stands in the database.

A ring that comes late is worth nothing, so it expires: after a night without workers the queue is
emptied at once.
"""

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from jeweler import mail, outbox


@shared_task(expires=10)
def deliver_events() -> int:
    return outbox.deliver_due(now=timezone.now())


@shared_task(expires=10)
def send_mails() -> int:
    return mail.send_due(now=timezone.now())


@shared_task(expires=3600)
def prune_sessions() -> None:
    """A visit's own notes end with it; the table would else grow for good."""
    SessionStore.clear_expired()


@shared_task(expires=3600)
def prune_events() -> int:
    return outbox.prune(now=timezone.now())
