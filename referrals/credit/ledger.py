"""The books themselves: locking accounts, posting entries, and what is there."""

import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import QuerySet

from jeweler import customers, locking, money, prepared
from jeweler.models import Customer
from referrals.models import CreditAccount, CreditEntry, CreditHold, CreditLot, CreditTransaction

Bucket = CreditEntry.Bucket
Kind = CreditTransaction.Kind
NOTHING = Decimal(0)


class KeyReused(ValueError):
    """The same key came with something else to do."""

    def __init__(self, *, key: str) -> None:
        super().__init__(f"{key} was done before with another amount. Use a key of its own.")


@dataclass(frozen=True, kw_only=True)
class Balance:
    """`available` can be held now, `first_last_date` is the day on which the first of it ends.

    Nothing is available of an account that is blocked (`checking`). `owed` was taken back after it was spent, and is paid by her next rewards.
    """

    currency: str
    available: Decimal
    held: Decimal
    owed: Decimal
    first_last_date: date | None


@dataclass(frozen=True, kw_only=True)
class Move:
    lot: CreditLot
    source: CreditEntry.Bucket
    target: CreditEntry.Bucket
    amount: Decimal


def balance(*, customer: Customer, currency: str, now: datetime) -> Balance:
    """What she has, in one statement; a hold that has run out counts as released, whether or not it was swept."""
    ids = customers.ids_of(customer)
    with connection.cursor() as cursor:
        today = last_day(now)
        cursor.execute(
            _BALANCE,
            {"ids": ids, "currency": currency, "now": now, "today": today, "day_end": date.max},
        )
        available, held, owed, first = cursor.fetchone()
    return Balance(
        currency=currency,
        available=money.rounded(available, currency=currency),
        held=money.rounded(held, currency=currency),
        owed=money.rounded(owed, currency=currency),
        first_last_date=None if first in (None, date.max) else first,
    )


def last_day(now: datetime) -> date:
    """The day by the house's clock: a lot whose last day it is can still be spent."""
    return now.astimezone(zoneinfo.ZoneInfo(settings.HOUSE_TIME_ZONE)).date()


def locked(accounts: QuerySet[CreditAccount]) -> list[CreditAccount]:
    """These rows, held until the transaction ends and always in the same order, so that no two wait in a circle.

    What is read before this is only a guess.
    """
    ordered = accounts.order_by("pk")
    return list(ordered.select_for_update() if locking.are_on() else ordered)


def hers_locked(customer: Customer, *, currency: str) -> list[CreditAccount]:
    """Her accounts in this currency, under whichever of her names, held until the transaction ends and always in the same order."""
    values = {"ids": customers.ids_of(customer), "currency": currency}
    order = "order by id for update" if locking.are_on() else "order by id"
    condition = f"customer_id = any(%(ids)s) and currency = %(currency)s {order}"
    return prepared.found(CreditAccount, condition, values)


def usable(accounts: Iterable[CreditAccount], *, now: datetime) -> list[CreditLot]:
    """Their lots with something available today, the one that ends first before the others, those without an end last."""
    values = {"accounts": [account.pk for account in accounts], "today": last_day(now)}
    return prepared.found(CreditLot, _USABLE, values)


def post(
    moves: Iterable[Move],
    *,
    key: str,
    kind: CreditTransaction.Kind,
    at: datetime,
    hold: CreditHold | None = None,
    by: User | None = None,
    reason: str = "",
    reverses: CreditTransaction | None = None,
) -> None:
    """Write a transaction of these moves, in one statement; a trigger takes them into the balances."""
    made = list(moves)
    values = {
        "key": key,
        "kind": str(kind),
        "at": at,
        "by": by.pk if by else None,
        "reason": reason,
        "hold": hold.pk if hold else None,
        "reverses": reverses.pk if reverses else None,
        "lots": [move.lot.pk for move in made],
        "sources": [str(move.source) for move in made],
        "targets": [str(move.target) for move in made],
        "amounts": [move.amount for move in made],
    }
    prepared.rows(_POST, values)


def settled_debt(lot: CreditLot, *, amount: Decimal, account: CreditAccount) -> list[Move]:
    """The move that pays what the account owes from `amount` that has come into this lot, if it owes anything."""
    paid = min(amount, account.owed)
    if not paid:
        return []
    account.owed -= paid  # as the trigger will write it; for who settles several lots
    return [Move(lot=lot, source=Bucket.AVAILABLE, target=Bucket.OWED, amount=paid)]


_USABLE = """
account_id = any(%(accounts)s) and available > 0 and (last_date is null or last_date >= %(today)s) order by last_date, id
"""

_POST = """
with posted as (
    insert into referrals_credittransaction (key, kind, at, by_id, reason, hold_id, reverses_id)
    values (%(key)s, %(kind)s, %(at)s, %(by)s, %(reason)s, %(hold)s, %(reverses)s) returning id)
insert into referrals_creditentry (transaction_id, lot_id, source, target, amount)
select posted.id, move.lot, move.source, move.target, move.amount
from posted, unnest(%(lots)s::bigint[], %(sources)s::text[], %(targets)s::text[], %(amounts)s::numeric[])
    with ordinality as move (lot, source, target, amount, place) order by move.place
"""

_BALANCE = """
select
    coalesce(sum(lot.available + coalesce(lapsed.amount, 0)) filter (
        where account.blocked_at is null and (lot.last_date is null or lot.last_date >= %(today)s)), 0),
    coalesce(sum(lot.held - coalesce(lapsed.amount, 0)), 0),
    (select coalesce(sum(owed), 0) from referrals_creditaccount where customer_id = any(%(ids)s) and currency = %(currency)s),
    min(coalesce(lot.last_date, %(day_end)s)) filter (
        where account.blocked_at is null and lot.available + coalesce(lapsed.amount, 0) > 0 and (lot.last_date is null or lot.last_date >= %(today)s))
from referrals_creditlot lot
join referrals_creditaccount account on account.id = lot.account_id
left join (
    select entry.lot_id, sum(entry.amount) as amount
    from referrals_credithold hold
    join referrals_credittransaction posted on posted.hold_id = hold.id and posted.kind = 'hold'
    join referrals_creditentry entry on entry.transaction_id = posted.id
    where hold.customer_id = any(%(ids)s) and hold.state = 'held' and hold.lapses_at <= %(now)s
    group by entry.lot_id
) lapsed on lapsed.lot_id = lot.id and lot.reversed_at is null
where account.customer_id = any(%(ids)s) and account.currency = %(currency)s
"""
