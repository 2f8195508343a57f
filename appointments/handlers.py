"""What the showrooms do when they hear of something. Hearing twice changes nothing."""

from datetime import datetime

from appointments import forgetting, promises, waitlist
from appointments.events import AppointmentCancelled, AppointmentRescheduled
from appointments.models import Appointment, VisitTask
from builder.events import SavedStonesWithdrawn, StoneSold
from builder.models import Stone
from jeweler import customers
from jeweler.events import CustomerForgotten, MailCameBack, SaleRecorded
from jeweler.models import EmailMessage, Sale
from jeweler.outbox import subscribe


@subscribe(StoneSold)
def flag_visits_of_sold_stone(event: StoneSold, *, now: datetime) -> None:
    """But her own, if it was she who bought it."""
    for stone in Stone.objects.filter(pk=event.stone_id):
        _keep_for_buyer(stone, event.sale_id, now=now)
        promises.break_(
            stone=stone, why=f"{stone} was sold", now=now, cause=_sold(event.sale_id, stone)
        )


@subscribe(SaleRecorded)
def unflag_visits_of_buyer(event: SaleRecorded, *, now: datetime) -> None:
    """A till often learns later whose sale it was."""
    flagged = VisitTask.objects.filter(key__startswith=f"sold:{event.sale_id}:", done_at=None)
    stone_ids = {int(key.split(":")[2]) for key in flagged.values_list("key", flat=True)}
    for stone in Stone.objects.filter(pk__in=stone_ids).order_by("pk"):
        _keep_for_buyer(stone, event.sale_id, now=now)


@subscribe(SavedStonesWithdrawn)
def flag_visits_of_withdrawn_stones(event: SavedStonesWithdrawn, *, now: datetime) -> None:
    for stone in Stone.objects.filter(pk__in=event.stone_ids).order_by("pk"):
        why = f"{stone} was withdrawn by its supplier"
        promises.break_(stone=stone, why=why, now=now, cause=f"withdrawn:{stone.pk}")


@subscribe(AppointmentCancelled)
def offer_freed_time(event: AppointmentCancelled, *, now: datetime) -> None:
    for visit in Appointment.objects.filter(pk=event.appointment_id):
        waitlist.offer(store_id=visit.store_id, now=now)


@subscribe(AppointmentRescheduled)
def offer_left_time(event: AppointmentRescheduled, *, now: datetime) -> None:
    """It may have left another store than the one it is in now."""
    waitlist.offer(now=now)


@subscribe(MailCameBack)
def have_her_phoned(event: MailCameBack, *, now: datetime) -> None:
    """She does not know what the mail about her visit says."""
    mail = EmailMessage.objects.filter(pk=event.mail_id, key__startswith="visit:").first()
    if mail is None:
        return
    visit_id = int(mail.key.split(":")[1])
    living = Appointment.objects.select_related("store").filter(status__in=promises.LIVING)
    for visit in living.filter(pk=visit_id, ends_at__gt=now):
        why = "Phone her: our mail about this visit came back"
        promises.flag(appointment=visit, stone=None, why=why, cause=f"bounced:{mail.pk}", now=now)


@subscribe(CustomerForgotten)
def forget_what_she_said(event: CustomerForgotten, *, now: datetime) -> None:
    forgetting.forget(customer_id=event.customer_id, now=now)


# Inside.


def _sold(sale_id: int, stone: Stone) -> str:
    return f"sold:{sale_id}:{stone.pk}"


def _keep_for_buyer(stone: Stone, sale_id: int, *, now: datetime) -> None:
    sale = Sale.objects.filter(pk=sale_id).select_related("customer__merged_into").first()
    if sale is not None and sale.customer is not None:
        buyer = customers.ids_of(sale.customer)
        promises.leave_to_buyer(
            stone=stone, customer_ids=buyer, cause=_sold(sale_id, stone), now=now
        )
