"""An associate's calendar, for the program on her phone that subscribes to it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from appointments import calendar_feed


def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """Opened by its token alone; whoever has it reads, and changes nothing."""
    try:
        associate = calendar_feed.whose(token)
    except calendar_feed.NoSuchCalendar as error:
        raise Http404(str(error)) from error
    response = HttpResponse(
        calendar_feed.written(associate, now=timezone.now()),
        content_type="text/calendar; charset=utf-8",
        headers={"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"},
    )
    add_never_cache_headers(response)
    return response
