"""Credit is kept for one sale, then spent on it or set free; what was spent comes back when the sale does."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet, Sum

from jeweler import audit, money, prepared
from jeweler.models import Customer, Payment, Store
from jeweler.outbox import publish
from referrals import full_price
from referrals.credit.granting import NoReason, check_colleague
from referrals.credit.ledger import (
    NOTHING,
    Bucket,
    Kind,
    Move,
    hers_locked,
    last_day,
    locked,
    post,
    settled_debt,
    usable,
)
from referrals.events import CreditCaptured, CreditHeld, CreditReleased
from referrals.models import CreditAccount, CreditEntry, CreditHold, CreditLot

State = CreditHold.State
UNREPORTED_AFTER = timedelta(days=1)


class NothingToHold(ValueError):
    def __init__(self) -> None:
        super().__init__("Hold more than nothing.")


class InsufficientCredit(ValueError):
    """Less is available than was asked for."""

    def __init__(self, *, available: Decimal, currency: str) -> None:
        self.available = money.rounded(available, currency=currency)
        self.currency = currency
        super().__init__(
            f"She has {money.in_words(self.available, currency=currency)} of credit available. "
            "Hold that much or less, and take the rest by another tender."
        )


class AccountBlocked(InsufficientCredit):
    """What would be needed lies in an account whose balances differ from its entries (`checking`)."""

    def __init__(self, *, available: Decimal, currency: str) -> None:
        super().__init__(available=available, currency=currency)
        self.args = (
            "Her credit is being checked by the house, and cannot be used until a manager opens it again. "
            "Take another tender for now.",
        )


class NotFullPrice(ValueError):
    """The sale has less at full price than was asked for; `reasons` say of each line why not, or ""."""

    def __init__(self, found: full_price.Eligible, *, currency: str) -> None:
        self.eligible = money.rounded(found.total, currency=currency)
        self.reasons = found.reasons
        super().__init__(
            f"Of this sale {money.in_words(self.eligible, currency=currency)} can be paid by "
            f"credit. {found.in_words()}".strip()
        )


class UnknownHold(LookupError):
    def __init__(self) -> None:
        super().__init__("There is no such hold. Hold the credit anew, and use the id it gives.")


class HoldClosed(ValueError):
    """It was captured, released, or ran out and is gone."""

    def __init__(self, hold: CreditHold) -> None:
        self.hold = hold
        super().__init__(
            f"This hold is closed: {hold.get_state_display().lower()}. "
            "To use her credit, hold it anew."
        )


class OtherAmount(ValueError):
    """More would be captured than is held, or other than was captured before."""

    def __init__(self, hold: CreditHold) -> None:
        amount = hold.captured_amount or hold.amount
        done = "was captured before" if hold.captured_amount else "is held"
        super().__init__(
            f"{money.in_words(amount, currency=hold.currency)} {done}. Capture that much"
            f"{'' if hold.captured_amount else ' or less'}, or hold anew."
        )


class NotUnreported(ValueError):
    """It was not captured, its sale is known, or may still be told."""

    def __init__(self, hold: CreditHold) -> None:
        why = f"it is {hold.get_state_display().lower()}"
        if hold.state == State.CAPTURED:
            why = (
                "it paid for a sale that is known: refund or void that one"
                if hold.payment_id
                else "its till has a day to report the sale"
            )
        super().__init__(f"This credit is not given back by hand: {why}.")


@transaction.atomic
def hold(
    *,
    customer: Customer,
    amount: Decimal,
    currency: str,
    sale_reference: str,
    lines: Sequence[full_price.Line],
    store: Store | None = None,
    until: datetime | None = None,
    now: datetime,
) -> CreditHold:
    """Keep so much of her credit for a sale, from the lots that end first; CreditHeld follows.

    Until then nobody else has it: half an hour if unsaid. Raises InsufficientCredit (AccountBlocked), NotFullPrice,
    NothingToHold and money.FractionalMinorUnit.
    """
    if money.to_minor(amount, currency=currency) <= 0:
        raise NothingToHold
    found = full_price.eligible(lines)
    if amount > found.total:
        raise NotFullPrice(found, currency=currency)
    accounts = hers_locked(customer, currency=currency)
    _release_lapsed(accounts, now=now)
    parts = _allocated(accounts, amount=amount, currency=currency, now=now)
    ((owner_id,),) = prepared.rows(_OWNER, {"id": customer.pk})
    kept = prepared.inserted(
        CreditHold,
        customer_id=owner_id,
        currency=currency,
        amount=amount,
        store=store,
        sale_reference=sale_reference[:128],
        captured_amount=NOTHING,
        held_at=now,
        lapses_at=until or now + timedelta(minutes=settings.CREDIT_HOLD_MINUTES),
    )
    assert kept is not None, "a new uid is nobody else's"
    moves = [
        Move(lot=lot, source=Bucket.AVAILABLE, target=Bucket.HELD, amount=part)
        for lot, part in parts
    ]
    post(moves, key=f"hold:{kept.uid}", kind=Kind.HOLD, at=now, hold=kept)
    publish(
        CreditHeld(
            customer_id=kept.customer_id, hold_id=kept.pk, amount=str(amount), currency=currency
        ),
        at=now,
    )
    return kept


@transaction.atomic
def capture(
    *,
    uid: uuid.UUID,
    amount: Decimal | None = None,
    payment: Payment | None = None,
    now: datetime,
) -> CreditHold:
    """Spend the hold, or `amount` of it and set the rest free; CreditCaptured follows, once.

    The same again changes nothing. A hold whose time has run out is captured as long as nobody else was given it: the
    customer was told that it pays. Raises UnknownHold, HoldClosed, OtherAmount.
    """
    kept, accounts = _locked(uid)
    wanted = kept.amount if amount is None else amount
    if kept.state == State.CAPTURED:
        if amount is not None and wanted != kept.captured_amount:
            raise OtherAmount(kept)
        return _paid(kept, payment)
    if kept.state != State.HELD:
        raise HoldClosed(kept)
    if not 0 < wanted <= kept.amount:
        raise OtherAmount(kept)
    money.to_minor(wanted, currency=kept.currency)
    spent, freed = _split(_parts(kept), wanted)
    moves = [
        Move(lot=lot, source=Bucket.HELD, target=Bucket.SPENT, amount=part) for lot, part in spent
    ]
    moves += _set_free(freed, source=Bucket.HELD, accounts=accounts)
    post(moves, key=f"capture:{kept.uid}", kind=Kind.CAPTURE, at=now, hold=kept)
    kept.captured_amount = wanted
    _close(kept, State.CAPTURED, now=now)
    publish(
        CreditCaptured(
            customer_id=kept.customer_id,
            hold_id=kept.pk,
            amount=str(wanted),
            currency=kept.currency,
        ),
        at=now,
    )
    return _paid(kept, payment)


@transaction.atomic
def release(*, uid: uuid.UUID, now: datetime) -> CreditHold:
    """Set the whole hold free; CreditReleased follows, once. Raises UnknownHold, HoldClosed for one that was captured."""
    kept, accounts = _locked(uid)
    if kept.state == State.CAPTURED:
        raise HoldClosed(kept)
    if kept.state == State.HELD:
        _release(kept, accounts, state=State.RELEASED, now=now)
    return kept


def release_lapsed(*, now: datetime, limit: int = 500) -> int:
    """Set free what has run out, hold by hold, and say of how many. Only tidies: holds that ran out count as free anyway."""
    over = CreditHold.objects.filter(state=State.HELD, lapses_at__lte=now).order_by("lapses_at")
    released = 0
    for uid in over.values_list("uid", flat=True)[:limit]:
        with transaction.atomic():
            kept, accounts = _locked(uid)
            if kept.state == State.HELD and kept.lapses_at <= now:
                _release(kept, accounts, state=State.LAPSED, now=now)
                released += 1
    return released


@transaction.atomic
def give_back(
    *, uid: uuid.UUID, total: Decimal, reason: str, by: User | None = None, now: datetime
) -> Decimal:
    """See to it that of what was captured `total` has come back to its lots, and say how much came back now.

    A total that was reached before changes nothing, so refunds in any order end alike. A lot that has ended meanwhile gets
    CREDIT_GRACE_DAYS from today. Raises UnknownHold, HoldClosed for one that was not captured.
    """
    kept, accounts = _locked(uid)
    if kept.state != State.CAPTURED:
        raise HoldClosed(kept)
    before = _given_back(kept)
    amount: Decimal = min(total, kept.captured_amount) - sum(before.values(), NOTHING)
    if amount <= 0:
        return NOTHING
    spent = CreditEntry.objects.filter(transaction__hold=kept, target=Bucket.SPENT)
    left = [
        (entry.lot, entry.amount - before.get(entry.lot_id, NOTHING))
        for entry in spent.select_related("lot").order_by("-pk")  # what ends last comes back first
    ]
    parts, _ = _split(left, amount)
    for lot, _part in parts:
        _lengthen(lot, now=now)
    post(
        _set_free(parts, source=Bucket.SPENT, accounts=accounts),
        key=f"give_back:{kept.uid}:{sum(before.values(), NOTHING) + amount}",
        kind=Kind.GIVE_BACK,
        at=now,
        hold=kept,
        by=by,
        reason=reason[:200],
    )
    return amount


@transaction.atomic
def return_unreported(*, uid: uuid.UUID, reason: str, by: User, now: datetime) -> Decimal:
    """Give her all of it that a till captured for a sale which it never reported, once, and say how much.

    The hold is closed by that: should the sale come after all, its payment has no credit, and waits for the manager.
    CreditReleased follows. Raises NoReason, OwnCredit, NotUnreported, UnknownHold.
    """
    if not reason.strip():
        raise NoReason
    kept, _ = _locked(uid)
    if not unreported(now=now).filter(pk=kept.pk).exists():
        raise NotUnreported(kept)
    check_colleague(kept.customer, by)
    amount = give_back(uid=uid, total=kept.captured_amount, reason=reason.strip(), by=by, now=now)
    kept.captured_amount = NOTHING
    _close(kept, State.RETURNED, now=now)
    publish(
        CreditReleased(
            customer_id=kept.customer_id,
            hold_id=kept.pk,
            amount=str(amount),
            currency=kept.currency,
        ),
        at=now,
    )
    audit.record(
        action="credit.returned",
        subject=kept,
        actor=by,
        store=kept.store,
        detail={"because": reason.strip()[:200]},
        now=now,
    )
    return amount


def unreported(*, now: datetime) -> QuerySet[CreditHold]:
    """Captured, and a day later still without the payment of a sale: spent, as far as the till said, on nothing that is known."""
    since = now - UNREPORTED_AFTER
    return CreditHold.objects.filter(state=State.CAPTURED, payment=None, closed_at__lte=since)


def find(uid: uuid.UUID) -> CreditHold:
    """Raises UnknownHold."""
    kept = CreditHold.objects.select_related("customer", "store").filter(uid=uid).first()
    if kept is None:
        raise UnknownHold
    return kept


# Inside: everything below runs with the accounts' rows locked.


def _locked(uid: uuid.UUID) -> tuple[CreditHold, list[CreditAccount]]:
    """The hold as it is now that all accounts which it takes from are locked."""
    found = find(uid)
    lots = CreditEntry.objects.filter(transaction__hold=found, target=Bucket.HELD)
    accounts = locked(CreditAccount.objects.filter(pk__in=lots.values("lot__account")))
    return find(uid), accounts


def _allocated(
    accounts: list[CreditAccount], *, amount: Decimal, currency: str, now: datetime
) -> list[tuple[CreditLot, Decimal]]:
    open_ones = [account for account in accounts if account.blocked_at is None]
    lots = usable(open_ones, now=now)
    there = [(lot, lot.available) for lot in lots]
    parts, _ = _split(there, amount)
    if sum((part for _, part in parts), NOTHING) < amount:
        available = sum((lot.available for lot in lots), NOTHING)
        refusal = InsufficientCredit if open_ones == accounts else AccountBlocked
        raise refusal(available=available, currency=currency)
    return parts


Parts = list[tuple[CreditLot, Decimal]]


def _split(parts: Parts, amount: Decimal) -> tuple[Parts, Parts]:
    """The first `amount` of these parts, and the rest of them."""
    first: Parts = []
    rest: Parts = []
    for lot, part in parts:
        taken = min(part, amount)
        amount -= taken
        if taken:
            first.append((lot, taken))
        if part > taken:
            rest.append((lot, part - taken))
    return first, rest


def _parts(kept: CreditHold) -> Parts:
    entries = CreditEntry.objects.filter(transaction__hold=kept, target=Bucket.HELD)
    return [(entry.lot, entry.amount) for entry in entries.select_related("lot").order_by("pk")]


def _set_free(
    parts: Parts, *, source: CreditEntry.Bucket, accounts: list[CreditAccount]
) -> list[Move]:
    """Make these parts available again; of a lot that was taken back meanwhile, only what its owner does not owe."""
    by_id = {account.pk: account for account in accounts}
    moves: list[Move] = []
    for lot, part in parts:
        moves.append(Move(lot=lot, source=source, target=Bucket.AVAILABLE, amount=part))
        if lot.reversed_at is not None:
            moves += settled_debt(lot, amount=part, account=by_id[lot.account_id])
    return moves


def _release(
    kept: CreditHold, accounts: list[CreditAccount], *, state: CreditHold.State, now: datetime
) -> None:
    post(
        _set_free(_parts(kept), source=Bucket.HELD, accounts=accounts),
        key=f"release:{kept.uid}",
        kind=Kind.RELEASE,
        at=now,
        hold=kept,
    )
    _close(kept, state, now=now)
    publish(
        CreditReleased(
            customer_id=kept.customer_id,
            hold_id=kept.pk,
            amount=str(kept.amount),
            currency=kept.currency,
        ),
        at=now,
    )


def _release_lapsed(accounts: list[CreditAccount], *, now: datetime) -> None:
    """Those of these accounts alone; one that also takes from others (two customers who were one) is left to the sweep."""
    ids = {account.pk for account in accounts}
    owners = [account.customer_id for account in accounts]
    for kept in prepared.found(CreditHold, _LAPSED, {"owners": owners, "now": now}):
        if {lot.account_id for lot, _ in _parts(kept)} <= ids:
            _release(kept, accounts, state=State.LAPSED, now=now)


def _close(kept: CreditHold, state: CreditHold.State, *, now: datetime) -> None:
    kept.state, kept.closed_at = state, now
    kept.save(update_fields=["state", "closed_at", "captured_amount"])


def _paid(kept: CreditHold, payment: Payment | None) -> CreditHold:
    if payment is not None and kept.payment_id is None:
        kept.payment = payment
        kept.save(update_fields=["payment"])
    return kept


def _given_back(kept: CreditHold) -> dict[int, Decimal]:
    given = CreditEntry.objects.filter(
        transaction__hold=kept, transaction__kind=Kind.GIVE_BACK, source=Bucket.SPENT
    )
    return dict(given.values_list("lot").annotate(sum=Sum("amount")).values_list("lot", "sum"))


def _lengthen(lot: CreditLot, *, now: datetime) -> None:
    today = last_day(now)
    if lot.last_date is not None and lot.last_date < today:
        lot.last_date = today + timedelta(days=settings.CREDIT_GRACE_DAYS)
        lot.save(update_fields=["last_date"])


_OWNER = "select coalesce(merged_into_id, id) from jeweler_customer where id = %(id)s"
_LAPSED = "customer_id = any(%(owners)s) and state = 'held' and lapses_at <= %(now)s order by id"
