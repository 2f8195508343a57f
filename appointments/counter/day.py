"""One day of one store as its staff see it: who comes when, to whom, in which state, and what needs somebody."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from appointments import calendars, figures, opening, preparation
from appointments.counter import lanes
from appointments.counter.alerts import Alert, alerts
from appointments.counter.lanes import HOUR, Place, Scale, Tick
from appointments.models import Appointment, Associate, VisitTask
from builder.funnel import Rate
from jeweler import money
from jeweler.models import Customer, Sale, Store

Status = Appointment.Status
Outcome = Appointment.Outcome
UNSEEN = timedelta(minutes=10)  # after this nobody is on her way any more
LONG = timedelta(hours=13)  # what the picture shows at once, well enough to be read
MISSED_DAYS = timedelta(days=90)
OUTCOMES = {
    Outcome.ORDERED: "ordered",
    Outcome.INTERESTED: "thinking",
    Outcome.LOST: "not for her",
}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A visit as the day shows it. `kind`: past, here, next, flagged, missed or held; `words` its state, perhaps none."""

    visit: Appointment
    name: str
    kind: str
    words: str
    is_late: bool = False


@dataclass(frozen=True, kw_only=True)
class Box:
    seen: Seen
    place: Place

    @property
    def name(self) -> str:
        return self.place.fitted(self.seen.name)

    @property
    def words(self) -> str:
        return self.place.fitted(self.seen.words)


@dataclass(frozen=True, kw_only=True)
class Lane:
    associate: Associate | None
    y: int
    boxes: Sequence[Box]


@dataclass(frozen=True, kw_only=True)
class Drawn:
    height: int
    ticks: Sequence[Tick]
    now_x: float | None
    lanes: Sequence[Lane]
    scale: Scale


@dataclass(frozen=True, kw_only=True)
class Sold:
    name: str
    what: str
    at: datetime
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class Takings:
    """Of the store's tills on its day, before tax."""

    sold: Sequence[Sold]
    more: int
    total: Decimal


@dataclass(frozen=True, kw_only=True)
class Counted:
    came: int
    missed: Sequence[Seen]
    ahead: int
    rate: Rate

    @property
    def all(self) -> int:
        return self.came + len(self.missed) + self.ahead


@dataclass(frozen=True, kw_only=True)
class Day:
    store: Store
    day: date
    seen: Sequence[Seen]
    drawn: Drawn
    alerts: Sequence[Alert]
    tasks: Sequence[VisitTask]
    trays: Sequence[preparation.Tray]
    leaving: Sequence[preparation.Item]
    takings: Takings
    counted: Counted
    people: Sequence[Associate]


def read(
    *,
    store: Store,
    day: date,
    associate_id: int | None,
    staff: Sequence[Associate],
    now: datetime,
) -> Day:
    """Everything of the day, or of one associate's visits in it. `staff`: whoever ever works in the store."""
    since, until = preparation.bounds(store, day)
    visits = list(
        Appointment.objects.filter(store=store, starts_at__gte=since, starts_at__lt=until)
        .exclude(status__in=[Status.EXPIRED, Status.CANCELLED])
        .exclude(status=Status.HELD, expires_at__lte=now)
        .select_related("store", "service", "associate", "customer")
        .prefetch_related(preparation.HOLDS)
        .order_by("starts_at", "pk")
    )
    hours = opening.read(first=day, last=day, stores=[store])
    people = _people(store, day, visits, hours, staff)
    sales = _sales(store, since, until)
    sums = _sums(sales)
    seen = [see(visit, sold=sums, now=now) for visit in visits]
    own = [each for each in seen if associate_id in (None, each.visit.associate_id)]
    found = alerts(visits=[each.visit for each in own], store=store, now=now)
    told = {task.pk for alert in found for task in alert.tasks}
    return Day(
        store=store,
        day=day,
        seen=own,
        drawn=_drawn(
            _scale(store, day, own, hours.stores[store.pk], now),
            own,
            [each for each in people if associate_id in (None, each.pk)],
            now,
        ),
        alerts=found,
        tasks=[task for task in _tasks(store) if task.pk not in told],
        trays=[
            tray
            for tray in preparation.trays_of(visits, now=now)
            if associate_id in (None, tray.visit.associate_id)
        ],
        leaving=preparation.leaving(store=store, day=day, now=now),
        takings=_takings(sales),
        counted=_counted(seen, store, now),
        people=people,
    )


def see(visit: Appointment, *, sold: Mapping[int, Decimal], now: datetime) -> Seen:
    """The visit's state in two or three words."""
    kind, words = _state(visit, sold=sold)
    is_late = visit.status == Status.BOOKED and visit.starts_at + UNSEEN < now
    if is_late and kind == "next":
        words = "not here yet" if visit.ends_at > now else "did she come?"
    return Seen(visit=visit, name=called(visit), kind=kind, words=words, is_late=is_late)


def called(visit: Appointment) -> str:
    """How she is called on the day: by her last name, else by what there is."""
    customer = visit.customer
    if customer is None:
        return "Being booked"
    return customer.last_name or customer.first_name or f"Guest {customer.pk}"


# Inside.


def _state(visit: Appointment, *, sold: Mapping[int, Decimal]) -> tuple[str, str]:
    zone = visit.store.zone
    if visit.status == Status.HELD:
        return "held", "form open"
    if visit.status == Status.MISSED:
        return "missed", "did not come"
    if visit.status == Status.ATTENDED:
        amount = sold.get(_person(visit.customer)) if visit.customer else None
        if amount:
            return "past", f"sold {amount:,.0f}"
        return "past", OUTCOMES.get(Outcome(visit.outcome), "") if visit.outcome else "came"
    if visit.flagged_at:
        return "flagged", _wrong(visit)
    if visit.status == Status.ARRIVED and visit.arrived_at:
        return "here", f"here since {visit.arrived_at.astimezone(zone):%H:%M}"
    if visit.status == Status.SEEN and visit.seen_at:
        return "here", f"seen since {visit.seen_at.astimezone(zone):%H:%M}"
    return "next", "by video" if visit.service.place == "video" else ""


def _wrong(visit: Appointment) -> str:
    broken = [each for each in visit.holds.all() if each.state == "broken" and not each.replaced_by_id]  # fmt: skip
    if not broken:
        return "look here"
    return "stone sold" if broken[0].stone.status == "sold" else "stone gone"


def _people(
    store: Store,
    day: date,
    visits: Sequence[Appointment],
    hours: opening.Hours,
    staff: Sequence[Associate],
) -> list[Associate]:
    """Who works here on the day, and who has a visit all the same."""
    since, until = (calendars.minute_of(each) for each in preparation.bounds(store, day))
    at_work = {
        associate
        for (associate, _), windows in hours.shifts.items()
        if any(window.start < until and window.end > since for window in windows)
    }
    found = {each.pk: each for each in staff if each.pk in at_work}
    found |= {visit.associate.pk: visit.associate for visit in visits if visit.associate}
    return sorted(found.values(), key=lambda each: (each.name, each.pk))


def _drawn(scale: Scale, seen: Sequence[Seen], people: Sequence[Associate], now: datetime) -> Drawn:
    rows: dict[int | None, list[Seen]] = defaultdict(list)
    for each in seen:
        rows[each.visit.associate_id].append(each)
    who: list[Associate | None] = [*people, *([None] if None in rows else [])]
    return Drawn(
        height=lanes.height(len(who)),
        ticks=lanes.ticks(scale, now=now),
        now_x=round(scale.x(now), 1) if scale.holds(now) else None,
        lanes=[
            Lane(
                associate=associate,
                y=lanes.TOP + lanes.HIGH * number,
                boxes=[
                    Box(seen=each, place=lanes.place(
                        scale, since=each.visit.starts_at, until=each.visit.ends_at, lane=number
                    ))
                    for each in rows[associate.pk if associate else None]
                ],
            )
            for number, associate in enumerate(who)
        ],
        scale=scale,
    )  # fmt: skip


def _scale(
    store: Store, day: date, seen: Sequence[Seen], hours: opening.Windows, now: datetime
) -> Scale:
    """The store's hours and every visit; of a store that is open day and night the part with the visits, or around now."""
    since, until = preparation.bounds(store, day)
    visits = [(each.visit.starts_at, each.visit.ends_at) for each in seen]
    opened = [
        (max(calendars.moment_of(window.start), since), min(calendars.moment_of(window.end), until))
        for window in hours
        if calendars.moment_of(window.end) > since
    ]
    if sum(((end - start) for start, end in opened), timedelta()) > LONG:
        around = [(now - 2 * HOUR, now + 2 * HOUR)] if since <= now < until else []
        opened = [(max(start, since), min(end, until)) for start, end in around]
    stretches = [*opened, *visits] or [(since + 10 * HOUR, since + 18 * HOUR)]
    return Scale.over([(a.astimezone(store.zone), b.astimezone(store.zone)) for a, b in stretches])


def _tasks(store: Store) -> list[VisitTask]:
    """What somebody still has to do, the most urgent first."""
    tasks = VisitTask.objects.filter(store=store, done_at=None).select_related("appointment")
    return list(tasks.order_by("due_at", "pk")[:20])


def _sales(store: Store, since: datetime, until: datetime) -> list[Sale]:
    return list(
        Sale.objects.filter(store=store, placed_at__gte=since, placed_at__lt=until, voided_at=None)
        .select_related("customer")
        .prefetch_related("lines")
        .order_by("placed_at", "pk")
    )


def _sums(sales: Sequence[Sale]) -> dict[int, Decimal]:
    """What each customer bought, before tax, by the one who stands for her."""
    sums: dict[int, Decimal] = defaultdict(Decimal)
    for sale in sales:
        if sale.customer is not None:
            sums[_person(sale.customer)] += sale.total - sale.tax
    return sums


def _person(customer: Customer) -> int:
    return customer.merged_into_id or customer.pk


def _takings(sales: Sequence[Sale], most: int = 12) -> Takings:
    return Takings(
        sold=[
            Sold(
                name=(sale.customer.last_name if sale.customer else "") or "Walk-in",
                what=next((line.description for line in sale.lines.all() if line.description), ""),
                at=sale.placed_at,
                amount=money.rounded(sale.total - sale.tax, currency=sale.currency),
            )
            for sale in sales[-most:]
        ],
        more=max(len(sales) - most, 0),
        total=sum((sale.total - sale.tax for sale in sales), Decimal(0)),
    )


def _counted(seen: Sequence[Seen], store: Store, now: datetime) -> Counted:
    came = [Status.ARRIVED, Status.SEEN, Status.ATTENDED]
    return Counted(
        came=sum(each.visit.status in came for each in seen),
        missed=[each for each in seen if each.visit.status == Status.MISSED],
        ahead=sum(each.visit.status == Status.BOOKED for each in seen),
        rate=figures.missed(stores=[store], since=now - MISSED_DAYS, until=now),
    )
