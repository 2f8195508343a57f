"""What a store lays out for its visits of a day, and what has to leave it for visits elsewhere.

Read in the order in which it is needed; and written down: what lies on the tray, what left, what was counted in. A piece that was
counted in lies in the store from then on, and its other promises learn anew when it leaves for them.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import Prefetch, prefetch_related_objects

from appointments import promises, visits
from appointments.models import Appointment, PieceHold, VisitDesign
from builder import codes, inventory, quotes
from builder.models import Band, Design, Stone
from jeweler import locking
from jeweler.models import StaffMember, Store

BEFORE = timedelta(minutes=10)  # a tray is there this long before its visit
SHOWN = (
    Appointment.Status.BOOKED,
    Appointment.Status.ARRIVED,
    Appointment.Status.SEEN,
    Appointment.Status.ATTENDED,
)


# The stones of visits, whatever became of them, with all that a day or a tray tells of each.
HOLDS = Prefetch(
    "holds", PieceHold.objects.select_related("stone__store", "store", "memo").order_by("pk")
)


class Place(StrEnum):
    """Where a promised piece is, as far as its visit is concerned."""

    GONE = "gone"
    KEPT = "kept"
    TRAY = "tray"
    HERE = "here"
    COMING = "coming"
    ELSEWHERE = "elsewhere"
    SUPPLIER = "supplier"


class CannotBeBrought(Exception):
    """What was ticked or scanned cannot be laid on a tray; the text says why, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """A piece for a visit; `needed_at` is when it has to be there, or on its way where it leaves for elsewhere."""

    hold: PieceHold
    visit: Appointment
    design: Design | None
    place: Place
    needed_at: datetime
    is_late: bool
    is_instead: bool = False

    @property
    def can_be_ticked(self) -> bool:
        return self.place in (Place.HERE, Place.TRAY)


@dataclass(frozen=True, kw_only=True)
class Tray:
    """All that one visit needs. `bands` sit flush beside the first of its rings that has a stone."""

    visit: Appointment
    items: Sequence[Item]
    designs: Sequence[Design]
    bands: Sequence[Band]


def bounds(store: Store, day: date) -> tuple[datetime, datetime]:
    """The store's day, from midnight to midnight on its wall."""
    start = datetime.combine(day, time(), tzinfo=store.zone)
    return start, datetime.combine(day + timedelta(days=1), time(), tzinfo=store.zone)


def trays(*, store: Store, day: date, now: datetime) -> list[Tray]:
    """What each visit of the day needs, in the order of time."""
    since, until = bounds(store, day)
    coming = (
        Appointment.objects.filter(
            store=store, starts_at__gte=since, starts_at__lt=until, status__in=SHOWN
        )
        .select_related("store", "service", "associate", "customer")
        .order_by("starts_at", "pk")
    )
    return trays_of(list(coming), now=now)


def trays_of(visits: Sequence[Appointment], *, now: datetime) -> list[Tray]:
    """What each of these visits of a day needs that still has to be laid out or was; `HOLDS` may be there already."""
    coming = [visit for visit in visits if visit.status in SHOWN]
    shown = _shown(coming)
    items, rings = _items_of(coming, shown, now=now), _rings_of(shown)
    bands = list(Band.objects.order_by("position", "pk")) if shown else []
    return [
        Tray(
            visit=visit,
            items=items[visit.pk],
            designs=rings[visit.pk],
            bands=flush(rings[visit.pk], bands),
        )
        for visit in coming
        if items[visit.pk] or rings[visit.pk]
    ]


def items(*, visit: Appointment, now: datetime) -> list[Item]:
    """What one visit needs, whatever its day."""
    return _items_of([visit], _shown([visit]), now=now)[visit.pk]


def leaving(*, store: Store, day: date, now: datetime) -> list[Item]:
    """What lies here, or left today, and has to be on its way to a visit elsewhere by the end of the day."""
    _, until = bounds(store, day)
    holds = PieceHold.objects.filter(
        stone__store=store, state=PieceHold.State.PROMISED, occupied__startswith__lt=until,
        during__endswith__gt=now,
    ).exclude(store=store).select_related(
        "store", "stone__store", "appointment__store", "appointment__customer"
    ).order_by("occupied", "pk")  # fmt: skip
    return [
        Item(
            hold=hold,
            visit=hold.appointment,
            design=None,
            place=Place.COMING if hold.sent_at else Place.HERE,
            needed_at=hold.occupied.lower,
            is_late=hold.sent_at is None and hold.occupied.lower < now,
        )
        for hold in holds
    ]


def flush(designs: Sequence[Design], bands: Sequence[Band], *, limit: int = 2) -> list[Band]:
    """The first wedding bands that sit flush beside the first ring that is whole enough to tell."""
    for design in designs:
        if design.setting is not None and design.stone is not None:
            try:
                return [band for band in bands if quotes.lies(design, band).is_flush][:limit]
            except ValueError:  # nothing holds this stone any more
                continue
    return []


# What is written down.


def tick(*, hold: PieceHold, is_brought: bool, by: StaffMember, now: datetime) -> PieceHold:
    """It lies on the tray, or does not. Ticked twice it is ticked. Raises CannotBeBrought."""
    with transaction.atomic():
        visits.locked(hold.appointment)
        hold = PieceHold.objects.select_related("stone__store", "store", "appointment").get(
            pk=hold.pk
        )
        if (hold.brought_at is not None) == is_brought:
            return hold
        if is_brought:
            _refuse_unless_here(hold)
        hold.brought_at = now if is_brought else None
        hold.save(update_fields=["brought_at"])
        said = str(hold.stone)
        visits.note(
            hold.appointment, "brought" if is_brought else "taken back", by=by, now=now, said=said
        )
    return hold


def scan(*, text: str, store: Store, day: date, by: StaffMember, now: datetime) -> list[PieceHold]:
    """Tick what a report number or a design code names among the day's trays. Raises CannotBeBrought."""
    wanted = _scanned(text)
    found = [
        item.hold
        for tray in trays(store=store, day=day, now=now)
        for item in tray.items
        if wanted in _names(item) and item.place not in (Place.GONE, Place.KEPT)
    ]
    if not found:
        raise CannotBeBrought(
            f"No visit of this day needs {text.strip()[:40]}. Check its label, or the day."
        )
    return [tick(hold=hold, is_brought=True, by=by, now=now) for hold in found]


def send(*, hold: PieceHold, by: StaffMember, now: datetime) -> None:
    """It left for the visit's store. Said twice it left once."""
    with transaction.atomic():
        visits.locked(hold.appointment)
        left = PieceHold.objects.filter(
            pk=hold.pk, sent_at=None, state=PieceHold.State.PROMISED
        ).update(sent_at=now)
        if left:
            visits.note(hold.appointment, "sent", by=by, now=now, said=str(hold.stone))


def count_in(*, hold: PieceHold, by: StaffMember, now: datetime) -> None:
    """It arrived in the visit's store and lies there from now on; where it goes next is worked out anew.

    Raises CannotBeBrought where it is promised to the visit no more: then nobody knows from this page where it is.
    """
    with transaction.atomic():
        now += locking.hold_all(promises.names([hold.stone]))
        hold = PieceHold.objects.select_related("stone", "store", "appointment").get(pk=hold.pk)
        _refuse_unless_promised(hold)
        if inventory.move(stone=hold.stone, store=hold.store, now=now):
            promises.settle([hold.stone_id])
            visits.note(hold.appointment, "arrived", by=by, now=now, said=str(hold.stone))


# Inside.


def _items_of(
    coming: Sequence[Appointment], shown: Sequence[VisitDesign], *, now: datetime
) -> dict[int, list[Item]]:
    """By visit. What was broken stands before what is shown in its place."""
    by_pk = {visit.pk: visit for visit in coming}
    prefetch_related_objects(coming, HOLDS)
    told = (PieceHold.State.PROMISED, PieceHold.State.KEPT, PieceHold.State.BROKEN)
    holds = [hold for visit in coming for hold in visit.holds.all() if hold.state in told]
    stones = {(each.appointment_id, each.design.stone_id): each.design for each in reversed(shown)}
    instead = {hold.replaced_by_id for hold in holds}
    items: dict[int, list[Item]] = defaultdict(list)
    for hold in holds:
        visit = by_pk[hold.appointment_id]
        place, needed_at = _place(hold, visit), visit.starts_at - BEFORE
        items[visit.pk].append(
            Item(
                hold=hold,
                visit=visit,
                design=stones.get((visit.pk, hold.stone_id)),
                place=place,
                needed_at=needed_at,
                is_late=place not in (Place.GONE, Place.KEPT, Place.TRAY) and needed_at < now,
                is_instead=hold.pk in instead,
            )
        )
    return items


def _place(hold: PieceHold, visit: Appointment) -> Place:
    if hold.state == PieceHold.State.BROKEN:
        return Place.GONE
    if hold.state == PieceHold.State.KEPT:
        return Place.KEPT
    if hold.stone.store_id == visit.store_id:
        return Place.TRAY if hold.brought_at else Place.HERE
    if hold.sent_at:
        return Place.COMING
    return Place.SUPPLIER if hold.stone.store_id is None else Place.ELSEWHERE


def _rings_of(shown: Sequence[VisitDesign]) -> dict[int, list[Design]]:
    rings: dict[int, list[Design]] = defaultdict(list)
    for each in shown:
        rings[each.appointment_id].append(each.design)
    return rings


def _shown(coming: Sequence[Appointment]) -> list[VisitDesign]:
    """The rings that they come to see, each visit's in its order."""
    return list(
        VisitDesign.objects.filter(appointment__in=[visit.pk for visit in coming])
        .select_related("design__setting", "design__metal", "design__stone__store")
        .prefetch_related("design__setting__locations")
        .order_by("position", "pk")
    )


def _refuse_unless_promised(hold: PieceHold) -> None:
    """Raises CannotBeBrought."""
    if hold.state != PieceHold.State.PROMISED:
        state = hold.get_state_display().lower()
        raise CannotBeBrought(f"{hold.stone} is not promised to this visit any more: {state}.")


def _refuse_unless_here(hold: PieceHold) -> None:
    """Raises CannotBeBrought."""
    _refuse_unless_promised(hold)
    if hold.stone.status == Stone.Status.SOLD:
        raise CannotBeBrought(f"{hold.stone} was sold. Put it aside, and choose a twin.")
    if hold.stone.store_id != hold.store_id:
        where = hold.stone.store.name if hold.stone.store else "its supplier’s"
        raise CannotBeBrought(f"{hold.stone} is still at {where}. Count it in first.")


def _scanned(text: str) -> str:
    """A report number, or a design code in its one form. A scanner types a QR's whole address."""
    wanted = text.strip()
    if "?q=" in wanted:
        wanted = wanted.partition("?q=")[2].partition("&")[0]
    try:
        return codes.read(wanted)
    except codes.NotACode:
        return _bare(wanted)


def _names(item: Item) -> set[str]:
    names = {_bare(item.hold.stone.report_number)}
    return names | {item.design.code} if item.design else names


def _bare(number: str) -> str:
    return number.replace(" ", "").replace("-", "").upper()
