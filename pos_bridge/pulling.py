"""What did not come is asked for: owed fetches, and every ten minutes whatever changed at a vendor.

Promise: what an API tells goes through the same inbox as what webhooks bring, under keys of its own, so that it never matters which came
first. `pulled_until` moves only when everything before it is kept, and each pull begins an hour before it: an order that changes
while its page is turned is met again. A pull that is interrupted begins again where the last whole one ended. No row is locked
and no transaction is open while a vendor is waited for, and attempts are counted before they are made.

Limit: what a vendor never lists and never sends is only found by the register's closing (`reconciliation`).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from jeweler import outward
from jeweler.outbox import wait_after
from pos_bridge import alarms, calling, connections, fetching, inbound, registers, slots
from pos_bridge.models import Connection, Fetch
from pos_bridge.providers import known
from pos_bridge.providers.asking import Access, Api, Ask, Found, NotAsExpected, Page, Told
from pos_bridge.providers.fields import Malformed
from pos_bridge.records import Closure

EVERY = timedelta(minutes=10)
OVERLAP = timedelta(hours=1)
WINDOW = timedelta(days=1)  # what is asked for at once after a long absence
MOST_WINDOWS = 14
MOST_PAGES = 1_000
MOST_ATTEMPTS = 6
FIRST_WAIT = timedelta(seconds=10)
PATIENCE = timedelta(seconds=60)  # in all, of one pull, with a vendor that wants pauses
SUBSCRIPTIONS_EVERY = timedelta(minutes=10)

Pause = Callable[[float], None]


@dataclass(kw_only=True)
class Line:
    """A talk with one connection's API, which waits when it is told to."""

    connection: Connection
    api: Api
    access: Access
    reach: outward.Reach | None = None
    pause: Pause = time.sleep
    patience: timedelta = PATIENCE

    def ask(self, request: Ask) -> Told:
        while True:
            try:
                return calling.ask(connection=self.connection, request=request, reach=self.reach)
            except calling.TooOften as wish:
                if wish.wait > self.patience:
                    raise
                self.patience -= wish.wait
                self.pause(wish.wait.total_seconds())

    def read(self, request: Ask) -> Page:
        """Raises ApiTrouble, also for an answer that is not what it should be."""
        try:
            told = self.ask(request)
        except (calling.NotThere, calling.NotAllowed):
            if request.is_optional:
                return Page()
            raise
        try:
            return self.api.read(access=self.access, ask=request, told=told)
        except NotAsExpected as error:
            raise calling.ApiTrouble(f"Its answer makes no sense to us: {error}.") from error


def line_to(
    connection: Connection, *, reach: outward.Reach | None = None, pause: Pause = time.sleep
) -> Line | None:
    """None for a till without an API, or one that we were given no token for."""
    api = known.api_of(connection)
    token = connections.api_token_of(connection)
    if api is None or not token or not connection.api_url:
        return None
    access = Access(
        token=token,
        places=tuple(connection.places.order_by("pk").values_list("external_id", flat=True)),
        cursors=connection.cursors,
        hook=connections.hook_of(connection),
        secret=next(iter(connections.secrets_of(connection)), ""),
    )
    return Line(connection=connection, api=api, access=access, reach=reach, pause=pause)


# One thing that is owed.


def fetch_due(
    *, now: datetime, reach: outward.Reach | None = None, pause: Pause = time.sleep, limit: int = 50
) -> int:
    """Ask for what is owed and due, and count what came. Must not run inside a transaction."""
    came = 0
    for _ in range(limit):
        fetch = _claim(now=now)
        if fetch is None:
            break
        try:
            came += _fetch(fetch, reach=reach, pause=pause, now=now)
        except calling.ApiTrouble as trouble:
            _note_failure(fetch, trouble=trouble, now=now)
    return came


@transaction.atomic(durable=True)
def _claim(*, now: datetime) -> Fetch | None:
    """Count an attempt on the next one and put it off, in case this process dies of it."""
    due = Fetch.objects.filter(fetched_at=None, dead_at=None, next_attempt_at__lte=now)
    fetch = (
        due.select_for_update(skip_locked=True, of=["self"])
        .select_related("connection")
        .order_by("next_attempt_at", "id")
        .first()
    )
    if fetch is not None:
        fetch.attempts += 1
        fetch.next_attempt_at = now + wait_after(fetch.attempts, first=FIRST_WAIT)
        fetch.save(update_fields=["attempts", "next_attempt_at"])
    return fetch


def _fetch(fetch: Fetch, *, reach: outward.Reach | None, pause: Pause, now: datetime) -> bool:
    line = line_to(fetch.connection, reach=reach, pause=pause)
    if line is None:
        raise calling.ApiTrouble("The connection has no API address and token; give it both.")
    request = line.api.fetch(access=line.access, kind=fetch.kind, external_id=fetch.external_id)
    if request is None:
        raise calling.NotThere(f"Its API has no {fetch.kind} of that name.")
    page = line.read(request)
    with transaction.atomic():
        if not _its_row(fetch).update(fetched_at=now, last_error=""):
            return False  # somebody else began it anew while we waited
        _keep(fetch.connection, page.found, now=now)
    return True


def _note_failure(fetch: Fetch, *, trouble: calling.ApiTrouble, now: datetime) -> None:
    is_hopeless = isinstance(trouble, calling.NotThere)
    if is_hopeless or fetch.attempts >= MOST_ATTEMPTS:
        _its_row(fetch).update(dead_at=now, last_error=str(trouble)[:2000])
        return
    wait = wait_after(fetch.attempts, first=FIRST_WAIT)
    if isinstance(trouble, calling.TooOften):
        wait = max(wait, trouble.wait)
    _its_row(fetch).update(next_attempt_at=now + wait, last_error=str(trouble)[:2000])


def _its_row(fetch: Fetch) -> QuerySet[Fetch]:
    return Fetch.objects.filter(pk=fetch.pk, attempts=fetch.attempts, fetched_at=None, dead_at=None)


# All that changed.


def pull_due(
    *, now: datetime, reach: outward.Reach | None = None, pause: Pause = time.sleep
) -> int:
    """Pull from each connection whose turn it is, and count those that told everything."""
    whole = 0
    for connection in Connection.objects.filter(is_active=True).exclude(api_url=""):
        if not slots.take(name=f"pull {connection.pk}", every=EVERY, now=now):
            continue
        whole += pull(connection=connection, now=now, reach=reach, pause=pause)
    return whole


def pull(
    *,
    connection: Connection,
    now: datetime,
    reach: outward.Reach | None = None,
    pause: Pause = time.sleep,
) -> bool:
    """Bring in what changed since the last whole pull, and say whether all of it is here now."""
    line = line_to(connection, reach=reach, pause=pause)
    if line is None:
        return False
    try:
        for _ in range(MOST_WINDOWS):
            if _pull_window(line, now=now):
                break
        for closure in closures_since(line, since=now - 2 * WINDOW, until=now):
            registers.keep(connection=connection, closure=closure, now=now)
    except calling.ApiTrouble as trouble:
        alarms.sound(
            connection=connection, kind=alarms.Kind.CANNOT_PULL, detail=str(trouble), now=now
        )
        return False
    alarms.clear(connection=connection, kind=alarms.Kind.CANNOT_PULL, now=now)
    return True


def closures_since(line: Line, *, since: datetime, until: datetime) -> list[Closure]:
    """The registers' closings. Raises ApiTrouble."""
    found: list[Closure] = []
    asks = line.api.closures(access=line.access, since=since, until=until)
    _walk(line, asks, each=lambda page: found.extend(page.closures))
    return found


def pull_between(line: Line, *, since: datetime, until: datetime, now: datetime) -> dict[str, str]:
    """Keep all that changed between the two, and say where the vendor's lists go on. Raises ApiTrouble."""
    cursors = dict(line.access.cursors)

    def take(page: Page) -> None:
        with transaction.atomic():
            _keep(line.connection, page.found, now=now)
        cursors.update(page.cursors)

    _walk(line, line.api.changes(access=line.access, since=since, until=until), each=take)
    return cursors


def _pull_window(line: Line, *, now: datetime) -> bool:
    """At most a day of changes; whether that was the last of them."""
    connection = line.connection
    begins = connection.pulled_until or connection.created_at
    until = min(begins + WINDOW, now)
    cursors = dict(connection.cursors)

    def take(page: Page) -> None:
        with transaction.atomic():
            _keep(connection, page.found, now=now)
        cursors.update(page.cursors)

    _walk(
        line, line.api.changes(access=line.access, since=begins - OVERLAP, until=until), each=take
    )
    # Somebody slower who began before us must not take it back.
    behind = Connection.objects.filter(pk=connection.pk).exclude(pulled_until__gte=until)
    behind.update(pulled_until=until, cursors=cursors)
    connection.pulled_until, connection.cursors = until, cursors
    line.access = replace(line.access, cursors=cursors)
    return until >= now


def _walk(line: Line, asks: tuple[Ask, ...], *, each: Callable[[Page], object]) -> None:
    waiting, pages = list(asks), 0
    while waiting:
        pages += 1
        if pages > MOST_PAGES:
            raise calling.ApiTrouble(f"Its list has more than {MOST_PAGES} pages.")
        page = line.read(waiting.pop(0))
        each(page)
        waiting = [*page.then, *waiting]


def _keep(connection: Connection, found: tuple[Found, ...], *, now: datetime) -> None:
    """Into the inbox; what else is to be asked is owed when it was news."""
    for each in found:
        if each.message is not None and not _is_news(connection, each, now=now):
            continue
        for wanted in each.wants:
            fetching.want(
                connection=connection, kind=wanted.kind, external_id=wanted.external_id, now=now
            )


def _is_news(connection: Connection, found: Found, *, now: datetime) -> bool:
    assert found.message is not None
    try:
        return inbound.keep(connection=connection, message=found.message, now=now)
    except Malformed:  # it is kept, dead, and listed with its problems
        return False
