"""An address waits for its turn, over all processes."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import RequestFactory
from redis.exceptions import ConnectionError as CacheDown

from builder import turns
from builder.turns import STRIDE, Turns

MINUTE = 29_000_000 * 60.0


@pytest.fixture
def scope(request: pytest.FixtureRequest) -> str:
    cache.clear()
    return str(request.node.name)


def take(limit: Turns, times: int, *, at: float = MINUTE, address: str = "10.0.0.1") -> list[int]:
    return [limit.wait_s(address=address, now_s=at) for _ in range(times)]


def test_so_many_a_minute_and_then_the_next_minute(scope: str) -> None:
    limit = Turns(scope=scope, per_minute=40)
    waits = take(limit, 42, at=MINUTE + 20)
    assert waits == [0] * 40 + [41, 41]
    assert take(limit, 1, at=MINUTE + 60) == [0]


def test_addresses_do_not_wait_for_each_other(scope: str) -> None:
    limit = Turns(scope=scope, per_minute=3)
    assert take(limit, 4)[-1] > 0
    assert take(limit, 1, address="10.0.0.2") == [0]


def test_processes_share_their_counts_within_a_stride(scope: str) -> None:
    one, other = Turns(scope=scope, per_minute=60), Turns(scope=scope, per_minute=60)
    taken = sum(wait == 0 for _ in range(100) for wait in (*take(one, 1), *take(other, 1)))
    assert 60 <= taken <= 60 + 2 * STRIDE


def test_without_a_cache_each_process_counts_for_itself(
    scope: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*args: Any, **kwargs: Any) -> None:
        raise CacheDown

    monkeypatch.setattr(turns.cache, "add", down)
    limit = Turns(scope=scope, per_minute=30)
    assert [wait == 0 for wait in take(limit, 40)] == [True] * 30 + [False] * 10


def test_the_address_is_the_proxys_word_else_the_connections() -> None:
    direct = RequestFactory().get("/", REMOTE_ADDR="10.0.0.9")
    behind = RequestFactory().get("/", REMOTE_ADDR="10.0.0.9", HTTP_X_FORWARDED_FOR="1.2.3.4, 5.6")
    assert turns.address_of(direct) == "10.0.0.9"
    assert turns.address_of(behind) == "1.2.3.4,5.6"
