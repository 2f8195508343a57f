"""Her invoice by its link: what was agreed, what to look at and say yes to, and the part to be paid now.

Looking changes nothing; every button posts. Whoever has the link may do all of it, so no cache keeps the page and its address
is told to nobody outside.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from builder import versions
from builder.pages import page
from jeweler import money, sales
from pos_bridge import checkout, invoices, paying
from pos_bridge.models import Invoice, InvoicePart, InvoiceStage


@dataclass(frozen=True, kw_only=True)
class Line:
    label: str
    amount: str


@dataclass(frozen=True, kw_only=True)
class Paying:
    """A part as the page shows it: "Paid", "Due now", or what it waits for."""

    part: InvoicePart
    amount: str
    said: str
    is_due: bool
    is_paid: bool


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invoice(request: HttpRequest, token: str) -> HttpResponse:
    now = timezone.now()
    try:
        found = invoices.opened(token)
    except invoices.LinkEnded as ended:
        return _secret(
            page(request, "pos_bridge/invoice_ended.html", {"why": str(ended)}, status=410)
        )
    if request.method == "POST":
        return _done(request, found, token=token, now=now)
    return _secret(page(request, "pos_bridge/invoice.html", _context(request, found, token, now)))


@never_cache
@require_safe
def picture(request: HttpRequest, token: str, position: int) -> HttpResponseBase:
    """What a stage shows."""
    try:
        found = invoices.opened(token)
    except invoices.LinkEnded as ended:
        raise Http404(str(ended)) from ended
    stage = (
        found.stages.filter(position=position, shown_at__isnull=False).exclude(picture="").first()
    )
    if stage is None:
        raise Http404("There is no picture of this stage.")
    return FileResponse(stage.picture.open("rb"), content_type="image/webp")


def _done(request: HttpRequest, found: Invoice, *, token: str, now: datetime) -> HttpResponse:
    back = f"{settings.SITE_URL}{request.path}"
    do = request.POST.get("do", "")
    try:
        if do == "pay":
            return redirect(checkout.address(invoice=found, back=back, now=now))
        if do == "credit":
            paying.pay_by_credit(invoice=found, now=now)
        if do == "code":
            invoices.use_code(invoice=found, code=request.POST.get("code", ""))
        if do in {"approve", "change"}:
            invoices.answer(
                stage=_stage(request, found),
                is_approved=do == "approve",
                note=request.POST.get("note", ""),
                now=now,
            )
    except (invoices.NotNow, checkout.NothingDue, checkout.NoPaymentPage) as refusal:
        messages.error(request, str(refusal))
    return redirect("invoice", token)


def _stage(request: HttpRequest, found: Invoice) -> InvoiceStage:
    position = request.POST.get("stage", "")
    stage = found.stages.filter(position=position).first() if position.isdecimal() else None
    if stage is None:
        raise Http404("This invoice has no such stage.")
    return stage


def _context(request: HttpRequest, found: Invoice, token: str, now: datetime) -> dict[str, Any]:
    standing = invoices.standing(found)
    told = {"currency": found.currency}
    credit = paying.usable_credit(found, now=now)
    return {
        "invoice": found,
        "token": token,
        "said": versions.in_words(found.version),
        "lines": [
            Line(
                label=line["description"],
                amount=money.in_words(Decimal(line["net_total"]), **told),
            )
            for line in found.lines
        ],
        "tax": money.in_words(found.tax, **told) if found.tax else "",
        "total": money.in_words(found.total, **told),
        "paid": money.in_words(standing.paid, **told) if standing.paid else "",
        "left": money.in_words(standing.left, **told),
        "missing": money.in_words(standing.missing, **told),
        "credit": money.in_words(credit, **told) if credit else "",
        "parts": _parts(found, standing),
        "standing": standing,
        "stages": list(found.stages.all()),
        "is_open": invoices.is_open(found, now=now),
        "can_pay_here": checkout.is_possible(),
        "is_back_from_paying": "paid" in request.GET,
        "is_handed_over": found.sale is not None and found.sale.handed_over_at is not None,
        "is_settled": found.sale is not None and sales.fully_paid_at(found.sale) is not None,
    }


def _parts(found: Invoice, standing: invoices.Standing) -> list[Paying]:
    covered, shown = standing.paid, []
    for part in found.parts.select_related("after"):
        is_paid = covered >= part.amount
        covered = max(covered - part.amount, Decimal(0))
        is_due = standing.due == part
        waits = part.after is not None and part.after.answer != invoices.Answer.APPROVED
        said = "Paid" if is_paid else "Due now" if is_due else "Later"
        if not is_paid and waits and part.after is not None:
            said = f"Once you approve {part.after.title[:1].lower()}{part.after.title[1:]}"
        shown.append(
            Paying(
                part=part,
                amount=money.in_words(part.amount, currency=found.currency),
                said=said,
                is_due=is_due,
                is_paid=is_paid,
            )
        )
    return shown


def _secret(response: HttpResponse) -> HttpResponse:
    """Of a page whose address is a key. Not "no-referrer": a browser would then not say where a form comes from."""
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cache-Control"] = "private, no-store"
    return response
