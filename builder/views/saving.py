"""Save my design, and the link out of its mail."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from builder import designs, forms, links, quotes, saving
from builder.models import Design
from builder.views.pages import design_of, page, quoted
from builder.views.ring import is_gone
from jeweler import visitors

SENT_TO = "saved_to"


@require_http_methods(["GET", "HEAD", "POST"])
def save(request: HttpRequest) -> HttpResponse:
    """The form on a page of its own; on the ring's page it is a dialog that posts here."""
    now = timezone.now()
    design = design_of(request)
    quote = quoted(design, now=now)
    if design is None or quote is None or quote.missing or is_gone(design):
        return redirect("builder:summary")
    form = forms.SaveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        visitor = visitors.ensure(request, now=now)
        try:
            saving.save(
                design=design,
                email=form.cleaned_data["email"],
                is_discreet=form.cleaned_data["is_discreet"],
                visitor=visitor,
                now=now,
            )
        except (
            designs.StoneGone,
            designs.DoesNotFit,
            saving.NothingChosen,
            designs.NoLongerMade,
            saving.NoPrice,
        ) as refusal:
            messages.error(request, str(refusal))
            return redirect("builder:ring")
        request.session[SENT_TO] = form.cleaned_data["email"]
        return redirect("builder:saved")
    return page(
        request,
        "builder/save.html",
        {"form": form},
        step="summary",
        design=design,
        quote=quote,
        status=400 if form.errors else 200,
    )


@require_safe
def saved(request: HttpRequest) -> HttpResponse:
    """The rings this browser has saved, the last one first."""
    visitor = visitors.current(request)
    mine = (
        Design.objects.filter(visitor=visitor, saved_at__isnull=False)
        .select_related("setting", "metal", "stone", "store")
        .order_by("-saved_at")
        if visitor
        else Design.objects.none()
    )
    kept = [(design, quotes.quote(design, now=timezone.now())) for design in mine[:12]]
    return page(
        request,
        "builder/saved.html",
        {"kept": kept, "sent_to": request.session.get(SENT_TO, "")},
        design=kept[0][0] if kept else None,
        quote=kept[0][1] if kept else None,
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """A saved ring, seen from its mail. Looking changes nothing; only the button goes on with it here."""
    now = timezone.now()
    try:
        if request.method == "POST":
            visitor = visitors.ensure(request, now=now)
            saving.resume(token=token, visitor=visitor, now=now)
            messages.success(request, "It is all here, just as you left it.")
            return redirect("builder:ring")
        design = links.opened(token, now=now).design
    except links.LinkGone:
        return page(request, "410.html", status=410)
    quote = quoted(design, now=now)
    response = page(
        request, "builder/link.html", {"gone": is_gone(design)}, design=design, quote=quote
    )
    response.headers["Referrer-Policy"] = "same-origin"  # the address is a key
    response.headers["X-Robots-Tag"] = "noindex"
    return response
