"""What a visit is judged by besides what is taken, remembered in each process: stores, services, hours, the
starts they give, and the ways between stores.

Promise: whatever is remembered was so under its `token`. The database gives the house another one whenever any of it is changed
(`models.TermsVersion`), so whoever acts on what is remembered hands the token along and is told if it is that no more
(`appointments.holding`). Nobody asks the database for leave first.

Limit: what was not compared with the token may be old. Whoever has nothing to hand along, or shows it, asks for what is `in_force`.
"""

import uuid
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from appointments import availability, calendars, diary
from appointments.availability import Lane, Plan
from appointments.diary import Asked, Hours
from appointments.models import Service
from appointments.ways import Ways
from jeweler import prepared
from jeweler.models import Store

MOST = 128  # months of a service in a store: some thousand numbers each

Starts = dict[int, tuple[int, ...]]


@dataclass(eq=False, kw_only=True)
class Terms:
    """What is known under one token. Filled by whoever asks first; several threads may."""

    token: uuid.UUID
    _stores: dict[int, Store] = field(default_factory=dict)
    _services: dict[int, Service] = field(default_factory=dict)
    _named: dict[tuple[str, str], tuple[Store, Service]] = field(default_factory=dict)
    _hours: dict[Any, Hours] = field(default_factory=dict)
    _starts: dict[Any, Starts] = field(default_factory=dict)
    _ways: Ways | None = None

    def store(self, pk: int) -> Store:
        """With its showroom. Raises Store.DoesNotExist."""
        if pk not in self._stores:
            self._stores[pk] = Store.objects.select_related("showroom").get(pk=pk)
        return self._stores[pk]

    def service(self, pk: int) -> Service:
        """Raises Service.DoesNotExist."""
        if pk not in self._services:
            self._services[pk] = Service.objects.get(pk=pk)
        return self._services[pk]

    def named(self, *, store: str, service: str) -> tuple[Store, Service] | None:
        """By their codes; None where there is none of them, or the service is not offered. That is not remembered."""
        if (store, service) not in self._named:
            shop = Store.objects.select_related("showroom").filter(code=store).first()
            offered = Service.objects.filter(code=service, is_offered=True).first()
            if shop is None or offered is None:
                return None
            self._named[store, service] = shop, offered
        return self._named[store, service]

    def asked(self, asked: Asked) -> Asked:
        """The same visit by these terms."""
        store, service = self.store(asked.store.pk), self.service(asked.service.pk)
        return replace(asked, store=store, service=service)

    def hours(self, asked: Asked, *, since: datetime, until: datetime, now: datetime) -> Hours:
        """As `diary.hours`."""
        which = _which(asked, diary.reach(asked, since=since, until=until, now=now))
        known = self._hours.get(which)
        if known is None:
            known = diary.hours(asked, since=since, until=until, now=now)
            _keep(self._hours, which, known)
        return known

    def ways(self) -> Ways:
        if self._ways is None:
            self._ways = diary.read_ways()
        return self._ways

    def people(self, asked: Asked, *, starts_at: datetime, now: datetime) -> tuple[int, ...]:
        """Who could take the visit, were nobody and nothing taken; nobody where it cannot begin then. Asked by these terms."""
        start = calendars.minute_of(starts_at)
        first, last = diary.bounds(asked, now=now)
        if not first <= start <= last or starts_at.second or starts_at.microsecond:
            return ()
        until = starts_at + timedelta(minutes=1)
        which = (
            *_which(asked, diary.reach(asked, since=starts_at, until=until, now=now)),
            diary.step_of(asked),
        )
        starts = self._starts.get(which)
        if starts is None:
            starts = _starts(asked, self.hours(asked, since=starts_at, until=until, now=now))
            _keep(self._starts, which, starts)
        return starts.get(start, ())


_kept: Terms | None = None


def kept() -> Terms:
    """What this process remembers: perhaps no more in force."""
    return _kept or in_force()


def in_force() -> Terms:
    """What is remembered, if that is in force; else nothing but the token that is, read before whatever is to be known under it."""
    global _kept  # noqa: PLW0603  one for each process
    found = prepared.rows("select token from appointments_termsversion")
    token = found[0][0] if found else uuid.uuid4()
    if _kept is None or _kept.token != token:
        _kept = Terms(token=token)
    return _kept


# Inside.


def _which(asked: Asked, days: tuple[date, date]) -> tuple[Any, ...]:
    return (asked.store.pk, asked.service.pk, asked.language, asked.associate_id, *days)


def _keep(known: dict[Any, Any], which: Any, value: object) -> None:
    while len(known) >= MOST:
        known.pop(next(iter(known), None), None)
    known[which] = value


def _starts(asked: Asked, hours: Hours) -> Starts:
    """Every start that the hours give, with who works then."""
    if not hours.opened:
        return {}
    first, last = hours.opened[0].start, max(each.end for each in hours.opened)
    plan = Plan(
        length=asked.service.minutes,
        after=asked.service.after_minutes,
        step=diary.step_of(asked),
        first=first,
        last=last,
        associates=[Lane(id=one, windows=windows) for one, windows in hours.people.items()],
        rooms=[Lane(id=1, windows=hours.opened)] if diary.takes_room(asked.service) else None,
    )
    return availability.slots(plan, since=first, until=last + 1)
