"""The public list of times, and booking one, for programs: /api/v1/visits/…, described at /api/v1/schema/.

Promise: the same rules and the same answers as the pages: 201 held or booked, 409 somebody was faster (with the nearest times), 410 the
hold has run out (likewise), 412 booked already, 404 unknown, 422 the key or the words cannot be taken. `Idempotency-Key` makes a
hold that is asked for twice one hold. No account; who holds the hold's uid may confirm it.

Limit: a visit booked here names its stones by their ids; rings come with the shopper's own browser.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from appointments import booking, looking, risk, terms, visits
from appointments.booking import AlreadyConfirmed, HoldExpired
from appointments.diary import Asked, NotOffered, StoneGone
from appointments.forms import VisitForm
from appointments.keys import KeyReused
from appointments.models import Appointment
from appointments.promises import StoneTaken
from appointments.seating import SlotTaken
from appointments.visits import NoSuchVisit
from builder import allowances, limits, turns
from builder.models import Stone

TURNS = turns.Turns(scope="visits")
LONGEST = timedelta(days=31)
MOST_STONES = 8
CONFLICT, GONE, BOOKED, UNREADABLE, LATER = 409, 410, 412, 422, 429


class SlotSerializer(serializers.Serializer[Any]):
    starts_at = serializers.DateTimeField(help_text="In UTC")
    associates = serializers.ListField(child=serializers.IntegerField(), help_text="Who is free then")  # fmt: skip


class SlotsSerializer(serializers.Serializer[Any]):
    store = serializers.CharField()
    service = serializers.CharField()
    time_zone = serializers.CharField(help_text="Of the store's wall: a visit there is told by it")
    minutes = serializers.IntegerField()
    slots = SlotSerializer(many=True)


class RefusalSerializer(serializers.Serializer[Any]):
    detail = serializers.CharField(help_text="What is wrong, and the way out")
    starts = serializers.ListField(
        child=serializers.DateTimeField(), required=False, help_text="The nearest that are free"
    )


class AskedSerializer(serializers.Serializer[Any]):
    """What a visit is to be."""

    store = serializers.SlugField()
    service = serializers.SlugField()
    stones = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        required=False, default=list, max_length=MOST_STONES, help_text="Their ids",
    )  # fmt: skip
    language = serializers.CharField(required=False, default="", max_length=8)
    associate = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=1, max_value=2**63 - 1)  # fmt: skip


class HoldSerializer(AskedSerializer):
    starts_at = serializers.DateTimeField()


class WindowSerializer(AskedSerializer):
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()


class HeldSerializer(serializers.Serializer[Any]):
    uid = serializers.UUIDField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True, help_text="Confirm it before")
    associate = serializers.CharField()


class ConfirmSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    email = serializers.CharField(max_length=254)
    phone = serializers.CharField(required=False, allow_blank=True, default="")
    occasion = serializers.CharField(required=False, allow_blank=True, default="")
    occasion_date = serializers.DateField(required=False, allow_null=True, default=None)
    is_surprise = serializers.BooleanField(required=False, default=False)
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=1000)


class BookedSerializer(serializers.Serializer[Any]):
    uid = serializers.UUIDField()
    starts_at = serializers.DateTimeField()
    must_verify = serializers.BooleanField(
        help_text="To be confirmed by the link in its mail within two hours"
    )


class Refused(Exception):
    """What cannot be done: its status and its words."""

    def __init__(
        self, status: int, words: Any, starts: Sequence[datetime] | None = None, wait_s: int = 0
    ) -> None:
        super().__init__(str(words))
        self.status = status
        self.headers = {"Retry-After": str(wait_s)} if wait_s else {}
        self.body = words if isinstance(words, dict) else {"detail": str(words)}
        if starts is not None:
            self.body["starts"] = [start.isoformat() for start in starts]


class Visits(APIView):
    """Public, and as often as the stone list may be asked."""

    authentication_classes = []
    permission_classes = [AllowAny]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.now = timezone.now()
        return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        wait = TURNS.wait_s(address=turns.address_of(request), now_s=self.now.timestamp())
        if wait:
            raise Refused(LATER, f"Too many requests. Ask again in {wait} seconds.", wait_s=wait)

    def handle_exception(self, exc: Exception) -> Response:
        refusal = exc if isinstance(exc, Refused) else _refusal(exc)
        if refusal is None:
            return super().handle_exception(exc)
        answer = Response(refusal.body, status=refusal.status, headers=refusal.headers)
        answer.exception = True
        return answer


class Slots(Visits):
    """Every start that can be booked in a window of a month at most."""

    @extend_schema(
        operation_id="visit_slots",
        parameters=[
            OpenApiParameter("store", OpenApiTypes.STR, required=True, description="Its code"),
            OpenApiParameter("service", OpenApiTypes.STR, required=True, description="Its code"),
            OpenApiParameter("since", OpenApiTypes.DATETIME, required=True),
            OpenApiParameter("until", OpenApiTypes.DATETIME, required=True),
            OpenApiParameter("stones", OpenApiTypes.INT, many=True, description="Their ids"),
            OpenApiParameter("language", OpenApiTypes.STR),
            OpenApiParameter("associate", OpenApiTypes.INT),
        ],
        responses={200: SlotsSerializer, 404: RefusalSerializer, 410: RefusalSerializer, 422: OpenApiTypes.OBJECT, 429: RefusalSerializer},
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        said: dict[str, Any] = dict(request.query_params.items())
        said["stones"] = request.query_params.getlist("stones")
        window = _valid(WindowSerializer(data=said))
        asked = _asked(window, terms.in_force())
        until = min(window["until"], window["since"] + LONGEST)
        found = looking.slots(asked, since=window["since"], until=until, now=self.now)
        return Response({
            "store": asked.store.code, "service": asked.service.code, "time_zone": asked.store.time_zone,
            "minutes": asked.service.minutes,
            "slots": [{"starts_at": at, "associates": list(who)} for at, who in found.items()],
        })  # fmt: skip


class Holds(Visits):
    """Keep a time for ten minutes."""

    @extend_schema(
        operation_id="visit_hold",
        parameters=[
            OpenApiParameter("Idempotency-Key", OpenApiTypes.UUID, OpenApiParameter.HEADER, description="Once per key")
        ],
        request=HoldSerializer,
        responses={201: HeldSerializer, 404: RefusalSerializer, 409: RefusalSerializer, 410: RefusalSerializer, 422: OpenApiTypes.OBJECT, 429: RefusalSerializer},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        said = _valid(HoldSerializer(data=request.data))
        key = _key(request.headers.get("Idempotency-Key"))
        risk.take_hold(network=limits.network_of(request), now=self.now)
        # With stones it is not held at once, and its terms are not compared then.
        known = terms.in_force() if said["stones"] else terms.kept()
        held = booking.reserve(
            asked=_asked(said, known), starts_at=said["starts_at"], key=key, now=self.now
        )
        return Response(HeldSerializer(_held(visits.read(uid=held.uid))).data, status=201)


class Confirm(Visits):
    """Book the time that is held."""

    @extend_schema(
        operation_id="visit_confirm",
        request=ConfirmSerializer,
        responses={201: BookedSerializer, 404: RefusalSerializer, 410: RefusalSerializer, 412: RefusalSerializer, 422: OpenApiTypes.OBJECT, 429: RefusalSerializer},
    )  # fmt: skip
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        visit = visits.read(uid=uid)
        said = _valid(ConfirmSerializer(data=request.data))
        form = VisitForm(said, region=visit.store.region)
        if not form.is_valid():
            raise Refused(UNREADABLE, {name: list(words) for name, words in form.errors.items()})
        email = form.cleaned_data["email"]
        if visit.status == Appointment.Status.HELD:
            risk.take_booking(network=limits.network_of(request), email=email, now=self.now)
        booked = booking.confirm(
            uid=uid, contact=form.contact(), wishes=form.wishes(), risk=risk.judge(email=email), now=self.now
        )  # fmt: skip
        told = {
            "uid": booked.uid,
            "starts_at": booked.starts_at,
            "must_verify": risk.is_unverified(booked),
        }
        return Response(BookedSerializer(told).data, status=201)


def _valid(said: serializers.Serializer[Any]) -> dict[str, Any]:
    if not said.is_valid():
        raise Refused(UNREADABLE, dict(said.errors))
    found: dict[str, Any] = said.validated_data
    return found


def _asked(said: dict[str, Any], known: terms.Terms) -> Asked:
    named = known.named(store=said["store"], service=said["service"])
    if named is None:
        raise Refused(404, "There is no such store, or no such service. Look at their codes.")
    store, service = named
    stones = list(Stone.objects.filter(pk__in=said["stones"]).order_by("pk")) if said["stones"] else []  # fmt: skip
    if len(stones) != len(set(said["stones"])):
        raise Refused(404, "There is no stone of one of these ids.")
    return Asked(
        service=service, store=store, stones=stones, language=said["language"], associate_id=said["associate"]
    )  # fmt: skip


def _key(said: str | None) -> uuid.UUID:
    try:
        return uuid.UUID(said) if said else uuid.uuid4()
    except ValueError:
        raise Refused(UNREADABLE, "Idempotency-Key is no UUID.") from None


def _held(visit: Appointment) -> dict[str, Any]:
    return {
        "uid": visit.uid, "starts_at": visit.starts_at, "ends_at": visit.ends_at,
        "expires_at": visit.expires_at, "associate": visit.associate.name if visit.associate else "",
    }  # fmt: skip


def _refusal(error: Exception) -> Refused | None:
    """What the rules refuse, in the answer's words."""
    if isinstance(error, SlotTaken):
        return Refused(CONFLICT, error, error.starts)
    if isinstance(error, StoneTaken):
        return Refused(CONFLICT, error, [])
    if isinstance(error, HoldExpired):
        return Refused(GONE, error, error.starts)
    if isinstance(error, allowances.TooMany):
        return Refused(LATER, error, wait_s=error.wait_s)
    statuses: dict[type[Exception], int] = {
        StoneGone: GONE, AlreadyConfirmed: BOOKED, NoSuchVisit: 404, NotOffered: 404,
        KeyReused: UNREADABLE, risk.TooManyVisits: CONFLICT,
    }  # fmt: skip
    status = statuses.get(type(error))
    return Refused(status, error) if status else None
