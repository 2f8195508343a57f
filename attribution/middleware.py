"""Notice an arrival at a storefront page, after the page is made."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponseBase
from django.http.request import validate_host
from django.utils import timezone

from attribution import channels, tracking
from builder import links
from builder.models import DesignLink
from jeweler import visitors

logger = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponseBase]

STOREFRONT = {"builder", "appointments", "referrals"}
LINK, LIST = "builder:link", "builder:all_of_hers"
# What our own mails lead to. A shared link is passed on by whatever way people have, so it is none of them.
MAILED = {DesignLink.Purpose.RESUME: "saved design", DesignLink.Purpose.HINT: "hint"}
KEYS = {"token", "code"}  # of an address: whoever has it may look, or is known by it


def touchpoints(get_response: GetResponse) -> GetResponse:
    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not (visitors.a_person_navigates(request) and _is_arrival(request)):
            return get_response(request)
        at = timezone.now()
        response = get_response(request)
        if _is_storefront_page(request, response):
            try:
                with transaction.atomic():
                    _remember(request, _arrival(request, at=at))
            except DatabaseError:
                # The one thing that may fail unseen: she gets her page, we lose one touch and log it.
                logger.exception("An arrival at %s was not remembered", _path(request))
        return response

    return middleware


def _remember(request: HttpRequest, arrival: tracking.Arrival) -> None:
    visitor = visitors.ensure(request, now=arrival.at)
    known = None if visitor.first_seen_at >= arrival.at else visitor
    if tracking.is_touch(arrival=arrival, known=known):
        tracking.record(arrival=arrival, visitor=visitor)


def _is_arrival(request: HttpRequest) -> bool:
    """No step inside; a link that names a campaign or a click begins something wherever it is, as in GA4."""
    headers = request.headers
    is_step_inside = headers.get("Sec-Fetch-Site") == "same-origin" or _is_ours(
        channels.host_of(headers.get("Referer", "")), request
    )
    return not is_step_inside or channels.read(query=request.GET.dict(), referrer_host="").is_tagged


def _is_ours(referrer_host: str, request: HttpRequest) -> bool:
    if not referrer_host:
        return False
    own = request.get_host().rpartition(":")[0] or request.get_host()
    return referrer_host == own or validate_host(referrer_host, settings.ALLOWED_HOSTS)


def _is_storefront_page(request: HttpRequest, response: HttpResponseBase) -> bool:
    match = request.resolver_match
    return (
        match is not None
        and match.app_name in STOREFRONT
        and response.status_code < 400
        and response.headers.get("Content-Type", "").startswith("text/html")
    )


def _arrival(request: HttpRequest, *, at: datetime) -> tracking.Arrival:
    referrer_host = channels.host_of(request.headers.get("Referer", ""))
    origin = channels.read(query=request.GET.dict(), referrer_host=referrer_host)
    campaign = _mailed(request, at=at)
    if campaign and not origin.is_tagged:
        origin = replace(
            origin,
            channel=channels.Channel.EMAIL,
            source="our mail",
            medium="email",
            campaign=campaign,
        )
    return tracking.Arrival(
        origin=origin,
        path=channels.clean(_path(request), limit=500),
        is_opted_out=request.headers.get("Sec-GPC") == "1",
        at=at,
    )


def _path(request: HttpRequest) -> str:
    """Where she arrived; of an address that is a key only what comes before the key."""
    match = request.resolver_match
    if match is None or not KEYS & match.kwargs.keys():
        return request.path
    return "/" + match.route.partition("<")[0]


def _mailed(request: HttpRequest, *, at: datetime) -> str:
    """Which of our mails has this address; empty: none."""
    match = request.resolver_match
    if match is None or match.view_name not in (LINK, LIST):
        return ""
    if match.view_name == LIST:
        return MAILED[DesignLink.Purpose.RESUME]
    try:
        link = links.opened(match.kwargs["token"], now=at)
    except links.LinkGone:
        return ""
    return MAILED.get(DesignLink.Purpose(link.purpose), "")
