"""The doorbell: what the clock asks for is there, and asking twice costs nothing."""

from dataclasses import dataclass
from datetime import datetime

import pytest
from django.conf import settings
from django.core import mail as django_mail
from django.db import transaction
from django.utils import timezone

from jeweler import celery_app, outbox, tasks
from jeweler.models import OutboxEvent
from tests.factories.jeweler import NOW, EmailMessageFactory

knocks: list[int] = []


@dataclass(frozen=True, kw_only=True)
class DoorKnocked(outbox.Event):
    door: int


@outbox.subscribe(DoorKnocked)
def open_up(event: DoorKnocked, *, now: datetime) -> None:
    knocks.append(event.door)


@pytest.mark.parametrize("name", sorted(settings.CELERY_BEAT_SCHEDULE))
def test_every_task_that_the_clock_asks_for_exists_and_expires(name: str) -> None:
    celery_app.loader.import_default_modules()
    task = celery_app.tasks[settings.CELERY_BEAT_SCHEDULE[name]["task"]]
    assert task.expires, "a ring that nobody heard in time is worth nothing"


@pytest.mark.django_db(transaction=True)
def test_a_ring_delivers_what_is_owed_and_a_second_one_finds_nothing() -> None:
    now = timezone.now()
    with transaction.atomic():
        outbox.publish(DoorKnocked(door=7), at=now)
    EmailMessageFactory(next_attempt_at=now)
    assert [tasks.deliver_events(), tasks.deliver_events()] == [1, 0]
    assert knocks == [7]
    assert [tasks.send_mails(), tasks.send_mails()] == [1, 0]
    assert len(django_mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_a_ring_forgets_what_is_old() -> None:
    OutboxEvent.objects.create(
        name="jeweler.SaleVoided", payload={}, occurred_at=NOW.replace(year=2020)
    )
    assert tasks.prune_events() == 1
