"""The till's addresses."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jeweler import audit
from pos_bridge import devices, repeats
from pos_bridge.models import TillDevice
from pos_bridge.till import asking, described, looking, problems, telling
from referrals import credit
from referrals.models import CreditHold

SCHEME = "Bearer "
LONGEST_KEY = 128
Answered = tuple[int, dict[str, Any]]
KEY = OpenApiParameter("Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER, required=True)


class TillToken(BaseAuthentication):
    """`Authorization: Bearer <token>`, as the log-in gave it."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, TillDevice]:
        device = devices.known(token=_bearer(request), now=timezone.now())
        return AnonymousUser(), device

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="till"'


class IsTill(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.auth, TillDevice)


class TillView(APIView):
    """Refusals are problem documents, and no cache keeps an answer."""

    authentication_classes = [TillToken]
    permission_classes = [IsTill]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.now = timezone.now()
        response = super().dispatch(request, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store"
        return response

    @property
    def device(self) -> TillDevice:
        assert isinstance(self.request.auth, TillDevice)  # `IsTill` let it in
        return self.request.auth

    def handle_exception(self, exc: Exception) -> Response:
        told = problems.told(exc)
        if told is None and isinstance(exc, exceptions.APIException):
            words = str(exc.detail)
            content = problems.document(exc.status_code, exc.default_code, words, words)
            told = problems.Problem(status=exc.status_code, content=content)
        if told is None:
            raise exc
        headers = dict(told.headers)
        if told.status == 401:
            headers["WWW-Authenticate"] = 'Bearer realm="till"'
        return _problem(told.content, status=told.status, headers=headers)


class LogIn(TillView):
    """Every working day: the till's key, as the bearer, for a token."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="till_log_in",
        request=None,
        responses={200: described.LogInSerializer, 401: described.ProblemSerializer},
    )
    def post(self, request: Request) -> Response:
        entered = devices.log_in(key=_bearer(request), now=self.now)
        store = entered.device.store
        return Response(
            {
                "token": entered.token,
                "ends_at": entered.ends_at.isoformat(),
                "till": entered.device.name,
                "store": store.code,
                "currency": store.currency,
            }
        )


class Designs(TillView):
    """What the counter's page says of a saved design, priced, with its stone's report and place."""

    @extend_schema(
        operation_id="till_design",
        responses={
            200: described.TillDesignSerializer,
            404: described.ProblemSerializer,
            429: described.ProblemSerializer,
        },
    )
    def get(self, request: Request, code: str) -> Response:
        found = looking.design(device=self.device, text=code, now=self.now)
        told = telling.design(found, device=self.device, now=self.now)
        if told is None:
            raise looking.NotFound(f"{found.code} was never saved, so there is nothing to sell.")
        return Response(told)


class Customers(TillView):
    """Whom a whole e-mail address, phone number or design code leads to, covered. Nobody: an empty list."""

    @extend_schema(
        operation_id="till_customers",
        request=described.KeySerializer,
        responses={
            200: described.PeopleSerializer,
            422: described.ProblemSerializer,
            429: described.ProblemSerializer,
        },
    )
    def post(self, request: Request) -> Response:
        key = asking.key(_raw(request))
        found = looking.people(
            device=self.device, email=key.email, phone=key.phone, code=key.code, now=self.now
        )
        return Response(
            {"customers": [telling.customer(each, device=self.device) for each in found]}
        )


class Credit(TillView):
    """What a customer has who was looked up at this till."""

    @extend_schema(
        operation_id="till_credit",
        parameters=[
            OpenApiParameter("customer", OpenApiTypes.STR, required=True, description="Her handle"),
            OpenApiParameter("currency", OpenApiTypes.STR, description="The store's if unsaid"),
        ],
        responses={200: described.BalanceSerializer, 404: described.ProblemSerializer},
    )
    def get(self, request: Request) -> Response:
        her = looking.customer_of(request.query_params.get("customer", ""), device=self.device)
        currency = asking.currency(request.query_params.get("currency", self.device.store.currency))
        there = credit.balance(customer=her, currency=currency, now=self.now)
        self._note(her)
        return Response(telling.balance(there))

    def _note(self, her: Any) -> None:
        audit.record(
            action="credit.seen",
            subject=her,
            store=self.device.store,
            detail={"till": self.device.pk},
            now=self.now,
        )


class Spending(TillView):
    """A call that changes something: once for its key, with one answer."""

    def once(self, request: Request, effect: Callable[[bytes], Answered]) -> Response:
        raw = _raw(request)
        call = repeats.Call(
            actor=audit.named(self.device),
            key=_key(request),
            method=str(request.method),
            path=request.path,
            body=raw,
        )
        answer = repeats.once(call=call, effect=lambda: _refusable(effect, raw), now=self.now)
        headers = {"Idempotent-Replayed": "true"} if answer.is_repeated else {}
        if answer.status >= 400:
            return _problem(answer.content, status=answer.status, headers=headers)
        return Response(answer.content, status=answer.status, headers=headers)

    def ours(self, uid: uuid.UUID) -> CreditHold:
        """A hold of this store; another's does not exist here, and asking for it is noted. Raises UnknownHold."""
        kept = credit.find(uid)
        if kept.store_id != self.device.store_id:
            self.note("credit.refused", kept)
            raise credit.UnknownHold
        return kept

    def note(self, action: str, kept: CreditHold) -> None:
        audit.record(
            action=action,
            subject=kept,
            store=self.device.store,
            detail={"till": self.device.pk},
            now=self.now,
        )


class Holds(Spending):
    """Keep credit for a sale, so that no other till spends it, for half an hour."""

    @extend_schema(
        operation_id="till_hold",
        parameters=[KEY],
        request=described.AskHoldSerializer,
        responses={
            201: described.CreditHoldSerializer,
            404: described.ProblemSerializer,
            409: described.ProblemSerializer,
            422: described.ProblemSerializer,
        },
    )
    def post(self, request: Request) -> Response:
        return self.once(request, self._hold)

    def _hold(self, raw: bytes) -> Answered:
        asked = asking.hold(raw, device=self.device)
        kept = credit.hold(
            customer=looking.customer_of(asked.customer, device=self.device),
            amount=asked.amount,
            currency=asked.currency,
            sale_reference=asked.sale,
            lines=asked.lines,
            store=self.device.store,
            now=self.now,
        )
        self.note("credit.held", kept)
        return 201, telling.hold(kept)


class Capture(Spending):
    """Spend the hold, or a part of it: the rest is free again. The sale's payment event does the same by itself."""

    @extend_schema(
        operation_id="till_capture",
        parameters=[KEY],
        request=described.AskCaptureSerializer,
        responses={
            200: described.CreditHoldSerializer,
            404: described.ProblemSerializer,
            409: described.ProblemSerializer,
        },
    )
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        return self.once(request, lambda raw: self._capture(uid, raw))

    def _capture(self, uid: uuid.UUID, raw: bytes) -> Answered:
        kept = self.ours(uid)
        amount = asking.captured_amount(raw, currency=kept.currency)
        captured = credit.capture(uid=uid, amount=amount, now=self.now)
        self.note("credit.captured", captured)
        return 200, telling.hold(captured)


class Release(Spending):
    """Set the hold free."""

    @extend_schema(
        operation_id="till_release",
        parameters=[KEY],
        request=None,
        responses={
            200: described.CreditHoldSerializer,
            404: described.ProblemSerializer,
            409: described.ProblemSerializer,
        },
    )
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        return self.once(request, lambda raw: self._release(uid))

    def _release(self, uid: uuid.UUID) -> Answered:
        released = credit.release(uid=self.ours(uid).uid, now=self.now)
        self.note("credit.released", released)
        return 200, telling.hold(released)


def _refusable(effect: Callable[[bytes], Answered], raw: bytes) -> repeats.Answer:
    """The effect, or its refusal as an answer: it is stored as well, and changed nothing."""
    try:
        status, content = effect(raw)
    except looking.TooManyQuestions:
        raise  # later it may well be answered
    except problems.REFUSALS as refusal:
        told = problems.told(refusal)
        assert told is not None  # it is one of them
        status, content = told.status, told.content
    return repeats.Answer(status=status, content=content)


def _bearer(request: Request) -> str:
    said: str = request.headers.get("Authorization", "")
    return said.removeprefix(SCHEME).strip() if said.startswith(SCHEME) else ""


def _key(request: Request) -> str:
    """Raises KeyMissing."""
    said: str = request.headers.get("Idempotency-Key", "")
    if not said or len(said) > LONGEST_KEY or not said.isascii() or not said.isprintable():
        raise problems.KeyMissing
    return said


def _raw(request: Request) -> bytes:
    raw: bytes = request._request.body
    return raw


def _problem(content: dict[str, Any], *, status: int, headers: dict[str, str]) -> Response:
    answer = Response(content, status=status, headers=headers, content_type=problems.MEDIA_TYPE)
    answer.exception = True
    return answer
