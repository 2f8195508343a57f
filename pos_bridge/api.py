"""What an endpoint of our webhooks reads: its messages by number, and what each is about. Described at /api/v1/schema/.

Promise: with its token (`Authorization: Bearer …`) an endpoint reads what it was told and nothing else. The numbers have no gap: whoever
has all up to `last_seq` has everything, and 410 says so when some are no longer kept. What a message is about is told as it
stands now, and every such look is written down, since it says who people are.
"""

from typing import Any

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jeweler import audit
from pos_bridge import outgoing
from pos_bridge.models import WebhookEndpoint, WebhookMessage

LARGEST = 2**63 - 1


class EndpointToken(BaseAuthentication):
    """The token that was shown when the endpoint was made."""

    def authenticate(self, request: Request) -> tuple[None, WebhookEndpoint]:
        kind, _, token = get_authorization_header(request).decode("latin-1").partition(" ")
        found = outgoing.find(token=token.strip()) if kind.lower() == "bearer" else None
        if found is None:
            raise AuthenticationFailed(
                "Send the endpoint's token as 'Authorization: Bearer …'. A lost one is replaced by "
                "the owner under Tills → Webhook endpoints."
            )
        return None, found

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="webhooks"'


class EndpointTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # it has no types
    target_class = EndpointToken
    name = "endpointToken"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class IsEndpoint(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.auth, WebhookEndpoint)


class Refused(APIException):
    def __init__(self, status: int, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status_code = status
        told: dict[str, Any] = {"detail": detail, **more}  # in which numbers stay numbers
        self.detail = told


class AskedSerializer(serializers.Serializer[Any]):
    after_seq = serializers.IntegerField(min_value=0, max_value=LARGEST, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=500, default=100)


class MessageSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="Its webhook-id")
    seq = serializers.IntegerField(help_text="One more than the message before it")
    type = serializers.CharField()
    timestamp = serializers.DateTimeField(help_text="When it happened")
    data = serializers.DictField(help_text="Ids, codes, and the URL of what it is about")  # type: ignore[assignment]  # DRF keeps the serializer's own elsewhere


class PageSerializer(serializers.Serializer[Any]):
    events = MessageSerializer(many=True)
    next = serializers.IntegerField(help_text="The after_seq to ask with next")
    last_seq = serializers.IntegerField(
        help_text="The newest number; when it is `next` nothing is missing"
    )


class OneSerializer(MessageSerializer):
    about = serializers.DictField(help_text="As it stands now; empty when it is there no more")


class UnreadSerializer(serializers.Serializer[Any]):
    detail = serializers.CharField(help_text="What is wrong, and the way out")


class ToEndpoints(APIView):
    authentication_classes = [EndpointToken]
    permission_classes = [IsEndpoint]

    @property
    def endpoint(self) -> WebhookEndpoint:
        found = self.request.auth
        assert isinstance(found, WebhookEndpoint)
        return found

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        final["Cache-Control"] = "no-store"
        return final


class Events(ToEndpoints):
    """The endpoint's messages after a number, in order and without a gap."""

    @extend_schema(
        operation_id="events",
        parameters=[
            OpenApiParameter("after_seq", OpenApiTypes.INT, description="0: from the beginning"),
            OpenApiParameter("limit", OpenApiTypes.INT, description="At most 500"),
        ],
        responses={200: PageSerializer, 400: OpenApiTypes.OBJECT, 401: UnreadSerializer, 410: UnreadSerializer},
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        asked = AskedSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        try:
            page = outgoing.after(
                endpoint=self.endpoint, seq=said["after_seq"], limit=said["limit"]
            )
        except outgoing.NoLongerKept as refusal:
            raise Refused(410, str(refusal), kept_after_seq=refusal.kept_after) from refusal
        events = [_told(message) for message in page.messages]
        return Response({"events": events, "next": page.next, "last_seq": page.last_seq})


class OneEvent(ToEndpoints):
    """A message, and what it is about as it stands now."""

    @extend_schema(
        operation_id="event",
        responses={200: OneSerializer, 401: UnreadSerializer, 404: UnreadSerializer, 410: UnreadSerializer},
    )  # fmt: skip
    def get(self, request: Request, seq: int) -> Response:
        if seq > LARGEST:
            raise Refused(404, f"There is no message number {seq}.")
        try:
            message, about = outgoing.one(endpoint=self.endpoint, seq=seq)
        except outgoing.NoLongerKept as refusal:
            raise Refused(410, str(refusal), kept_after_seq=refusal.kept_after) from refusal
        except outgoing.NoSuchMessage as refusal:
            raise Refused(404, str(refusal)) from refusal
        audit.record(
            action="webhook.read", subject=self.endpoint, now=timezone.now(),
            detail={"number": message.seq, "type": message.type},
        )  # fmt: skip
        return Response({**_told(message), "about": about})


def _told(message: WebhookMessage) -> dict[str, Any]:
    return {"id": message.key, **outgoing.said(message)}
