"""What tills say of the stones themselves."""

from django.conf import settings
from django.db import models

from builder.models import Stone
from jeweler.models import Sale, Store
from pos_bridge.models.connections import Connection


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


class Item(models.Model):
    """What a till calls a piece, and which stone that is, where we know it."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="items")
    external_id = models.CharField(max_length=128)
    sku = models.CharField(max_length=64, blank=True)
    stone = models.ForeignKey(
        Stone, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "external_id"], name="item_once")
        ]

    def __str__(self) -> str:
        return self.sku or self.external_id


class StockLevel(models.Model):
    """How many of an item lie in a store, as its till last said. Below zero is kept as it was said."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="levels")
    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    quantity = models.IntegerField()
    as_of = models.DateTimeField(help_text="An older count changes nothing")
    was_there = models.BooleanField(
        default=False, db_default=False, help_text="Whether it was ever counted there"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "store"], name="stock_level_once")]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.item_id} in {self.store_id}"
