"""The site with three addresses before it, on a server of several processes: hold a time, book one, and one INSERT.

All three read the same JSON, write to the same database and answer as briefly, so that what is compared is the booking.
`granian bench.with_bookings:application` serves it; BENCH_DATABASE names the database.
"""

import json
import logging
import os
import uuid
from datetime import datetime, timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jeweler.settings")
django.setup()

from django.conf import settings  # noqa: E402  after the set-up
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connections  # noqa: E402
from django.http import HttpRequest, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402

from appointments import booking, terms  # noqa: E402
from appointments.booking import Contact  # noqa: E402
from appointments.diary import Asked  # noqa: E402
from appointments.models import Appointment  # noqa: E402
from appointments.promises import StoneTaken  # noqa: E402
from appointments.seating import SlotTaken  # noqa: E402
from builder.models import Stone  # noqa: E402
from jeweler.urls import urlpatterns as site  # noqa: E402

TAKEN = 409


def _held(request: HttpRequest) -> Appointment:
    said = json.loads(request.body)
    known = terms.kept()
    asked = Asked(
        service=known.service(said["service"]), store=known.store(said["store"]),
        stones=list(Stone.objects.filter(pk__in=said["stones"])) if said["stones"] else [],
    )  # fmt: skip
    starts_at = datetime.fromisoformat(said["starts_at"])
    return booking.reserve(
        asked=asked, starts_at=starts_at, key=uuid.UUID(said["key"]), now=timezone.now()
    )


def _answer(request: HttpRequest, *, and_confirm: bool) -> JsonResponse:
    try:
        visit = _held(request)
        if and_confirm:
            who = Contact(email=f"bench.{visit.key.hex}@example.com", first_name="Ada")
            visit = booking.confirm(uid=visit.uid, contact=who, now=timezone.now())
    except SlotTaken as taken:
        return JsonResponse({"starts": [each.isoformat() for each in taken.starts]}, status=TAKEN)
    except StoneTaken:
        return JsonResponse({"starts": []}, status=TAKEN)
    return JsonResponse({"uid": str(visit.uid), "status": visit.status}, status=201)


@csrf_exempt
def hold(request: HttpRequest) -> JsonResponse:
    return _answer(request, and_confirm=False)


@csrf_exempt
def book(request: HttpRequest) -> JsonResponse:
    return _answer(request, and_confirm=True)


@csrf_exempt
def insert(request: HttpRequest) -> JsonResponse:
    """What a view costs that looks at nothing: one row, no lock, no check, no promise. It is no hold that others would tidy."""
    said = json.loads(request.body)
    now, starts_at = timezone.now(), datetime.fromisoformat(said["starts_at"])
    visit = Appointment(
        store_id=said["store"], service_id=said["service"], key=uuid.UUID(said["key"]), status="expired",
        starts_at=starts_at, ends_at=starts_at + timedelta(hours=1), held_at=now, expires_at=now,
    )  # fmt: skip
    visit.save(force_insert=True)
    return JsonResponse({"uid": str(visit.uid), "status": visit.status}, status=201)


urlpatterns = [
    path("bench/hold/", hold),
    path("bench/book/", book),
    path("bench/insert/", insert),
    *site,
]
settings.ROOT_URLCONF = __name__
if name := os.environ.get("BENCH_DATABASE"):
    connections["default"].settings_dict["NAME"] = name
application = get_wsgi_application()
logging.getLogger("django.request").setLevel(logging.ERROR)  # a refusal is an answer here
