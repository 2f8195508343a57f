"""How often somebody may have us write a mail: counted in the database, so that it holds over all processes and restarts.

Mails are rare beside pages, so a row for each asker and stretch of time costs nothing that matters, and no cache has to be
there. Askers are kept as keyed hashes: who was written to cannot be read back.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.utils.crypto import salted_hmac

from builder.models import Allowance

_DROP_AFTER = timedelta(days=2)  # longer than any limit's stretch


class TooMany(Exception):
    """The limit is used up; `wait_s` seconds from now it begins anew."""

    def __init__(self, *, wait_s: int) -> None:
        super().__init__(f"Too many in a short time; ask again in {wait_s} seconds.")
        self.wait_s = wait_s


@dataclass(frozen=True, kw_only=True)
class Limit:
    """`most` times in each stretch of `hours`, which divide a day."""

    name: str
    most: int
    hours: int


def take(*, askers: dict[Limit, str], now: datetime) -> None:
    """Use each limit once for its asker. Raises TooMany for the one that ends last.

    Must run in the transaction of what it allows, so that what is refused there is not counted.
    """
    Allowance.objects.filter(began_at__lt=now - _DROP_AFTER).delete()
    used = {limit: _use(limit, asker, now=now) for limit, asker in askers.items()}
    passed = [limit for limit, times in used.items() if times > limit.most]
    if passed:
        ends = max(_began(limit, now) + timedelta(hours=limit.hours) for limit in passed)
        raise TooMany(wait_s=int((ends - now).total_seconds()) + 1)


def count(limit: Limit, *, asker: str, now: datetime) -> None:
    """Note one more, where nothing is refused at once."""
    _use(limit, asker, now=now)


def is_used_up(limit: Limit, *, asker: str, now: datetime) -> bool:
    used = Allowance.objects.filter(
        limit=limit.name, asker_hash=_hashed(asker), began_at=_began(limit, now)
    )
    return used.filter(used__gte=limit.most).exists()


def _use(limit: Limit, asker: str, *, now: datetime) -> int:
    """How often it was used in this stretch, this time included: one statement, so that two at once count two."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            insert into builder_allowance ("limit", asker_hash, began_at, used) values (%s, %s, %s, 1)
            on conflict ("limit", asker_hash, began_at) do update set used = builder_allowance.used + 1
            returning used
            """,
            [limit.name, _hashed(asker), _began(limit, now)],
        )
        times: int = cursor.fetchone()[0]
    return times


def _began(limit: Limit, now: datetime) -> datetime:
    day = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return day - timedelta(hours=day.hour % limit.hours)


def _hashed(asker: str) -> str:
    return salted_hmac("builder.allowances", asker, algorithm="sha256").hexdigest()
