"""The doorbell of the inbox: it only says "look now"."""

from celery import shared_task
from django.utils import timezone

from pos_bridge import inbound


@shared_task(expires=10)
def apply_inbox() -> int:
    return inbound.apply_due(now=timezone.now())


@shared_task(expires=3600)
def prune_inbox() -> int:
    return inbound.prune(now=timezone.now())
