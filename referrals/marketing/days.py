"""Her days: the page behind her own link, and the associate's at the counter, who notes what she says there."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from builder import quotes
from jeweler import audit
from jeweler.access import Role, StaffRequest, staff_only, store_here
from jeweler.backoffice import user_of
from jeweler.models import Customer
from referrals import occasions
from referrals.models import LifeEvent, Occasion

SELLERS = (Role.ASSOCIATE, Role.MANAGER, Role.OWNER)
_DAY = {"type": "date"}


class DayForm(forms.Form):
    occasion = forms.ChoiceField(choices=Occasion.choices, label="What is it?")
    day = forms.DateField(
        label="The day", widget=forms.DateInput(attrs=_DAY),
        error_messages={"required": "Which day is it?", "invalid": "This is no day. Write it as 2026-11-21."},
    )  # fmt: skip
    quiet_until = forms.DateField(
        required=False, label="A surprise until", widget=forms.DateInput(attrs=_DAY)
    )
    agreed = forms.BooleanField(
        label=occasions.CONSENT,
        error_messages={"required": "Without a yes we keep no day, and write nothing."},
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def hers(request: HttpRequest, token: str) -> HttpResponse:
    """Her page: what she told us, with a button to stop each, and room for another."""
    try:
        customer = occasions.opened(token)
    except occasions.NoSuchPage as gone:
        raise Http404("This link says nothing to us. Use the one that we gave you, whole.") from gone  # fmt: skip
    form = DayForm(request.POST if "occasion" in request.POST else None, label_suffix="")
    if request.method == "POST":
        if _stopped(request, customer):
            messages.success(request, "We will not write of that day.")
            return redirect("friends:days", token)
        if _told(form, customer=customer, source=LifeEvent.Source.VISIT):
            messages.success(request, "Kept. We write once, in good time.")
            return redirect("friends:days", token)
    context = {"form": form, "events": occasions.of(customer)}
    answer = render(request, "referrals/days.html", context, status=400 if form.errors else 200)
    answer.headers["Referrer-Policy"] = "same-origin"  # the address is a key
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


@staff_only(*SELLERS)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def at_the_counter(request: StaffRequest, token: str) -> HttpResponse:
    """The same, with her spoken word noted by whoever heard it."""
    try:
        customer = occasions.opened_by_staff(token, member=request.member)
    except occasions.NoSuchPage:
        return redirect("counter")
    store = store_here(request, member=request.member)
    form = DayForm(request.POST if "occasion" in request.POST else None, label_suffix="")
    form.fields["agreed"].label = "She said yes, here and now"
    if request.method == "POST":
        by = user_of(request)
        if _stopped(request, customer):
            audit.record(action="day.stopped", subject=customer, actor=by, store=store, now=timezone.now())  # fmt: skip
            return redirect("friends:days_at_counter", token)
        if _told(form, customer=customer, source=LifeEvent.Source.COUNTER, by=by, store=store):
            messages.success(request, "Noted, with your name and her word.")
            return redirect("friends:days_at_counter", token)
    context = {"form": form, "events": occasions.of(customer), "customer": customer}
    return render(request, "referrals/staff/days.html", context, status=400 if form.errors else 200)


def _told(form: DayForm, *, customer: Customer, source: str, **more: Any) -> bool:
    if not form.is_valid():
        return False
    said, now = form.cleaned_data, timezone.now()
    if said["quiet_until"] and said["quiet_until"] < quotes.day_of(None, now=now):
        said["quiet_until"] = None  # a surprise that is over is none
    try:
        occasions.tell(
            customer=customer, occasion=said["occasion"], day=said["day"], source=source,
            has_consented=said["agreed"], quiet_until=said["quiet_until"], now=now, **more,
        )  # fmt: skip
    except occasions.NotKept as refusal:
        form.add_error("day", str(refusal))
        return False
    return True


def _stopped(request: HttpRequest, customer: Customer) -> bool:
    said = request.POST.get("stop", "")
    mine = [event for event in occasions.of(customer) if str(event.pk) == said]
    for event in mine:
        occasions.stop(event=event, now=timezone.now())
    return bool(mine)
