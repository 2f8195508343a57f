"""Mails that are owed, sent or given up."""

from django.db import models
from django.db.models import Q

from jeweler.models.customer import Customer


class EmailMessage(models.Model):
    """One mail, rendered when it was queued, sent at least once and with one effect per key."""

    key = models.CharField(max_length=128, unique=True, help_text="What it is about: once per key")
    kind = models.CharField(max_length=64, help_text="Its template, such as builder/design_saved")
    topic = models.CharField(
        max_length=16,
        blank=True,
        help_text="What can be unsubscribed from; empty: she asked for it",
    )
    zone = models.CharField(
        max_length=64, blank=True, help_text="By whose clock it may come by day only"
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    to = models.EmailField()
    sender = models.CharField(
        max_length=254, blank=True, help_text="Name and address; empty: the house's own"
    )
    reply_to = models.EmailField(blank=True, help_text="Who hears an answer; empty: the sender")
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField()
    calendar = models.TextField(blank=True, help_text="An invitation, as calendars read it")
    calendar_method = models.CharField(max_length=8, blank=True, help_text="REQUEST or CANCEL")
    queued_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    dead_at = models.DateTimeField(null=True, blank=True)
    bounced_at = models.DateTimeField(
        null=True, blank=True, help_text="It came back: nobody read it"
    )
    last_error = models.TextField(blank=True)

    class Meta:
        verbose_name = "mail"
        verbose_name_plural = "mails"
        constraints = [
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | Q(dead_at__isnull=True),
                name="mail_is_not_both_sent_and_dead",
            )
        ]
        indexes = [
            # The sender asks only for what is owed and due.
            models.Index(
                fields=["next_attempt_at"],
                name="mail_owed",
                condition=Q(sent_at__isnull=True, dead_at__isnull=True),
            ),
            # How often somebody was written to on our own accord lately.
            models.Index(fields=["to", "queued_at"], name="mail_unasked", condition=~Q(topic="")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.to}"


class MailRefusal(models.Model):
    """Somebody wants no more mails on a topic. Kept as a hash, also when the person is forgotten: it must hold."""

    address_hash = models.CharField(max_length=64, help_text="SHA-256 of the canonical address")
    topic = models.CharField(max_length=16)
    since_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["address_hash", "topic"], name="mail_refusal_once")
        ]

    def __str__(self) -> str:
        return f"{self.topic} since {self.since_at:%Y-%m-%d}"
