"""What a customer who asked to be forgotten said about her visits, and how she was to be reached.

The visits stay, without a word of hers: who was seen when, and what came of it, is in the books. Of her own rings the builder
takes her words out.
"""

from datetime import datetime

from django.db.models import Q

from appointments import booking
from appointments.models import Appointment, VisitEvent, WaitlistEntry

WORDS = ("email", "phone", "occasion", "note", "lost_reason", "risk")


def forget(*, customer_id: int, now: datetime) -> None:
    """Visits that lie ahead are cancelled, without a mail to an address that is no more. Doing it again changes nothing."""
    hers = Appointment.objects.filter(customer=customer_id)
    hers.update(occasion_date=None, is_surprise=False, visitor=None, **dict.fromkeys(WORDS, ""))
    for visit in hers.filter(status=Appointment.Status.BOOKED, starts_at__gt=now):
        booking.cancel(appointment=visit, why="She asked to be forgotten", now=now)
    VisitEvent.objects.filter(appointment__in=hers).filter(~Q(said="")).update(said="")
    WaitlistEntry.objects.filter(customer=customer_id).update(
        email="forgotten@invalid.invalid", state=WaitlistEntry.State.ENDED
    )
