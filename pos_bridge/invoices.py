"""Custom orders: quoted from a saved design, looked at in stages, and paid in parts.

An invoice is a promise; the sale begins with the first money, whoever takes it: then its lines become a sale of source
`invoice`, her stone leaves the builder, and everything after is facts of that sale like any till's. What has been paid is
always added up from those facts. A part that stands after a stage is due once she approved that stage; the last capture and
the hand-over stay two facts.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.core import signing
from django.core.files.base import ContentFile
from django.db import transaction

from builder import alike, pricing, quotes, versions
from builder.models import DesignVersion, Stone
from jeweler import audit, customers, sales
from jeweler.models import Payment, Sale, SaleEvidence, SaleLine, Store
from jeweler.sales import LineReport, SaleReport
from pos_bridge import inventory, totals
from pos_bridge.models import Invoice, InvoicePart, InvoiceStage
from referrals import credit, full_price, tender

SOURCE = "invoice"
MOST_STAGES = 6
_SIGNER = signing.Signer(salt="pos_bridge.invoices", sep=".")
Answer = InvoiceStage.Answer


class CannotInvoice(ValueError):
    """An invoice cannot be written like this; the text says what to mend."""


class NotNow(ValueError):
    """What was asked of an invoice does not go with how it stands; the text says what does."""


class LinkEnded(Exception):
    """The link is forged, or was replaced by a newer one: one answer for both."""

    def __init__(self) -> None:
        super().__init__(
            "This link no longer opens an invoice. The newest mail about it has one that does."
        )


@dataclass(frozen=True, kw_only=True)
class Stage:
    title: str
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class Part:
    """`after`: the position of the stage that has to be approved before, from 1; 0: none."""

    title: str
    amount: Decimal
    after: int = 0


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How an invoice stands: amounts in its currency. `due` is the part to be paid now, with what is missing of it.

    `waits_for`: the stage that she, or the house, has to see to before anything more is due.
    """

    paid: Decimal
    left: Decimal
    due: InvoicePart | None
    missing: Decimal
    waits_for: InvoiceStage | None


@transaction.atomic
def write(
    *,
    version: DesignVersion,
    store: Store,
    stages: Sequence[Stage],
    parts: Sequence[Part],
    good_until: date,
    by: User,
    now: datetime,
    note: str = "",
) -> Invoice:
    """Quote a saved version as it was promised. Raises CannotInvoice."""
    lines, worked = _lines(version, store, now=now)
    _check(version, stages=stages, parts=parts, total=worked.total, good_until=good_until, now=now)
    owner = version.design.customer
    invoice = Invoice.objects.create(
        customer=customers.resolve(owner) if owner else None,
        store=store,
        design=version.design,
        version=version,
        currency=store.currency,
        total=worked.total,
        tax=worked.tax,
        lines=[_as_json(line) for line in lines],
        note=note.strip(),
        written_by=by,
        written_at=now,
        good_until_date=good_until,
    )
    made = InvoiceStage.objects.bulk_create(
        InvoiceStage(invoice=invoice, position=position, title=stage.title, words=stage.words)
        for position, stage in enumerate(stages, start=1)
    )
    InvoicePart.objects.bulk_create(
        InvoicePart(
            invoice=invoice,
            position=position,
            title=part.title,
            amount=part.amount,
            after=made[part.after - 1] if part.after else None,
        )
        for position, part in enumerate(parts, start=1)
    )
    audit.record(action="invoice.written", subject=invoice, actor=by, store=store, now=now)
    return invoice


def amounts(*, version: DesignVersion, store: Store, now: datetime) -> totals.Totals:
    """What the version comes to in this store. Raises CannotInvoice."""
    return _lines(version, store, now=now)[1]


def standing(invoice: Invoice) -> Standing:
    """Added up from the facts of its sale."""
    paid = _paid(invoice)
    left = max(invoice.total - paid, Decimal(0))
    covered = paid
    for part in invoice.parts.select_related("after"):
        if covered >= part.amount:
            covered -= part.amount
            continue
        if part.after is not None and part.after.answer != Answer.APPROVED:
            return Standing(
                paid=paid, left=left, due=None, missing=Decimal(0), waits_for=part.after
            )
        return Standing(
            paid=paid, left=left, due=part, missing=part.amount - covered, waits_for=None
        )
    return Standing(paid=paid, left=left, due=None, missing=Decimal(0), waits_for=None)


@transaction.atomic
def show(
    *, stage: InvoiceStage, words: str, picture: bytes | None, by: User, now: datetime
) -> InvoiceStage:
    """Put something before her; what she said of an earlier one goes with it. Raises NotNow."""
    stage = _locked(stage)
    if stage.answer == Answer.APPROVED:
        raise NotNow(f"She approved {stage.title.lower()} already; add a new stage for a new one.")
    stage.words, stage.shown_at = words.strip()[:500], now
    stage.answer, stage.answer_note, stage.answered_at = "", "", None
    if picture is not None:
        name = f"{stage.invoice.uid}-{stage.position}.webp"
        stage.picture.save(name, ContentFile(picture), save=False)
    stage.save()
    audit.record(
        action="invoice.shown",
        subject=stage.invoice,
        actor=by,
        detail={"stage": stage.title},
        now=now,
    )
    return stage


@transaction.atomic
def answer(*, stage: InvoiceStage, is_approved: bool, note: str, now: datetime) -> None:
    """What she says to it. The same again changes nothing. Raises NotNow."""
    stage = _locked(stage)
    said = Answer.APPROVED if is_approved else Answer.CHANGES
    if stage.answer == said and stage.answer_note == note.strip()[:500]:
        return
    if stage.shown_at is None:
        raise NotNow(
            f"There is nothing to see of {stage.title.lower()} yet. We write when there is."
        )
    if stage.answer == Answer.APPROVED:
        raise NotNow(f"{stage.title} is approved, and we are at work on it. Call us to change it.")
    stage.answer, stage.answer_note, stage.answered_at = said, note.strip()[:500], now
    stage.save(update_fields=["answer", "answer_note", "answered_at"])
    audit.record(
        action=f"invoice.{said}", subject=stage.invoice, detail={"stage": stage.title}, now=now
    )


@transaction.atomic
def use_code(*, invoice: Invoice, code: str) -> None:
    """A friend's code, as she typed it, goes on the sale with her first payment. Raises NotNow."""
    invoice = Invoice.objects.select_for_update(of=["self"]).get(pk=invoice.pk)
    if invoice.sale_id is not None:
        raise NotNow("A code counts before the first payment; this order has begun.")
    invoice.code = code.strip()[:32]
    invoice.save(update_fields=["code"])


def usable_credit(invoice: Invoice, *, now: datetime) -> Decimal:
    """How much of what is due her store credit can pay: full-price lines alone, and what is hers and free."""
    due = standing(invoice).missing
    if invoice.customer is None or not due:
        return Decimal(0)
    lines = [_from_json(line) for line in invoice.lines]
    spent = sum(
        (payment.amount for payment in _payments_by_credit(invoice)),
        Decimal(0),
    )
    has = credit.balance(customer=invoice.customer, currency=invoice.currency, now=now).available
    return max(min(has, due, full_price.eligible(lines).total - spent), Decimal(0))


@transaction.atomic
def pay_by_credit(*, invoice: Invoice, now: datetime) -> Payment:
    """Pay of what is due as much as her store credit can, as any tender pays. Raises NotNow.

    Two clicks at once pay once: the second finds nothing left that it could pay.
    """
    locked = Invoice.objects.select_for_update(of=["self"]).get(pk=invoice.pk)
    if not is_open(locked, now=now):
        raise NotNow("This order is no longer open.")
    amount = usable_credit(locked, now=now)
    if not amount or locked.customer is None:
        raise NotNow("There is no store credit that could pay what is due now.")
    hold = credit.hold(
        customer=locked.customer,
        amount=amount,
        currency=locked.currency,
        sale_reference=locked.uid.hex,
        lines=[_from_json(line) for line in locked.lines],
        store=locked.store,
        now=now,
    )
    sale = sale_of(uid=locked.uid.hex, now=now)
    assert sale is not None  # it is this invoice's
    payment = sales.record_payment(
        source=SOURCE,
        external_id=f"{locked.uid.hex}-{hold.uid.hex}",
        sale=sale,
        status=Payment.Status.CAPTURED,
        amount=amount,
        currency=locked.currency,
        tender=tender.TENDER,
        reference=tender.reference_to(hold),
        paid_at=now,
        now=now,
    )
    credit.capture(uid=hold.uid, payment=payment, now=now)
    return payment


@transaction.atomic
def cancel(*, invoice: Invoice, by: User, now: datetime) -> None:
    """It is no longer offered. Raises NotNow: one that was paid for is undone at the counter."""
    invoice = Invoice.objects.select_for_update(of=["self"]).get(pk=invoice.pk)
    if invoice.sale_id is not None:
        raise NotNow("Something was paid on it: void or refund its sale at the counter.")
    if invoice.cancelled_at is None:
        invoice.cancelled_at = now
        invoice.save(update_fields=["cancelled_at"])
        audit.record(action="invoice.cancelled", subject=invoice, actor=by, now=now)


def is_open(invoice: Invoice, *, now: datetime) -> bool:
    """Whether it may still be paid: not cancelled, and begun or within its days."""
    if invoice.cancelled_at is not None:
        return False
    today = now.astimezone(invoice.store.zone).date()
    return invoice.sale_id is not None or today <= invoice.good_until_date


def sale_of(*, uid: str, now: datetime) -> Sale | None:
    """The sale of the invoice, which its first payment begins; None for no invoice of ours.

    Money that came is a fact: it counts for an invoice that was cancelled meanwhile, too, and the house sees both.
    Must run in the transaction that records the money.
    """
    try:
        key = uuid.UUID(hex=uid)
    except ValueError:
        return None
    invoice = (
        Invoice.objects.select_for_update(of=["self"])
        .select_related("store", "customer")
        .filter(uid=key)
        .first()
    )
    if invoice is None:
        return None
    if invoice.sale is None:
        invoice.sale, invoice.cancelled_at = _begun(invoice, now=now), None
        invoice.save(update_fields=["sale", "cancelled_at"])
    return invoice.sale


# Its link.


def token(invoice: Invoice) -> str:
    return _SIGNER.sign(f"{invoice.uid.hex}-{invoice.link_version}")


def opened(token: str) -> Invoice:
    """Raises LinkEnded."""
    try:
        uid, _, version = _SIGNER.unsign(token).partition("-")
        invoice = Invoice.objects.select_related("store", "version__design", "sale").get(
            uid=uuid.UUID(hex=uid)
        )
    except (signing.BadSignature, ValueError, Invoice.DoesNotExist) as error:
        raise LinkEnded from error
    if version != str(invoice.link_version):
        raise LinkEnded
    return invoice


# Inside.


def _begun(invoice: Invoice, *, now: datetime) -> Sale:
    lines = tuple(_from_json(line) for line in invoice.lines)
    sale = sales.record_sale(
        report=SaleReport(
            source=SOURCE,
            external_id=invoice.uid.hex,
            version=1,
            channel=Sale.Channel.STORE,
            store=invoice.store,
            number=invoice.number,
            currency=invoice.currency,
            total=invoice.total,
            tax=invoice.tax,
            placed_at=now,
            codes=(invoice.code,) if invoice.code else (),
            lines=lines,
        ),
        now=now,
    )
    inventory.sell_stones(sale=sale, sold_before=set(), now=now)
    if invoice.customer is not None:
        owner = customers.resolve(invoice.customer)
        found = sales.Evidence(
            kind=SaleEvidence.Kind.DESIGN_CODE,
            value=invoice.design.code,
            customer=owner,
            grade="A",
        )
        sales.assign(sale=sale, customer=owner, evidence=[found], now=now)
    return sale


def _paid(invoice: Invoice) -> Decimal:
    if invoice.sale is None:
        return Decimal(0)
    return sales.captured(invoice.sale) - sales.refunded(invoice.sale)


def _payments_by_credit(invoice: Invoice) -> list[Payment]:
    if invoice.sale is None:
        return []
    return list(invoice.sale.payments.filter(tender=tender.TENDER, status=Payment.Status.CAPTURED))


def _locked(stage: InvoiceStage) -> InvoiceStage:
    stages = InvoiceStage.objects.select_for_update(of=["self"]).select_related("invoice")
    return stages.get(pk=stage.pk)


def _lines(
    version: DesignVersion, store: Store, *, now: datetime
) -> tuple[list[LineReport], totals.Totals]:
    """The ring's priced lines without tax, and what they come to in this store."""
    priced = _priced(version, store, now=now)
    rules = totals.Rules(
        currency=store.currency,
        tax_pct=store.tax_pct,
        is_included=store.tax_display == pricing.INCLUDED,
    )
    rung = [totals.Rung(kind=SaleLine.Kind.MERCHANDISE, price=amount) for _, amount in priced]
    worked = totals.add_up(rung, rules=rules)
    stone = version.stone
    lines = [
        LineReport(
            description=said,
            list_price=line.list_price,
            net_total=line.net_total,
            design_code=version.design.code,
            report_number=stone.report_number if stone and position == 0 else "",
        )
        for position, ((said, _), line) in enumerate(zip(priced, worked.lines, strict=True))
    ]
    return lines, worked


def _priced(version: DesignVersion, store: Store, *, now: datetime) -> list[tuple[str, Decimal]]:
    """As it was promised while the promise stands, else at today's price. Raises CannotInvoice."""
    if store.currency != pricing.CURRENCY:
        raise CannotInvoice(
            f"{version.design} is priced in {pricing.CURRENCY}, and {store} sells in {store.currency}. Amounts are never "
            "converted: ring it up as a line with the price you agree on."
        )
    if version.stone is not None and version.stone.status == Stone.Status.SOLD:
        raise CannotInvoice(f"{version.stone} is sold. The design’s page has the nearest stones.")
    until = version.price_until_date
    if until is not None and quotes.day_of(store, now=now) <= until:
        lines = quotes.lines_of(version)
    else:
        quoted = quotes.quote(alike.as_design(version, of=version.design), now=now)
        if quoted.missing:
            missing = ", ".join(quoted.missing)
            raise CannotInvoice(f"{version.design} is not complete: {missing} is to be chosen.")
        if quoted.unpriced or quoted.outdated:
            raise CannotInvoice(quoted.unpriced or quoted.outdated)
        lines = quoted.lines
    return [(_described(line), line.amount) for line in lines if line.amount]


def _described(line: pricing.PriceLine) -> str:
    note = f", {line.note[:1].lower()}{line.note[1:]}" if line.note else ""
    return f"{line.label}{note}"[:200]


def _check(
    version: DesignVersion,
    *,
    stages: Sequence[Stage],
    parts: Sequence[Part],
    total: Decimal,
    good_until: date,
    now: datetime,
) -> None:
    if len(stages) > MOST_STAGES:
        raise CannotInvoice(f"{len(stages)} stages are too many to follow; at most {MOST_STAGES}.")
    if not parts:
        raise CannotInvoice("It needs at least one part to be paid: the whole of it.")
    if any(part.amount <= 0 for part in parts):
        raise CannotInvoice("Each part is more than nothing. Leave an empty one out.")
    if any(not 0 <= part.after <= len(stages) for part in parts):
        raise CannotInvoice("A part waits for a stage that is not there.")
    if [part.after for part in parts] != sorted(part.after for part in parts):
        raise CannotInvoice("Parts are paid in the order of the stages they wait for.")
    found = sum(part.amount for part in parts)
    if found != total:
        raise CannotInvoice(
            f"The parts come to {found}, and {versions.in_words(version)} to {total}."
        )
    if good_until < now.date():
        raise CannotInvoice("Its last day is past. Choose one to come.")


def _as_json(line: LineReport) -> dict[str, str]:
    return {
        "kind": line.kind,
        "description": line.description,
        "list_price": str(line.list_price),
        "net_total": str(line.net_total),
        "design_code": line.design_code,
        "report_number": line.report_number,
    }


def _from_json(line: dict[str, str]) -> LineReport:
    return LineReport(
        kind=SaleLine.Kind(line["kind"]),
        description=line["description"],
        list_price=Decimal(line["list_price"]),
        net_total=Decimal(line["net_total"]),
        design_code=line["design_code"],
        report_number=line["report_number"],
    )
