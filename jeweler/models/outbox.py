"""Events that were made true by a transaction, and what is still owed of them."""

from django.db import models
from django.db.models import Q


class OutboxEvent(models.Model):
    """A fact, written in the transaction that made it true."""

    name = models.CharField(max_length=100)
    payload = models.JSONField()
    occurred_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.pk}"


class OutboxDelivery(models.Model):
    """One subscriber's receipt of one event."""

    event = models.ForeignKey(OutboxEvent, on_delete=models.CASCADE, related_name="deliveries")
    subscriber = models.CharField(max_length=200)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)
    dead_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    class Meta:
        verbose_name = "delivery"
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["event", "subscriber"], name="delivery_once_per_subscriber"
            ),
            models.CheckConstraint(
                condition=Q(delivered_at__isnull=True) | Q(dead_at__isnull=True),
                name="delivery_is_not_both_done_and_dead",
            ),
        ]
        indexes = [
            # The relay asks only for what is owed and due.
            models.Index(
                fields=["next_attempt_at"],
                name="delivery_owed",
                condition=Q(delivered_at__isnull=True, dead_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.event_id} to {self.subscriber}"
