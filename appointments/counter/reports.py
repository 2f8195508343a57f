"""How many visits were missed, as a page and as a file for a spreadsheet."""

import csv
import io
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from appointments import figures
from builder import quotes
from jeweler.access import Role, StaffRequest, staff_only, stores_of
from jeweler.models import Store

READERS = (Role.MARKETER, Role.MANAGER, Role.OWNER)
USUAL_DAYS = 90
LONGEST_DAYS = 5 * 366


class PeriodForm(forms.Form):
    """From which day to which, and of which store; what is left out or refused takes its usual value."""

    since = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), label="Visits from")
    until = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), label="to")
    store = forms.ModelChoiceField(
        Store.objects.none(), required=False, empty_label="Every store", to_field_name="code"
    )

    def __init__(self, data: Mapping[str, Any], *, stores: QuerySet[Store], today: date) -> None:
        self.usual = {"since": today - timedelta(days=USUAL_DAYS - 1), "until": today}
        given = {name: data.get(name) or value for name, value in self.usual.items()}
        super().__init__({**given, "store": data.get("store") or ""}, auto_id="period-%s")
        field = self.fields["store"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = stores

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        since, until = said.get("since"), said.get("until")
        if since and until and since > until:
            self.add_error("since", "The first day is after the last. Swap the two.")
        elif since and until and (until - since).days > LONGEST_DAYS:
            self.add_error("since", "This is more than five years. Choose a shorter period.")
        elif until and until >= date.max:  # a period ends where the next day begins
            self.add_error("until", "This is no day of our calendar. Choose an earlier one.")
        return said

    @property
    def days(self) -> tuple[date, date]:
        said = self.cleaned_data if self.is_valid() else self.usual
        return said["since"], said["until"]

    @property
    def stores(self) -> list[Store]:
        chosen = self.cleaned_data.get("store") if self.is_valid() else None
        field = self.fields["store"]
        assert isinstance(field, forms.ModelChoiceField)
        return [chosen] if chosen else list(field.queryset or ())

    @property
    def query(self) -> str:
        since, until = self.days
        chosen = self.cleaned_data.get("store") if self.is_valid() else None
        said = {"since": str(since), "until": str(until)}
        return urlencode({**said, "store": chosen.code} if chosen else said)


@staff_only(*READERS)
@require_safe
def missed(request: StaffRequest) -> HttpResponse:
    form = _form(request)
    since, until = form.days
    context = {"form": form, "since": since, "until": until, "figures": _counted(form)}
    return render(request, "appointments/staff/figures.html", context)


@staff_only(*READERS)
@require_safe
def missed_csv(request: StaffRequest) -> HttpResponse:
    """The same figures, a line each; shares as fractions of one."""
    form = _form(request)
    since, until = form.days
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["by", "kind", "visits", "missed", "share", "low", "high"])
    counted = _counted(form)
    lines = [("all", "all", counted.missed)]
    lines += [(table.name, line.label, line.missed) for table in counted.tables for line in table.lines]  # fmt: skip
    for by, kind, rate in lines:
        share = "" if rate.share is None else f"{rate.share:.4f}"
        writer.writerow([by, kind, rate.whole, rate.part, share, f"{rate.low:.4f}", f"{rate.high:.4f}"])  # fmt: skip
    name = f"missed-visits-{since}-{until}.csv"
    return HttpResponse(
        file.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _form(request: StaffRequest) -> PeriodForm:
    stores = stores_of(request.member).order_by("name")
    today = quotes.day_of(None, now=timezone.now())
    return PeriodForm(request.GET, stores=stores, today=today)


def _counted(form: PeriodForm) -> figures.Figures:
    """Both days are included, by the house's clock."""
    since, until = form.days
    zone = quotes.zone_of(None)
    return figures.figures(
        stores=form.stores,
        since=datetime.combine(since, time(), zone),
        until=datetime.combine(until + timedelta(days=1), time(), zone),
    )
