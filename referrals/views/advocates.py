"""The advocate's page behind the link in her mail, what she takes from it, and how she comes by the link."""

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from builder import allowances, limits
from builder.allowances import Limit
from builder.pages import page
from jeweler import customers, qr, visitors
from referrals import advocates, footprints, inviting, links, sharing, vanity, wording
from referrals.footprints import Footprint
from referrals.models import Advocate, Share

ASKED: limits.Limits = (
    Limit(name="friends-to", most=3, hours=1),
    Limit(name="friends-from", most=8, hours=1),
    Limit(name="friends-network", most=120, hours=1),
)
REFUSALS = (wording.BadWord, wording.BadNote, vanity.HasOne, vanity.WordTaken)
FILES = {"svg": "image/svg+xml", "png": "image/png"}


class AddressForm(forms.Form):
    """Where the link is sent."""

    email = forms.CharField(
        max_length=254,
        error_messages={"required": "Which address do you use with us? It is missing."},
    )

    def clean_email(self) -> str:
        try:
            return customers.canonical_email(self.cleaned_data["email"])
        except customers.BadEmail as error:
            raise ValidationError(str(error)) from error


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """The link by mail. Every address is answered alike, known or not."""
    form = AddressForm(request.POST or None)
    context: dict[str, object] = {"form": form}
    if request.method != "POST" or not form.is_valid():
        return _page(request, "referrals/ask.html", context, status=400 if form.errors else 200)
    now, email = timezone.now(), form.cleaned_data["email"]
    try:
        with transaction.atomic():
            visitor = visitors.current(request)
            limits.take(ASKED, request=request, to=email, visitor=visitor, now=now)
            inviting.send_link(email=email, now=now)
    except allowances.TooMany as error:
        form.add_error("email", limits.in_words(error))
        return limits.later(_page(request, "referrals/ask.html", context), error)
    return _page(request, "referrals/ask.html", {"sent_to": email})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """An invitation. Looking changes nothing; the button gives her a code and opens her page."""
    now = timezone.now()
    try:
        customer = links.invited(token)
        if request.method == "POST":
            advocate = advocates.join(customer=customer, now=now)
            return redirect("referrals:hers", links.issue(advocate=advocate, now=now))
    except (links.LinkEnded, advocates.CannotJoin):
        return _gone(request)
    terms = sharing.terms_now(now=now)
    return _page(
        request, "referrals/join.html", {"terms": terms, "thanks": sharing.promised(terms)}
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def hers(request: HttpRequest, token: str) -> HttpResponse:
    now = timezone.now()
    try:
        advocate = links.opened(token, now=now)
    except links.LinkEnded:
        return _gone(request)
    if request.method != "POST":
        return _hers(request, advocate, token)
    try:
        done = _do(request, advocate)
    except REFUSALS as refusal:
        return _hers(request, advocate, token, refused=str(refusal), status=400)
    if request.POST.get("do") in (Share.Way.CARD, Share.Way.QR):
        return redirect(done)
    return redirect(f"{reverse('referrals:hers', args=[token])}?kept={done}#{done}")


def _do(request: HttpRequest, advocate: Advocate) -> str:
    """One of the page's buttons; the part of the page that it belongs to, or where it leads."""
    said, now = request.POST, timezone.now()
    token = str(request.resolver_match.kwargs["token"]) if request.resolver_match else ""
    match said.get("do"):
        case "write":
            sharing.write(
                advocate=advocate,
                note=said.get("note", ""),
                shows_first_name=bool(said.get("shows_first_name")),
            )
            return "line"
        case "word":
            vanity.ask(advocate=advocate, text=said.get("word", ""), now=now)
            return "word"
        case "give-up":
            vanity.give_up(advocate=advocate, now=now)
            return "word"
        case Share.Way.CARD:
            sharing.shared(
                advocate=advocate, way=Share.Way.CARD, footprint=_footprint(request), now=now
            )
            return reverse("referrals:card", args=[token])
        case Share.Way.QR:
            kind = "svg" if said.get("kind") == "svg" else "png"
            sharing.shared(
                advocate=advocate, way=Share.Way.QR, footprint=_footprint(request), now=now
            )
            return reverse("referrals:code", args=[token, kind])
    raise Http404("This page has no such button; go back to it and choose one of its own.")


@require_POST
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """What only a script can tell: that she handed it to another program, or copied it."""
    now = timezone.now()
    try:
        advocate = links.opened(token, now=now)
        way = Share.Way(request.POST.get("way", ""))
    except links.LinkEnded:
        return HttpResponse(status=410)
    except ValueError:
        return HttpResponse("Say the way: sheet or copy.", status=400)
    sharing.shared(advocate=advocate, way=way, footprint=_footprint(request), now=now)
    return HttpResponse(status=204)


@never_cache
@require_safe
def card(request: HttpRequest, token: str) -> HttpResponse:
    """Four cards on a sheet of paper, to be cut."""
    now = timezone.now()
    try:
        advocate = links.opened(token, now=now)
    except links.LinkEnded:
        return _gone(request)
    terms = sharing.terms_now(now=now)
    return _page(
        request,
        "referrals/card.html",
        {
            "token": token,
            "code": sharing.code_shown(advocate),
            "address": sharing.landing_url(advocate).partition("://")[2],
            "qr": qr.svg(
                text=links.scanned_url(advocate.code), label="QR code", error="q", fits=True
            ),
            "terms": terms,
            "cards": range(4),
        },
    )


@never_cache
@require_safe
def code(request: HttpRequest, token: str, kind: str) -> HttpResponse:
    """Her QR as a file to print: an SVG, or a PNG."""
    if kind not in FILES:
        raise Http404("A QR is had as code.svg or as code.png.")
    try:
        advocate = links.opened(token, now=timezone.now())
    except links.LinkEnded:
        return _gone(request)
    text = links.scanned_url(advocate.code)
    drawn = (
        qr.file(text=text, error="q") if kind == "svg" else qr.png(text=text, scale=16, error="q")
    )
    return HttpResponse(
        drawn,
        content_type=FILES[kind],
        headers={
            "Content-Disposition": f'attachment; filename="{advocate.code}.{kind}"',
            "X-Robots-Tag": "noindex",
        },
    )


def _hers(
    request: HttpRequest, advocate: Advocate, token: str, *, refused: str = "", status: int = 200
) -> HttpResponse:
    now = timezone.now()
    terms = sharing.terms_now(now=now)
    word = vanity.of(advocate)
    is_approved = word is not None and word.state == word.State.APPROVED
    address = (
        links.landing_url(word.text) if word and is_approved else sharing.landing_url(advocate)
    )
    return _page(
        request,
        "referrals/hers.html",
        {
            "token": token,
            "advocate": advocate,
            "first_name": customers.resolve(advocate.customer).first_name,
            "address": address,
            "address_shown": address.partition("://")[2],
            "code": sharing.code_shown(advocate),
            "qr": qr.svg(
                text=links.scanned_url(advocate.code),
                label=f"QR code of {sharing.code_shown(advocate)}", error="q", fits=True,
            ),
            "words": sharing.words(advocate=advocate, address=address, terms=terms),
            "terms": terms,
            "promised": sharing.promised(terms),
            "thanks": sharing.thanks(advocate, now=now),
            "word": word,
            "word_is_approved": is_approved,
            "word_refused": vanity.last_refused(advocate),
            "kept": request.GET.get("kept", ""),
            "refused": refused,
            "refused_do": request.POST.get("do", "") if refused else "",
            "typed": request.POST if refused else {},
        },
        status=status,
    )  # fmt: skip


def _footprint(request: HttpRequest) -> Footprint:
    agent = request.headers.get("User-Agent", "")
    return footprints.of(network=limits.network_of(request), agent=agent)


def _gone(request: HttpRequest) -> HttpResponse:
    """One answer for what was forged, has ended or was taken back, with the way to a new link."""
    return _page(request, "referrals/gone.html", {"form": AddressForm()}, status=410)


def _page(
    request: HttpRequest, template: str, context: dict[str, object], *, status: int = 200
) -> HttpResponse:
    """None of these is for a search engine, and the address of most is a key."""
    response = page(request, template, context, status=status)
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
