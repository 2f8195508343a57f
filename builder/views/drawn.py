"""The drawn pictures' addresses."""

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe

from builder import codes, gallery
from jeweler import qr

A_YEAR = "public, max-age=31536000, immutable"


@require_safe
def picture(request: HttpRequest, content_hash: str) -> HttpResponseBase:
    """The PNG of a known description, `?w=` 300, 600 or 900 pixels wide (900 when not said)."""
    width = request.GET.get("w", "900")
    if width not in {str(each) for each in gallery.WIDTHS}:
        raise Http404
    try:
        file = gallery.picture(content_hash=content_hash, width=int(width))
    except gallery.UnknownPicture as error:
        raise Http404 from error
    except gallery.BenchBusy:
        busy = HttpResponse("The bench is busy; ask again.", status=503)
        busy["Retry-After"] = "5"
        return busy
    response = FileResponse(file.open("rb"), content_type="image/png")
    response["Cache-Control"] = A_YEAR
    return response


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
