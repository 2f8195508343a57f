"""A link for others to look by, a hint by mail, and the pages that those who follow them see."""

from datetime import datetime

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from builder import alike, allowances, keeping, limits, sharing, versions
from builder.models import Design, DesignLink
from builder.pages import design_of, once_of, page, quoted
from jeweler import customers, visitors


class HintForm(forms.Form):
    """Whom to tell, in whose name, and when it would be worn. What may be written is judged by `sharing`."""

    to = forms.CharField(
        max_length=254,
        error_messages={"required": "Their address is missing. Write it like ada@example.com."},
    )
    from_name = forms.CharField(
        max_length=2000, error_messages={"required": "Say who it is from, so that it is believed."}
    )
    note = forms.CharField(max_length=20_000, required=False)
    wanted_date = forms.DateField(
        required=False, error_messages={"invalid": "Write the day like 2027-06-01."}
    )
    has_size = forms.BooleanField(required=False)
    reply_to = forms.CharField(max_length=254, required=False)

    def clean_to(self) -> str:
        return _address(self.cleaned_data["to"])

    def clean_reply_to(self) -> str:
        given: str = self.cleaned_data["reply_to"]
        return _address(given) if given else ""


def _address(given: str) -> str:
    try:
        return customers.canonical_email(given)
    except customers.BadEmail as error:
        raise ValidationError(str(error)) from error


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def share(request: HttpRequest) -> HttpResponse:
    """Make a link; it is shown once, for only its hash is kept."""
    design = asked(request)
    if design is None:
        return redirect("builder:ring")
    shared = {}
    if request.method == "POST":
        has_price = bool(request.POST.get("has_price"))
        token = sharing.share(
            design=design, has_price=has_price, once=once_of(request), now=timezone.now()
        )
        address = request.build_absolute_uri(f"/d/{token}/")
        shared = {"address": address, "has_price": has_price}
    return _form_page(request, "builder/share.html", design, shared)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def hint(request: HttpRequest) -> HttpResponse:
    design = asked(request)
    if design is None:
        return redirect("builder:ring")
    form = HintForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _form_page(request, "builder/hint.html", design, {"form": form})
    now = timezone.now()
    visitor = visitors.ensure(request, now=now)
    given = form.cleaned_data
    try:
        with transaction.atomic():
            limits.take(limits.HINTS, request=request, to=given["to"], visitor=visitor, now=now)
            made = sharing.hint(design=design, now=now, **given)
    except sharing.BadHint as error:
        form.add_error(error.field, str(error))
        return _form_page(request, "builder/hint.html", design, {"form": form})
    except allowances.TooMany as error:
        form.add_error("to", limits.in_words(error))
        return limits.later(_form_page(request, "builder/hint.html", design, {"form": form}), error)
    return _form_page(request, "builder/hint.html", design, {"made": made, "sent_to": given["to"]})


def asked(request: HttpRequest) -> Design | None:
    """The one of hers that the address names, else the one she is at; None where there is nothing to show."""
    visitor = visitors.current(request)
    if visitor is None:
        return None
    code = request.GET.get("design", "")[:16]
    try:
        found = keeping.find(code=code, visitor=visitor) if code else design_of(request)
    except keeping.NotHers:
        return None
    has_parts = found is not None and (found.setting is not None or found.stone is not None)
    return found if has_parts else None


def _form_page(
    request: HttpRequest, template: str, design: Design, context: dict[str, object]
) -> HttpResponse:
    form = context.get("form")
    is_wrong = isinstance(form, forms.Form) and bool(form.errors)
    return page(
        request,
        template,
        {"said": versions.in_words(design), "here": request.get_full_path(), **context},
        design=design,
        quote=quoted(design, now=timezone.now()),
        status=400 if is_wrong else 200,
    )


def shown(request: HttpRequest, link: DesignLink, *, token: str, now: datetime) -> HttpResponse:
    """What a share link or a hint opens: to be looked at. From a shared one she may start a ring of her own."""
    is_hint = link.purpose == DesignLink.Purpose.HINT
    if request.method == "POST":
        visitor = visitors.ensure(request, now=now)
        sharing.start_from(token=token, visitor=visitor, once=once_of(request), now=now)
        return redirect("builder:ring")
    design, quote = link.design, quoted(link.design, now=now)
    made = link.hint if is_hint else None
    wanted = made.wanted_date if made else None
    return page(
        request,
        "builder/hinted.html" if is_hint else "builder/shared.html",
        {
            "looked_at": design,
            "looked_quote": quote,
            "said": versions.beside_its_name(design, has_size=False),
            "has_price": link.has_price,
            "hint": made,
            "order": sharing.order(design=design, wanted_date=wanted, now=now) if wanted else None,
            "gone": alike.is_gone(design.stone),
        },
    )
