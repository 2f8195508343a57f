"""Worker processes are killed in the middle of a delivery: nothing is lost and nothing doubled."""

from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from jeweler import outbox
from jeweler.models import AuditEntry, OutboxDelivery
from tests.faults.probe import GongStruck, lines, wait_until, working

pytestmark = pytest.mark.django_db(transaction=True)

SLOW = (7, 21, 35)


def strike(*gongs: GongStruck) -> None:
    with transaction.atomic():
        for gong in gongs:
            outbox.publish(gong, at=timezone.now())


def kill_while_it_hears(number: int, *, file: Path, ahead: int) -> None:
    with working("events", file=file, ahead=ahead) as worker:
        wait_until(lambda: f"heard {number}" in lines(file), what=f"{number} was heard")
        worker.kill()


def test_an_event_whose_worker_was_killed_takes_effect_once(tmp_path: Path) -> None:
    file = tmp_path / "noted"
    strike(*(GongStruck(gong=number, is_slow=number in SLOW) for number in range(40)))

    for hour, number in enumerate(SLOW):
        kill_while_it_hears(number, file=file, ahead=hour)
        assert not AuditEntry.objects.filter(subject=f"gong:{number}").exists()
    with working("events", file=file, ahead=len(SLOW)):
        owed = OutboxDelivery.objects.filter(delivered_at=None)
        wait_until(lambda: not owed.exists(), what="everything was delivered")

    effects = Counter(AuditEntry.objects.values_list("subject", flat=True))
    assert effects == {f"gong:{number}": 1 for number in range(40)}
    # The world outside saw those twice: that is what a subscriber must tolerate.
    heard = Counter(line for line in lines(file) if line.startswith("heard"))
    assert {line for line, times in heard.items() if times > 1} == {
        f"heard {number}" for number in SLOW
    }


def test_a_subscriber_that_kills_its_worker_ends_dead_and_holds_up_nobody(tmp_path: Path) -> None:
    file = tmp_path / "noted"
    strike(GongStruck(gong=1, kills=True), GongStruck(gong=2))
    killer = OutboxDelivery.objects.get(
        event__payload__gong=1, subscriber__endswith="kill_the_worker"
    )
    # All attempts but the last two are taken as made, since each costs a process.
    OutboxDelivery.objects.filter(pk=killer.pk).update(attempts=settings.OUTBOX_MAX_ATTEMPTS - 2)

    for hours in (0, 2):
        with working("events", file=file, ahead=hours) as worker:
            wait_until(lambda: worker.process.poll() is not None, what="the worker died")
    with working("events", file=file, ahead=4):
        dead = OutboxDelivery.objects.filter(pk=killer.pk, dead_at__isnull=False)
        wait_until(dead.exists, what="the killer was given up")
        owed = OutboxDelivery.objects.filter(delivered_at=None, dead_at=None)
        wait_until(lambda: not owed.exists(), what="all others were delivered")

    assert lines(file).count("killed itself") == 2
    assert dead.get().last_error == "The worker died during the last attempt"
    assert OutboxDelivery.objects.exclude(delivered_at=None).count() == 3
