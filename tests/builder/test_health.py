"""A process says which engine answers the stone list, and whether saved designs are watched in time."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from builder import living
from builder.search import building, snapshot
from tests.factories.builder import DesignFactory, StoneFactory
from tests.factories.jeweler import CustomerFactory


@pytest.fixture(autouse=True)
def _new_process(settings: object) -> Iterator[None]:
    settings.SEARCH_SNAPSHOT_POLL_S = 0  # type: ignore[attr-defined]
    snapshot.forget()
    yield
    snapshot.forget()


@pytest.mark.django_db(transaction=True)
def test_a_process_without_a_snapshot_says_so_until_there_is_one(client: Client) -> None:
    StoneFactory()
    assert client.get("/healthz").json() == {
        "status": "ok",
        "search": "table",
        "designs_behind_s": 0,
    }
    building.build(now=timezone.now())
    answer = client.get("/healthz").json()
    assert answer.pop("snapshot_age_s") < 60
    assert answer == {"status": "ok", "search": "snapshot", "designs_behind_s": 0}


@pytest.mark.django_db(transaction=True)
def test_a_watcher_that_stands_still_is_seen(client: Client) -> None:
    now = timezone.now()
    DesignFactory(customer=CustomerFactory(), saved_at=now, next_watch_at=now - timedelta(hours=2))
    behind = client.get("/healthz").json()["designs_behind_s"]
    assert 2 * 3600 <= behind < 2 * 3600 + 60
    living.watch(now=now)
    assert client.get("/healthz").json()["designs_behind_s"] == 0
