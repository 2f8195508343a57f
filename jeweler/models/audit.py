"""Who looked at or changed what. The table refuses UPDATE and DELETE (a trigger, see 0002)."""

from django.conf import settings
from django.db import models

from jeweler.models.store import Store


class AuditEntry(models.Model):
    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, blank=True)
    action = models.CharField(max_length=64, help_text="Past tense: design.opened")
    subject = models.CharField(max_length=64, help_text="What it was done to: design:1234")
    detail = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["subject", "at"], name="audit_subject")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action} {self.subject}"
