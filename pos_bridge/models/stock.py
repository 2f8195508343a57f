"""What tills say of the stones themselves."""

from django.conf import settings
from django.db import models

from builder.models import Stone
from jeweler.models import Sale


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
