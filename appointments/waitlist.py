"""Who waits for a time, and to whom one that came free is offered.

Promise: whoever waits longest and fits has the time for herself, as a hold like any other, for four hours, and over a night until
the morning; nobody else is offered it meanwhile, and a time not taken goes to the next. An offer that was not taken ends its
entry, and a mail says so: nobody is asked twice, and nobody goes on waiting who is on no list.

Limit: times are looked for each minute and when a visit ends, not at the very moment; whoever books on the site meanwhile has it.
"""

import uuid
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Q

from appointments import booking, letters, looking, visits
from appointments.booking import Contact
from appointments.diary import Asked, NotOffered, StoneGone
from appointments.models import Appointment, Service, WaitlistEntry
from appointments.promises import StoneTaken
from appointments.seating import SlotTaken
from builder.models import Design, Stone
from jeweler import customers, locking, mail
from jeweler.models import Store

State = WaitlistEntry.State
KEPT_FOR = timedelta(hours=4)
SHORTEST = timedelta(minutes=30)
LONGEST_DAYS = 90
_GONE = (Stone.Status.SOLD, Stone.Status.WITHDRAWN)


def join(
    *,
    store: Store,
    service: Service,
    email: str,
    name: str = "",
    since_date: date,
    until_date: date,
    design: Design | None = None,
    stone: Stone | None = None,
    now: datetime,
) -> WaitlistEntry:
    """Wait for a time on one of these days, both included and on the store's wall. Who waits already waits for these days from now on."""
    first, _, last = name.strip().partition(" ")
    today = now.astimezone(store.zone).date()
    since = max(since_date, today)
    days = {
        "since_date": since,
        "until_date": max(since, min(until_date, today + timedelta(days=LONGEST_DAYS))),
        "email": email, "design": design, "stone": stone,
    }  # fmt: skip
    with transaction.atomic():
        customer = customers.identify(
            email=email, first_name=first, last_name=last.strip(), region=store.region,
            source="waiting list", now=now,
        )  # fmt: skip
        entry, is_new = WaitlistEntry.objects.get_or_create(
            store=store, service=service, customer=customer, state__in=[State.WAITING, State.OFFERED],
            defaults={**days, "asked_at": now},
        )  # fmt: skip
        if not is_new and entry.state == State.WAITING:
            for field, value in days.items():
                setattr(entry, field, value)
            entry.save(update_fields=list(days))
    return entry


def offer(*, now: datetime, store_id: int | None = None) -> int:
    """Tidy what ran out, and give what is free to those who wait longest, by day. How many were offered a time."""
    tidy(now=now)
    waiting = WaitlistEntry.objects.filter(state=State.WAITING, store__is_open=True)
    if store_id is not None:
        waiting = waiting.filter(store=store_id)
    offered = 0
    for pk in list(waiting.order_by("asked_at", "pk").values_list("pk", flat=True)):
        offered += _offered(pk, now=now)
    return offered


def tidy(*, now: datetime) -> None:
    """Offers that ran out or were let go end their entries, with a mail; and so does the last day of whom nothing came free for."""
    over = Q(offer__status=Appointment.Status.EXPIRED) | Q(
        offer__status=Appointment.Status.HELD, offer__expires_at__lte=now
    )
    ended = WaitlistEntry.objects.filter(Q(state=State.OFFERED) & (over | Q(offer=None)))
    past = WaitlistEntry.objects.filter(
        state=State.WAITING, until_date__lt=(now - timedelta(days=1)).date()
    )
    for pk in list(ended.order_by("pk").values_list("pk", flat=True)):
        _end(pk, now=now)
    past.update(state=State.ENDED)


def take(*, appointment: Appointment, now: datetime) -> Appointment:
    """She takes the time that is kept for her. Raises HoldExpired, AlreadyConfirmed."""
    entry = entry_of(appointment)
    visit = booking.confirm(
        uid=appointment.uid,
        contact=Contact(
            email=entry.email,
            first_name=entry.customer.first_name,
            last_name=entry.customer.last_name,
        ),
        now=now,
    )
    WaitlistEntry.objects.filter(pk=entry.pk).update(state=State.BOOKED)
    return visit


def decline(*, appointment: Appointment, now: datetime) -> None:
    """She does not want it: it is free for the next. Done again it changes nothing."""
    with transaction.atomic():
        entry = entry_of(appointment)
        # First, so that nobody writes to her that it is over: she says so herself.
        WaitlistEntry.objects.filter(pk=entry.pk, state=State.OFFERED).update(state=State.ENDED)
        if appointment.status == Appointment.Status.HELD:
            booking.cancel(appointment=appointment, now=now)


def entry_of(appointment: Appointment) -> WaitlistEntry:
    return WaitlistEntry.objects.select_related("customer").get(offer=appointment)


# Inside.


def _end(pk: int, *, now: datetime) -> None:
    """Whoever ends it tells her; nobody else does."""
    with transaction.atomic():
        if not WaitlistEntry.objects.filter(pk=pk, state=State.OFFERED).update(state=State.ENDED):
            return
        whole = WaitlistEntry.objects.select_related("store", "service", "customer", "offer")
        entry = whole.get(pk=pk)
        if entry.offer is not None:
            letters.offer_over(entry, visits.read(uid=entry.offer.uid), now=now)


def _offered(pk: int, *, now: datetime) -> bool:
    with transaction.atomic():
        entry = _locked(pk)
        if entry is None or mail.by_day(now, zone=entry.store.zone) != now:
            return False
        start = _first_start(entry, now=now)
        if start is None:
            return False
        visit = _kept(entry, start, now=now)
        if visit is None:
            return False
        entry.state, entry.offer = State.OFFERED, visit
        entry.offers += 1
        entry.save(update_fields=["state", "offer", "offers"])
        letters.offered(entry, visits.read(uid=visit.uid), now=now)
    return True


def _locked(pk: int) -> WaitlistEntry | None:
    """The entry if it still waits and nobody else is at it."""
    found = WaitlistEntry.objects.filter(pk=pk, state=State.WAITING)
    if locking.are_on():
        found = found.select_for_update(of=["self"], skip_locked=True, no_key=True)
    return found.select_related("store__showroom", "service", "customer", "stone", "design").first()


def _asked(entry: WaitlistEntry) -> Asked:
    stones = [entry.stone] if entry.stone and entry.stone.status not in _GONE else []
    return Asked(service=entry.service, store=entry.store, stones=stones)


def _first_start(entry: WaitlistEntry, *, now: datetime) -> datetime | None:
    """The first time on her days that leaves her long enough to answer."""
    zone = entry.store.zone
    since = datetime.combine(entry.since_date, time(), tzinfo=zone)
    until = datetime.combine(entry.until_date + timedelta(days=1), time(), tzinfo=zone)
    soonest = now + 2 * SHORTEST
    try:
        found = looking.slots(_asked(entry), since=max(since, soonest), until=until, now=now)
    except (NotOffered, StoneGone):
        return None
    return next(iter(found), None)


def _kept(entry: WaitlistEntry, start: datetime, *, now: datetime) -> Appointment | None:
    until = mail.by_day(now + KEPT_FOR, zone=entry.store.zone)
    minutes = int(min(until - now, (start - now) / 2) / timedelta(minutes=1))
    try:
        return booking.reserve(
            asked=_asked(entry), starts_at=start, key=uuid.uuid4(),
            designs=[entry.design] if entry.design else [], source=Appointment.Source.WAITLIST,
            minutes=minutes, now=now,
        )  # fmt: skip
    except (SlotTaken, StoneTaken, StoneGone, NotOffered):
        return None
