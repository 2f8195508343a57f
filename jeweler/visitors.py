"""Browsers, known by a first-party cookie that our own host sets and no script can read.

The cookie holds a random token, the database only its hash. `current` never creates; `ensure` does,
and `jeweler.middleware.visitor_cookie` then puts the cookie on the response.
"""

import re
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase

from jeweler import customers, merging, tokens
from jeweler.models import Customer, IdentityEdge, Visitor

COOKIE = "ring_visitor"
SEEN_AGAIN_AFTER = timedelta(minutes=10)  # so that a visit writes once, not at every page
LONGEST_TOKEN = 64

# What has been found out about a request is kept in its environment, under these names.
_VISITOR = "jeweler.visitor"
_NEW_TOKEN = "jeweler.visitor.new_token"  # noqa: S105  a name

ROBOTS = re.compile(
    r"(?<!cu)bot\b|crawl|spider|slurp|preview|facebookexternalhit|headless|lighthouse|pingdom"
    r"|uptime|monitor|curl/|wget/|python-|go-http|java/|okhttp|axios|node-fetch|libwww|scrapy",
    re.IGNORECASE,
)
TABLETS = re.compile(r"ipad|tablet|kindle|silk/|android(?!.*mobile)", re.IGNORECASE)
# How browsers say that they fetch a page which nobody has asked for yet.
PURPOSES = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
AHEAD_OF_TIME = ("prefetch", "prerender", "preview")
PHONES = re.compile(r"iphone|ipod|android.*mobile|windows phone|mobile", re.IGNORECASE)


def current(request: HttpRequest) -> Visitor | None:
    """The visitor whose cookie came with the request; None without one that we know."""
    if _VISITOR not in request.META:
        token = request.COOKIES.get(COOKIE, "")
        request.META[_VISITOR] = (
            Visitor.objects.filter(token_hash=tokens.hashed(token)).first()
            if 0 < len(token) <= LONGEST_TOKEN
            else None
        )
    visitor: Visitor | None = request.META[_VISITOR]
    return visitor


def ensure(request: HttpRequest, *, now: datetime) -> Visitor:
    """The request's visitor, made known now if need be."""
    visitor = current(request)
    if visitor is None:
        token, token_hash = tokens.issue()
        visitor = Visitor.objects.create(
            token_hash=token_hash,
            device=device(request.headers.get("User-Agent", "")),
            first_seen_at=now,
            last_seen_at=now,
        )
        request.META[_VISITOR] = visitor
        request.META[_NEW_TOKEN] = token
    return visitor


def remember(request: HttpRequest, response: HttpResponseBase, *, now: datetime) -> None:
    """Set the cookie of a new visitor, and lengthen the life of one that is seen again."""
    visitor: Visitor | None = request.META.get(_VISITOR)
    if visitor is None:
        return
    token = request.META.get(_NEW_TOKEN)
    if token is None:
        if now - visitor.last_seen_at < SEEN_AGAIN_AFTER:
            return
        token = request.COOKIES[COOKIE]
        visitor.last_seen_at = now
        visitor.save(update_fields=["last_seen_at"])
    response.set_cookie(
        COOKIE,
        token,
        max_age=timedelta(days=settings.VISITOR_COOKIE_DAYS),
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


@transaction.atomic
def recognize(
    *, visitor: Visitor, customer: Customer, evidence: IdentityEdge.Evidence, now: datetime
) -> None:
    """Believe that this browser is this customer's, and keep why.

    A showroom's own device says nothing about who uses it and is left alone. A browser that has
    been another customer's is from now on this one's, and the two stay two people, unless they
    share a phone number: then they are merged.
    """
    visitor = Visitor.objects.select_for_update(of=["self"], no_key=True).get(pk=visitor.pk)
    if visitor.is_store_device:
        return
    customer = customers.resolve(customer)
    edges = visitor.edges.filter(revoked_at=None).select_related("customer__merged_into")
    others = {customers.resolve(edge.customer) for edge in edges} - {customer}
    if not edges.filter(customer=customer, evidence=evidence).exists():
        IdentityEdge.objects.create(
            visitor=visitor, customer=customer, evidence=evidence, created_at=now
        )
    for other in sorted(others, key=lambda other: other.pk):
        if customers.phones_of(other) & customers.phones_of(customer):
            reason = "The same browser and the same phone number"
            merging.merge(kept=other, absorbed=customer, reason=reason, by=None, now=now)
            customer = other
    visitor.customer = customer
    visitor.save(update_fields=["customer"])


def a_person_navigates(request: HttpRequest) -> bool:
    """A page asked for by a browser's user: no program, no prefetch, no part of a page."""
    headers = request.headers
    purpose = " ".join(headers.get(name, "") for name in PURPOSES).lower()
    return (
        request.method == "GET"
        and headers.get("Sec-Fetch-Dest", "document") == "document"
        and "HX-Request" not in headers
        and not any(word in purpose for word in AHEAD_OF_TIME)
        and not is_robot(headers.get("User-Agent", ""))
    )


def is_robot(user_agent: str) -> bool:
    """Whether a program is asking, by its own word; one that says nothing is a program."""
    return not user_agent.strip() or ROBOTS.search(user_agent) is not None


def device(user_agent: str) -> Visitor.Device:
    if TABLETS.search(user_agent):
        return Visitor.Device.TABLET
    if PHONES.search(user_agent):
        return Visitor.Device.PHONE
    return Visitor.Device.COMPUTER
