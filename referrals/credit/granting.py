"""How credit comes into being, ends, and is taken back."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction

from jeweler import customers, locking, money, prepared
from jeweler.models import ContactPoint, Customer
from jeweler.outbox import publish
from referrals.credit.ledger import (
    NOTHING,
    Bucket,
    KeyReused,
    Kind,
    Move,
    hers_locked,
    last_day,
    locked,
    post,
    settled_debt,
)
from referrals.events import CreditGranted
from referrals.models import CreditAccount, CreditEntry, CreditLot, CreditTransaction


class NoReason(ValueError):
    def __init__(self) -> None:
        super().__init__("Say why: credit without a reason cannot be accounted for.")


class OwnCredit(PermissionError):
    def __init__(self) -> None:
        super().__init__(
            "Nobody grants credit to herself, or gives it back to herself. Ask a colleague to do it."
        )


class AlreadyReversed(ValueError):
    def __init__(self, lot: CreditLot) -> None:
        super().__init__(f"{lot} was taken back before; it is not taken back twice.")


@dataclass(frozen=True, kw_only=True)
class Reversed:
    """`taken` was still there; `owed` had been spent or is held, and is paid by her next rewards."""

    taken: Decimal
    owed: Decimal


@transaction.atomic
def grant(
    *,
    customer: Customer,
    amount: Decimal,
    currency: str,
    last_date: date | None,
    reason: str,
    key: str,
    pays_debt: bool = False,
    by: User | None = None,
    now: datetime,
) -> CreditLot:
    """Give her credit until the end of `last_date`, once for the key; CreditGranted follows.

    `pays_debt`: a reward, from which what she owes of earlier ones is taken first. Raises NoReason, OwnCredit, KeyReused,
    and money.FractionalMinorUnit.
    """
    money.to_minor(amount, currency=currency)
    if not reason.strip():
        raise NoReason
    owner = customers.resolve_anew(customer)
    check_colleague(owner, by)
    locking.hold(f"credit grant {key}")
    for earlier in prepared.found(CreditEntry, _GRANTED, {"key": key}):
        return _repeated(earlier, owner=owner, amount=amount, currency=currency, key=key)
    prepared.inserted(CreditAccount, customer_id=owner.pk, currency=currency, owed=NOTHING)
    accounts = hers_locked(owner, currency=currency)
    account = next(each for each in accounts if each.customer_id == owner.pk)
    if pays_debt:  # two customers who became one may have a debt under either name
        account = max(accounts, key=lambda each: (each.owed, each == account))
    lot = prepared.inserted(
        CreditLot, account_id=account.pk, face=amount, available=NOTHING, held=NOTHING,
        spent=NOTHING, last_date=last_date, granted_at=now,
    )  # fmt: skip
    assert lot is not None, "nothing of a lot is unique"
    moves = [Move(lot=lot, source=Bucket.ISSUED, target=Bucket.AVAILABLE, amount=amount)]
    if pays_debt:
        moves += settled_debt(lot, amount=amount, account=account)
    post(moves, key=key, kind=Kind.GRANT, at=now, by=by, reason=reason.strip()[:200])
    publish(
        CreditGranted(customer_id=owner.pk, lot_id=lot.pk, amount=str(amount), currency=currency),
        at=now,
    )
    lot.refresh_from_db()
    return lot


@transaction.atomic
def reverse(*, lot: CreditLot, reason: str, by: User | None = None, now: datetime) -> Reversed:
    """Take a lot back: what is there goes, what was spent or is held is owed. Never below zero, never silently.

    Raises AlreadyReversed, NoReason.
    """
    if not reason.strip():
        raise NoReason
    locked(CreditAccount.objects.filter(pk=lot.account_id))
    lot = CreditLot.objects.get(pk=lot.pk)
    if lot.reversed_at is not None:
        raise AlreadyReversed(lot)
    used = lot.spent + lot.held
    moves = [
        Move(lot=lot, source=source, target=Bucket.ISSUED, amount=amount)
        for source, amount in ((Bucket.AVAILABLE, lot.available), (Bucket.OWED, used))
        if amount
    ]
    granted = CreditTransaction.objects.get(
        kind=Kind.GRANT, entries__lot=lot, entries__source=Bucket.ISSUED
    )
    post(
        moves,
        key=f"reverse:{lot.pk}",
        kind=Kind.REVERSE,
        at=now,
        by=by,
        reason=reason.strip()[:200],
        reverses=granted,
    )
    lot.reversed_at = now
    lot.save(update_fields=["reversed_at"])
    return Reversed(taken=lot.available, owed=used)


def expire(*, now: datetime, limit: int = 500) -> int:
    """Note what ended unspent, lot by lot, and say of how many; whoever runs it twice finds nothing."""
    today, ended = last_day(now), 0
    over = CreditLot.objects.filter(last_date__lt=today, available__gt=0).order_by("pk")
    for lot_id, account_id in over.values_list("pk", "account_id")[:limit]:
        ended += _expire(lot_id=lot_id, account_id=account_id, today=today, now=now)
    return ended


@transaction.atomic
def _expire(*, lot_id: int, account_id: int, today: date, now: datetime) -> bool:
    locked(CreditAccount.objects.filter(pk=account_id))
    lot = CreditLot.objects.filter(pk=lot_id, last_date__lt=today, available__gt=0).first()
    if lot is None:
        return False
    # What comes back into an ended lot gets a later last day, so that a day is a key of its own, but for a hold that was
    # released on the very day on which the lot had ended.
    times = lot.entries.filter(target=Bucket.ENDED).count()
    post(
        [Move(lot=lot, source=Bucket.AVAILABLE, target=Bucket.ENDED, amount=lot.available)],
        key=f"expire:{lot.pk}:{times + 1}",
        kind=Kind.EXPIRE,
        at=now,
    )
    return True


def check_colleague(owner: Customer, by: User | None) -> None:
    """That it is not her own. Raises OwnCredit."""
    if by is None or not by.email:
        return
    hers = ContactPoint.objects.filter(
        customer__in=customers.ids_of(owner), kind=ContactPoint.Kind.EMAIL
    )
    if hers.filter(canonical=by.email.strip().lower()).exists():
        raise OwnCredit


def _repeated(
    earlier: CreditEntry, *, owner: Customer, amount: Decimal, currency: str, key: str
) -> CreditLot:
    lot = earlier.lot
    account = lot.account
    is_hers = customers.resolve_anew(account.customer) == owner
    if not is_hers or (lot.face, account.currency) != (amount, currency):
        raise KeyReused(key=key)
    return lot


_GRANTED = "source = 'issued' and transaction_id = (select id from referrals_credittransaction where key = %(key)s)"
