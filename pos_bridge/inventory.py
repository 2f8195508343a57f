"""The stones of a sale: out of the builder when it is rung up, to the vault when it is undone.

A line names its stone by the grading report, or by the design that it sits in. A returned stone is
never put back on sale by the till: somebody looks at it first, and says so in the admin.
"""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from builder import inventory as builder_inventory
from builder.codes import NotACode, read
from builder.models import Design, Stone
from jeweler import audit
from jeweler.models import Sale, SaleLine
from pos_bridge.models import ReturnedStone


class AlreadyChecked(ValueError):
    def __init__(self, returned: ReturnedStone) -> None:
        super().__init__(f"{returned.stone} was checked before; it is on sale or sold again")


class StoneNotSold(ValueError):
    def __init__(self, stone: Stone) -> None:
        super().__init__(f"{stone} is {stone.status}, so it cannot be put back on sale")


def stones_of_sale(*, source: str, external_id: str) -> set[Stone]:
    """The stones that the sale's lines name now."""
    lines = SaleLine.objects.filter(
        sale__source=source,
        sale__external_id=external_id,
        kind=SaleLine.Kind.MERCHANDISE,
    ).exclude(report_number="", design_code="")
    return {stone for line in lines if (stone := _stone_of(line)) is not None}


def sell_stones(*, sale: Sale, sold_before: set[Stone], now: datetime) -> None:
    """Take the stones of the sale out of the builder; those that left the ticket were exchanged."""
    if sale.voided_at is not None:
        return
    stones = stones_of_sale(source=sale.source, external_id=sale.external_id)
    for stone in sorted(stones, key=lambda stone: stone.pk):
        is_news = builder_inventory.sell(stone=stone, sale_id=sale.pk, at=sale.placed_at, now=now)
        if not is_news and stone not in sold_before:
            audit.record(
                action="stone.sold_again",
                subject=stone,
                store=sale.store,
                detail={"sale": sale.pk},
                now=now,
            )
    for stone in sold_before - stones:
        _return(stone, sale=sale, reason="exchanged", at=now)


def take_back(*, sale: Sale, reason: str, at: datetime) -> None:
    """The whole sale was undone: its stones go to the vault, to be looked at."""
    for stone in stones_of_sale(source=sale.source, external_id=sale.external_id):
        _return(stone, sale=sale, reason=reason, at=at)


@transaction.atomic
def offer_again(*, returned: ReturnedStone, by: User, now: datetime) -> None:
    """Somebody looked at the stone, and it may be sold. Raises AlreadyChecked, StoneNotSold."""
    returned = ReturnedStone.objects.select_for_update(of=["self"]).get(pk=returned.pk)
    if returned.checked_at is not None:
        raise AlreadyChecked(returned)
    if returned.stone.status != Stone.Status.SOLD:
        raise StoneNotSold(returned.stone)
    builder_inventory.put_back(stone=returned.stone, now=now)
    returned.checked_at, returned.checked_by = now, by
    returned.save(update_fields=["checked_at", "checked_by"])
    audit.record(action="stone.offered_again", subject=returned.stone, actor=by, now=now)


def _return(stone: Stone, *, sale: Sale, reason: str, at: datetime) -> None:
    ReturnedStone.objects.get_or_create(
        stone=stone, sale=sale, defaults={"reason": reason, "returned_at": at}
    )


def _stone_of(line: SaleLine) -> Stone | None:
    """By its report; by the line's design otherwise. A number that two laboratories use is none."""
    if line.report_number:
        found = list(Stone.objects.filter(report_number=line.report_number)[:2])
        return found[0] if len(found) == 1 else None
    try:
        code = read(line.design_code)
    except NotACode:
        return None
    design = Design.objects.select_related("stone").filter(code=code).first()
    return design.stone if design else None
