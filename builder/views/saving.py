"""Save my design at any step, the link out of its mail, and a new link for whoever lost hers."""

from typing import Any
from urllib.parse import urlencode

from django import forms as fields
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from builder import (
    alike,
    allowances,
    designs,
    forms,
    keeping,
    limits,
    links,
    saving,
    steps,
    versions,
)
from builder.models import Design, DesignLink
from builder.pages import meant, page, quoted
from builder.views import sharing
from builder.views.choosing import REFUSALS as CHOICES_REFUSED
from jeweler import customers, visitors

# In the session: the last save's mail, which knows where it goes, and which ring it was; in the address: that it was sent just now.
SENT = "sent"
REFUSALS = (
    designs.StoneGone,
    designs.DoesNotFit,
    designs.NoLongerMade,
    saving.NothingChosen,
    saving.NoPrice,
)


class AddressForm(fields.Form):
    """Where the link to her list is sent."""

    email = fields.CharField(
        max_length=254,
        error_messages={"required": "Which address did you save it under? It is missing."},
    )

    def clean_email(self) -> str:
        try:
            return customers.canonical_email(self.cleaned_data["email"])
        except customers.BadEmail as error:
            raise ValidationError(str(error)) from error


@require_http_methods(["GET", "HEAD", "POST"])
def save(request: HttpRequest) -> HttpResponse:
    """The form on a page of its own; on the ring's page it is a dialog that posts here.

    `?think` asks the same in gentler words. What is not whole is kept as far as it is.
    """
    try:
        design = meant(request, now=timezone.now())
    except keeping.NotHers as refusal:
        messages.error(request, str(refusal))
        return redirect("builder:saved")
    if design is None or (design.setting is None and design.stone is None):
        return redirect("builder:summary")
    if alike.is_gone(design.stone):
        return redirect("builder:ring")
    form = forms.SaveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _saved(request, design, form.cleaned_data)
        except REFUSALS as refusal:
            messages.error(request, str(refusal))
            return redirect("builder:ring")
        except allowances.TooMany as error:
            form.add_error("email", limits.in_words(error))
            return limits.later(_form(request, design, form), error)
    return _form(request, design, form)


def _saved(request: HttpRequest, design: Design, given: dict[str, Any]) -> HttpResponse:
    now = timezone.now()
    visitor = visitors.ensure(request, now=now)
    with transaction.atomic():
        limits.take(limits.SAVES, request=request, to=given["email"], visitor=visitor, now=now)
        kept = saving.save(
            design=design,
            email=given["email"],
            is_discreet=given["is_discreet"],
            visitor=visitor,
            now=now,
        )
    code = kept.version.design.code
    request.session[SENT] = {"mail": kept.mail.pk, "code": code}
    return redirect(f"{reverse('builder:saved')}?{urlencode({SENT: code})}")


def _form(request: HttpRequest, design: Design, form: forms.SaveForm) -> HttpResponse:
    return page(
        request,
        "builder/save.html",
        {
            "form": form,
            "said": versions.in_words(design),
            "open_parts": versions.open_parts(design),
            "is_thinking": "think" in request.GET or "think" in request.POST,
        },
        step="summary",
        design=design,
        quote=quoted(design, now=timezone.now()),
        status=400 if form.errors else 200,
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """A design by its link: hers to go on with, or another's to look at. Looking changes nothing."""
    now = timezone.now()
    try:
        found = links.opened(token, now=now)
        if found.purpose != DesignLink.Purpose.RESUME:
            answer = sharing.shown(request, found, token=token, now=now)
        elif request.method == "POST":
            return _resumed(request, token)
        else:
            answer = _mailed(request, found.design)
    except links.LinkGone:
        return gone(request)
    return secret(answer)


def _mailed(request: HttpRequest, design: Design) -> HttpResponse:
    wanted = request.GET.get("stone", "")[:18]
    return page(
        request,
        "builder/link.html",
        {
            "said": versions.in_words(design) if design.name else versions.beside_its_name(design),
            "open_parts": versions.open_parts(design),
            "wanted": int(wanted) if wanted.isdecimal() and len(wanted) < 19 else None,
            "here": request.path,
        },
        design=design,
        quote=quoted(design, now=timezone.now()),
    )


def _resumed(request: HttpRequest, token: str) -> HttpResponse:
    """On to her ring; with a stone that a mail offered, it is set on the way."""
    now = timezone.now()
    visitor = visitors.ensure(request, now=now)
    design = saving.resume(token=token, visitor=visitor, now=now)
    try:
        if request.POST.get("stone"):
            read = forms.choices(request.POST)
            design = designs.choose(design=design, now=now, stone=read.get("stone"))
            steps.chosen(design=design, visitor=visitor, names={"stone"}, now=now)
    except CHOICES_REFUSED as refusal:
        messages.error(request, str(refusal))
        return redirect(open_step(design))
    messages.success(request, "It is all here, just as you left it.")
    return redirect(open_step(design))


def open_step(design: Design) -> str:
    """Where it goes on: the first step that is still open, else the ring."""
    if design.setting is None:
        return "builder:rings"
    return "builder:diamonds" if design.stone is None else "builder:ring"


@require_http_methods(["GET", "HEAD", "POST"])
def again(request: HttpRequest) -> HttpResponse:
    """A new link by mail. Every address is answered alike, known or not."""
    form = AddressForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        status = 400 if form.errors else 200
        return page(request, "builder/again.html", {"form": form}, status=status)
    now = timezone.now()
    email, visitor = form.cleaned_data["email"], visitors.current(request)
    try:
        with transaction.atomic():
            limits.take(limits.AGAIN, request=request, to=email, visitor=visitor, now=now)
            keeping.send_again(email=email, now=now)
    except allowances.TooMany as error:
        form.add_error("email", limits.in_words(error))
        return limits.later(page(request, "builder/again.html", {"form": form}), error)
    return page(request, "builder/again.html", {"sent_to": email})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def all_of_hers(request: HttpRequest, token: str) -> HttpResponse:
    """The link to her whole list. Looking shows nothing of it; only the button opens it in this browser."""
    now = timezone.now()
    try:
        if request.method == "POST":
            visitor = visitors.ensure(request, now=now)
            keeping.open_list(token=token, visitor=visitor, now=now)
            return redirect("builder:saved")
        keeping.open_list(token=token, visitor=None, now=now)
    except links.LinkGone:
        return gone(request)
    return secret(page(request, "builder/all.html"))


def gone(request: HttpRequest) -> HttpResponse:
    """One answer for what was forged, withdrawn or has run out, with the way to a new link."""
    return page(request, "410.html", {"form": AddressForm()}, status=410)


def secret(response: HttpResponse) -> HttpResponse:
    """Of a page whose address is a key."""
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
