"""Invoices at the counter: written from the design she has open, put before her stage by stage, and paid here or online."""

import io
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe
from PIL import Image, ImageOps

from builder import versions
from builder.models import Design
from builder.pages import once_of
from jeweler import money, sales
from jeweler.access import Role, StaffRequest, staff_only, store_here, stores_of
from pos_bridge import invoices, letters, paying
from pos_bridge.counter import desk
from pos_bridge.models import Invoice, InvoiceStage, Tender
from pos_bridge.tickets import MANAGERS

STAGES = 4
GOOD_FOR = timedelta(days=14)
DEPOSIT = Decimal("0.30")
TENDERS = (("card", "Card"), ("cash", "Cash"), ("wire", "Wire"), ("check", "Check"))
MOST_BYTES = 12 * 1024 * 1024
MOST_PIXELS = 40_000_000
WIDEST = 1600


class InvoiceForm(forms.Form):
    """What she pays to begin, what she looks at on the way, and what is due once she said yes to it."""

    deposit = forms.DecimalField(
        min_value=Decimal("0.01"),
        decimal_places=2,
        max_digits=11,
        label="To begin",
        help_text="A deposit, or the whole of it",
    )
    good_until = forms.DateField(label="Good until", widget=forms.DateInput(attrs={"type": "date"}))
    note = forms.CharField(max_length=500, required=False, label="A word to her")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        for number in range(1, STAGES + 1):
            self.fields[f"title_{number}"] = forms.CharField(
                max_length=60, required=False, label=f"Stage {number}"
            )
            self.fields[f"amount_{number}"] = forms.DecimalField(
                min_value=0, decimal_places=2, max_digits=11, required=False, label="Then due"
            )

    def stages(self) -> list[invoices.Stage]:
        return [invoices.Stage(title=title) for title, _ in self._rows()]

    def parts(self, *, total: Decimal) -> list[invoices.Part]:
        """What is typed, and the balance, which is due after the last stage."""
        rows = self._rows()
        deposit = self.cleaned_data["deposit"]
        parts = [invoices.Part(title="Deposit" if deposit < total else "In full", amount=deposit)]
        for position, (title, amount) in enumerate(rows, start=1):
            if amount:
                parts.append(
                    invoices.Part(title=f"After {title.lower()}", amount=amount, after=position)
                )
        balance = total - sum(part.amount for part in parts)
        if balance > 0:
            parts.append(invoices.Part(title="Balance", amount=balance, after=len(rows)))
        return parts

    def _rows(self) -> list[tuple[str, Decimal | None]]:
        rows = [
            (
                self.cleaned_data.get(f"title_{number}", ""),
                self.cleaned_data.get(f"amount_{number}"),
            )
            for number in range(1, STAGES + 1)
        ]
        return [(title, amount) for title, amount in rows if title]


class TakeForm(forms.Form):
    """Money that was taken at the counter, on the terminal or in the drawer: never a card's number."""

    amount = forms.DecimalField(min_value=Decimal("0.001"), decimal_places=3, max_digits=12)
    tender = forms.ChoiceField(choices=TENDERS)


@dataclass(frozen=True, kw_only=True)
class Listed:
    invoice: Invoice
    said: str
    customer: str
    total: str
    state: str


@staff_only(Role.ASSOCIATE, Role.MANAGER, Role.OWNER)
@require_safe
def listed(request: StaffRequest) -> HttpResponse:
    """The store's custom orders that are not done, the newest first."""
    store = store_here(request, member=request.member)
    if store is None:
        return redirect("counter")
    known = Invoice.objects.filter(
        store=store, cancelled_at=None, sale__handed_over_at=None, sale__voided_at=None
    )
    known = known.select_related("store", "version__setting", "version__metal", "version__stone")
    found = list(known.select_related("sale", "customer").order_by("-pk")[:100])
    stands = invoices.standings(found)
    context = {"rows": [_listed(each, stands[each.pk]) for each in found], "store": store}
    with timezone.override(store.zone):
        return render(request, "pos_bridge/invoices.html", context)


@staff_only(Role.ASSOCIATE, Role.MANAGER, Role.OWNER)
@require_http_methods(["GET", "HEAD", "POST"])
def write(request: StaffRequest, code: str) -> HttpResponse:
    """A new invoice from the saved version of a design that she has open."""
    now = timezone.now()
    store = store_here(request, member=request.member)
    design = Design.objects.filter(code=code).first()
    if (
        store is None
        or design is None
        or not desk.was_lately_opened(design=design, member=request.member, store=store, now=now)
    ):
        return redirect("counter-design", code)
    version = design.versions.order_by("-number").first()
    if version is None:
        raise Http404(f"{design} was never saved, so there is nothing to quote.")
    try:
        worked = invoices.amounts(version=version, store=store, now=now)
    except invoices.CannotInvoice as problem:
        messages.error(request, str(problem))
        return redirect("counter-design", code)
    form = InvoiceForm(request.POST or None, initial=_suggested(worked.total, now=now))
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                made = invoices.write(
                    version=version,
                    store=store,
                    stages=form.stages(),
                    parts=form.parts(total=worked.total),
                    good_until=form.cleaned_data["good_until"],
                    note=form.cleaned_data["note"],
                    by=request.member.user,
                    now=now,
                )
                letters.written(made, now=now)
            return redirect("counter-invoice", made.pk)
        except invoices.CannotInvoice as problem:
            form.add_error(None, str(problem))
    context = {
        "design": design,
        "said": versions.in_words(version),
        "form": form,
        "rows": [(form[f"title_{n}"], form[f"amount_{n}"]) for n in range(1, STAGES + 1)],
        "total": money.in_words(worked.total, currency=store.currency),
        "tax": money.in_words(worked.tax, currency=store.currency) if worked.tax else "",
        "store": store,
    }
    status = 400 if form.errors else 200
    return render(request, "pos_bridge/invoice_write.html", context, status=status)


@staff_only(Role.ASSOCIATE, Role.MANAGER, Role.OWNER)
@require_http_methods(["GET", "HEAD", "POST"])
def invoice(request: StaffRequest, pk: int) -> HttpResponse:
    """How it stands; show a stage, take money, call it off."""
    now = timezone.now()
    found = get_object_or_404(
        Invoice.objects.select_related("store", "design", "version", "sale", "customer"),
        pk=pk,
        store__in=stores_of(request.member),
    )
    if request.method == "POST":
        try:
            _act(request, found, now=now)
        except REFUSALS as refusal:
            messages.error(request, str(refusal))
        return redirect("counter-invoice", pk)
    standing = invoices.standing(found)
    sale = found.sale
    context = {
        "invoice": found,
        "said": versions.in_words(found.version),
        "standing": standing,
        "parts": found.parts.select_related("after"),
        "stages": found.stages.all(),
        "link": letters.address(found),
        "tenders": TENDERS,
        "is_open": invoices.is_open(found, now=now),
        "is_called_off": invoices.is_called_off(found),
        "is_manager": request.member.role in MANAGERS,
        "is_ready": bool(
            sale and not sale.voided_at and not sale.handed_over_at and sales.due(sale) <= 0
        ),
        "payments": sale.payments.order_by("paid_at") if sale else [],
        "refunds": sale.refunds.order_by("refunded_at") if sale else [],
        "store": found.store,
    }
    with timezone.override(found.store.zone):
        return render(request, "pos_bridge/invoice_staff.html", context)


class BadPicture(ValueError):
    """What was uploaded cannot be shown; the text says what can."""


REFUSALS = (
    invoices.NotNow, BadPicture, paying.CannotTake, sales.ContradictoryFact, sales.OverRefund,
    sales.RefundBeforePayment,
)  # fmt: skip


def _act(request: StaffRequest, found: Invoice, *, now: datetime) -> None:
    match request.POST.get("do"):
        case "show":
            _show(request, found, now=now)
        case "take":
            _take(request, found, now=now)
        case "send":
            with transaction.atomic():
                is_owed = letters.written(found, now=now) is not None
            messages.info(
                request,
                "Her mail is on its way, once." if is_owed else "She left no address to write to.",
            )
        case "refund":
            _refund(request, found, now=now)
        case "hand_over":
            paying.hand_over(invoice=found, by=request.member.user, now=now)
        case "cancel":
            paying.call_off(invoice=found, by=request.member.user, now=now)


def _show(request: StaffRequest, found: Invoice, *, now: datetime) -> None:
    stage = _stage(request, found)
    file = request.FILES.get("picture")
    with transaction.atomic():
        shown = invoices.show(
            stage=stage,
            words=request.POST.get("words", ""),
            picture=_webp(file) if isinstance(file, UploadedFile) else None,
            by=request.member.user,
            now=now,
        )
        letters.shown(shown, now=now)


def _take(request: StaffRequest, found: Invoice, *, now: datetime) -> None:
    """A doubled click is one payment: it is known by its form."""
    form = TakeForm(request.POST)
    if not form.is_valid():
        raise paying.CannotTake("Type the amount like 1500 or 1500.00, and choose how it was paid.")
    paying.take(
        invoice=found,
        tender=Tender(form.cleaned_data["tender"]),
        amount=form.cleaned_data["amount"],
        key=once_of(request) or uuid.uuid4().hex,
        now=now,
    )


def _refund(request: StaffRequest, found: Invoice, *, now: datetime) -> None:
    """A manager's, with a reason."""
    if request.member.role not in MANAGERS:
        raise paying.CannotTake("A manager gives money back, with a reason.")
    form = TakeForm(request.POST)
    if not form.is_valid():
        raise paying.CannotTake(
            "Type the amount like 1500 or 1500.00, and choose how it is given back."
        )
    paying.refund(
        invoice=found,
        tender=Tender(form.cleaned_data["tender"]),
        amount=form.cleaned_data["amount"],
        reason=request.POST.get("reason", ""),
        key=once_of(request) or uuid.uuid4().hex,
        by=request.member.user,
        now=now,
    )


def _stage(request: HttpRequest, found: Invoice) -> InvoiceStage:
    position = request.POST.get("stage", "")
    stage = found.stages.filter(position=position).first() if position.isdecimal() else None
    if stage is None:
        raise Http404("This invoice has no such stage.")
    return stage


def _webp(file: "UploadedFile[bytes]") -> bytes:
    """The picture as we keep it: decoded, without what the camera wrote into it, at most 1,600 pixels wide. Raises BadPicture."""
    if (file.size or 0) > MOST_BYTES:
        raise BadPicture(f"A picture may have {MOST_BYTES // 1024**2} MB; export it smaller.")
    try:
        with Image.open(file, formats=["JPEG", "PNG", "WEBP"]) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise BadPicture("A picture may have 40 million pixels; export it smaller.")
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except BadPicture:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadPicture("Only a JPEG, PNG or WebP picture can be shown to her.") from error
    upright.thumbnail((WIDEST, WIDEST))
    written = io.BytesIO()
    upright.save(written, format="WEBP", quality=86)
    return written.getvalue()


def _suggested(total: Decimal, *, now: datetime) -> dict[str, object]:
    return {
        "deposit": (total * DEPOSIT).quantize(Decimal(1)) or total,
        "good_until": (now + GOOD_FOR).date().isoformat(),
        "title_1": "The drawing",
        "title_2": "The finished ring",
    }


def _listed(found: Invoice, standing: invoices.Standing) -> Listed:
    if standing.due is not None:
        missing = money.in_words(standing.missing, currency=found.currency)
        state = f"{standing.due.title} due, {missing}"
    elif standing.waits_for is not None:
        stage = standing.waits_for
        state = f"{stage.title}: {stage.get_answer_display().lower() or ('shown' if stage.shown_at else 'to be shown')}"
    else:
        state = "Paid, to be handed over"
    return Listed(
        invoice=found,
        said=versions.in_words(found.version),
        customer=str(found.customer) if found.customer else "",
        total=money.in_words(found.total, currency=found.currency),
        state=state,
    )
