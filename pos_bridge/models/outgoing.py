"""Whom we tell what happens in the house, what each was told, and how every attempt at it went."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class WebhookEndpoint(models.Model):
    """Somebody else's server that is told. Every message to it has the next number, without a gap."""

    description = models.CharField(max_length=80, help_text="Whose it is and what it does with it")
    address = models.CharField(max_length=500, help_text="Where we send to: https://…")
    types = ArrayField(models.CharField(max_length=40), help_text="What it is told of")
    secrets = models.JSONField(default=list, help_text="Encrypted, newest first; at most two")
    token_hash = models.CharField(
        max_length=64, unique=True, help_text="Of the token that it reads its messages with"
    )
    is_active = models.BooleanField(
        default=True, help_text="Off: nothing is numbered, sent or read until it is on again"
    )
    created_at = models.DateTimeField()
    last_seq = models.BigIntegerField(
        default=0, verbose_name="newest number", help_text="Of its messages, from 1 without a gap"
    )
    kept_after_seq = models.BigIntegerField(
        default=0, help_text="Messages up to this one were thrown away for their age"
    )
    failures = models.PositiveIntegerField(default=0, help_text="One after another, until now")
    failing_since = models.DateTimeField(null=True, blank=True)
    warned_at = models.DateTimeField(null=True, blank=True, help_text="When the owner was written")
    paused_until = models.DateTimeField(
        null=True, blank=True, help_text="Nothing is sent before: it failed, or asked for a pause"
    )
    disabled_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="We stopped sending; its messages go on being numbered and kept",
    )
    disabled_why = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "webhook endpoint"
        constraints = [
            models.CheckConstraint(
                condition=Q(disabled_at__isnull=True) | ~Q(disabled_why=""),
                name="endpoint_disabled_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(kept_after_seq__gte=0, last_seq__gte=F("kept_after_seq")),
                name="endpoint_keeps_no_more_than_there_is",
            ),
        ]

    def __str__(self) -> str:
        return self.description


class WebhookMessage(models.Model):
    """One thing that one endpoint is told: who it is about and where to ask, never what it says."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waits"
        DELIVERED = "delivered", "Delivered"
        GIVEN_UP = "given_up", "Given up"

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="messages")
    seq = models.BigIntegerField(verbose_name="number")
    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    event_id = models.BigIntegerField(
        null=True, blank=True, help_text="Of our own event; none: a test"
    )
    type = models.CharField(max_length=40)
    data = models.JSONField(help_text="Ids and codes")
    occurred_at = models.DateTimeField()
    created_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "webhook message"
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "seq"], name="message_number_once"),
            # An event that our outbox delivers twice is told once.
            models.UniqueConstraint(fields=["endpoint", "event_id"], name="message_event_once"),
            models.CheckConstraint(
                condition=~Q(state="delivered") | Q(delivered_at__isnull=False),
                name="message_delivered_has_a_time",
            ),
        ]
        indexes = [
            # The sender asks each endpoint that takes something for what is due.
            models.Index(
                fields=["endpoint", "next_attempt_at"],
                name="message_due",
                condition=Q(state="waiting"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} no. {self.seq}"

    @property
    def key(self) -> str:
        """Its `webhook-id`, the same for every attempt and every replay."""
        return f"msg_{self.uid.hex}"


class WebhookAttempt(models.Model):
    """One call, and what came of it. The excerpt is the beginning of the answer, for whoever looks for a fault."""

    message = models.ForeignKey(WebhookMessage, on_delete=models.CASCADE, related_name="calls")
    at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="None: no answer")
    excerpt = models.CharField(max_length=1024, blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "attempt"

    def __str__(self) -> str:
        return f"{self.message_id} at {self.at:%Y-%m-%d %H:%M:%S}"
