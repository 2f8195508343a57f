"""Who waits for a time, and stones that a supplier was asked to lend for a visit."""

from django.db import models
from django.db.models import F, Q

from appointments.models.diary import PieceHold
from appointments.models.services import Service
from appointments.models.visits import Appointment
from builder.models import Design, Stone
from jeweler.models import Customer, Store


class WaitlistEntry(models.Model):
    """Somebody who would come if a time came free. An offer is a hold of her own that runs out."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        OFFERED = "offered", "Offered a time"
        BOOKED = "booked", "Booked"
        ENDED = "ended", "Ended"

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="waitlist")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="waitlist")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="waitlist")
    design = models.ForeignKey(
        Design, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    stone = models.ForeignKey(
        Stone, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    email = models.EmailField()
    since_date = models.DateField()
    until_date = models.DateField()
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    offer = models.OneToOneField(
        Appointment, on_delete=models.SET_NULL, null=True, blank=True, related_name="offered_to"
    )
    offers = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "waiting list"
        constraints = [
            models.CheckConstraint(
                condition=Q(since_date__lte=F("until_date")), name="waitlist_dates_in_order"
            ),
            models.UniqueConstraint(
                fields=["store", "service", "customer"], name="waitlist_once",
                condition=Q(state__in=["waiting", "offered"]),
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["store", "asked_at"], name="waitlist_next", condition=Q(state="waiting")
            )
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} from {self.since_date:%Y-%m-%d}"


class Memo(models.Model):
    """A supplier's stone asked for on memo, so that it lies in the store at the visit."""

    class State(models.TextChoices):
        OWED = "owed", "To be asked"
        ASKED = "asked", "Asked"
        GRANTED = "granted", "Granted"
        REFUSED = "refused", "Refused"
        ENDED = "ended", "Returned, or not needed"

    hold = models.OneToOneField(PieceHold, on_delete=models.CASCADE, related_name="memo")
    state = models.CharField(max_length=8, choices=State, default=State.OWED)
    reference = models.CharField(max_length=64, blank=True, help_text="The supplier's own")
    asked_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    said = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"Memo for {self.hold_id}: {self.get_state_display()}"
