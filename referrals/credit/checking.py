"""The ledger is read back: each balance beside the entries that it follows from, each hold beside what is held for it.

Promise: an account whose balances say other than its entries is blocked, so that nothing more is held from it, and is named with what
differs until it agrees again. What was held before stays held and can be captured: she was told that it pays. The entries are
right by rule, since they are never changed; nothing is repaired here.

Limit: a balance can differ only when somebody writes past the database's own triggers, or when they fail.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import connection, transaction

from jeweler import audit
from referrals.credit.ledger import locked
from referrals.models import CreditAccount

logger = logging.getLogger(__name__)


class StillDiffers(ValueError):
    def __init__(self, account: CreditAccount) -> None:
        super().__init__(
            f"{account} stays blocked: {account.blocked_because} Have the balance set to what its entries say first."
        )


def check(*, now: datetime) -> int:
    """Read every account back, block those that differ, open those that agree again, and count what was blocked now."""
    blocked = CreditAccount.objects.exclude(blocked_at=None).values_list("pk", flat=True)
    before = set(blocked)
    for account_id in sorted(set(_differences()) | before):
        _judge(account_id, by=None, now=now)
    return len(set(blocked.all()) - before)


def look_again(*, account: CreditAccount, by: User, now: datetime) -> None:
    """Open a blocked account whose balances agree now. Raises StillDiffers."""
    judged = _judge(account.pk, by=by, now=now)
    if judged.blocked_at is not None:
        raise StillDiffers(judged)


@transaction.atomic
def _judge(account_id: int, *, by: User | None, now: datetime) -> CreditAccount:
    """As it is now that nobody else moves anything on it."""
    [account] = locked(CreditAccount.objects.filter(pk=account_id))
    found = " ".join(_differences([account_id])[account_id])[:300]
    if found and account.blocked_because != found:
        account.blocked_at, account.blocked_because = account.blocked_at or now, found
        logger.error("Credit account %s is blocked: %s", account_id, found)
        audit.record(action="credit_account.blocked", subject=account, actor=by, detail={"found": found}, now=now)  # fmt: skip
    elif not found and account.blocked_at is not None:
        account.blocked_at, account.blocked_because = None, ""
        audit.record(action="credit_account.opened", subject=account, actor=by, now=now)
    account.save(update_fields=["blocked_at", "blocked_because"])
    return account


def _differences(account_ids: Iterable[int] = ()) -> dict[int, list[str]]:
    """In words, by account; of these accounts, or of all."""
    found: dict[int, list[str]] = defaultdict(list)
    asked = {"ids": list(account_ids)}
    with connection.cursor() as cursor:
        cursor.execute(_LOTS, asked)
        for account_id, lot_id, *pairs in cursor.fetchall():
            for name, has, said in zip(_NAMES, pairs[::2], pairs[1::2], strict=True):
                if has != said:
                    found[account_id].append(_words(f"Lot {lot_id}", name, has, said))
        cursor.execute(_DEBTS, asked)
        for account_id, has, said in cursor.fetchall():
            found[account_id].append(_words("The account", "owed", has, said))
    return found


def _words(what: str, name: str, has: Decimal, said: Decimal) -> str:
    return f"{what} has {has.normalize():f} {name}, and its entries say {said.normalize():f}."


_NAMES = ("granted", "available", "held", "spent", "held for tickets")
_LOTS = """
with said as (
    select lot_id,
        coalesce(sum(amount) filter (where source = 'issued'), 0) as granted,
        coalesce(sum(amount) filter (where target = 'available'), 0) - coalesce(sum(amount) filter (where source = 'available'), 0) as available,
        coalesce(sum(amount) filter (where target = 'held'), 0) - coalesce(sum(amount) filter (where source = 'held'), 0) as held,
        coalesce(sum(amount) filter (where target = 'spent'), 0) - coalesce(sum(amount) filter (where source = 'spent'), 0) as spent
    from referrals_creditentry group by lot_id
), waiting as (
    select entry.lot_id, sum(entry.amount) as held
    from referrals_credithold hold
    join referrals_credittransaction posted on posted.hold_id = hold.id and posted.kind = 'hold'
    join referrals_creditentry entry on entry.transaction_id = posted.id
    where hold.state = 'held' group by entry.lot_id
), beside as (
    select lot.account_id, lot.id, lot.face, coalesce(said.granted, 0) as granted, lot.available, coalesce(said.available, 0) as said_available,
        lot.held, coalesce(said.held, 0) as said_held, lot.spent, coalesce(said.spent, 0) as said_spent,
        lot.held as also_held, coalesce(waiting.held, 0) as waiting
    from referrals_creditlot lot left join said on said.lot_id = lot.id left join waiting on waiting.lot_id = lot.id
    where cardinality(%(ids)s::bigint[]) = 0 or lot.account_id = any(%(ids)s::bigint[])
)
select * from beside
where (face, available, held, spent, also_held) is distinct from (granted, said_available, said_held, said_spent, waiting)
order by id
"""
_DEBTS = """
select account.id, account.owed, coalesce(said.owed, 0)
from referrals_creditaccount account
left join (
    select lot.account_id, sum(case when entry.source = 'owed' then entry.amount else -entry.amount end) as owed
    from referrals_creditentry entry join referrals_creditlot lot on lot.id = entry.lot_id
    where 'owed' in (entry.source, entry.target) group by lot.account_id
) said on said.account_id = account.id
where account.owed is distinct from coalesce(said.owed, 0)
  and (cardinality(%(ids)s::bigint[]) = 0 or account.id = any(%(ids)s::bigint[]))
"""
