"""The figures of friends, the rows behind each, and both as files for a spreadsheet. The period stands in the address."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from builder.feeds.tally import harmless
from builder.funnel import Period, Rate
from jeweler.access import Role, StaffRequest, staff_only
from jeweler.models import Store
from referrals import program, reports
from referrals.marketing.setting import MARKETERS, by_the_house
from referrals.models import Program, TermsAmount

ROWS = 50
STORY_TELLERS = {Role.MANAGER, Role.OWNER}
MOST_ROWS = 20_000  # of a file
USUAL_DAYS = 53 * 7
LONGEST_DAYS = 5 * 366


class PeriodForm(forms.Form):
    """From which day to which, and in which currency; what is left out or refused takes its usual value."""

    since = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), label="From")
    until = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), label="to")
    currency = forms.ChoiceField(required=False, label="in")

    def __init__(self, data: Mapping[str, Any], *, today: date) -> None:
        self.usual = {"since": today - timedelta(days=USUAL_DAYS - 1), "until": today}
        self.currencies = _currencies()
        given = {name: data.get(name) or value for name, value in self.usual.items()}
        super().__init__({**given, "currency": data.get("currency") or self.currencies[0]}, auto_id="period-%s")  # fmt: skip
        self.fields["currency"].choices = [(each, each) for each in self.currencies]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        since, until = said.get("since"), said.get("until")
        if since and until and since > until:
            self.add_error("since", "The first day is after the last. Swap the two.")
        elif since and until and (until - since).days > LONGEST_DAYS:
            self.add_error("since", "This is more than five years. Choose a shorter period.")
        elif until and until >= date.max:
            self.add_error("until", "This is no day of our calendar. Choose an earlier one.")
        return said

    @property
    def period(self) -> Period:
        said = self.cleaned_data if self.is_valid() else self.usual
        return Period(start_date=said["since"], end_date=said["until"])

    @property
    def money_in(self) -> str:
        chosen = self.cleaned_data.get("currency") if self.is_valid() else ""
        return str(chosen or self.currencies[0])

    @property
    def query(self) -> str:
        period = self.period
        return urlencode({"since": period.start_date.isoformat(), "until": period.end_date.isoformat(), "currency": self.money_in})  # fmt: skip


def _currencies() -> list[str]:
    """Those with amounts, the one of most stores first."""
    stores = list(Store.objects.values_list("currency", flat=True))
    kept = set(TermsAmount.objects.values_list("currency", flat=True)) | set(stores) or {"USD"}
    return sorted(kept, key=lambda each: (-stores.count(each), each))


@dataclass(frozen=True, kw_only=True)
class Figures:
    cohorts: reports.Cohorts
    part: reports.Part
    arms: list[reports.Arm]
    costs: reports.Costs
    liability: reports.Liability
    ledger: reports.Ledger
    integrity: reports.Integrity
    use: reports.Use


def _counted(found: Program, *, period: Period, currency: str, now: datetime) -> Figures:
    use = reports.use_of(program=found, currency=currency, now=now)
    return Figures(
        cohorts=reports.cohorts(period=period, now=now),
        part=reports.taking_part(period=period),
        arms=reports.arms(period=period),
        costs=reports.costs(period=period, currency=currency, use=use, now=now),
        liability=reports.liability(program=found, currency=currency),
        ledger=reports.ledger(period=period, currency=currency, now=now),
        integrity=reports.integrity(period=period, currency=currency, now=now),
        use=use,
    )


@staff_only(*MARKETERS)
@require_safe
@by_the_house
def page(request: StaffRequest) -> HttpResponse:
    now, found, form = timezone.now(), program.in_force(now=timezone.now()), _form(request)
    if found is None:
        return redirect("friends:program")
    counted = _counted(found, period=form.period, currency=form.money_in, now=now)
    context = {
        "program": found,
        "form": form,
        "query": form.query,
        "currency": form.money_in,
        "benchmark": reports.BENCHMARK,
        **vars(counted),
    }
    return render(request, "referrals/staff/figures.html", context)


@staff_only(*MARKETERS)
@require_safe
@by_the_house
def page_csv(request: StaffRequest) -> HttpResponse:
    """Every figure of the page, a line each: what, of what, by which clock."""
    now, found, form = timezone.now(), program.in_force(now=timezone.now()), _form(request)
    if found is None:
        raise Http404("There is no program yet.")
    counted = _counted(found, period=form.period, currency=form.money_in, now=now)
    heads = ["figure", "value", "of", "share", "low", "high", "currency", "clock"]
    return _file(f"friends-{form.period.start_date}-{form.period.end_date}", heads, _lines(counted, form.money_in))  # fmt: skip


@staff_only(*MARKETERS)
@require_safe
@by_the_house
def rows(request: StaffRequest) -> HttpResponse:
    form = _form(request)
    asked = _asked(request, form)
    number = _page_number(request)
    listing = reports.listed(_at(asked, limit=ROWS, offset=(number - 1) * ROWS))
    kept = {"of": asked.of} | ({"week": asked.week.isoformat()} if asked.week else {})
    context = {
        "form": form,
        "query": form.query,
        "query_here": urlencode(kept) + "&" + form.query,
        "listing": listing,
        "lines": [
            (each.cells, _explanation(each.referral, request=request)) for each in listing.lines
        ],
        "page": Paginator(range(listing.total), ROWS).get_page(number),
        "kept": kept,
        "week": asked.week,
    }
    return render(request, "referrals/staff/rows.html", context)


@staff_only(*MARKETERS)
@require_safe
@by_the_house
def rows_csv(request: StaffRequest) -> HttpResponse:
    form = _form(request)
    asked = _asked(request, form)
    listing = reports.listed(_at(asked, limit=MOST_ROWS, offset=0))
    return _file(f"friends-{asked.of}", listing.heads, (line.cells for line in listing.lines))


def _form(request: StaffRequest) -> PeriodForm:
    return PeriodForm(request.GET, today=timezone.localdate())


def _asked(request: StaffRequest, form: PeriodForm) -> reports.Asked:
    found, of = program.in_force(now=timezone.now()), request.GET.get("of", "came")
    if found is None or of not in reports.TITLES:
        raise Http404("There is no such figure.")
    try:
        week = date.fromisoformat(request.GET.get("week", ""))
    except ValueError:
        week = None
    return reports.Asked(of=of, period=form.period, currency=form.money_in, program=found, week=week)  # fmt: skip


def _at(asked: reports.Asked, *, limit: int, offset: int) -> reports.Asked:
    return reports.Asked(**{**vars(asked), "limit": limit, "offset": offset})


def _page_number(request: StaffRequest) -> int:
    said = request.GET.get("page", "1")
    return int(said) if said.isascii() and said.isdigit() and 0 < int(said) < 10_000 else 1


def _explanation(referral: int | None, *, request: StaffRequest) -> str:
    """Where a referral tells its story, to those who may open it."""
    if referral is None or request.member.role not in STORY_TELLERS:
        return ""
    return reverse("friends:referral", args=[referral])


def _lines(counted: Figures, currency: str) -> Iterable[list[str]]:
    """Shares as fractions of one; amounts in the one currency."""
    step, part, held = counted.cohorts, counted.part, counted.integrity
    for week in step.weeks:
        young = ", still young" if week.is_young else ""
        for each, number in week.counts.items():
            clock = f"first touch in the week of {week.start_date}{young}"
            yield _line(f"{each.label}", Rate(part=number, whole=week.counts[reports.Step.CAME]), clock)  # fmt: skip
    yield _line("Joined, of the invited", part.joined, "decided on in the period")
    yield _line("Shared, of the advocates", part.shared, "shared in the period")
    yield _line("Brought a friend, of the advocates", part.brought, "locked in the period")
    for arm in counted.arms:
        yield _line(f"{arm.label}: bought again", arm.bought, "since the lot was drawn")
        yield _line(f"{arm.label}: brought a friend", arm.brought, "since the lot was drawn")
    yield _line("Held, of the referrals", held.held, "locked in the period")
    yield _line("Declined, of what was decided", held.declined, "decided in the period")
    yield _line("Late applies, of the referrals", held.late, "applied in the period")
    yield _line("Cold applies, of those in person", held.cold, "applied in the period")
    costs, owed, books = counted.costs, counted.liability, counted.ledger
    amounts = {
        "Face value of thank-yous": (costs.face, "given in the period"),
        "Cost of thank-yous": (costs.total, "given in the period"),
        "Benchmark discount": (costs.benchmark, "qualified in the period"),
        "Margin protected": (costs.protected, "in the period"),
        "Pending, if all qualified": (owed.promised, "now"),
        "Pending, expected": (owed.expected, "now"),
        "Credit issued": (books.issued, "in the period"),
        "Credit redeemed": (books.redeemed, "in the period"),
        "Credit given back": (books.given_back, "in the period"),
        "Credit ended unspent": (books.ended, "in the period"),
        "Credit taken back": (books.taken_back, "in the period"),
        "Credit outstanding": (books.outstanding, "now"),
        "Credit held for sales": (books.held, "now"),
        "Shortfall owed by advocates": (books.shortfall, "now"),
    }
    for label, (amount, clock) in amounts.items():
        yield [label, f"{amount:.2f}", "", "", "", "", currency, clock]


def _line(label: str, rate: Rate, clock: str) -> list[str]:
    share = "" if rate.share is None else f"{rate.share:.4f}"
    return [label, str(rate.part), str(rate.whole), share, f"{rate.low:.4f}", f"{rate.high:.4f}", "", clock]  # fmt: skip


def _file(name: str, heads: list[str], lines: Iterable[list[str]]) -> HttpResponse:
    """No cell is a formula: one that a spreadsheet would take for one gets an apostrophe."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(heads)
    for line in lines:
        writer.writerow([harmless(cell) for cell in line])
    return HttpResponse(
        file.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
