"""Visits to a showroom. Booking, slots and the promised stone come with their own issue."""

from django.db import models
from django.db.models import F, Q

from builder.models import Design
from jeweler.models import Customer, Store


class Appointment(models.Model):
    class Status(models.TextChoices):
        BOOKED = "booked", "Booked"
        ATTENDED = "attended", "Came"
        MISSED = "missed", "Did not come"
        CANCELLED = "cancelled", "Cancelled"

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="appointments")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="appointments")
    design = models.ForeignKey(
        Design, on_delete=models.SET_NULL, null=True, blank=True, related_name="appointments"
    )
    status = models.CharField(max_length=16, choices=Status, default=Status.BOOKED)
    booked_at = models.DateTimeField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="appointment_ends_after_it_starts"
            )
        ]
        indexes = [models.Index(fields=["store", "starts_at"], name="appointment_store_day")]

    def __str__(self) -> str:
        return f"{self.customer_id} at {self.store_id}, {self.starts_at:%Y-%m-%d %H:%M}"
