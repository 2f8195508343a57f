"""How often one address may ask: so many times in a minute, over all processes, without a round trip for each request.

Each process counts for itself and tells the cache every few requests, so that the limit is passed by at most STRIDE
requests per process. When the cache is down each process goes on by its own count.
"""

import threading

from django.core.cache import cache
from django.http import HttpRequest
from redis.exceptions import RedisError

PER_MINUTE = 240
STRIDE = 60
_KEEP_S = 120
_MOST_ADDRESSES = 50_000  # of one minute and process; beyond it the counts begin anew


class Turns:
    """The counts of one limit. `scope` keeps it apart from others in the cache."""

    def __init__(self, *, scope: str, per_minute: int = PER_MINUTE) -> None:
        self.scope = scope
        self.per_minute = per_minute
        self._minute = -1
        self._counts: dict[str, tuple[int, int]] = {}  # own since telling, all that was told
        self._lock = threading.Lock()

    def wait_s(self, *, address: str, now_s: float) -> int:
        """Take a turn: 0, or how many seconds remain until the address may ask again."""
        minute = int(now_s // 60)
        with self._lock:
            if minute != self._minute or len(self._counts) > _MOST_ADDRESSES:
                self._minute, self._counts = minute, {}
            own, told = self._counts.get(address, (0, 0))
            own += 1
            self._counts[address] = (own, told)
        if own >= STRIDE:
            own, told = self._tell(address, minute=minute, own=own, told=told)
        return 0 if own + told <= self.per_minute else int((minute + 1) * 60 - now_s) + 1

    def _tell(self, address: str, *, minute: int, own: int, told: int) -> tuple[int, int]:
        """Add the own count to everybody's."""
        key = f"turns:{self.scope}:{minute}:{address}"
        try:
            is_first = not told and cache.add(key, own, _KEEP_S)
            all_told = own if is_first else cache.incr(key, own)
        except (RedisError, ValueError):  # no cache, or one that forgot the key in between
            all_told = told + own
        with self._lock:
            if self._minute == minute:
                self._counts[address] = (0, all_told)
        return 0, all_told


def address_of(request: HttpRequest) -> str:
    """Whose turn it is: the proxy's word, as for every other limit, else the connection's."""
    forwarded: str = request.META.get("HTTP_X_FORWARDED_FOR", "")
    connected: str = request.META.get("REMOTE_ADDR", "")
    return forwarded.replace(" ", "") or connected
