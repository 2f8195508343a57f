"""A visit in the store: she is here, is being seen, has left with this outcome, or did not come."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from appointments import events, promises, visits
from appointments.models import Appointment, PieceHold, VisitTask
from appointments.visits import NotNow
from jeweler import locking, outbox
from jeweler.models import StaffMember

Status = Appointment.Status


def check_in(*, appointment: Appointment, by: StaffMember, now: datetime) -> Appointment:
    """She is here. Done again it changes nothing. Raises NotNow."""
    return _step(
        appointment,
        Status.ARRIVED,
        since=[Status.BOOKED, Status.MISSED],
        by=by,
        now=now,
        arrived_at=now,
    )


def begin(*, appointment: Appointment, by: StaffMember, now: datetime) -> Appointment:
    """She is being seen. Raises NotNow."""
    return _step(
        appointment, Status.SEEN, since=[Status.ARRIVED, Status.BOOKED], by=by, now=now, seen_at=now
    )


def complete(
    *,
    appointment: Appointment,
    outcome: str,
    lost_reason: str = "",
    tried: Collection[int] = (),
    by: StaffMember,
    now: datetime,
) -> Appointment:
    """She has left, and what came of it. `tried` are the ids of the designs that she tried on. Raises NotNow.

    Done again it changes nothing and announces nothing.
    """
    with transaction.atomic():
        _hold_names(appointment)
        visit = visits.locked(appointment)
        if visit.status == Status.ATTENDED:
            return visit
        visit = _step(
            appointment, Status.ATTENDED, since=[Status.ARRIVED, Status.SEEN], by=by, now=now,
            ended_at=now, outcome=outcome, lost_reason=lost_reason[:80],
        )  # fmt: skip
        visit.visit_designs.filter(design__in=tried).update(was_tried=True)
        _end_promises(visit, state=PieceHold.State.KEPT, now=now)
        outbox.publish(events.AppointmentAttended(appointment_id=visit.pk), at=now)
    return visit


def miss(*, appointment: Appointment, by: StaffMember | None, now: datetime) -> Appointment:
    """She did not come; the stones are free. Done again it changes nothing. Raises NotNow."""
    if appointment.starts_at > now:
        raise NotNow("The visit has not begun; it can be cancelled, not missed.")
    with transaction.atomic():
        _hold_names(appointment)
        visit = visits.locked(appointment)
        if visit.status == Status.MISSED:
            return visit
        visit = _step(appointment, Status.MISSED, since=[Status.BOOKED], by=by, now=now)
        _end_promises(visit, state=PieceHold.State.RELEASED, now=now)
        outbox.publish(events.AppointmentMissed(appointment_id=visit.pk), at=now)
    return visit


def settle(*, task: VisitTask, by: StaffMember, now: datetime) -> None:
    """Somebody saw to it; the mail that waited for her word is not sent. Done again it changes nothing.

    The visit stays flagged while a stone of it is missing or another task is open.
    """
    with transaction.atomic():
        visit = visits.locked(task.appointment) if task.appointment else None
        done = VisitTask.objects.filter(pk=task.pk, done_at=None).update(done_at=now, done_by=by)
        if visit is None or not done:
            return
        visits.note(visit, "settled", by=by, now=now, said=task.text)
        if not promises.broken(visit) and not visit.tasks.filter(done_at=None).exists():
            promises.unflag(appointment=visit, by=by, now=now)


# Inside.


def _hold_names(visit: Appointment) -> None:
    """The visit's and its stones', before its row: whoever breaks a promise comes from the stone to the visit."""
    visits.hold(visit.uid)
    stones = visits.promised(visit)
    if stones:
        locking.hold_all(promises.names(stones))


def _end_promises(visit: Appointment, *, state: PieceHold.State, now: datetime) -> None:
    if visits.promised(visit):
        promises.let_go(appointment=visit, now=now, state=state)


def _step(
    appointment: Appointment,
    status: Appointment.Status,
    *,
    since: Sequence[Appointment.Status],
    by: StaffMember | None,
    now: datetime,
    **values: Any,
) -> Appointment:
    with transaction.atomic():
        visit = visits.locked(appointment)
        if visit.status == status:
            return visit
        visits.refuse_unless(visit, since, status.label.lower())
        Appointment.objects.filter(pk=visit.pk).update(status=status, **values)
        visits.note(visit, status.value, by=by, now=now)
    return visits.read(uid=visit.uid)
