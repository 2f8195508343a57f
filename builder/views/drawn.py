"""The pictures' addresses: drawn ones, her browser's own, a ring's share card, a code's QR."""

import time
from pathlib import Path

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from builder import cards, codes, gallery, quotes, stills, turns
from builder.pages import design_of
from jeweler import qr

A_YEAR = "public, max-age=31536000, immutable"
HERS = "private, max-age=31536000, immutable"
_stills_sent = turns.Turns(scope="stills", per_minute=12)


@require_safe
def picture(request: HttpRequest, content_hash: str) -> HttpResponseBase:
    """The picture of a known description, `?w=` 300, 600 or 900 pixels wide (900 when not said).

    A browser that names WebP gets it; mail programs and whoever names nothing get the PNG of the address.
    """
    is_light = "image/webp" in request.headers.get("accept", "")
    width = request.GET.get("w", "900")
    if width not in {str(each) for each in gallery.WIDTHS}:
        raise Http404
    try:
        file = gallery.picture(content_hash=content_hash, width=int(width), is_light=is_light)
    except gallery.UnknownPicture as error:
        raise Http404 from error
    except gallery.BenchBusy:
        return _busy()
    response = _file(file)
    response["Vary"] = "Accept"
    return response


@require_safe
def card(request: HttpRequest, signed: str) -> HttpResponseBase:
    """A ring's share card, at the address that the house made for it."""
    try:
        words = cards.said(signed)
        drawn = gallery.picture(content_hash=words["p"], width=900)
    except (cards.UnknownCard, gallery.UnknownPicture) as error:
        raise Http404 from error
    except gallery.BenchBusy:
        return _busy()
    return _file(cards.card(words, picture=drawn))


def _file(file: Path) -> FileResponse:
    response = FileResponse(file.open("rb"), content_type=f"image/{file.suffix[1:]}")
    response["Cache-Control"] = A_YEAR
    return response


def _busy() -> HttpResponse:
    return HttpResponse("The bench is busy; ask again.", status=503, headers={"Retry-After": "5"})


@require_safe
def code(request: HttpRequest, code: str) -> HttpResponse:
    """The QR of a design's code, for its mail. Any true code is drawn: that tells nobody which are in use."""
    try:
        address = codes.scanned_address(code=codes.read(code), site=settings.SITE_URL)
    except codes.NotACode as error:
        raise Http404 from error
    return HttpResponse(
        qr.png(text=address), content_type="image/png", headers={"Cache-Control": A_YEAR}
    )


@require_POST
def still(request: HttpRequest) -> HttpResponse:
    """Take the picture that her browser drew of the ring she is at: `still`, a PNG, and `hash`, the ring it shows.

    204 also where one is kept already; 422 with a reason where it is not taken; nobody waits for either.
    """
    design = design_of(request)
    sent = request.FILES.get("still")
    if design is None or sent is None:
        return HttpResponse("There is no ring of yours, or no picture.", status=422)
    wait_s = _stills_sent.wait_s(address=str(design.visitor_id), now_s=time.time())
    if wait_s:
        return HttpResponse("Too many.", status=429, headers={"Retry-After": str(wait_s)})
    now = timezone.now()
    quote = quotes.quote(design, now=now)
    if not quote.picture_hash or request.POST.get("hash") != quote.picture_hash:
        return HttpResponse("You are at another ring by now.", status=422)
    if (sent.size or 0) > stills.MOST_BYTES:
        return HttpResponse("The picture is too large.", status=422)
    try:
        stills.keep(
            design=design,
            picture_hash=quote.picture_hash,
            description=quote.description,
            file=sent.read(),
            now=now,
        )
    except stills.NotAStill as refusal:
        return HttpResponse(str(refusal), status=422)
    return HttpResponse(status=204)


@require_safe
def still_shown(request: HttpRequest, signed: str) -> HttpResponse:
    """A kept still, for whoever was given its address."""
    try:
        file = stills.shown(signed)
    except stills.UnknownStill as error:
        raise Http404 from error
    return HttpResponse(file, content_type="image/png", headers={"Cache-Control": HERS})
