"""A watcher is killed in the middle of telling: what it had claimed is told by the next one, and nothing twice."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from builder import saving
from builder.models import DesignNotice, Stone
from jeweler.models import EmailMessage
from tests.factories.builder import DesignFactory, SettingFactory
from tests.faults.probe import wait_until, working

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 16


@pytest.fixture(autouse=True)
def lost_stones() -> None:
    """As many people saved a ring whose stone was sold since."""
    now = timezone.now() - timedelta(hours=5)
    setting = SettingFactory()
    for number in range(MANY):
        design = DesignFactory(setting=setting, created_at=now, updated_at=now)
        saving.save(
            design=design,
            email=f"ada{number}@example.com",
            visitor=design.visitor,
            is_discreet=False,
            now=now,
        )
    Stone.objects.update(status="sold", sold_at=now)


def told() -> int:
    return DesignNotice.objects.count()


def test_what_a_killed_watcher_had_claimed_is_told_by_the_next_one_and_nothing_twice(
    tmp_path: Path,
) -> None:
    with working("designs", file=tmp_path / "first") as watcher:
        wait_until(lambda: told() > 1, what="some were told")
        watcher.kill()
    assert told() < MANY
    with working("designs", file=tmp_path / "next", ahead=0.1):
        wait_until(lambda: told() == MANY, what="all were told")
    mails = EmailMessage.objects.exclude(topic="")
    assert mails.count() == mails.values("to").distinct().count() == MANY


def test_two_watchers_at_once_tell_everybody_once(tmp_path: Path) -> None:
    with working("designs", file=tmp_path / "one"), working("designs", file=tmp_path / "two"):
        wait_until(lambda: told() == MANY, what="all were told")
    assert EmailMessage.objects.exclude(topic="").count() == MANY
