"""The tills: how each is reached, and everything each has told us."""

from django.db import models
from django.db.models import Q

from jeweler.models import Store


class Connection(models.Model):
    """One till system's way in. Its secrets are encrypted; two stand side by side while they change."""

    class Provider(models.TextChoices):
        STANDARD = "standard", "Standard Webhooks"

    code = models.SlugField(unique=True, help_text="The `source` of its facts: till:<code>")
    provider = models.CharField(max_length=16, choices=Provider)
    token_hash = models.CharField(max_length=64, unique=True, help_text="Of the URL's last part")
    secrets = models.JSONField(default=list, help_text="Encrypted, newest first; at most two")
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, null=True, blank=True, help_text="Empty: the event says it"
    )
    currency = models.CharField(max_length=3, default="USD")
    is_active = models.BooleanField(default=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.code


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
    waits_for = models.CharField(max_length=200, blank=True, help_text="sale:<external id>")
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=64, blank=True, help_text="Why it is parked or dead")
    last_error = models.TextField(blank=True)

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
            models.Index(
                fields=["connection", "waits_for"],
                name="inbox_waiting",
                condition=Q(state="parked"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.delivery_key}"
