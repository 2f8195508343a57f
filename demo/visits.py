"""The sample house's visits: two years of them with what came of each, and a day on which everything happens.

What is past is written in bulk and announced to nobody. What lies ahead is seated as a booking would seat it, so that no
associate, room or stone of the tour is promised twice.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from appointments import looking, promises, seating
from appointments.diary import Asked
from appointments.models import (
    Appointment,
    PieceHold,
    Service,
    Shift,
    VisitDesign,
    VisitEvent,
)
from builder import inventory, search
from builder.models import Design, Stone
from demo.bulk import insert
from demo.market import Journey
from jeweler.models import Sale, Store

Status, Source, Outcome = Appointment.Status, Appointment.Source, Appointment.Outcome
SEED = 31
SOURCES = {Source.RING: 0.38, Source.SAVED: 0.26, Source.MAIL: 0.17, Source.STONE: 0.12, Source.SITE: 0.07}  # fmt: skip
REASONS = ("Price", "Found it elsewhere", "Wants to think", "The stone was not as hoped")
OCCASIONS = ("Proposal", "Anniversary", "Engagement", "A gift to herself", "")
LEAD = timedelta(days=6)  # before today, the visits of today were booked
NEAR = timedelta(minutes=50)  # how much later than it should be a visit of today may begin
SOON = timedelta(days=2)
JUST_NOW = timedelta(minutes=9)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One visit of today: so many minutes from now, and how far it has come."""

    minutes: int
    status: Appointment.Status
    service: str = "viewing"
    source: Appointment.Source = Source.RING
    outcome: str = ""


TODAY = (
    Scene(minutes=-210, status=Status.ATTENDED, outcome=Outcome.ORDERED),
    Scene(minutes=-180, status=Status.ATTENDED, outcome=Outcome.INTERESTED, source=Source.MAIL),
    Scene(minutes=-105, status=Status.MISSED, service="fitting"),
    Scene(minutes=-90, status=Status.ATTENDED, service="consultation", source=Source.WALK_IN,
          outcome=Outcome.LOST),
    Scene(minutes=-30, status=Status.SEEN, source=Source.SAVED),
    Scene(minutes=-5, status=Status.ARRIVED),
    Scene(minutes=60, status=Status.BOOKED, service="video", source=Source.SITE),
    Scene(minutes=90, status=Status.BOOKED, source=Source.SAVED),
    Scene(minutes=150, status=Status.BOOKED, service="pick-up", source=Source.STAFF),
    Scene(minutes=180, status=Status.BOOKED, service="fitting", source=Source.STONE),
)  # fmt: skip


class Past:
    """Who received whom, and what came of it. Dice of its own, so that the two years stay as they were."""

    def __init__(self) -> None:
        self.dice = random.Random(SEED)
        self.turns = {
            store: sorted(people)
            for store, people in _people_by_store(Shift.objects.values_list("store", "associate"))
        }
        self.next: dict[int, int] = dict.fromkeys(self.turns, 0)

    def tell(self, visit: Appointment, journey: Journey) -> None:
        """Associate, source, and for one who came the outcome."""
        people = self.turns[visit.store.pk]
        self.next[visit.store.pk] += 1
        visit.associate_id = people[self.next[visit.store.pk] % len(people)]
        visit.source = self.dice.choices(list(SOURCES), weights=list(SOURCES.values()))[0]
        visit.occasion = self.dice.choice(OCCASIONS)
        if self.dice.random() < 0.72 and visit.booked_at is not None:
            visit.lookbook_opened_at = visit.booked_at + timedelta(hours=self.dice.expovariate(1))
        if visit.status != Status.ATTENDED:
            return
        visit.arrived_at = visit.starts_at + timedelta(minutes=self.dice.uniform(-12, 6))
        visit.seen_at = visit.starts_at + timedelta(minutes=self.dice.uniform(6, 14))
        visit.ended_at = visit.starts_at + timedelta(minutes=self.dice.uniform(35, 65))
        if journey.purchase is not None:
            visit.outcome = Outcome.ORDERED
        elif self.dice.random() < 0.6:
            visit.outcome = Outcome.INTERESTED
        else:
            visit.outcome, visit.lost_reason = Outcome.LOST, self.dice.choice(REASONS)


def _people_by_store(pairs: Iterable[tuple[int, int]]) -> Iterator[tuple[int, set[int]]]:
    """Who takes more than video, by store."""
    able = set(Service.objects.get(code="viewing").associates.values_list("pk", flat=True))
    found: dict[int, set[int]] = {}
    for store, person in pairs:
        if person in able:
            found.setdefault(store, set()).add(person)
    yield from found.items()


def write(*, stores: dict[str, Store], now: datetime) -> None:
    """Seat what lies ahead, and fill today's books of every store."""
    for visit in _ahead(now):
        _seat_ahead(visit, now=now)
    services = {service.code: service for service in Service.objects.all()}
    rings = _rings(now)
    for store in Store.objects.filter(code__in=stores).select_related("showroom").order_by("pk"):
        _write_today(store, services=services, rings=rings, now=now)
        _flag_one(store, service=services["viewing"], now=now)
        _send_for(store, service=services["viewing"], now=now)


# What lies ahead.


def _ahead(now: datetime) -> list[Appointment]:
    booked = Appointment.objects.filter(status=Status.BOOKED, starts_at__gt=now)
    return list(booked.select_related("store__showroom", "service").order_by("starts_at"))


def _seat_ahead(visit: Appointment, *, now: datetime) -> None:
    """At the next time that is free, with its stone if that can be there by then."""
    on_sale = (Stone.Status.AVAILABLE, Stone.Status.HELD)
    stones = list(Stone.objects.filter(design__appointments=visit, status__in=on_sale).distinct())
    for wanted in (stones, []):
        asked = Asked(service=visit.service, store=visit.store, stones=wanted, apart=(visit.pk,))
        until = visit.starts_at + timedelta(days=4)
        if near := next(
            iter(looking.slots(asked, since=visit.starts_at, until=until, now=now)), None
        ):
            visit.starts_at = near
            seating.place(visit, asked=asked, now=now)
            promises.confirm(appointment=visit, now=now)
            return


# Today.


def _rings(now: datetime) -> Iterator[Design]:
    """Saved rings whose owners have no visit yet and whose stones are still to be had, the latest first."""
    found = (
        Design.objects.filter(
            saved_at__lt=now - LEAD, saved_at__gt=now - timedelta(days=90), customer__isnull=False,
            customer__appointments=None, customer__sales=None,
            stone__status=Stone.Status.AVAILABLE,
        )
        .select_related("stone", "customer", "visitor")
        .order_by("-saved_at", "pk")
    )  # fmt: skip
    seen: set[int] = set()
    for design in found[:400]:
        if design.customer_id not in seen and design.stone_id not in seen:
            seen |= {design.customer_id or 0, design.stone_id or 0}
            yield design


def _write_today(
    store: Store, *, services: dict[str, Service], rings: Iterator[Design], now: datetime
) -> None:
    for scene in TODAY:
        service, ring = services[scene.service], next(rings, None)
        if ring is None:
            return
        at = _floor(now + timedelta(minutes=scene.minutes))
        visit = _seated(store, service, ring, at=at, source=scene.source, now=now)
        if visit is not None:
            _bring_to(visit, scene, now=now)
            _count_in(visit, now=now)


def _count_in(visit: Appointment, *, now: datetime) -> None:
    """What its supplier was asked for came this week: today's trays can be laid."""
    for stone in Stone.objects.filter(holds__appointment=visit, store=None).distinct():
        inventory.move(stone=stone, store=visit.store, now=now - JUST_NOW)
        promises.settle([stone.pk])


def _floor(moment: datetime) -> datetime:
    return moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)


def _seated(
    store: Store,
    service: Service,
    ring: Design,
    *,
    at: datetime,
    source: str,
    now: datetime,
    stones: Sequence[Stone] | None = None,
) -> Appointment | None:
    """Booked some days ago, with the ring's stone if it could be there; None where the day has no room for it."""
    asked_at = now - LEAD
    if stones is None:
        stones = [ring.stone] if ring.stone is not None and service.takes_pieces else []
    for wanted in (stones, []) if stones else ([],):
        asked = Asked(service=service, store=store, stones=wanted, is_staff=True)
        free = looking.slots(asked, since=at, until=at + NEAR, now=asked_at)
        start = next((each for each in free if each.minute % 15 == 0), None)
        if start is None:
            continue
        visit = Appointment(
            store=store, service=service, customer=ring.customer, visitor=ring.visitor,
            status=Status.BOOKED, source=source, starts_at=start, booked_at=asked_at,
            email=_email(ring), language="en",
        )  # fmt: skip
        seating.place(visit, asked=asked, now=asked_at)
        promises.note_ends([stone.pk for stone in wanted])
        VisitDesign.objects.create(appointment=visit, design=ring)
        return visit
    return None


def _email(ring: Design) -> str:
    assert ring.customer is not None
    point = ring.customer.contact_points.filter(kind="email").first()
    return point.canonical if point else ""


def _bring_to(visit: Appointment, scene: Scene, *, now: datetime) -> None:
    """Forward to its state, with what would have been written on the way there."""
    visit.status, visit.outcome = scene.status, scene.outcome
    came = scene.status in (Status.ARRIVED, Status.SEEN, Status.ATTENDED)
    if came:
        visit.arrived_at = min(now, visit.starts_at - timedelta(minutes=4))
    if scene.status in (Status.SEEN, Status.ATTENDED):
        visit.seen_at = min(now, visit.starts_at + timedelta(minutes=3))
    if scene.status == Status.ATTENDED:
        visit.ended_at = min(now, visit.ends_at)
    if scene.outcome == Outcome.LOST:
        visit.lost_reason = REASONS[2]
    if scene.source == Source.WALK_IN:
        visit.booked_at = visit.arrived_at
    elif scene.minutes % 60 == 0:
        visit.lookbook_opened_at = now - LEAD + timedelta(hours=5)
    visit.save()
    ended = {Status.ATTENDED: PieceHold.State.KEPT, Status.MISSED: PieceHold.State.RELEASED}
    if scene.status in ended:
        promises.let_go(appointment=visit, now=visit.ends_at, state=ended[scene.status])
    if came:
        visit.holds.update(brought_at=visit.starts_at - timedelta(minutes=20))
    if scene.status in (Status.ATTENDED, Status.SEEN):
        visit.visit_designs.update(was_tried=True)
    insert(VisitEvent, list(_events(visit)))


def _events(visit: Appointment) -> Iterator[VisitEvent]:
    for kind, at in (
        ("booked", visit.booked_at), ("arrived", visit.arrived_at), ("seen", visit.seen_at),
        (visit.status, visit.ended_at),
    ):  # fmt: skip
        if at is not None:
            yield VisitEvent(appointment=visit, kind=kind, at=at)


def _flag_one(store: Store, *, service: Service, now: datetime) -> None:
    """One of today's visits was for a stone that another customer has bought since: its manager has a task.

    Two stones like it lie in the store.
    """
    sold = (
        Design.objects.filter(
            stone__status=Stone.Status.SOLD, customer__isnull=False, saved_at__isnull=False,
            customer__appointments=None, customer__sales=None,
        )
        .select_related("stone", "setting", "customer", "visitor")
        .order_by("-stone__sold_at", "pk")
        .first()
    )  # fmt: skip
    if sold is None or sold.stone is None:
        return
    tried = (_floor(now + timedelta(minutes=minutes)) for minutes in (120, 225, -150))
    seated = (
        _seated(store, service, sold, at=at, source=Source.RING, now=now, stones=()) for at in tried
    )
    visit = next((each for each in seated if each is not None), None)
    if visit is None:
        return
    during = DateTimeTZRange(visit.starts_at, visit.ends_at)
    PieceHold.objects.create(
        stone=sold.stone, store=store, appointment=visit, state=PieceHold.State.BROKEN,
        during=during, occupied=during, created_at=now - LEAD, ended_at=now - JUST_NOW,
        why=f"{sold.stone} was sold",
    )  # fmt: skip
    sale = Sale.objects.filter(lines__report_number=sold.stone.report_number).first()
    promises.flag(
        appointment=visit, stone=sold.stone, why=f"{sold.stone} was sold",
        cause=f"sold:{sale.pk if sale else 0}:{sold.stone.pk}", now=now - JUST_NOW,
    )  # fmt: skip
    for twin in search.twins(stone=sold.stone, setting=sold.setting, limit=3)[:2]:
        inventory.move(stone=twin.stone, store=store, now=now - LEAD)


def _send_for(store: Store, *, service: Service, now: datetime) -> None:
    """A stone from another store is on its way to a visit of these days."""
    ring = (
        Design.objects.filter(
            stone__status=Stone.Status.AVAILABLE, stone__store__isnull=False, stone__holds=None,
            saved_at__isnull=False, customer__isnull=False, customer__appointments=None,
            customer__sales=None,
        )
        .exclude(stone__store=store)
        .select_related("stone__store", "customer", "visitor")
        .order_by("-saved_at", "pk")
        .first()
    )  # fmt: skip
    if ring is None or ring.stone is None:
        return
    asked = Asked(service=service, store=store, stones=[ring.stone], is_staff=True)
    free = looking.slots(asked, since=now + SOON, until=now + 2 * SOON, now=now - LEAD)
    start = next((each for each in free if each.minute == 0), None)
    if start is not None:
        visit = _seated(store, service, ring, at=start, source=Source.SAVED, now=now)
        if visit is not None:
            visit.holds.update(sent_at=now - JUST_NOW)
