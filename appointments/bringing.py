"""Rings that are to be laid out for a visit which has its time already."""

from datetime import datetime

from django.db import transaction

from appointments import letters, promises, visits
from appointments.diary import StoneGone
from appointments.models import Appointment, PieceHold, VisitDesign
from appointments.promises import StoneTaken
from builder.models import Design, Stone
from jeweler import locking
from jeweler.models import StaffMember


def bring(
    *, appointment: Appointment, design: Design, by: StaffMember | None = None, now: datetime
) -> Appointment:
    """One more of her rings for the visit, with its stone promised where it has one. Raises StoneGone, StoneTaken, NotNow."""
    stone = design.stone
    with transaction.atomic():
        now += visits.hold(appointment.uid)
        if stone is not None:
            now += locking.hold_all(promises.names([stone]))
            stone.refresh_from_db(fields=["status", "store"])
        visit = visits.locked(appointment)
        visits.refuse_unless(
            visit, [*promises.LIVING, Appointment.Status.HELD], "given another ring"
        )
        _, is_new = VisitDesign.objects.get_or_create(
            appointment=visit, design=design,
            defaults={"position": visit.visit_designs.count()},
        )  # fmt: skip
        if not is_new:
            return visit
        is_promised = stone and visit.holds.filter(stone=stone, state__in=PieceHold.ACTIVE).exists()
        if stone is not None and not is_promised and visit.service.takes_pieces:
            if stone.status in (Stone.Status.SOLD, Stone.Status.WITHDRAWN):
                raise StoneGone(stone)
            if not promises.can_be_there(visit, stones=[stone], now=now):
                raise StoneTaken(stone)
            promises.promise(appointment=visit, stones=[stone], now=now)
        if visit.status == Appointment.Status.HELD:
            return visit  # its confirmation tells of it
        visit.sequence += 1
        visit.save(update_fields=["sequence"])
        visits.note(visit, "ring added", by=by, now=now, said=str(design))
        letters.changed(visit, now=now)
    return visit
