"""The marketer's pages: the dashboard, the sales behind a figure, and one journey."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from attribution import reports
from attribution.channels import Channel
from attribution.crediting import CreditModel
from attribution.forms import ScopeForm, SliceForm
from attribution.models import Conversion
from attribution.reports import Scope, Slice
from attribution.reports.journeys import WHY
from attribution.reports.thread import thread
from jeweler import audit, sales
from jeweler.access import Role, StaffRequest, staff_only, stores_of
from jeweler.models import Payment

ROWS = 50
FIGURES = (Role.MARKETER, Role.OWNER, Role.MANAGER)


@require_safe
@staff_only(*FIGURES)
def dashboard(request: StaffRequest) -> HttpResponse:
    form = _form(request)
    scope = form.scope()
    found = reports.returns(scope=scope)
    return render(
        request,
        "attribution/dashboard.html",
        {
            **_shared(form, scope),
            "balance": reports.balance(scope=scope),
            "weeks": reports.weeks(scope=scope),
            "returns": found,
            "panels": reports.panels(scope=scope),
            "missing": reports.missing_threads(scope=scope),
            "lags": reports.lags(scope=scope),
            "stages": reports.stages(start_date=scope.start_date, end_date=scope.end_date)
            if scope.is_whole_house
            else [],
            "lookback": settings.LOOKBACK_DAYS,
            "has_marketing_tables": request.member.role in {Role.MARKETER, Role.OWNER},
        },
    )


@require_safe
@staff_only(*FIGURES)
def journeys(request: StaffRequest) -> HttpResponse:
    form = _form(request)
    scope, part = form.scope(), SliceForm(request.GET).slice(request.GET)
    rows = reports.journey_rows(scope=scope, part=part)
    page = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    kept = {
        name: value for name, value in request.GET.items() if name not in {"page", *form.fields}
    }
    return render(
        request,
        "attribution/journeys.html",
        {
            **_shared(form, scope),
            "part": part,
            "title": _title(part),
            "page": page,
            "total": reports.total_of(scope=scope, part=part),
            "why": WHY.get(part.why, ""),
            "kept": kept,
            "query": urlencode({**form.query(), **kept}),
        },
    )


@require_safe
@staff_only(*FIGURES)
def journey(request: StaffRequest, conversion_id: int) -> HttpResponse:
    now = timezone.now()
    conversion = _sale_conversion(request, conversion_id)
    form = _form(request)
    scope, part = form.scope(), SliceForm(request.GET).slice(request.GET)
    kept = {name: value for name, value in request.GET.items() if name not in form.fields}
    audit.record(
        action="journey.opened",
        subject=conversion,
        actor=request.member.user,
        store=conversion.store,
        now=now,
    )
    assert conversion.sale is not None
    return render(
        request,
        "attribution/journey.html",
        {
            **_shared(form, scope),
            **_neighbors(conversion, scope=scope, part=part),
            "title": _title(part),
            "conversion": conversion,
            "sale": conversion.sale,
            "payments": conversion.sale.payments.filter(status=Payment.Status.CAPTURED).order_by(
                "paid_at"
            ),
            "refunds": conversion.sale.refunds.order_by("refunded_at"),
            "captured": sales.captured(conversion.sale),
            "due": sales.due(conversion.sale),
            "lines": conversion.sale.lines.order_by("position"),
            "thread": thread(conversion=conversion),
            "zone": conversion.store.zone if conversion.store else timezone.get_default_timezone(),
            "query": urlencode({**form.query(), **kept}),
        },
    )


def _form(request: StaffRequest) -> ScopeForm:
    form = ScopeForm(request.GET, member=request.member, today=timezone.localdate())
    form.full_clean()
    return form


def _shared(form: ScopeForm, scope: Scope) -> dict[str, Any]:
    return {
        "form": form,
        "scope": scope,
        "query": urlencode(form.query()),
        "models": list(CreditModel),
        "model_in_use": scope.model,
    }


def _sale_conversion(request: StaffRequest, conversion_id: int) -> Conversion:
    found = Conversion.objects.filter(pk=conversion_id, kind=Conversion.Kind.SALE)
    if not request.member.sees_all_stores:
        found = found.filter(store__in=stores_of(request.member))
    conversion = found.select_related("sale", "store").first()
    if conversion is None:
        raise Http404("There is no such journey, or it is of another store.")
    return conversion


def _neighbors(conversion: Conversion, *, scope: Scope, part: Slice) -> dict[str, Any]:
    """The sales before and after it in the list that it was opened from."""
    rows = reports.journey_rows(scope=scope, part=part)
    ids = list(dict.fromkeys(rows.values_list("conversion_id", flat=True)))
    if conversion.pk not in ids:
        return {}
    place = ids.index(conversion.pk)
    return {
        "later": ids[place - 1] if place else None,
        "earlier": ids[place + 1] if place + 1 < len(ids) else None,
        "place": place + 1,
        "places": len(ids),
    }


def _title(part: Slice) -> str:
    """What the list is of, in words: Paid search, Engagement rings, “oval ring”, in stores."""
    named: Mapping[str, str] = {
        "found": "Credited to channels",
        "none": "No thread found",
        "refunded": "Refunded",
        "": "Every sale",
    }
    parts = [Channel(part.channel).label if part.channel else named[part.thread]]
    parts += [part.campaign] if part.campaign else []
    if part.term is not None:
        parts.append(f"“{part.term}”" if part.term else "no term")
    parts += [{"web": "online", "store": "in stores"}[part.where]] if part.where else []
    return ", ".join(parts)
