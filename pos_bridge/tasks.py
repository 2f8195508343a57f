"""The doorbells of the inbox and of the webhooks that we send: they only say "look now"."""

from celery import shared_task
from django.utils import timezone

from pos_bridge import (
    drops,
    inbound,
    outgoing,
    pulling,
    reconciliation,
    repeats,
    slots,
    subscribing,
    watching,
)


@shared_task(expires=10)
def apply_inbox() -> int:
    return inbound.apply_due(now=timezone.now())


@shared_task(expires=3600)
def prune_inbox() -> int:
    return inbound.prune(now=timezone.now())


@shared_task(expires=10)
def fetch_what_is_owed() -> int:
    return pulling.fetch_due(now=timezone.now())


@shared_task(expires=60)
def pull_what_changed() -> int:
    return pulling.pull_due(now=timezone.now())


@shared_task(expires=60)
def look_at_subscriptions() -> int:
    return subscribing.look_due(now=timezone.now())


@shared_task(expires=30)
def read_drops() -> int:
    return drops.read_due(now=timezone.now())


@shared_task(expires=3600)
def prune_slots() -> int:
    return slots.prune(now=timezone.now())


@shared_task(expires=3600)
def prune_keys() -> int:
    return repeats.prune(now=timezone.now())


@shared_task(expires=10)
def send_webhooks() -> int:
    return outgoing.deliver_due(clock=timezone.now)


@shared_task(expires=3600)
def prune_webhooks() -> int:
    return outgoing.prune(now=timezone.now())


@shared_task(expires=300)
def reconcile_days() -> int:
    return reconciliation.reconcile_due(now=timezone.now())


@shared_task(expires=60)
def watch_tills() -> int:
    return watching.watch(now=timezone.now())
