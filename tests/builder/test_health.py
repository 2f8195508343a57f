"""A process says which engine answers the stone list."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import timezone

from builder.search import building, snapshot
from tests.factories.builder import StoneFactory


@pytest.fixture(autouse=True)
def _new_process(settings: object) -> Iterator[None]:
    settings.SEARCH_SNAPSHOT_POLL_S = 0  # type: ignore[attr-defined]
    snapshot.forget()
    yield
    snapshot.forget()


@pytest.mark.django_db(transaction=True)
def test_a_process_without_a_snapshot_says_so_until_there_is_one(client: Client) -> None:
    StoneFactory()
    assert client.get("/healthz").json() == {"status": "ok", "search": "table"}
    building.build(now=timezone.now())
    answer = client.get("/healthz").json()
    assert answer.pop("snapshot_age_s") < 60
    assert answer == {"status": "ok", "search": "snapshot"}
