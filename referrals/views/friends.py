"""Where a friend arrives by a link or a QR, and her own page behind the link in her mail."""

import logging
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from builder import allowances, limits, portraits
from builder.allowances import Limit
from builder.pages import page
from jeweler import customers, money, visitors
from jeweler.models import Store
from referrals import broadcasts, footprints, links
from referrals import landing as landings
from referrals.models import Referral, Touch

logger = logging.getLogger(__name__)

KEPT: limits.Limits = (
    Limit(name="intro-to", most=3, hours=24),
    Limit(name="intro-from", most=6, hours=24),
    Limit(name="intro-network", most=120, hours=24),
)


# Wrong codes of one network in a day. Beyond that every code is an unknown one to it.
GUESSES = Limit(name="code-guesses", most=50, hours=24)


class KeepForm(forms.Form):
    """Who she is, by an e-mail or a phone, and until when it is a surprise."""

    contact = forms.CharField(
        max_length=254,
        error_messages={
            "required": "Your e-mail or your phone is missing: one of the two is enough."
        },
    )
    country = forms.CharField(max_length=2, required=False)
    is_surprise = forms.BooleanField(required=False)
    surprise_until = forms.DateField(
        required=False, error_messages={"invalid": "Write the day like 2027-06-01."}
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        wants = said.get("is_surprise")
        if wants and not said.get("surprise_until") and "surprise_until" not in self.errors:
            self.add_error(
                "surprise_until", "Until which day? Choose the first on which it may show."
            )
        if not wants:
            said["surprise_until"] = None
        return said


class SecretForm(forms.Form):
    surprise_until = forms.DateField(
        error_messages={
            "required": "Choose the day on which it may show.",
            "invalid": "Write the day like 2027-06-01.",
        }
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def landing(request: HttpRequest, code: str) -> HttpResponse:
    return _landed(request, code, channel=Touch.Channel.LINK)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def scanned(request: HttpRequest, code: str) -> HttpResponse:
    return _landed(request, code, channel=Touch.Channel.QR)


def _landed(request: HttpRequest, code: str, *, channel: Touch.Channel) -> HttpResponse:
    """Whatever the code is, the page is calm, and answers 200: who guesses codes learns nothing."""
    now = timezone.now()
    network = limits.network_of(request)
    is_guessing = allowances.is_used_up(GUESSES, asker=network, now=now)
    offer = None if is_guessing else landings.offer(code, now=now)
    if offer is None:
        allowances.count(GUESSES, asker=network, now=now)
        return _page(request, None)
    if request.method == "POST":
        return _kept(request, offer, now=now)
    if visitors.a_person_navigates(request) and not request.user.is_staff:
        _remember(request, offer, channel=channel, at=now)
    return _page(request, offer)


def _remember(
    request: HttpRequest, offer: landings.Offer, *, channel: Touch.Channel, at: datetime
) -> None:
    """She gets her page whether or not we can write that she came."""
    headers = request.headers
    try:
        with transaction.atomic():
            landings.arrive(
                advocate=offer.advocate,
                visitor=visitors.ensure(request, now=at),
                arrival=landings.Arrival(
                    channel=channel,
                    footprint=footprints.of(
                        network=limits.network_of(request), agent=headers.get("User-Agent", "")
                    ),
                    is_broadcast=broadcasts.is_one(
                        query=request.GET, referrer=headers.get("Referer", "")
                    ),
                    at=at,
                ),
            )
    except DatabaseError:
        logger.exception("A friend's arrival was not remembered")


def _kept(request: HttpRequest, offer: landings.Offer, *, now: datetime) -> HttpResponse:
    form = KeepForm(request.POST)
    if not form.is_valid():
        return _page(request, offer, form=form, status=400)
    said = form.cleaned_data
    contact, visitor = said["contact"].strip(), visitors.ensure(request, now=now)
    email, phone = (contact, "") if "@" in contact else ("", contact)
    region = said["country"] if said["country"] in _regions() else _regions()[0]
    try:
        with transaction.atomic():
            if email:
                limits.take(KEPT, request=request, to=email, visitor=visitor, now=now)
            else:
                network = {KEPT[1]: str(visitor.pk), KEPT[2]: limits.network_of(request)}
                allowances.take(askers=network, now=now)
            landings.keep(
                advocate=offer.advocate, email=email, phone=phone, region=region,
                surprise_until=said["surprise_until"], visitor=visitor, now=now,
            )  # fmt: skip
    except (customers.BadEmail, customers.BadPhone) as error:
        form.add_error("contact", str(error))
    except landings.BadDate as error:
        form.add_error("surprise_until", str(error))
    except allowances.TooMany as error:
        form.add_error("contact", limits.in_words(error))
        return limits.later(_page(request, offer, form=form), error)
    if form.errors:
        return _page(request, offer, form=form, status=400)
    return _page(request, offer, kept_for=contact, surprise_until=said["surprise_until"])


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def introduced(request: HttpRequest, token: str) -> HttpResponse:
    """The friend's own page: what is kept for her, and until which day nobody learns of it."""
    now = timezone.now()
    try:
        referral = links.friends(token, now=now)
    except links.LinkEnded:
        return _secret(page(request, "referrals/introduced_gone.html", {}, status=410))
    form = SecretForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            until = form.cleaned_data["surprise_until"]
            landings.keep_secret(referral=referral, until=until, now=now)
            referral = links.friends(token, now=now)
        except (landings.BadDate, landings.SurpriseOver) as error:
            form.add_error("surprise_until", str(error))
    is_answer = request.method == "POST" and not form.errors
    return _introduced(request, referral, form, is_answer=is_answer, now=now)


def _introduced(
    request: HttpRequest, referral: Referral, form: SecretForm, *, is_answer: bool, now: datetime
) -> HttpResponse:
    perk = landings.perk_of(referral)
    return _secret(
        page(
            request,
            "referrals/introduced.html",
            {
                "referral": referral,
                "perk": perk,
                "is_kept": perk is not None and landings.is_kept(perk, referral=referral, now=now),
                "form": form,
                "is_answer": is_answer,
                "can_be_changed": landings.can_be_changed(referral, now=now),
                "stores": Store.objects.filter(is_open=True).order_by("id"),
            },
            status=400 if form.errors else 200,
        )
    )


def _page(
    request: HttpRequest,
    offer: landings.Offer | None,
    *,
    form: KeepForm | None = None,
    status: int = 200,
    **context: object,
) -> HttpResponse:
    perk = offer.terms.friend_perk if offer else None
    drawn = portraits.of_settings(
        portraits.offered()[:1], metal=None, stone=None, store=None, now=timezone.now()
    )
    return _secret(
        page(
            request,
            "referrals/landing.html",
            {
                "offer": offer,
                "perk": perk,
                "worth": (
                    money.in_words(perk.face_value, currency=perk.currency)
                    if perk and perk.face_value > 0
                    else ""
                ),
                "form": form or KeepForm(),
                "regions": _regions() if len(_regions()) > 1 else [],
                "hero": drawn[0] if drawn else None,
                "return_days": settings.RETURN_DAYS,
                "stores": Store.objects.filter(is_open=True).order_by("id"),
                **context,
            },
            status=status,
        )
    )


def _regions() -> list[str]:
    """The countries of the house's stores; by their ways a phone number is read."""
    found = Store.objects.filter(is_open=True).order_by("id").values_list("region", flat=True)
    return list(dict.fromkeys(found)) or ["US"]


def _secret(response: HttpResponse) -> HttpResponse:
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
