"""What is written because its time has come: two reminders, what she tried on, and what is instead of a stone that is gone.

Nothing is kept waiting in the outbox: a sweep looks at the visits as they stand, so that one that was moved, cancelled or settled
needs no mail withdrawn. A mail's key says what it is about; the same sweep twice, or two at once, write it once.

Reminders go by the store's clocks and by day: three days before at the visit's own time, and three hours before; where that is too
early to write, on the evening before. Whoever booked or moved it later than that is not reminded of what she just did.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import partial, reduce
from operator import or_
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Max, Q, QuerySet

from appointments import letters, promises, visits
from appointments.models import Appointment, VisitTask
from jeweler import mail
from jeweler.models import EmailMessage

Status = Appointment.Status
DAYS, HOURS = "reminder_days", "reminder_hours"
BEFORE = {DAYS: timedelta(days=3), HOURS: timedelta(hours=3)}
TOO_NEAR = timedelta(hours=1)  # before it begins, nobody reads mail any more
EVENING, MORNING = time(18), time(10)
FARTHEST = timedelta(days=4)
FOLLOWED = timedelta(days=3)
CAUSES = ("sold:", "withdrawn:", "late:", "refused:")  # of tasks whose stone will not be there


def due_at(starts_at: datetime, *, kind: str, zone: ZoneInfo) -> datetime:
    """When this reminder of a visit is to be sent."""
    if kind == DAYS:
        wall = starts_at.astimezone(zone)
        then = _at(wall.date() - BEFORE[DAYS], wall.time(), zone)
        return mail.by_day(then, zone=zone)
    due = mail.by_day(starts_at - BEFORE[HOURS], zone=zone)
    if due <= starts_at - TOO_NEAR:
        return due
    return _at(starts_at.astimezone(zone).date() - timedelta(days=1), EVENING, zone)


def follow_up_at(visit: Appointment) -> datetime:
    """The morning after it."""
    zone = visit.store.zone
    ended = (visit.ended_at or visit.ends_at).astimezone(zone)
    return _at(ended.date() + timedelta(days=1), MORNING, zone)


def remind(*, now: datetime) -> int:
    """Write the reminders that are due; how many."""
    proved = Q(risk="") | Q(verified_at__isnull=False)
    booked = _whole(Appointment.objects.filter(proved, status=Status.BOOKED))
    soon = booked.filter(starts_at__gt=now, starts_at__lte=now + FARTHEST).exclude(email="")
    timed = soon.annotate(moved_at=Max("events__at", filter=Q(events__kind="moved")))
    due = [
        (visit, kind)
        for visit in timed.order_by("starts_at")
        if (kind := _kind_due(visit, now=now))
    ]
    keyed = {letters.reminder_key(visit, kind): (visit, kind) for visit, kind in due}
    written = 0
    for key in _unwritten(list(keyed)):
        visit, kind = keyed[key]
        written += _while(
            visit,
            Status.BOOKED,
            partial(letters.remind, kind=kind, now=now),
        )
    return written


def follow_up(*, now: datetime) -> int:
    """Write to those who came lately, tried rings on and are thinking about them; how many."""
    came = _whole(Appointment.objects.filter(status=Status.ATTENDED)).filter(
        outcome=Appointment.Outcome.INTERESTED,
        ended_at__gt=now - FOLLOWED,
        ended_at__lte=now,
        starts_at__gt=now - FOLLOWED - timedelta(days=1),
        visit_designs__was_tried=True,
    )
    due = [visit for visit in came.exclude(email="").distinct() if follow_up_at(visit) <= now]
    keyed = {letters.follow_up_key(visit): visit for visit in due}
    return sum(
        _while(keyed[key], Status.ATTENDED, partial(letters.follow_up, now=now))
        for key in _unwritten(list(keyed))
    )


def tell_of_broken(*, now: datetime) -> int:
    """Write to those whose stone is gone and whose manager had his time to write first; how many."""
    waiting = VisitTask.objects.filter(
        reduce(or_, (Q(key__startswith=cause) for cause in CAUSES)), done_at=None, due_at__lte=now
    )
    booked = _whole(Appointment.objects.filter(status=Status.BOOKED, starts_at__gt=now))
    flagged = booked.filter(tasks__in=waiting)
    keyed = {
        letters.broken_key(visit, holds): visit
        for visit in flagged.exclude(email="").distinct()
        if (holds := promises.broken(visit))
    }
    return sum(
        _while(keyed[key], Status.BOOKED, partial(letters.broken, now=now))
        for key in _unwritten(list(keyed))
    )


# Inside.


def _kind_due(visit: Appointment, *, now: datetime) -> str:
    """The one that is due now; the later of the two takes the place of the earlier."""
    if mail.by_day(now, zone=visit.store.zone) != now:
        return ""  # a sweep that comes late does not wake her
    known_at = max(filter(None, [visit.booked_at, getattr(visit, "moved_at", None)]))
    for kind in (HOURS, DAYS):
        due = due_at(visit.starts_at, kind=kind, zone=visit.store.zone)
        if due <= now:
            return kind if known_at < due else ""
    return ""


def _whole(appointments: QuerySet[Appointment]) -> QuerySet[Appointment]:
    return appointments.select_related("store", "service", "associate", "customer__merged_into")


def _unwritten(keys: list[str]) -> list[str]:
    written = set(EmailMessage.objects.filter(key__in=keys).values_list("key", flat=True))
    return [key for key in keys if key not in written]


def _while(
    visit: Appointment, status: Appointment.Status, write: Callable[[Appointment], object]
) -> int:
    """Write it if the visit still is what it was, which nobody changes meanwhile."""
    with transaction.atomic():
        now_is = visits.locked(visit)
        if now_is.status != status or now_is.starts_at != visit.starts_at:
            return 0
        write(now_is)
    return 1


def _at(day: date, wall: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, wall.replace(tzinfo=None), tzinfo=zone).astimezone(UTC)
