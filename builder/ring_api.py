"""One ring in one request: whether it fits, what it costs, when it is ready. GET /api/v1/ring/, described at /api/v1/schema/.

Answered by hand: `configurations` reads and answers, and no serializer stands in between; REST framework describes it and
refuses the other methods. A test holds the answer to its description.
"""

import functools
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.views import APIView

from builder import configurations, plain, pricebook, pricing, turns, variation

TURNS = turns.Turns(scope="ring")
NUMBERS = {"stone": OpenApiTypes.INT, "carat": OpenApiTypes.DECIMAL}


class RingFitSerializer(serializers.Serializer[Any]):
    verdict = serializers.ChoiceField(choices=["fits", "fits_with_change", "does_not_fit"])
    reason = serializers.CharField()
    margin_mm = serializers.DecimalField(max_digits=5, decimal_places=2, allow_null=True)
    head = serializers.CharField(help_text="The head that holds it, empty when none does")
    fix = serializers.CharField(help_text="What makes it fit, or what to choose instead")
    fix_price = serializers.DecimalField(max_digits=9, decimal_places=2, allow_null=True)
    fix_days = serializers.IntegerField(allow_null=True, help_text="Working days more")
    is_estimated = serializers.BooleanField(help_text="By its weight: no millimeters are known")


class RingLineSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]  # DRF keeps fields elsewhere
    note = serializers.CharField()
    amount = serializers.DecimalField(
        max_digits=10, decimal_places=2, allow_null=True, help_text="null: included, or not told"
    )


class RingSerializer(serializers.Serializer[Any]):
    setting = serializers.CharField()
    metal = serializers.CharField(allow_null=True)
    head = serializers.CharField(allow_null=True, help_text="The head that it is made with")
    size = serializers.DecimalField(
        max_digits=3, decimal_places=1, allow_null=True, help_text="US, in halves"
    )
    width_mm = serializers.DecimalField(
        max_digits=4, decimal_places=2, help_text="Of the band at the palm"
    )
    accents = serializers.ChoiceField(choices=list(variation.ACCENTS))
    fit = RingFitSerializer(allow_null=True, help_text="null without a stone or a shape")
    mode = serializers.ChoiceField(choices=pricing.MODES, help_text="How the price is told")
    total = serializers.DecimalField(
        max_digits=10, decimal_places=2, allow_null=True, help_text="null unless it is shown"
    )
    told = serializers.CharField(help_text="The price in words: $14,672, or a range, or on request")
    tax = serializers.CharField(help_text="What stands beside it, empty when it is on request")
    breakdown = RingLineSerializer(many=True, help_text="Adds up to the total")
    inputs = serializers.DictField(  # what the price was made from, docs/algorithms/pricing.md
        allow_null=True, help_text="What the price was made from; null unless it is shown"
    )
    ready_date = serializers.DateField(help_text="When it can be picked up, ordered today")
    currency = serializers.CharField()
    priced_at = serializers.DateTimeField(help_text="The moment whose prices these are")


class Ring(APIView):
    """A configuration's fit, price and ready date, without saving anything."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """GET and HEAD directly; REST framework says to the others what it takes."""
        others = super().as_view(**initkwargs)

        @functools.wraps(others)
        def view(request: HttpRequest) -> HttpResponseBase:
            return answered(request) if request.method in ("GET", "HEAD") else others(request)

        return view

    @extend_schema(
        operation_id="ring",
        parameters=[
            OpenApiParameter(
                name,
                NUMBERS.get(name, OpenApiTypes.STR),
                description=words,
                required=name == "setting",
            )
            for name, words in configurations.PARAMETERS.items()
        ],
        responses={200: RingSerializer, 400: OpenApiTypes.OBJECT, 429: OpenApiTypes.OBJECT},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        return answered(request)


def answered(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    wait = TURNS.wait_s(address=turns.address_of(request), now_s=now.timestamp())
    if wait:
        words = f"Too many requests. Ask again in {wait} seconds."
        return _json({"detail": words}, status=429, headers={"Retry-After": str(wait)})
    asked = configurations.read(given(request), book=pricebook.current())
    if asked.errors:
        return _json(asked.errors, status=400)
    return _json(configurations.answer(asked, now=now))


def given(request: HttpRequest) -> list[tuple[str, str]]:
    """The query's names and values."""
    fields = plain.fields(request)
    if fields is None:
        return [(name, value) for name, values in request.GET.lists() for value in values]
    return fields


def _json(
    content: dict[str, Any], *, status: int = 200, headers: dict[str, str] | None = None
) -> HttpResponse:
    return HttpResponse(
        orjson.dumps(content), status=status, headers={**_HEADERS, **(headers or {})}
    )


_HEADERS = {"Content-Type": "application/json", "Cache-Control": "no-store"}
