"""What somebody has to see to, noticed within a quarter of an hour, told once, and cleared when it is over.

A store is silent when it has told nothing for longer than its own weeks allow: for each hour of the week the last four weeks say how often
it speaks, and when the hours since its last word would have had five, nobody believes in chance (P < 1 %). Hours in which it never
speaks, at night or on Mondays, add nothing; so opening hours need not be known.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from jeweler import mail
from jeweler.models import Sale, StaffMember, Store
from pos_bridge import alarms, connections, slots
from pos_bridge.models import Alarm, Connection, InboxEvent

EVERY = timedelta(minutes=5)
WEEKS = 4
ENOUGH_WORDS = 20  # in those weeks; of a till that speaks less nothing is known
EXPECTED = 5.0
APART = timedelta(minutes=10)  # what comes within so long is one word: a sale is many messages
AHEAD = timedelta(minutes=2)
BEHIND = timedelta(minutes=30)
FEWEST_TO_JUDGE_A_CLOCK = 3
SAID_AT = ("occurred_at", "created_at", "updated_at")


def watch(*, now: datetime) -> int:
    """Look at everything, if it is this process's turn; how many alarms are open."""
    if slots.take(name="watch tills", every=EVERY, now=now):
        for connection in Connection.objects.filter(is_active=True).select_related("store"):
            _look(connection, now=now)
        tell(now=now)
    return Alarm.objects.filter(cleared_at=None).count()


def expected_words(moments: Sequence[datetime], *, zone: ZoneInfo, now: datetime) -> float:
    """How many words the hours since the last one would have had, by the hours of the weeks before. 0: nothing is known."""
    words = _apart(sorted(moments))
    if len(words) < ENOUGH_WORDS:
        return 0.0
    weeks = min(WEEKS, max(1.0, (words[-1] - words[0]) / timedelta(weeks=1)))
    heard = Counter(_hour(each, zone) for each in words)
    expected, at = 0.0, words[-1]
    while at < now:
        step = min(timedelta(minutes=10), now - at)
        expected += heard[_hour(at, zone)] / weeks * (step / timedelta(hours=1))
        at += step
    return expected


@transaction.atomic
def tell(*, now: datetime) -> int:
    """Write to the owners of what was raised, once for each alarm."""
    untold = list(
        Alarm.objects.select_for_update(of=["self"], skip_locked=True)
        .select_related("connection")
        .filter(told_at=None)
        .order_by("id")[:50]
    )
    owners = StaffMember.objects.filter(role=StaffMember.Role.OWNER, user__is_active=True)
    addresses = [each for each in owners.values_list("user__email", flat=True) if each]
    for alarm in untold:
        for address in addresses:
            mail.queue(
                key=f"alarm:{alarm.pk}:{address}",
                template="pos_bridge/alarm",
                to=address,
                subject=f"{alarm.connection}: {alarm.get_kind_display().lower()}",
                context={
                    "till": alarm.connection.code,
                    "what": alarm.get_kind_display(),
                    "detail": alarm.detail,
                    "is_over": alarm.cleared_at is not None,
                    "url": f"{settings.SITE_URL}/admin/tills/inbox/",
                },
                now=now,
            )
        alarm.told_at = now
        alarm.save(update_fields=["told_at"])
    return len(untold)


def _look(connection: Connection, *, now: datetime) -> None:
    _set(
        connection,
        alarms.Kind.NO_SECRET,
        "" if connections.secrets_of(connection) else f"{connection} has no secret that can be read, so all it sends is refused. Rotate it.",
        now=now,
    )  # fmt: skip
    dead = InboxEvent.objects.filter(connection=connection, state=InboxEvent.State.DEAD).count()
    said = (
        f"{dead} of its messages were given up. See why under Tills, mend it, and try them again."
    )
    _set(connection, alarms.Kind.GIVEN_UP, said if dead else "", now=now)
    _set(connection, alarms.Kind.CLOCK, _clock(connection, now=now), now=now)
    for store, moments in _words(connection, now=now):
        expected = expected_words(moments, zone=store.zone, now=now)
        said = f"{store} has told nothing since {max(moments, default=now).astimezone(store.zone):%A %H:%M}; by now it would have spoken {expected:.0f} times."
        silent = said if expected >= EXPECTED else ""
        _set(connection, alarms.Kind.SILENT, silent, subject=store.code, now=now)


def _set(
    connection: Connection, kind: Alarm.Kind, detail: str, *, now: datetime, subject: str = ""
) -> None:
    """Raised while there is something to say, else cleared."""
    if detail:
        alarms.sound(connection=connection, kind=kind, subject=subject, detail=detail, now=now)
    else:
        alarms.clear(connection=connection, kind=kind, subject=subject, now=now)


def _words(connection: Connection, *, now: datetime) -> Iterable[tuple[Store, list[datetime]]]:
    """When each of its stores spoke: by messages where it has one, by sales where it has many."""
    since = now - timedelta(weeks=WEEKS)
    if connection.store is not None:
        came = InboxEvent.objects.filter(connection=connection, received_at__gte=since)
        own = came.exclude(delivery_key__startswith="recon:")
        yield connection.store, list(own.values_list("received_at", flat=True))
        return
    sales = Sale.objects.filter(source=connection.source, placed_at__gte=since, store__isnull=False)
    by_store: dict[int, list[datetime]] = {}
    for store_id, at in sales.values_list("store", "placed_at"):
        by_store.setdefault(store_id or 0, []).append(at)
    stores = Store.objects.in_bulk(by_store)
    for store_id, moments in by_store.items():
        yield stores[store_id], moments


def _clock(connection: Connection, *, now: datetime) -> str:
    """By what its latest messages say of their own moment, beside when they came. Late ones alone prove nothing.

    A clock that is wrong by minutes signs nothing that could be accepted, so that what was refused for it alone counts too.
    """
    if refused := _refused_clock(connection, now=now):
        return refused
    latest = InboxEvent.objects.filter(
        connection=connection, received_at__gte=now - timedelta(hours=1)
    ).exclude(delivery_key__startswith="recon:")
    late = [
        received - said
        for body, received in latest.order_by("-id").values_list("body", "received_at")[:50]
        if (said := _said_at(body)) is not None
    ]
    if late and min(late) < -AHEAD:
        return f"{connection} tells of moments that are {-min(late).total_seconds() / 60:.0f} minutes ahead. Set its clock."
    if len(late) >= FEWEST_TO_JUDGE_A_CLOCK and min(late) > BEHIND:
        return f"All that {connection} tells is at least {min(late).total_seconds() / 60:.0f} minutes old: its clock is behind, or it delivers late."
    return ""


def _refused_clock(connection: Connection, *, now: datetime) -> str:
    """While nothing was accepted since."""
    at, ahead = connection.last_refusal_at, connection.refused_clock_s
    if at is None or ahead is None or at < now - timedelta(hours=1):
        return ""
    since = InboxEvent.objects.filter(connection=connection, received_at__gt=at)
    if since.exclude(delivery_key__startswith="recon:").exists():
        return ""
    way = "ahead" if ahead > 0 else "behind"
    return f"All that {connection} sends is refused: it signs by a clock that is {abs(ahead) / 60:.0f} minutes {way}. Set its clock."


def _said_at(body: object) -> datetime | None:
    if not isinstance(body, dict):
        return None
    for name in SAID_AT:
        try:
            found = datetime.fromisoformat(str(body[name]))
        except (KeyError, ValueError):
            continue
        return found if found.tzinfo else None
    return None


def _apart(moments: Sequence[datetime]) -> list[datetime]:
    found: list[datetime] = []
    for each in moments:
        if not found or each - found[-1] >= APART:
            found.append(each)
    return found


def _hour(at: datetime, zone: ZoneInfo) -> tuple[int, int]:
    local = at.astimezone(zone)
    return local.weekday(), local.hour
