"""Everything that each till has told us."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from pos_bridge.models.connections import Connection


class InboxEvent(models.Model):
    """One delivery of one event, kept before anything is done with it."""

    class State(models.TextChoices):
        NEW = "new", "To do"
        PARKED = "parked", "Waits for another event"
        DONE = "done", "Done"
        DEAD = "dead", "Given up"

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="inbox")
    delivery_key = models.CharField(max_length=200)
    type = models.CharField(max_length=64)
    body = models.JSONField(help_text="Without card data")
    received_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.NEW)
    sale_external_id = models.CharField(max_length=128, blank=True, help_text="What it is about")
    waits_for = models.CharField(
        max_length=16, blank=True, help_text="sale or payment: what would wake it"
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=64, blank=True, help_text="Why it is parked or dead")
    last_error = models.TextField(blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who sees to it, when it is parked or dead",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "delivery_key"], name="inbox_delivery_once"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["done", "dead"]) | Q(finished_at__isnull=False),
                name="inbox_finished_has_a_time",
            ),
        ]
        indexes = [
            # The worker asks only for what is to do and due.
            models.Index(
                fields=["next_attempt_at"],
                name="inbox_due",
                condition=Q(state__in=["new", "parked"]),
            ),
            # Whoever records a sale or a payment asks what waited for it.
            models.Index(
                fields=["connection", "sale_external_id"],
                name="inbox_waiting",
                condition=~Q(waits_for=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.delivery_key}"
