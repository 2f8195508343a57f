"""What goes wrong with a visit while nobody does anything: a stone that has not left, and a zone whose law changed.

Promise: within a minute of the moment at which a promised stone had to leave, its manager has a task; if it has not left when
the task is due either, the promise is broken as if the stone were gone, and she is offered what can still be there. A visit
keeps the time that was promised on the store's wall.

Limit: a stone that is on its way is trusted to arrive; couriers tell us nothing.
"""

from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from appointments import booking, promises
from appointments.diary import NotOffered, StoneGone
from appointments.models import Appointment, Memo, PieceHold, Service, VisitTask
from appointments.promises import StoneTaken
from appointments.seating import SlotTaken
from appointments.visits import NotNow

LEAVING = "leaving"
LOOKS_AHEAD = timedelta(days=45)
CALL_BEFORE = timedelta(minutes=30)


def watch_stones(*, now: datetime) -> int:
    """Flag the visits whose stones should have left, break what was not sent after that; how many are new to us."""
    _forgive(now=now)
    found = 0
    for hold in _late(now=now):
        why = f"{hold.stone} has to leave for this visit now, and has not"
        visit = hold.appointment
        cause = f"{LEAVING}:{hold.pk}"
        with transaction.atomic():
            found += promises.flag(
                appointment=visit, stone=hold.stone, why=why, cause=cause, now=now
            )
        told = VisitTask.objects.filter(key=f"{cause}:{visit.pk}", due_at__lte=now)
        if told.exists():
            why = f"{hold.stone} cannot be here in time"
            promises.break_(
                stone=hold.stone, why=why, cause=f"late:{hold.pk}", visit_ids=[visit.pk], now=now
            )
    return found


def keep_wall_times(*, now: datetime) -> int:
    """Move the visits whose time on the store's wall is another moment than when it was booked; how many.

    Where the new moment is taken, the manager is told and nothing is moved.
    """
    booked = Appointment.objects.filter(status=Appointment.Status.BOOKED, starts_at__gt=now)
    changed = 0
    for visit in booked.exclude(wall_start="").select_related("store", "service").iterator():
        promised = _on_the_wall(visit)
        if promised == visit.starts_at:
            continue
        changed += 1
        cause = f"zone:{visit.pk}:{promised:%Y%m%dT%H%M}"
        said = f"The clocks of {visit.store.zone.key} changed: "
        try:
            booking.move(appointment=visit, starts_at=promised, now=now)
            visit.refresh_from_db()
            said += "the visit was moved to stay at the time that was promised"
        except (SlotTaken, StoneTaken, StoneGone, NotOffered, NotNow):
            said += f"{visit.wall_start:.16} is no longer free; call her"
        promises.flag(appointment=visit, stone=None, why=said, cause=cause, now=now)
    return changed


def ask_for_calls(*, now: datetime) -> int:
    """Who is seen by video needs a link from her associate: a task for each call of the next day; how many are new."""
    soon = Appointment.objects.filter(
        status=Appointment.Status.BOOKED, service__place=Service.Place.VIDEO,
        starts_at__gt=now, starts_at__lte=now + timedelta(days=1),
    )  # fmt: skip
    asked = 0
    for visit in soon.select_related("store", "associate"):
        _, is_new = VisitTask.objects.get_or_create(
            key=f"video:{visit.pk}:{visit.starts_at:%Y%m%dT%H%M}",
            defaults={
                "store": visit.store, "appointment": visit, "created_at": now,
                "text": f"{visit.associate or 'Somebody'} sends her the link to the video call",
                "due_at": visit.starts_at - CALL_BEFORE,
            },
        )  # fmt: skip
        asked += is_new
    return asked


# Inside.


def _late(*, now: datetime) -> list[PieceHold]:
    """Promises whose stone should be on its way and is not."""
    asked = Memo.objects.filter(
        hold=OuterRef("pk"), state__in=[Memo.State.GRANTED, Memo.State.REFUSED]
    )
    waiting = PieceHold.objects.filter(
        ~Q(stone__store=F("store")) | Q(stone__store=None),
        state=PieceHold.State.PROMISED,
        sent_at=None,
        appointment__status=Appointment.Status.BOOKED,
        during__startswith__gt=now,
        during__startswith__lte=now + LOOKS_AHEAD,
    ).select_related("stone", "appointment__store__showroom", "appointment__service")
    in_house = waiting.filter(stone__store__isnull=False, occupied__startswith__lt=now)
    at_suppliers = waiting.filter(~Exists(asked), stone__store=None)
    return [
        *in_house.order_by("pk"),
        *(
            hold
            for hold in at_suppliers.order_by("pk")
            if not promises.can_be_there(hold.appointment, stones=[hold.stone], now=now)
        ),
    ]


def _forgive(*, now: datetime) -> None:
    """Stones that have left since, or need not any more: their tasks are done."""
    for task in VisitTask.objects.filter(
        key__startswith=f"{LEAVING}:", done_at=None
    ).select_related("appointment"):
        hold = PieceHold.objects.select_related("stone").get(pk=int(task.key.split(":")[1]))
        is_waiting = hold.state == PieceHold.State.PROMISED and hold.sent_at is None
        if is_waiting and hold.stone.store_id != hold.store_id:
            continue
        with transaction.atomic():
            VisitTask.objects.filter(pk=task.pk).update(done_at=now)
            visit = task.appointment
            if (
                visit
                and not promises.broken(visit)
                and not visit.tasks.filter(done_at=None).exists()
            ):
                promises.unflag(appointment=visit, by=None, now=now)


def _on_the_wall(visit: Appointment) -> datetime:
    wall = datetime.fromisoformat(visit.wall_start).replace(tzinfo=visit.store.zone)
    return wall.astimezone(UTC)
