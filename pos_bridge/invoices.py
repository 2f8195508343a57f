"""Custom orders: quoted from a saved design, looked at in stages, and paid in parts.

An invoice is a promise; its sale begins with the first money (`paying`), and everything after is facts of that sale like any
till's. What has been paid is always added up from those facts. A part that stands after a stage is due once she approved
that stage; the last capture and the hand-over stay two facts.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.core import signing
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import prefetch_related_objects

from builder import pricing, versions
from builder.models import DesignVersion
from jeweler import audit, customers, sales
from jeweler.models import SaleLine, Store
from jeweler.sales import LineReport
from pos_bridge import quoting, totals
from pos_bridge.models import Invoice, InvoicePart, InvoiceStage

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
    lines, worked = _quoted(version, store, now=now)
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
    return _quoted(version, store, now=now)[1]


def standing(invoice: Invoice) -> Standing:
    """Added up from the facts of its sale."""
    return _standing(invoice, invoice.parts.select_related("after"), paid=_paid(invoice))


def standings(found: Sequence[Invoice]) -> dict[int, Standing]:
    """Each one's standing by its id, by as many queries for a hundred as for one."""
    sale_ids = [invoice.sale_id for invoice in found if invoice.sale_id]
    paid = sales.kept_of(sale_ids)
    prefetch_related_objects(found, "parts__after")
    return {
        invoice.pk: _standing(
            invoice, invoice.parts.all(), paid=paid.get(invoice.sale_id or 0, Decimal(0))
        )
        for invoice in found
    }


def _standing(invoice: Invoice, parts: Iterable[InvoicePart], *, paid: Decimal) -> Standing:
    left = max(invoice.total - paid, Decimal(0))
    covered = paid
    for part in parts:
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


def lines_of(invoice: Invoice) -> list[LineReport]:
    """As they were quoted, and as its sale has them."""
    return [_from_json(line) for line in invoice.lines]


def is_called_off(invoice: Invoice) -> bool:
    """By nobody having paid, or once all that was paid is given back."""
    return invoice.cancelled_at is not None or (
        invoice.sale is not None and invoice.sale.voided_at is not None
    )


def is_open(invoice: Invoice, *, now: datetime) -> bool:
    """Whether it may still be paid: not cancelled, and begun or within its days."""
    if is_called_off(invoice):
        return False
    today = now.astimezone(invoice.store.zone).date()
    return invoice.sale_id is not None or today <= invoice.good_until_date


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


def _paid(invoice: Invoice) -> Decimal:
    if invoice.sale is None:
        return Decimal(0)
    return sales.captured(invoice.sale) - sales.refunded(invoice.sale)


def _locked(stage: InvoiceStage) -> InvoiceStage:
    stages = InvoiceStage.objects.select_for_update(of=["self"]).select_related("invoice")
    return stages.get(pk=stage.pk)


def _quoted(
    version: DesignVersion, store: Store, *, now: datetime
) -> tuple[list[LineReport], totals.Totals]:
    """The ring's priced lines without tax, and what they come to in this store. Raises CannotInvoice."""
    try:
        priced = quoting.lines(version=version, store=store, now=now)
    except quoting.CannotQuote as problem:
        raise CannotInvoice(str(problem)) from problem
    rules = totals.Rules(
        currency=store.currency,
        tax_pct=store.tax_pct,
        is_included=store.tax_display == pricing.INCLUDED,
    )
    rung = [totals.Rung(kind=SaleLine.Kind.MERCHANDISE, price=line.amount) for line in priced]
    worked = totals.add_up(rung, rules=rules)
    lines = [
        LineReport(
            description=line.description,
            list_price=each.list_price,
            net_total=each.net_total,
            design_code=version.design.code,
            report_number=line.report_number,
        )
        for line, each in zip(priced, worked.lines, strict=True)
    ]
    return lines, worked


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
