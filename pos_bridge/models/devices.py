"""The tills that may ask us: each of one store, and what each asked for under which key."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from jeweler.models import Store


class TillDevice(models.Model):
    """A till that a manager enrolled. Its key logs it in, its token asks; both are kept as hashes."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="till_devices")
    name = models.CharField(max_length=64, help_text="Where it stands: Front desk, left")
    key_hash = models.CharField(max_length=64, unique=True)
    token_hash = models.CharField(max_length=64, unique=True, null=True, blank=True)
    token_ends_at = models.DateTimeField(null=True, blank=True)
    enrolled_at = models.DateTimeField()
    enrolled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "till"
        verbose_name_plural = "tills"
        constraints = [
            models.UniqueConstraint(
                fields=["store", "name"],
                condition=Q(revoked_at=None),
                name="till_device_named_once_in_its_store",
            ),
            models.CheckConstraint(
                condition=Q(token_hash=None, token_ends_at=None)
                | Q(token_hash__isnull=False, token_ends_at__isnull=False),
                name="till_device_token_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.store}"


class IdempotencyKey(models.Model):
    """What somebody asked for under a key, and the answer, which is given again for as long as it is kept."""

    actor = models.CharField(max_length=64, help_text="Who asked: tilldevice:3")
    key = models.CharField(max_length=128)
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of the body")
    asked_at = models.DateTimeField()
    lease_until = models.DateTimeField(help_text="Somebody is at it until then, unless done")
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["actor", "key"], name="idempotency_key_once"),
            models.CheckConstraint(
                condition=Q(status=None, answer=None)
                | Q(status__isnull=False, answer__isnull=False),
                name="idempotency_key_done_has_answer",
            ),
        ]
        indexes = [models.Index(fields=["asked_at"], name="idempotency_key_age")]

    def __str__(self) -> str:
        return f"{self.actor} {self.key}"
