"""Set the program: what is in force, a new version of the terms beside what it would have cost, a pause, and the shares.

Thinking of terms is a GET, and its address can be sent to a colleague; only putting them in force is a POST.
"""

from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from jeweler.access import Role, StaffRequest, StaffView, staff_only
from jeweler.backoffice import user_of
from jeweler.models import AuditEntry
from referrals import managing, program, what_if
from referrals.marketing import forms
from referrals.models import BenchWeek, Campaign, Perk, Program
from referrals.referring import house_zone

MARKETERS = (Role.MARKETER, Role.OWNER)
SET = ("program.", "terms.", "perk.", "campaign.", "bench.", "follow_on.")
Extra = ParamSpec("Extra")


def by_the_house(view: StaffView[Extra]) -> StaffView[Extra]:
    """Moments that are typed and shown are of the house's clock."""

    @wraps(view)
    def at_home(request: StaffRequest, *args: Extra.args, **kwargs: Extra.kwargs) -> Any:
        with timezone.override(house_zone()):
            return view(request, *args, **kwargs)

    return at_home  # type: ignore[return-value]  # wraps has no types for Concatenate


def the_program() -> Program | None:
    return program.in_force(now=timezone.now())


@staff_only(*MARKETERS)
@require_http_methods(["GET", "HEAD", "POST"])
@by_the_house
def page(request: StaffRequest) -> HttpResponse:
    """What is in force. A POST begins the program of a house that has none."""
    now, found = timezone.now(), the_program()
    if found is None:
        return _begun(request, now=now)
    return render(request, "referrals/staff/program.html", _shown(found, now=now))


def _begun(request: StaffRequest, *, now: datetime) -> HttpResponse:
    form = forms.BeginForm(request.POST or None, label_suffix="")
    if request.method == "POST" and form.is_valid():
        managing.begin(name=form.cleaned_data["name"], by=user_of(request), now=now)
        return redirect("friends:terms")
    return render(request, "referrals/staff/begin.html", {"form": form})


def _shown(found: Program, *, now: datetime, **more: Any) -> dict[str, Any]:
    present = managing.at(found, moment=now)
    versions = found.terms.select_related("created_by", "friend_perk").prefetch_related("amounts")
    kept = {"holdout_percent": found.holdout_percent, "goods_percent": found.goods_percent.normalize() + 0}  # fmt: skip
    acts = AuditEntry.objects.filter(action__regex=f"^({'|'.join(SET)})").select_related("actor")
    return {
        "program": found,
        "present": present,
        "versions": list(versions.order_by("-in_force_from")),
        "now": now,
        "campaigns": list(
            Campaign.objects.filter(program=found)
            .prefetch_related("milestones__perk")
            .order_by("-starts_at")
        ),
        "perks": list(Perk.objects.order_by("-is_offered", "name")),
        "weeks": list(BenchWeek.objects.select_related("store").order_by("store__name", "monday")),
        "tiers": forms.tiers(found),
        "weigh": forms.WeighForm(initial=kept, label_suffix=""),
        "bench": forms.BenchForm(label_suffix=""),
        "follow_on": forms.FollowOnForm(label_suffix=""),
        "acts": list(acts.order_by("-at")[:8]),
        **more,
    }


@staff_only(*MARKETERS)
@require_http_methods(["GET", "HEAD", "POST"])
@by_the_house
def terms(request: StaffRequest) -> HttpResponse:
    """Think of terms and see what they would have cost; then put them in force."""
    now, found = timezone.now(), the_program()
    if found is None:
        return redirect("friends:program")
    present = managing.at(found, moment=now)
    data = request.POST if request.method == "POST" else request.GET
    form = forms.TermsForm(data if "reward" in data else None, program=found, present=present)
    context: dict[str, Any] = {"program": found, "present": present, "form": form}
    if form.is_bound and form.is_valid():
        if request.method == "POST" and _published(request, form, now=now):
            return redirect("friends:program")
        context |= _previewed(form, currency=str(data.get("currency", "")), now=now)
    status = 400 if form.errors else 200
    return render(request, "referrals/staff/terms.html", context, status=status)


def _published(request: StaffRequest, form: forms.TermsForm, *, now: datetime) -> bool:
    rows, amounts = form.terms(now=now)
    try:
        kept = managing.publish(terms=rows, amounts=amounts, by=user_of(request), now=now)
    except managing.NotInForce as refusal:
        form.add_error(None, str(refusal))
        return False
    local = timezone.localtime(kept.in_force_from)
    when = "from now" if kept.in_force_from <= now else f"from {local:%B} {local.day}, {local:%H:%M}"  # fmt: skip
    messages.success(request, f"Version {kept.version} is in force {when}, for whoever is locked then. All others keep theirs.")  # fmt: skip
    return True


def _previewed(form: forms.TermsForm, *, currency: str, now: datetime) -> dict[str, Any]:
    rows, amounts = form.terms(now=now)
    before = managing.at(form.program, moment=max(rows.in_force_from, now))
    shown = currency if currency in form.currencies else form.currencies[0]
    if not currency and "USD" in form.currencies:
        shown = "USD"
    return {
        "changes": managing.changes(before, rows, amounts=amounts),
        "before": before,
        "currency": shown,
        "beside": what_if.compared(
            program=form.program,
            proposal=form.proposal(),
            currency=shown,
            benchmark=form.cleaned_data["benchmark"],
            now=now,
        ),
        "said": [(name, value) for name, value in form.data.items() if name in form.fields],
    }


@staff_only(*MARKETERS)
@require_POST
def pause(request: StaffRequest) -> HttpResponse:
    found = the_program()
    if found is not None and request.POST.get("do") == "pause":
        managing.pause(program=found, by=user_of(request), now=timezone.now())
        messages.success(request, "Paused: nobody new is locked. Whoever was, is thanked as promised.")  # fmt: skip
    elif found is not None:
        managing.go_on(program=found, by=user_of(request), now=timezone.now())
        messages.success(request, "It goes on: whoever comes by a friend from now on is locked.")
    return redirect("friends:program")


@staff_only(*MARKETERS)
@require_POST
@by_the_house
def weigh(request: StaffRequest) -> HttpResponse:
    now, found = timezone.now(), the_program()
    if found is None:
        return redirect("friends:program")
    form = forms.WeighForm(request.POST, label_suffix="")
    if not form.is_valid():
        return render(request, "referrals/staff/program.html", _shown(found, now=now, weigh=form), status=400)  # fmt: skip
    managing.weigh(program=found, by=user_of(request), now=now, **form.cleaned_data)
    messages.success(request, "Kept. It holds for whom is decided on from now.")
    return redirect("friends:program")


@staff_only(*MARKETERS)
@require_POST
@by_the_house
def bench(request: StaffRequest) -> HttpResponse:
    now, found = timezone.now(), the_program()
    if found is None:
        return redirect("friends:program")
    form = forms.BenchForm(request.POST, label_suffix="")
    if not form.is_valid():
        return render(request, "referrals/staff/program.html", _shown(found, now=now, bench=form), status=400)  # fmt: skip
    said = form.cleaned_data
    managing.set_bench(
        store=said["store"], monday=said["week"], minutes=said["minutes"], by=user_of(request), now=now,
    )  # fmt: skip
    messages.success(request, f"The bench’s time at {said['store']} is set.")
    return redirect("friends:program")


@staff_only(*MARKETERS)
@require_POST
@by_the_house
def follow_on(request: StaffRequest) -> HttpResponse:
    now, found = timezone.now(), the_program()
    if found is None:
        return redirect("friends:program")
    form = forms.FollowOnForm(request.POST, label_suffix="")
    if not form.is_valid():
        return render(request, "referrals/staff/program.html", _shown(found, now=now, follow_on=form), status=400)  # fmt: skip
    managing.follow_on(program=found, by=user_of(request), now=now, **form.cleaned_data)
    messages.success(request, "Kept. It goes with reminders that are written from now on.")
    return redirect("friends:program")


@staff_only(*MARKETERS)
@require_http_methods(["GET", "HEAD", "POST"])
@by_the_house
def perk(request: StaffRequest, pk: int | None = None) -> HttpResponse:
    found = Perk.objects.filter(pk=pk).first() if pk else None
    if pk and found is None:
        return redirect("friends:program")
    form = forms.PerkForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        kept = managing.keep_perk(perk=form.save(commit=False), by=user_of(request), now=timezone.now())  # fmt: skip
        messages.success(request, f"{kept}: kept, for whoever is given it from now on.")
        return redirect("friends:program")
    status = 400 if form.errors else 200
    return render(request, "referrals/staff/perk.html", {"form": form, "perk": found}, status=status)  # fmt: skip


@staff_only(*MARKETERS)
@require_http_methods(["GET", "HEAD", "POST"])
@by_the_house
def campaign(request: StaffRequest, pk: int | None = None) -> HttpResponse:
    now, home = timezone.now(), the_program()
    found = Campaign.objects.filter(pk=pk).first() if pk else None
    if home is None or (pk and found is None):
        return redirect("friends:program")
    form = forms.CampaignForm(request.POST or None, instance=found or Campaign(program=home))
    if request.method == "POST" and form.is_valid():
        try:
            kept = managing.keep_campaign(
                campaign=form.save(commit=False), milestones=form.milestones,
                by=user_of(request), now=now,
            )  # fmt: skip
        except managing.CampaignHasBegun as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"{kept}: kept.")
            return redirect("friends:program")
    context = {"form": form, "campaign": found, "has_begun": found and found.starts_at <= now}
    status = 400 if form.errors else 200
    return render(request, "referrals/staff/campaign.html", context, status=status)
