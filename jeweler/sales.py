"""What was sold, paid and given back, as the tills and the web shop report it.

A fact is known by its natural key (`source`, `external_id`), so the same report twice is one fact.
Facts commute: whatever their order, the same state comes of them. For that

- a sale takes the newest version reported, and an older or repeated one changes nothing;
- a payment only moves forward, AUTHORIZED to CAPTURED to VOIDED, and carries the amount of its
  furthest status (a till voids a captured payment before the day's settlement, never the reverse),
  at the earliest time reported for that;
- being handed over and being voided keep their earliest time.

A repeated payment or refund with another amount is no repetition but a contradiction, and refused.
What a sale is worth, has been paid and owes is added up here from the facts, never stored.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Sum

from jeweler import money, prepared
from jeweler.customers import resolve
from jeweler.events import (
    PaymentCaptured,
    PaymentVoided,
    RefundRecorded,
    SaleHandedOver,
    SaleRecorded,
    SaleVoided,
)
from jeweler.models import Customer, Payment, Refund, Sale, SaleEvidence, SaleLine, Store
from jeweler.outbox import publish

PROGRESS = [Payment.Status.AUTHORIZED, Payment.Status.CAPTURED, Payment.Status.VOIDED]


@dataclass(frozen=True, kw_only=True)
class LineReport:
    """A position of a sale as reported; amounts without tax, `list_price` each, before discounts."""

    kind: SaleLine.Kind = SaleLine.Kind.MERCHANDISE
    sku: str = ""
    description: str = ""
    quantity: int = 1
    list_price: Decimal
    net_total: Decimal
    design_code: str = ""
    report_number: str = ""


@dataclass(frozen=True, kw_only=True)
class SaleReport:
    """A sale as its source sees it at `version`, a number that grows with each change there.

    `total` is with tax, after discounts. A source without versions leaves 0: its first report
    then stands.
    """

    source: str
    external_id: str
    version: int = 0
    channel: Sale.Channel
    store: Store | None = None
    number: str = ""
    currency: str
    total: Decimal
    tax: Decimal = Decimal(0)
    placed_at: datetime
    note: str = ""
    codes: tuple[str, ...] = ()
    buyer_external_id: str = ""
    sold_by: User | None = None
    lines: tuple[LineReport, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What ties a sale to a person; `grade` A proves it alone, D only together with others."""

    kind: SaleEvidence.Kind
    value: str
    customer: Customer
    grade: str


class CurrencyMismatch(ValueError):
    """Reported in another currency than the sale's."""

    def __init__(self, *, sale: Sale, reported: str) -> None:
        super().__init__(
            f"Sale {sale} is in {sale.currency}, and this was reported in {reported}. "
            "Amounts are never converted: correct the report, or the till's currency."
        )


class OverRefund(ValueError):
    """More would be given back than the sale could ever have taken."""

    def __init__(self, *, sale: Sale, amount: Decimal, left: Decimal) -> None:
        super().__init__(
            f"A refund of {_words(amount, sale)} is more than the {_words(left, sale)} "
            f"that sale {sale} has left to give back. Correct it at the till and report it anew."
        )


class RefundBeforePayment(ValueError):
    """More would be given back than has been taken so far. Try again once the payment is known."""

    def __init__(self, *, sale: Sale, amount: Decimal, left: Decimal) -> None:
        super().__init__(
            f"A refund of {_words(amount, sale)} waits: of sale {sale} only {_words(left, sale)} "
            "is known to be paid and not given back. It can be recorded once its payment is."
        )


class ContradictoryFact(ValueError):
    """The same natural key was reported with something else."""

    def __init__(self, *, fact: Payment | Refund, reported: str) -> None:
        kind = fact._meta.verbose_name
        super().__init__(
            f"The {kind} {fact} is recorded with {fact.amount} for sale {fact.sale_id}, and was "
            f"reported again with {reported}. Report a correction under an id of its own."
        )


@transaction.atomic
def record_sale(*, report: SaleReport, now: datetime) -> Sale:
    """Record the sale or its newer version; SaleRecorded follows when something changed.

    Raises CurrencyMismatch when it was recorded in another currency, UnknownCurrency for none.
    """
    money.exponent(report.currency)
    values = {
        field.name: getattr(report, field.name)
        for field in dataclasses.fields(report)
        if field.name not in {"source", "external_id", "lines"}
    } | {"codes": list(report.codes)}
    key = {"source": report.source, "external_id": report.external_id}
    sale = find(**key)
    is_new = sale is None
    if sale is None:
        sale = prepared.inserted(Sale, **key, **values, recorded_at=now)
    if sale is None:  # somebody else was faster by a moment
        sale, is_new = Sale.objects.select_for_update(of=["self"]).get(**key), False
    if sale.currency != report.currency:
        raise CurrencyMismatch(sale=sale, reported=report.currency)
    if not is_new:
        if report.version <= sale.version:
            return sale
        for name, value in values.items():
            setattr(sale, name, value)
        sale.save(update_fields=list(values))
        sale.lines.all().delete()
    SaleLine.objects.bulk_create(
        SaleLine(sale=sale, position=position, **dataclasses.asdict(line))
        for position, line in enumerate(report.lines, start=1)
    )
    publish(SaleRecorded(sale_id=sale.pk), at=now)
    return sale


def find(*, source: str, external_id: str) -> Sale | None:
    """The sale with this natural key, locked until the transaction ends, which there has to be."""
    key = {"source": source, "external_id": external_id}
    condition = "source = %(source)s and external_id = %(external_id)s for no key update"
    return next(iter(prepared.found(Sale, condition, key)), None)


@transaction.atomic
def record_payment(
    *,
    source: str,
    external_id: str,
    sale: Sale,
    status: Payment.Status,
    amount: Decimal,
    currency: str,
    tender: str,
    reference: str = "",
    card_hash: str = "",
    paid_at: datetime,
    now: datetime,
) -> Payment:
    """Record money taken, or how far it has come; PaymentCaptured follows once, on its capture, PaymentVoided on its end.

    `reference` is what the tender rests on, such as the hold of store credit. Raises CurrencyMismatch, ContradictoryFact.
    """
    sale = _locked(sale)
    if currency != sale.currency:
        raise CurrencyMismatch(sale=sale, reported=currency)
    reported = {"status": status, "amount": amount, "tender": tender, "paid_at": paid_at}
    if reference:  # a report without one takes away none
        reported["reference"] = reference
    if card_hash:
        reported["card_hash"] = card_hash
    new = prepared.inserted(
        Payment, source=source, external_id=external_id, sale=sale, **reported, recorded_at=now
    )
    payment = new or Payment.objects.get(source=source, external_id=external_id)
    if payment.sale_id != sale.pk:
        raise ContradictoryFact(fact=payment, reported=f"{amount} for sale {sale.pk}")
    if new is None and not _moves(payment, reported):
        return payment
    if status == Payment.Status.CAPTURED:
        publish(PaymentCaptured(sale_id=sale.pk, payment_id=payment.pk), at=now)
    elif status == Payment.Status.VOIDED:
        publish(PaymentVoided(sale_id=sale.pk, payment_id=payment.pk), at=now)
    return payment


@transaction.atomic
def record_refund(
    *,
    source: str,
    external_id: str,
    sale: Sale,
    amount: Decimal,
    tax: Decimal,
    currency: str,
    reason: str,
    tender: str = "",
    refunded_at: datetime,
    now: datetime,
) -> Refund:
    """Record money given back; RefundRecorded follows once. `tender`: how, where the till says so.

    Raises CurrencyMismatch, OverRefund, RefundBeforePayment, ContradictoryFact.
    """
    sale = _locked(sale)
    if currency != sale.currency:
        raise CurrencyMismatch(sale=sale, reported=currency)
    key = {"source": source, "external_id": external_id}
    natural = "source = %(source)s and external_id = %(external_id)s"
    refund = next(iter(prepared.found(Refund, natural, key)), None)
    if refund is not None:
        if (refund.sale_id, refund.amount) != (sale.pk, amount):
            raise ContradictoryFact(fact=refund, reported=f"{amount} for sale {sale.pk}")
        return refund
    _check_refund(sale, amount=amount)
    refund = Refund.objects.create(
        source=source,
        external_id=external_id,
        sale=sale,
        amount=amount,
        tax=tax,
        tender=tender[:32],
        reason=reason,
        refunded_at=refunded_at,
        recorded_at=now,
    )
    publish(RefundRecorded(sale_id=sale.pk, refund_id=refund.pk), at=now)
    return refund


@transaction.atomic
def hand_over(*, sale: Sale, at: datetime, now: datetime) -> None:
    """The customer has it. SaleHandedOver follows once; the earliest time reported stands."""
    sale = _locked(sale)
    if sale.handed_over_at is None:
        publish(SaleHandedOver(sale_id=sale.pk), at=now)
    if sale.handed_over_at is None or at < sale.handed_over_at:
        sale.handed_over_at = at
        sale.save(update_fields=["handed_over_at"])


@transaction.atomic
def void(*, sale: Sale, at: datetime, now: datetime) -> None:
    """It never came about. SaleVoided follows once; the earliest time reported stands."""
    sale = _locked(sale)
    if sale.voided_at is None:
        publish(SaleVoided(sale_id=sale.pk), at=now)
    if sale.voided_at is None or at < sale.voided_at:
        sale.voided_at = at
        sale.save(update_fields=["voided_at"])


@transaction.atomic
def assign(
    *, sale: Sale, customer: Customer | None, evidence: list[Evidence], now: datetime
) -> None:
    """Say whose sale it is and keep why; SaleRecorded follows when that is news.

    Without a customer only the evidence is kept: it speaks for several people, and somebody has
    to look at it.
    """
    sale = _locked(sale)
    SaleEvidence.objects.bulk_create(
        (
            SaleEvidence(
                sale=sale,
                kind=found.kind,
                value=found.value,
                customer=found.customer,
                grade=found.grade,
                found_at=now,
            )
            for found in evidence
        ),
        ignore_conflicts=True,
    )
    owner = resolve(customer) if customer is not None else None
    if owner is None or sale.customer_id == owner.pk:
        return
    if sale.customer and resolve(sale.customer) == owner:
        return
    sale.customer = owner
    sale.save(update_fields=["customer"])
    publish(SaleRecorded(sale_id=sale.pk), at=now)


def captured(sale: Sale) -> Decimal:
    """What has been taken."""
    ((sum_,),) = prepared.rows(_CAPTURED, {"sale": sale.pk, "status": Payment.Status.CAPTURED})
    return sum_ or Decimal(0)


def refunded(sale: Sale) -> Decimal:
    """What has been given back, with tax."""
    ((sum_,),) = prepared.rows(_REFUNDED, {"sale": sale.pk})
    return sum_ or Decimal(0)


def kept_of(sale_ids: Collection[int]) -> dict[int, Decimal]:
    """What has been taken less what was given back, by sale, in two queries; sales without money are left out."""
    kept: dict[int, Decimal] = defaultdict(Decimal)
    taken = Payment.objects.filter(sale__in=sale_ids, status=Payment.Status.CAPTURED)
    for sale_id, amount in taken.values_list("sale").annotate(Sum("amount")):
        kept[sale_id] += amount
    given = Refund.objects.filter(sale__in=sale_ids)
    for sale_id, amount in given.values_list("sale").annotate(Sum("amount")):
        kept[sale_id] -= amount
    return dict(kept)


def due(sale: Sale) -> Decimal:
    """What is still to be paid; nothing for a sale that was once paid in full, or voided.

    A refund before that, of a deposit for instance, is owed again; one after it is a return.
    """
    if sale.voided_at is not None or fully_paid_at(sale) is not None:
        return Decimal(0)
    owed: Decimal = sale.total - captured(sale) + refunded(sale)
    return owed


def standing(sale: Sale) -> tuple[Decimal, Decimal]:
    """What was taken and not given back, and what is due; of a list whose payments and refunds were fetched before, without a question."""
    given = sum((each.amount for each in sale.refunds.all()), Decimal(0))
    paid = sum((each.amount for each in _taken(sale)), -given)
    if sale.voided_at is not None or fully_paid_at(sale) is not None:
        return paid, Decimal(0)
    return paid, sale.total - paid


def fully_paid_at(sale: Sale) -> datetime | None:
    """When what had been taken and not given back first reached the total; None before, or voided."""
    if sale.voided_at is not None:
        return None
    if sale.total == 0:
        return sale.placed_at
    taken = [(each.paid_at, each.amount) for each in _taken(sale)]
    moves = [*taken, *((each.refunded_at, -each.amount) for each in sale.refunds.all())]
    paid = Decimal(0)
    for at, amount in sorted(moves, key=lambda move: (move[0], -move[1])):
        paid += amount
        if paid >= sale.total:
            return at
    return None


def _taken(sale: Sale) -> list[Payment]:
    return [each for each in sale.payments.all() if each.status == Payment.Status.CAPTURED]


def _words(amount: Decimal, sale: Sale) -> str:
    return money.in_words(amount, currency=sale.currency)


def _locked(sale: Sale) -> Sale:
    """The sale as it is now. Its row's lock makes the facts of one sale wait for each other."""
    [locked] = prepared.found(Sale, "id = %(id)s for no key update", {"id": sale.pk})
    return locked


def _moves(payment: Payment, reported: dict[str, Any]) -> bool:
    """Whether the payment comes further by this report; of two alike the earlier time stands. Raises ContradictoryFact."""
    reached, told = (
        PROGRESS.index(Payment.Status(payment.status)),
        PROGRESS.index(reported["status"]),
    )
    if reached == told:
        if payment.amount != reported["amount"]:
            raise ContradictoryFact(fact=payment, reported=f"{reported['amount']}")
        reported = {"paid_at": min(payment.paid_at, reported["paid_at"])}
    if reached <= told:
        for name, value in reported.items():
            setattr(payment, name, value)
        payment.save(update_fields=list(reported))
    return reached < told


def _check_refund(sale: Sale, *, amount: Decimal) -> None:
    taken, given = captured(sale), refunded(sale)
    if given + amount > max(sale.total, taken):
        raise OverRefund(sale=sale, amount=amount, left=max(sale.total, taken) - given)
    if given + amount > taken:
        raise RefundBeforePayment(sale=sale, amount=amount, left=taken - given)


_CAPTURED = (
    "select sum(amount) from jeweler_payment where sale_id = %(sale)s and status = %(status)s"
)
_REFUNDED = "select sum(amount) from jeweler_refund where sale_id = %(sale)s"
