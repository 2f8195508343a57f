"""Perks: reserved for a piece of work, consumed when it is done, released when it does not come about.

Promise: a perk is used once, by whom it belongs to, while it lasts, and never beyond what the store's bench gives to perks in that week.
"""

from datetime import date, datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Sum

from jeweler import customers, locking
from jeweler.models import Customer, Sale, Store
from referrals.models import BenchWeek, PerkUse, Reward

State = PerkUse.State


class PerkRefused(ValueError):
    """It cannot be used here and now."""


class NotHers(PerkRefused):
    def __init__(self) -> None:
        super().__init__("This perk belongs to another guest. It cannot be passed on.")


class PerkGone(PerkRefused):
    def __init__(self, reward: Reward) -> None:
        super().__init__(
            f"This perk was {reward.get_state_display().lower()}; there is nothing left to use."
        )


class PerkInUse(PerkRefused):
    def __init__(self, use: PerkUse) -> None:
        super().__init__(
            f"This perk is {use.get_state_display().lower()} already: once is all it gives."
        )


class BenchFull(PerkRefused):
    def __init__(self, *, store: Store, monday: date, left: int, wanted: int) -> None:
        super().__init__(
            f"The bench at {store} has {left} minutes left for perks in the week of {monday:%B %-d}, and this one takes {wanted}. "
            "Choose a later week."
        )


class NotReserved(PerkRefused):
    def __init__(self) -> None:
        super().__init__("This perk is not reserved. Reserve it for the work first.")


@transaction.atomic
def reserve(
    *, reward: Reward, customer: Customer, store: Store, day: date, sale: Sale | None = None,
    by: User | None = None, now: datetime,
) -> PerkUse:  # fmt: skip
    """Keep the perk, and the bench's time, for work in the week of `day`. Raises NotHers, PerkGone, PerkInUse, BenchFull."""
    reward = _locked(reward.pk)
    if reward.customer_id not in customers.ids_of(customer):
        raise NotHers
    today = now.astimezone(store.zone).date()
    if reward.state != Reward.State.ISSUED or (reward.last_date and reward.last_date < today):
        raise PerkGone(reward)
    used = reward.uses.filter(state__in=[State.RESERVED, State.CONSUMED]).first()
    if used is not None:
        raise PerkInUse(used)
    monday = day - timedelta(days=day.weekday())
    minutes = reward.perk.bench_minutes if reward.perk else 0
    _check_bench(store, monday=monday, wanted=minutes)
    return PerkUse.objects.create(
        reward=reward, store=store, sale=sale, monday=monday, bench_minutes=minutes,
        reserved_at=now, reserved_by=by,
    )  # fmt: skip


@transaction.atomic
def consume(*, reward: Reward, now: datetime) -> PerkUse:
    """The work is done. Raises NotReserved, PerkInUse when it was consumed before."""
    reward = _locked(reward.pk)
    used = reward.uses.filter(state=State.CONSUMED).first()
    if used is not None:
        raise PerkInUse(used)
    use = _close(reward, State.CONSUMED, now=now)
    reward.state, reward.closed_at = Reward.State.REDEEMED, now
    reward.save(update_fields=["state", "closed_at"])
    return use


@transaction.atomic
def release(*, reward: Reward, now: datetime) -> PerkUse:
    """The work does not come about: the perk and the bench's time are free again. Raises NotReserved."""
    return _close(_locked(reward.pk), State.RELEASED, now=now)


def let_go(sale: Sale, *, now: datetime) -> None:
    """The order does not come about: what was reserved for it is free again."""
    kept = PerkUse.objects.filter(sale=sale, state=State.RESERVED)
    kept.update(state=State.RELEASED, closed_at=now)


def withdraw(reward: Reward, *, now: datetime) -> bool:
    """Whether an unused perk can be taken back; a reservation is released for it."""
    if reward.uses.filter(state=State.CONSUMED).exists():
        return False
    reward.uses.filter(state=State.RESERVED).update(state=State.RELEASED, closed_at=now)
    return True


def minutes_left(store: Store, *, monday: date) -> int | None:
    """Of the bench's time for perks in that week; None where the store sets no limit."""
    weeks = {
        week.monday: week.minutes
        for week in BenchWeek.objects.filter(store=store)
        if week.monday in (None, monday)
    }
    if not weeks:
        return None
    kept = PerkUse.objects.filter(
        store=store, monday=monday, state__in=[State.RESERVED, State.CONSUMED]
    ).aggregate(sum=Sum("bench_minutes"))["sum"]
    return weeks.get(monday, weeks.get(None, 0)) - (kept or 0)


def _check_bench(store: Store, *, monday: date, wanted: int) -> None:
    if not wanted:
        return
    locking.hold(f"bench {store.pk} {monday}")
    left = minutes_left(store, monday=monday)
    if left is not None and left < wanted:
        raise BenchFull(store=store, monday=monday, left=max(0, left), wanted=wanted)


def _close(reward: Reward, state: str, *, now: datetime) -> PerkUse:
    use = reward.uses.filter(state=State.RESERVED).first()
    if use is None:
        raise NotReserved
    use.state, use.closed_at = state, now
    use.save(update_fields=["state", "closed_at"])
    return use


def _locked(reward_id: int) -> Reward:
    rows = Reward.objects.select_related("perk")
    return (rows.select_for_update(of=["self"]) if locking.are_on() else rows).get(pk=reward_id)
