"""The tills: how each is reached, and everything each has told us."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from builder.models import Stone
from jeweler.models import Sale, Store


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
    created_at = models.DateTimeField()
    refusals = models.PositiveIntegerField(
        default=0, help_text="Deliveries whose signature was wrong; nothing else of them is kept"
    )
    last_refusal_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.code

    @property
    def source(self) -> str:
        """How the facts that came this way are signed in the ledger."""
        return f"till:{self.code}"


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


class ReturnedStone(models.Model):
    """A stone whose sale was undone. Somebody looks at it before it is offered again."""

    stone = models.ForeignKey(Stone, on_delete=models.CASCADE, related_name="+")
    sale = models.ForeignKey(Sale, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=32, help_text="voided, refunded or exchanged")
    returned_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True, blank=True)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stone", "sale"], name="stone_returned_once_per_sale")
        ]

    def __str__(self) -> str:
        return f"{self.stone_id} from sale {self.sale_id}"
