"""What became of a referral: a fold of the facts about it, whatever order they came in and however often.

Pure. Facts are known by their keys; they are put in order by when they happened, never by when they were told. Promise: the same
facts, rules and moment give the same standing; time alone changes it only at `look_at`. Days are calendar days by the store's
clock, so that a change of clocks makes none of them longer or shorter. Prose and cases: docs/algorithms/referral.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

STORE_CREDIT = "store_credit"
CHARGEBACK = "chargeback"


class Kind(StrEnum):
    """`data` of each; amounts are texts of decimals in major units, without tax where not said otherwise."""

    ORDERED = "ordered"  # sale, version, currency, merchandise, total (with tax)
    APPLIED = "applied"  # sale: the code was given for this very order, whenever it was placed
    LEFT = "left"  # sale, count: it was found to be another customer's, or (is_back) hers after all
    CAPTURED = "captured"  # sale, payment, amount (with tax), tender
    VOIDED = "voided"  # sale, payment: the payment was taken back before it settled
    REFUNDED = "refunded"  # sale, amount, reason
    HANDED_OVER = "handed_over"  # sale
    CANCELED = "canceled"  # sale
    RETURN_OPENED = "return_opened"  # return, sale
    RETURN_CLOSED = "return_closed"  # return
    HELD = "held"  # review, reason
    RELEASED = "released"  # review
    DECLINED = "declined"  # review, reason
    REJECTED = "rejected"  # reason: a hard rule
    SUPERSEDED = "superseded"  # by: the referral that stands for it
    REWARDED = "rewarded"  # sale
    UNREWARDED = "unrewarded"  # sale, reason
    BOOKED = "booked"  # visit: told, but changes nothing
    NOTED = "noted"  # code, and words where somebody gave some: told, but changes nothing


class State(StrEnum):
    IDENTIFIED = "identified"
    PENDING_PAYMENT = "pending_payment"
    PURCHASED = "purchased"
    IN_RETURN_WINDOW = "in_return_window"
    ON_HOLD = "on_hold"
    QUALIFIED = "qualified"
    UNREWARDED = "unrewarded"
    REWARDED = "rewarded"
    CLAWED_BACK = "clawed_back"
    REVERSED = "reversed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, kw_only=True)
class Fact:
    kind: Kind
    key: str
    at: datetime
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What was promised at the lock. `minimums` by currency; a purchase in another currency earns nothing."""

    locked_at: datetime
    lock_ends_at: datetime
    return_days: int
    minimums: dict[str, Decimal]
    zone: ZoneInfo


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where a referral stands. `net` is new money for merchandise without tax; `attempt` counts orders that were undone."""

    state: State
    reason: str = ""
    sale: int | None = None
    currency: str = ""
    net: Decimal | None = None
    qualify_at: datetime | None = None
    look_at: datetime | None = None
    attempt: int = 1
    is_closed: bool = False


@dataclass(kw_only=True)
class _Order:
    sale: int
    placed_at: datetime
    version: int
    currency: str
    total: Decimal
    merchandise: Decimal
    most: Decimal  # the merchandise of whichever version had most
    payments: dict[int, tuple[datetime, Decimal, str]] = field(default_factory=dict)
    refunds: list[tuple[datetime, Decimal, str]] = field(default_factory=list)
    handed_over_at: datetime | None = None
    canceled_at: datetime | None = None

    @property
    def captured(self) -> Decimal:
        return sum((amount for _, amount, _ in self.payments.values()), Decimal(0))

    @property
    def by_credit(self) -> Decimal:
        return sum(
            (a for _, a, tender in self.payments.values() if tender == STORE_CREDIT), Decimal(0)
        )

    @property
    def refunded(self) -> Decimal:
        return sum((amount for _, amount, _ in self.refunds), Decimal(0))

    @property
    def net(self) -> Decimal:
        """Credit is no new money. What was given back is taken to be of the merchandise."""
        return max(Decimal(0), self.merchandise - self.by_credit - self.refunded)

    @property
    def paid_at(self) -> datetime | None:
        """When the last of it was taken, in the order in which it was; None while something is owed."""
        so_far = Decimal(0)
        for at, amount, _ in sorted(self.payments.values()):
            so_far += amount
            if so_far >= self.total:
                return at
        return None

    @property
    def undone_at(self) -> datetime | None:
        """When it was canceled or wholly given back: then it was no purchase."""
        ends = [] if self.canceled_at is None else [self.canceled_at]
        if self.refunds and self.refunded >= self.merchandise:
            ends.append(max(at for at, _, _ in self.refunds))
        return min(ends, default=None)


def midnight_after(day: date, *, zone: ZoneInfo) -> datetime:
    """The first moment, in UTC, at which that day is over by this clock."""
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone).astimezone(UTC)


def days_end(at: datetime, *, days: int, zone: ZoneInfo) -> datetime:
    """When the last of so many calendar days after the day of `at` is over."""
    return midnight_after(at.astimezone(zone).date() + timedelta(days=days), zone=zone)


def fold(facts: Iterable[Fact], *, rules: Rules, now: datetime) -> Standing:
    """Where the referral stands at `now`. Of facts with the same key one counts."""
    by_key = {fact.key: fact for fact in facts}
    told = sorted(by_key.values(), key=lambda fact: (fact.at, fact.key))
    orders = _orders(told)
    ended = _ended(told, orders=orders, rules=rules)
    if ended is not None:
        return ended
    standing = _judged(_candidates(orders, told=told, rules=rules), told=told, rules=rules, now=now)
    held = _held(told)
    if held and not standing.is_closed and standing.state not in _PAST_HOLDING:
        # An unpaid order that is held is still looked at when its lock ends; what is due waits for the decision.
        return replace(
            standing, state=State.ON_HOLD, reason=held, look_at=_later(standing.look_at, now=now)
        )
    return standing


_PAST_HOLDING = {State.REVERSED, State.REJECTED, State.EXPIRED}


def _later(at: datetime | None, *, now: datetime) -> datetime | None:
    return at if at is not None and at > now else None


def _ended(told: list[Fact], *, orders: dict[int, _Order], rules: Rules) -> Standing | None:
    """What somebody or the house itself has decided already."""
    said = {fact.kind: fact for fact in reversed(told)}  # the first of each kind
    for kind, state in (
        (Kind.SUPERSEDED, State.SUPERSEDED),
        (Kind.REJECTED, State.REJECTED),
        (Kind.DECLINED, State.REJECTED),
    ):
        if kind in said and Kind.REWARDED not in said:
            return Standing(state=state, reason=said[kind].data.get("reason", ""), is_closed=True)
    if Kind.UNREWARDED in said:
        fact = said[Kind.UNREWARDED]
        return Standing(
            state=State.UNREWARDED,
            reason=fact.data["reason"],
            sale=fact.data["sale"],
            is_closed=True,
        )
    if Kind.REWARDED not in said:
        return None
    sale = said[Kind.REWARDED].data["sale"]
    order = orders[sale]
    if Kind.DECLINED in said or _is_below(order, rules=rules) or order.undone_at:
        why = (
            "CHARGEBACK"
            if any(CHARGEBACK in reason.lower() for _, _, reason in order.refunds)
            else "LATE_REFUND"
        )
        reason = said[Kind.DECLINED].data.get("reason", "") if Kind.DECLINED in said else why
        return Standing(
            state=State.CLAWED_BACK,
            reason=reason,
            sale=sale,
            currency=order.currency,
            net=order.net,
        )
    return Standing(state=State.REWARDED, sale=sale, currency=order.currency, net=order.net)


def _orders(told: list[Fact]) -> dict[int, _Order]:
    """What is known of each order. Facts of an order that nobody has told of yet wait until somebody does."""
    orders: dict[int, _Order] = {}
    for fact in told:
        if fact.kind == Kind.ORDERED:
            _take(orders, fact)
    for fact in told:
        if fact.data.get("sale") in orders:
            _note(orders[fact.data["sale"]], fact)
    for fact in told:  # after every capture: a payment that was voided was never made
        if fact.kind == Kind.VOIDED and fact.data["sale"] in orders:
            orders[fact.data["sale"]].payments.pop(fact.data["payment"], None)
    for sale in _left(told):
        orders.pop(sale, None)
    return orders


def _note(order: _Order, fact: Fact) -> None:
    data = fact.data
    if fact.kind == Kind.CAPTURED:
        paid = (fact.at, Decimal(data["amount"]), data["tender"])
        order.payments.setdefault(data["payment"], paid)  # the earliest moment told of it
    elif fact.kind == Kind.REFUNDED:
        order.refunds.append((fact.at, Decimal(data["amount"]), data.get("reason", "")))
    elif fact.kind == Kind.HANDED_OVER:
        order.handed_over_at = order.handed_over_at or fact.at
    elif fact.kind == Kind.CANCELED:
        order.canceled_at = order.canceled_at or fact.at


def _take(orders: dict[int, _Order], fact: Fact) -> None:
    """The newest version stands, and the most that it ever was is remembered."""
    data = fact.data
    merchandise = Decimal(data["merchandise"])
    known = orders.get(data["sale"])
    if known is None or data["version"] > known.version:
        orders[data["sale"]] = _Order(
            sale=data["sale"],
            placed_at=fact.at,
            version=data["version"],
            currency=data["currency"],
            total=Decimal(data["total"]),
            merchandise=merchandise,
            most=max(merchandise, known.most if known else merchandise),
        )
    else:
        known.most = max(known.most, merchandise)


def _left(told: list[Fact]) -> set[int]:
    last: dict[int, dict[str, Any]] = {}
    for fact in told:
        if fact.kind == Kind.LEFT:
            data = fact.data
            if data["count"] > last.get(data["sale"], {"count": 0})["count"]:
                last[data["sale"]] = data
    return {sale for sale, data in last.items() if not data.get("is_back")}


def _candidates(orders: dict[int, _Order], *, told: list[Fact], rules: Rules) -> list[_Order]:
    """Orders of merchandise inside the lock, the first before the others. Repairs and services are none."""
    applied = {fact.data["sale"] for fact in told if fact.kind == Kind.APPLIED}
    found = [
        order
        for order in orders.values()
        if order.most > 0
        and order.placed_at < rules.lock_ends_at
        and (order.placed_at >= rules.locked_at or order.sale in applied)
    ]
    return sorted(found, key=lambda order: (order.placed_at, order.sale))


def _judged(candidates: list[_Order], *, told: list[Fact], rules: Rules, now: datetime) -> Standing:
    undone: list[_Order] = []
    exchanges: list[_Order] = []  # orders that took the place of one that came back
    for order in candidates:
        if undone and _is_exchange(undone[-1], order, rules=rules):
            exchanges.append(order)
        if order.undone_at is None:
            standing = _purchased(order, exchanges=exchanges, rules=rules, now=now)
            return replace(standing, attempt=len(undone) + 1)
        undone.append(order)
    attempt = len(undone) + 1
    if now < rules.lock_ends_at:
        return Standing(state=State.IDENTIFIED, look_at=rules.lock_ends_at, attempt=attempt)
    if undone:
        reason = "ORDER_CANCELED" if undone[-1].canceled_at else "FULLY_REFUNDED"
        return Standing(state=State.REVERSED, reason=reason, attempt=attempt, is_closed=True)
    return Standing(state=State.EXPIRED, reason="LOCK_EXPIRED", is_closed=True)


def _is_exchange(before: _Order, order: _Order, *, rules: Rules) -> bool:
    """Bought on the day on which the other was given back, or before it came back: one for the other."""
    back = before.undone_at
    if back is None or before.canceled_at is not None:
        return False
    return order.placed_at.astimezone(rules.zone).date() <= back.astimezone(rules.zone).date()


def _is_below(order: _Order, *, rules: Rules) -> bool:
    return order.net < rules.minimums.get(order.currency, Decimal("Infinity"))


def _purchased(order: _Order, *, exchanges: list[_Order], rules: Rules, now: datetime) -> Standing:
    """What an order that stands is worth. An exchange starts the clock anew once; a second one no more."""
    clock = exchanges[0] if len(exchanges) > 1 and order in exchanges else order
    paid_at, handed_at = (
        clock.paid_at or order.paid_at,
        clock.handed_over_at or order.handed_over_at,
    )
    here = Standing(
        state=State.PENDING_PAYMENT, sale=order.sale, currency=order.currency, net=order.net
    )
    if order.paid_at is None or paid_at is None:
        return here
    qualify_at = None
    if handed_at is not None and order.handed_over_at is not None:
        qualify_at = days_end(max(paid_at, handed_at), days=rules.return_days, zone=rules.zone)
    here = replace(here, qualify_at=qualify_at, look_at=_later(qualify_at, now=now))
    if _is_below(order, rules=rules):
        return _below(order, here, was_exchanged=order in exchanges, rules=rules, now=now)
    if qualify_at is None:
        return replace(here, state=State.PURCHASED)
    if now < qualify_at:
        return replace(here, state=State.IN_RETURN_WINDOW)
    return replace(here, state=State.QUALIFIED)


def _below(
    order: _Order, here: Standing, *, was_exchanged: bool, rules: Rules, now: datetime
) -> Standing:
    """Too little. Final once its return window is over: until then a correction may still be reported."""
    is_over = here.qualify_at is not None and now >= here.qualify_at
    minimum = rules.minimums.get(order.currency)
    if minimum is None:
        return replace(here, state=State.REJECTED, reason="OTHER_CURRENCY", is_closed=is_over)
    if was_exchanged or order.most - order.by_credit >= minimum:
        return replace(
            here, state=State.REVERSED, reason="BELOW_MIN_AFTER_REFUND", is_closed=is_over
        )
    return replace(here, state=State.REJECTED, reason="BELOW_MIN", is_closed=is_over)


def _held(told: list[Fact]) -> str:
    """Why it is held, the earliest reason first; "" when nothing holds it."""
    let_go = {fact.data["review"] for fact in told if fact.kind == Kind.RELEASED}
    closed = {fact.data["return"] for fact in told if fact.kind == Kind.RETURN_CLOSED}
    for fact in told:
        if fact.kind == Kind.HELD and fact.data["review"] not in let_go:
            return str(fact.data["reason"])
        if fact.kind == Kind.RETURN_OPENED and fact.data["return"] not in closed:
            return "RETURN_OPEN"
    return ""
