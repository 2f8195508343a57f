"""Where a stone stands between offered and sold. Only these functions change it for a sale."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from builder.events import SavedStonesWithdrawn, StoneSold
from builder.models import Stone
from jeweler import outbox
from jeweler.models import Store


def sell(*, stone: Stone, sale_id: int, at: datetime, now: datetime) -> bool:
    """The stone is sold and leaves the builder. Says whether it was this call that sold it.

    A withdrawn or held stone can be sold too: the till has the last word.
    """
    with transaction.atomic():
        changed = (
            Stone.objects.filter(pk=stone.pk)
            .exclude(status=Stone.Status.SOLD)
            .update(status=Stone.Status.SOLD, sold_at=at, updated_at=now)
        )
        if changed:
            outbox.publish(StoneSold(stone_id=stone.pk, sale_id=sale_id), at=now)
    return bool(changed)


def promise(*, until: Mapping[int, datetime | None]) -> None:
    """The end of the last visit that each stone is promised to, by its id; no feed withdraws it before."""
    for stone_id, moment in sorted(until.items()):
        Stone.objects.filter(pk=stone_id).exclude(promised_until=moment).update(
            promised_until=moment
        )


def move(*, stone: Stone, store: Store, now: datetime) -> bool:
    """The stone was counted in at a store. Says whether it lay elsewhere before."""
    elsewhere = Stone.objects.filter(pk=stone.pk).exclude(store=store)
    return bool(elsewhere.update(store=store, delivery_days=0, updated_at=now))


def miss(*, stone: Stone, now: datetime) -> bool:
    """The stone was counted and is there no more. It lies nowhere that we know of, and is not to be had; says whether that is news.

    Nothing is sold by that, and what a promise rests on is told as when a supplier withdraws a stone.
    """
    with transaction.atomic():
        Stone.objects.filter(pk=stone.pk).exclude(store=None).update(store=None, updated_at=now)
        offered = Stone.objects.filter(
            pk=stone.pk, status__in=[Stone.Status.AVAILABLE, Stone.Status.HELD]
        )
        changed = offered.update(status=Stone.Status.WITHDRAWN, updated_at=now)
        if changed:
            outbox.publish(SavedStonesWithdrawn(stone_ids=[stone.pk]), at=now)
    return bool(changed)


def found(*, stone: Stone, now: datetime) -> bool:
    """The stone was counted. One that was missed is offered again, if somebody still offers it; says whether that is news."""
    return _offer(stone, was=Stone.Status.WITHDRAWN, now=now)


def put_back(*, stone: Stone, now: datetime) -> None:
    """A sold stone came back: offered again when somebody still offers it, else withdrawn.

    A stone that is not sold stays as it is, so that a return reported twice changes nothing.
    """
    _offer(stone, was=Stone.Status.SOLD, now=now)


def _offer(stone: Stone, *, was: Stone.Status, now: datetime) -> bool:
    with transaction.atomic():
        locked = Stone.objects.select_for_update(of=["self"]).get(pk=stone.pk)
        if locked.status != was:
            return False
        offered = locked.offers.filter(withdrawn_at=None).order_by("price").first()
        locked.status = Stone.Status.AVAILABLE if offered else Stone.Status.WITHDRAWN
        locked.price = offered.price if offered else locked.price
        locked.sold_at = None
        locked.updated_at = now
        locked.save(update_fields=["status", "price", "sold_at", "updated_at"])
    return locked.status != was
