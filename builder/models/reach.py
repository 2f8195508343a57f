"""Which browsers go on with a ring besides the one it was begun in, and how often somebody has asked us to write."""

from django.db import models

from builder.models.designs import Design
from jeweler.models import Visitor


class DesignDevice(models.Model):
    """A browser that goes on with a design: opened from her mail, or switched to on her list."""

    design = models.ForeignKey(Design, on_delete=models.CASCADE, related_name="devices")
    visitor = models.ForeignKey(Visitor, on_delete=models.CASCADE, related_name="+")
    opened_at = models.DateTimeField(help_text="When it was last taken up there")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["visitor", "design"], name="design_device_once")
        ]

    def __str__(self) -> str:
        return f"{self.design_id} in {self.visitor_id}"


class Allowance(models.Model):
    """How often one asker used a limit in one stretch of time. Thrown away soon after the stretch has ended."""

    limit = models.CharField(max_length=16)
    asker_hash = models.CharField(max_length=64, help_text="Keyed, so that nobody reads it back")
    began_at = models.DateTimeField()
    used = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["limit", "asker_hash", "began_at"], name="allowance_once"
            )
        ]
        indexes = [models.Index(fields=["began_at"], name="allowance_to_drop")]

    def __str__(self) -> str:
        return f"{self.limit}: {self.used}"
