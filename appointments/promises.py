"""Stones promised to visits: held, kept, let go, or broken; and what is offered instead.

Promise: one viewing of a stone at a time, and between two stores as long as the way takes; the database refuses anything
else. Whoever changes what is promised of a stone holds its name (`names`) first. After each change the stone's other promises
learn anew when it has to leave for them (`ways.leaving`), so that the database's rule is the exact one for every pair of stores.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Max, OuterRef, QuerySet, Subquery

from appointments import availability, calendars, diary, visits
from appointments.diary import Asked
from appointments.models import Appointment, PieceHold, VisitEvent, VisitTask
from appointments.ways import Stop, Ways, leaving
from builder import alike, inventory, search
from builder.models import Design, Stone
from jeweler import locking
from jeweler.models import StaffMember

State = PieceHold.State
LIVING = [Appointment.Status.BOOKED, Appointment.Status.ARRIVED, Appointment.Status.SEEN]


class StoneTaken(Exception):
    """Somebody else was faster, or the stone cannot be there in time."""

    def __init__(self, stone: Stone) -> None:
        super().__init__(f"{stone} is promised to another visit, or cannot be here by then.")
        self.stone = stone


@dataclass(frozen=True, kw_only=True)
class Instead:
    """A stone that can be shown in place of one that is gone. `words` are how it differs, `price` as the store tells it."""

    stone: Stone
    words: str
    price: str


def names(stones: Iterable[Stone]) -> list[str]:
    """What to hold before anything is changed about these stones' promises."""
    return names_of(stone.pk for stone in stones)


def names_of(stone_ids: Iterable[int]) -> list[str]:
    return [f"promised stone {stone_id}" for stone_id in stone_ids]


def promise(*, appointment: Appointment, stones: Sequence[Stone], now: datetime) -> list[PieceHold]:
    """Promise them to the visit, as long as it is held itself. Raises StoneTaken.

    Must run in the transaction of the visit, with `names` held.
    """
    state = State.HELD if appointment.expires_at else State.PROMISED
    during = DateTimeTZRange(appointment.starts_at, appointment.ends_at)
    holds = []
    for stone in stones:
        hold = PieceHold(
            stone=stone, store_id=appointment.store_id, appointment=appointment, during=during,
            state=state, expires_at=appointment.expires_at, created_at=now,
        )  # fmt: skip
        holds.append(_written(hold, beside=_active([stone.pk]), now=now))
    note_ends([stone.pk for stone in stones])
    return holds


def confirm(*, appointment: Appointment, now: datetime) -> None:
    """The visit is booked: what was held for it is promised. What broke while it was held is flagged now.

    With `names` held.
    """
    holds = list(appointment.holds.select_related("stone"))
    held = [hold for hold in holds if hold.state == State.HELD]
    PieceHold.objects.filter(pk__in=[hold.pk for hold in held]).update(
        state=State.PROMISED, expires_at=None
    )
    if held:
        note_ends([hold.stone_id for hold in held])
    for hold in holds:
        if hold.state == State.BROKEN:
            cause = f"broken:{hold.pk}"
            flag(appointment=appointment, stone=hold.stone, why=hold.why, cause=cause, now=now)


def let_go(
    *,
    appointment: Appointment,
    now: datetime,
    state: PieceHold.State = State.RELEASED,
    why: str = "",
    stones: Collection[Stone] | None = None,
) -> None:
    """What the visit held of them is free at once. With `names` held."""
    theirs = PieceHold.objects.filter(appointment=appointment, state__in=PieceHold.ACTIVE)
    if stones is not None:
        theirs = theirs.filter(stone__in=stones)
    freed = list(theirs.values_list("stone_id", flat=True))
    theirs.update(state=state, ended_at=now, why=why[:160])
    settle(freed)


def keep_on_its_way(*, appointment: Appointment, now: datetime) -> None:
    """What is on its way to the store still is, now that the visit was moved within it and its stones promised anew."""
    anew = PieceHold.objects.filter(appointment=appointment, state=State.PROMISED, sent_at=None)
    before = PieceHold.objects.filter(
        appointment=appointment, stone=OuterRef("stone"), store=OuterRef("store"),
        state=State.RELEASED, ended_at=now, sent_at__isnull=False,
    )  # fmt: skip
    anew.update(sent_at=Subquery(before.order_by("-pk").values("sent_at")[:1]))


def settle(stone_ids: Collection[int]) -> None:
    """Work out anew when these stones leave for the visits they are still promised to. With `names` held."""
    if not stone_ids:
        return
    ways = diary.read_ways()
    by_stone: dict[int, list[PieceHold]] = defaultdict(list)
    for hold in _active(stone_ids).select_related("stone").order_by("during"):
        by_stone[hold.stone_id].append(hold)
    later: list[PieceHold] = []
    for holds in by_stone.values():
        leaves = leaving([_stop(hold) for hold in holds], place=holds[0].stone.store_id, ways=ways)
        for hold in holds:
            occupied = _occupied(hold, leaves[hold.pk])
            if occupied != hold.occupied:
                hold.occupied = occupied
                later.append(hold)
    PieceHold.objects.bulk_update(later, ["occupied"])
    note_ends(stone_ids)


def note_ends(stone_ids: Collection[int]) -> None:
    """Tell the catalog how long each of them is promised, so that no feed withdraws it meanwhile.

    A hold of ten minutes promises nothing yet: it may run out without anybody looking.
    """
    promised = PieceHold.objects.filter(stone__in=stone_ids, state=State.PROMISED)
    ends = dict.fromkeys(stone_ids) | dict(
        promised.values_list("stone_id").annotate(Max("during__endswith"))
    )
    inventory.promise(until=ends)


# When a promise cannot be kept.


def break_(
    *,
    stone: Stone,
    why: str,
    now: datetime,
    cause: str,
    visit_ids: Collection[int] | None = None,
) -> list[Appointment]:
    """The stone will not be there: every visit it is promised to is flagged, and its manager has a task.

    `cause` names the fact, so that the same one told twice flags once. `visit_ids`: these visits alone. She herself is written to
    when the task is due and still open (`reminders.tell_of_broken`). The visits that were flagged now.
    """
    with transaction.atomic():
        locking.hold_all(names([stone]))
        active = _active([stone.pk]).select_related("appointment__store", "appointment__customer")
        if visit_ids is not None:
            active = active.filter(appointment__in=visit_ids)
        holds = list(active)
        flagged = [hold for hold in holds if hold.appointment.status in LIVING]
        PieceHold.objects.filter(pk__in=[hold.pk for hold in holds]).update(
            state=State.BROKEN, ended_at=now, why=why[:160]
        )
        for hold in flagged:
            # A stone that came back, was promised again and is gone again is another fact.
            once = f"{cause}:{hold.pk}"
            flag(appointment=hold.appointment, stone=stone, why=why, cause=once, now=now)
        settle([stone.pk])
    return [hold.appointment for hold in flagged]


def leave_to_buyer(
    *, stone: Stone, customer_ids: Collection[int], cause: str, now: datetime
) -> None:
    """She bought it herself: her own visits keep it, also those that were flagged for this sale before it was known to be hers."""
    with transaction.atomic():
        locking.hold_all(names([stone]))
        hers = PieceHold.objects.filter(stone=stone, appointment__customer__in=customer_ids)
        kept = hers.filter(state=State.PROMISED) | hers.filter(
            state=State.BROKEN,
            replaced_by=None,
            appointment__tasks__key__startswith=f"{cause}:",
            appointment__status__in=LIVING,
        )
        holds = list(kept.select_related("appointment").distinct())
        PieceHold.objects.filter(pk__in=[hold.pk for hold in holds]).update(
            state=State.KEPT, ended_at=now, why="She bought it"
        )
        for hold in holds:
            visit = hold.appointment
            visit.tasks.filter(key__startswith=f"{cause}:", done_at=None).update(done_at=now)
            if not broken(visit) and not visit.tasks.filter(done_at=None).exists():
                unflag(appointment=visit, by=None, now=now)
        settle([stone.pk])


def flag(
    *, appointment: Appointment, stone: Stone | None, why: str, cause: str, now: datetime
) -> bool:
    """Something is wrong with the visit; says whether that is news."""
    _, is_new = VisitTask.objects.get_or_create(
        key=f"{cause}:{appointment.pk}",
        defaults={
            "store": appointment.store,
            "appointment": appointment,
            "text": why[:300],
            "due_at": min(appointment.starts_at, now + timedelta(minutes=settings.VISIT_GRACE_MINUTES)),
            "created_at": now,
        },
    )  # fmt: skip
    if is_new:
        appointment.flagged_at, appointment.flag = now, why[:160]
        appointment.save(update_fields=["flagged_at", "flag"])
        VisitEvent.objects.create(
            appointment=appointment, kind="flagged", at=now, stone=stone, said=why[:200]
        )
    return is_new


def broken(appointment: Appointment) -> list[PieceHold]:
    """The promises to this visit that were broken and have nothing in their place."""
    holds = appointment.holds.filter(state=State.BROKEN, replaced_by=None)
    return list(holds.select_related("stone").order_by("pk"))


def instead(hold: PieceHold, *, now: datetime, limit: int = 3) -> list[Instead]:
    """The nearest twins of a broken promise's stone that can be in the store at the visit's time."""
    visit = hold.appointment
    ring = _ring_with(hold)
    setting = ring.setting if ring is not None else None
    twins = search.twins(stone=hold.stone, setting=setting, limit=limit * 4)
    able = set(can_be_there(visit, stones=[each.stone for each in twins], now=now))
    chosen = [each for each in twins if each.stone.pk in able][:limit]
    if ring is None:
        return [Instead(stone=each.stone, words=each.words(), price="") for each in chosen]
    rings = [alike.alike(ring, each, than=None, now=now) for each in chosen]
    return [Instead(stone=each.stone, words=each.words, price=each.price) for each in rings]


def can_be_there(appointment: Appointment, *, stones: Sequence[Stone], now: datetime) -> list[int]:
    """The ids of those that can be in the store for the whole visit, beside what else is promised of them."""
    fit = [
        each for each in stones if each.status not in (Stone.Status.SOLD, Stone.Status.WITHDRAWN)
    ]
    asked = Asked(
        service=appointment.service, store=appointment.store, stones=fit, apart=(appointment.pk,)
    )
    start = calendars.minute_of(appointment.starts_at)
    length = int((appointment.ends_at - appointment.starts_at).total_seconds() // 60)
    return [
        piece.id
        for piece in diary.pieces(asked, now=now)
        if not availability.is_barred(piece, start=start, length=length)
    ]


def replace(
    *,
    hold: PieceHold,
    stone: Stone,
    by: StaffMember | None,
    now: datetime,
) -> PieceHold:
    """Promise another stone in place of the broken one. Raises StoneTaken.

    Done twice with the same stone it has one effect. Once nothing is broken any more the flag and its tasks end.
    """
    with transaction.atomic():
        now += visits.hold(hold.appointment.uid) + locking.hold_all(names([stone, hold.stone]))
        hold = PieceHold.objects.select_related(
            "appointment__store__showroom", "appointment__service", "replaced_by"
        ).get(pk=hold.pk)
        visit = hold.appointment
        known = hold.replaced_by
        if known is not None and known.stone_id == stone.pk:
            return known
        stone = Stone.objects.get(pk=stone.pk)
        is_free = can_be_there(visit, stones=[stone], now=now)
        if known is not None or not is_free or visit.status not in LIVING:
            raise StoneTaken(stone)
        (promised,) = promise(appointment=visit, stones=[stone], now=now)
        PieceHold.objects.filter(pk=hold.pk).update(replaced_by=promised)
        VisitEvent.objects.create(
            appointment=visit, kind="replaced", at=now, by=by, stone=stone,
            said=f"In place of {hold.stone}"[:200],
        )  # fmt: skip
        if not broken(visit):
            unflag(appointment=visit, by=by, now=now)
    return promised


def unflag(*, appointment: Appointment, by: StaffMember | None, now: datetime) -> None:
    """Whatever was wrong with the visit is settled, and its tasks are done."""
    Appointment.objects.filter(pk=appointment.pk).update(flagged_at=None, flag="")
    appointment.tasks.filter(done_at=None).update(done_at=now, done_by=by)


# Inside.


def _active(stone_ids: Collection[int]) -> QuerySet[PieceHold]:
    return PieceHold.objects.filter(stone__in=stone_ids, state__in=PieceHold.ACTIVE)


def _written(hold: PieceHold, *, beside: QuerySet[PieceHold], now: datetime) -> PieceHold:
    """The row, if the database takes it beside what else is promised of the stone. Raises StoneTaken."""
    active = list(beside.order_by("during"))
    others = [each for each in active if each.expires_at is None or each.expires_at > now]
    if len(others) < len(active):  # what ran out and was not tidied yet
        gone = [each.pk for each in active if each not in others]
        PieceHold.objects.filter(pk__in=gone).update(state=State.EXPIRED, ended_at=now)
    leaves = leaving(
        [*(_stop(each) for each in others), _stop(hold)],
        place=hold.stone.store_id, ways=diary.read_ways() if others or hold.stone.store_id else _NONE,
        new=[_NEW],
    )  # fmt: skip
    hold.occupied = _occupied(hold, leaves[_NEW])
    moved = [each for each in others if _occupied(each, leaves[each.pk]) != each.occupied]
    for each in moved:
        each.occupied = _occupied(each, leaves[each.pk])
    # First, so that none of them still keeps the way free that it no longer takes.
    PieceHold.objects.bulk_update(moved, ["occupied"])
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            {
                "stone": hold.stone_id, "store": hold.store_id, "appointment": hold.appointment_id,
                "during": hold.during, "occupied": hold.occupied, "state": hold.state,
                "expires_at": hold.expires_at, "created_at": hold.created_at,
            },
        )  # fmt: skip
        row = cursor.fetchone()
    if row is None:
        raise StoneTaken(hold.stone)
    hold.pk = row[0]
    return hold


_NEW = 0  # the id of a promise that has no row yet
_NONE = Ways(transfers={}, usual={}, handling={})
_INSERT = """
insert into appointments_piecehold
    (stone_id, store_id, appointment_id, during, occupied, state, expires_at, created_at, why)
values (%(stone)s, %(store)s, %(appointment)s, %(during)s, %(occupied)s, %(state)s, %(expires_at)s,
        %(created_at)s, '')
on conflict do nothing returning id
"""


def _stop(hold: PieceHold) -> Stop:
    return Stop(
        id=hold.pk or _NEW,
        store=hold.store_id,
        start=calendars.minute_of(hold.during.lower),
        end=calendars.minute_of(hold.during.upper),
    )


def _occupied(hold: PieceHold, leaves: int) -> DateTimeTZRange:
    start = min(hold.during.lower, calendars.moment_of(leaves))
    return DateTimeTZRange(start, hold.during.upper)


def _ring_with(hold: PieceHold) -> Design | None:
    """The ring that she wanted to see with this stone, as it was."""
    rings = hold.appointment.visit_designs.filter(design__stone=hold.stone)
    first = rings.select_related("design__setting", "design__metal", "design__stone").first()
    return first.design if first is not None else None
