"""What lies where, as the tills count it, and what that means for the stones that we show.

Promise: an older count changes nothing, and counts in any order end the same. A stone that a till counts lies in that store; one that
was counted and is no more is not to be had, until somebody sells it or counts it anew. Fewer than none is kept as it was said,
and rings an alarm.
"""

from datetime import datetime

from django.db.models import Q

from builder import inventory as builder_inventory
from builder.models import Stone
from jeweler.models import Sale, SaleLine, Store
from pos_bridge import alarms, inventory
from pos_bridge.models import Connection, Item, StockLevel
from pos_bridge.records import ItemCard, StockCount


def count(counted: StockCount, *, store: Store, connection: Connection, now: datetime) -> bool:
    """Keep the count, and say whether the item was never heard of before."""
    item, is_new = Item.objects.get_or_create(connection=connection, external_id=counted.item_id)
    said = {"quantity": counted.quantity, "as_of": counted.at}
    StockLevel.objects.get_or_create(
        item=item, store=store, defaults={**said, "was_there": counted.quantity > 0}
    )
    level = StockLevel.objects.select_for_update(of=["self"]).get(item=item, store=store)
    level.was_there = level.was_there or counted.quantity > 0
    # Two counts of one moment: the lower one, so that their order is no matter.
    if (counted.at, -counted.quantity) > (level.as_of, -level.quantity):
        level.quantity, level.as_of = counted.quantity, counted.at
    level.save(update_fields=["quantity", "as_of", "was_there"])
    _watch(level, connection=connection, now=now)
    if item.stone_id is not None:
        _settle(item.stone_id, now=now)
    return is_new


def name(card: ItemCard, *, connection: Connection, now: datetime) -> None:
    """Say which stone an item is; what was sold under its number before was that stone."""
    item, _ = Item.objects.get_or_create(connection=connection, external_id=card.item_id)
    item.sku = card.sku
    item.stone = _stone(card)
    item.save(update_fields=["sku", "stone"])
    if item.stone is None:
        return
    sold = SaleLine.objects.filter(
        sale__source=connection.source,
        sku__in={item.external_id, item.sku} - {""},
        kind=SaleLine.Kind.MERCHANDISE,
        report_number="",
    )
    sale_ids = set(sold.values_list("sale_id", flat=True))
    sold.update(report_number=item.stone.report_number)
    for sale in Sale.objects.filter(pk__in=sale_ids).order_by("pk"):
        inventory.sell_stones(sale=sale, sold_before=set(), now=now)
    _settle(item.stone.pk, now=now)


def report_numbers(*, item_ids: set[str], skus: set[str], connection: Connection) -> dict[str, str]:
    """By the till's id and by the number on the label: the reports of the stones that these are."""
    named = Q(external_id__in=item_ids - {""}) | Q(sku__in=skus - {""})
    found: dict[str, str] = {}
    for item in (
        Item.objects.filter(named, connection=connection)
        .exclude(stone=None)
        .select_related("stone")
    ):
        if item.stone is not None:
            found |= {
                item.external_id: item.stone.report_number,
                item.sku: item.stone.report_number,
            }
    found.pop("", None)
    return found


def _stone(card: ItemCard) -> Stone | None:
    """By its report; else by a number that one stone alone has with its suppliers."""
    numbers = {card.report_number, card.sku} - {""}
    if not numbers:
        return None
    reports = list(Stone.objects.filter(report_number__in=numbers)[:2])
    if not reports:
        reports = list(Stone.objects.filter(offers__stock_number__in=numbers).distinct()[:2])
    return reports[0] if len(reports) == 1 else None


def _settle(stone_id: int, *, now: datetime) -> None:
    """What all counts together say of a stone."""
    stone = Stone.objects.get(pk=stone_id)
    levels = list(
        StockLevel.objects.filter(item__stone=stone)
        .select_related("store")
        .order_by("-as_of", "store")
    )
    present = [level for level in levels if level.quantity > 0]
    if present:
        builder_inventory.move(stone=stone, store=present[0].store, now=now)
        builder_inventory.found(stone=stone, now=now)
    elif any(level.was_there or level.quantity < 0 for level in levels):
        builder_inventory.miss(stone=stone, now=now)


def _watch(level: StockLevel, *, connection: Connection, now: datetime) -> None:
    # By the till's own id: the number on the label may be learned while the alarm is open.
    subject = f"{level.item.external_id} {level.store.code}"[:128]
    if level.quantity >= 0:
        alarms.clear(connection=connection, kind=alarms.Kind.OVERSOLD, subject=subject, now=now)
        return
    alarms.sound(
        connection=connection,
        kind=alarms.Kind.OVERSOLD,
        subject=subject,
        detail=f"{level.item} was sold more often at {level.store.name} than it lay there: the till counts {level.quantity}. "
        "Find out which sale cannot be kept, and correct the count at the till.",
        now=now,
    )
