"""The staff's funnel: how far rings came, and the rings behind each of its figures."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from builder import funnel, quotes, versions
from builder.funnel import Period, Reach, Rest, Slice
from builder.models import DesignStep
from builder.pages import page_number
from jeweler import audit
from jeweler.access import Role, StaffRequest, staff_only, stores_of
from jeweler.models import Visitor

FIGURES = (Role.MARKETER, Role.OWNER, Role.MANAGER)
OPENERS = {Role.OWNER, Role.MANAGER}
USUAL_DAYS = 13 * 7
LONGEST_DAYS = 5 * 366
ROWS = 50


class PeriodForm(forms.Form):
    """From which day to which; what is left out or refused takes its usual value."""

    begun_from = forms.DateField(
        label="Begun from",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": "This is no day. Write it as 2026-11-21."},
    )
    begun_to = forms.DateField(
        label="to",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": "This is no day. Write it as 2026-11-21."},
    )

    def __init__(self, data: Mapping[str, Any], *, today: date) -> None:
        self.usual = {"begun_from": today - timedelta(days=USUAL_DAYS - 1), "begun_to": today}
        given = {name: data.get(name) or value for name, value in self.usual.items()}
        super().__init__(given, auto_id="period-%s")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        start, end = values.get("begun_from"), values.get("begun_to")
        if start and end and start > end:
            self.add_error("begun_from", "The first day is after the last. Swap the two.")
        elif start and end and (end - start).days > LONGEST_DAYS:
            self.add_error("begun_from", "This is more than five years. Choose a shorter period.")
        elif end and end >= date.max:  # a period ends where the next day begins
            self.add_error("begun_to", "This is no day of our calendar. Choose an earlier one.")
        return values

    def period(self) -> Period:
        days = self.cleaned_data if self.is_valid() else self.usual
        return Period(start_date=days["begun_from"], end_date=days["begun_to"])


class SliceForm(forms.Form):
    """Which rings of a period; what is not known narrows nothing."""

    reach = forms.ChoiceField(required=False, choices=Reach.choices)
    rest = forms.ChoiceField(required=False, choices=Rest.choices)
    entry = forms.ChoiceField(required=False, choices=DesignStep.Entry.choices)
    device = forms.ChoiceField(required=False, choices=Visitor.Device.choices)

    def slice(self) -> Slice:
        self.full_clean()
        said = self.cleaned_data
        return Slice(
            reach=Reach(said.get("reach") or Reach.BEGUN),
            rest=Rest(said["rest"]) if said.get("rest") else None,
            entry=DesignStep.Entry(said["entry"]) if said.get("entry") else None,
            device=Visitor.Device(said["device"]) if said.get("device") else None,
        )


@require_safe
@staff_only(*FIGURES)
def figures(request: StaffRequest) -> HttpResponse:
    form = PeriodForm(request.GET, today=quotes.day_of(None, now=timezone.now()))
    period = form.period()
    return render(
        request,
        "builder/staff/funnel.html",
        {
            "form": form,
            "period": period,
            "funnel": funnel.counted(period=period),
            "query": _query(period),
        },
    )


@require_safe
@staff_only(*FIGURES)
def rings(request: StaffRequest) -> HttpResponse:
    """The rings behind a figure: what they are and how far they came, never whose they are."""
    form = PeriodForm(request.GET, today=quotes.day_of(None, now=timezone.now()))
    period, part = form.period(), SliceForm(request.GET).slice()
    number = page_number(request)
    rows, total = funnel.listed(period=period, part=part, limit=ROWS, offset=(number - 1) * ROWS)
    audit.record(
        action="funnel.opened", subject="design", actor=request.member.user,
        detail={"rings": total}, now=timezone.now(),
    )  # fmt: skip
    kept = {name: str(value) for name, value in vars(part).items() if value}
    own = set(stores_of(request.member).values_list("pk", flat=True))
    return render(
        request,
        "builder/staff/funnel_rings.html",
        {
            "form": form,
            "period": period,
            "zone": quotes.zone_of(None).key,
            "title": _title(part),
            "rows": [
                (row, versions.in_words(row.design), _may_open(request, row, own)) for row in rows
            ],
            "total": total,
            "page": Paginator(range(total), ROWS).get_page(number),
            "kept": kept,
            "query": _query(period),
            "query_here": urlencode({**_days(period), **kept}),
        },
    )


def _may_open(request: StaffRequest, row: funnel.Row, own: set[int]) -> bool:
    """Managers open the designs of their stores and those of none; a marketer reads the figures."""
    store = row.design.store_id
    return request.member.role in OPENERS and (store is None or store in own)


def _days(period: Period) -> dict[str, str]:
    return {
        "begun_from": period.start_date.isoformat(),
        "begun_to": period.end_date.isoformat(),
    }


def _query(period: Period) -> str:
    return urlencode(_days(period))


def _title(part: Slice) -> str:
    """What the list is of: "Reached the summary, on a phone, stone first"."""
    said = [part.rest.label if part.rest else part.reach.label]
    said += [f"on a {part.device.label.lower()}"] if part.device else []
    said += [part.entry.label.lower()] if part.entry else []
    return ", ".join(str(each) for each in said)
