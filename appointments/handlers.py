"""What the showrooms do when they hear of something. Hearing twice changes nothing."""

from datetime import datetime

from appointments import forgetting, promises
from builder.events import SavedStonesWithdrawn, StoneSold
from builder.models import Stone
from jeweler.events import CustomerForgotten
from jeweler.outbox import subscribe


@subscribe(StoneSold)
def flag_visits_of_sold_stone(event: StoneSold, *, now: datetime) -> None:
    for stone in Stone.objects.filter(pk=event.stone_id):
        promises.break_(
            stone=stone, why=f"{stone} was sold", now=now, cause=f"sold:{event.sale_id}:{stone.pk}"
        )


@subscribe(SavedStonesWithdrawn)
def flag_visits_of_withdrawn_stones(event: SavedStonesWithdrawn, *, now: datetime) -> None:
    for stone in Stone.objects.filter(pk__in=event.stone_ids).order_by("pk"):
        why = f"{stone} was withdrawn by its supplier"
        promises.break_(stone=stone, why=why, now=now, cause=f"withdrawn:{stone.pk}")


@subscribe(CustomerForgotten)
def forget_what_she_said(event: CustomerForgotten, *, now: datetime) -> None:
    forgetting.forget(customer_id=event.customer_id, now=now)
