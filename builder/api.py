"""The public stone list: GET /api/v1/stones/, described at /api/v1/schema/."""

from typing import Any

from django.http import HttpRequest
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from redis.exceptions import RedisError
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle
from rest_framework.views import APIView

from builder import compatibility, gemology, pricing, search
from builder.models import Stone

PER_MINUTE = 240


class PublicThrottle(AnonRateThrottle):
    """By address, whoever is logged in. When the cache is down, stones are still shown."""

    rate = f"{PER_MINUTE}/min"
    scope = "stones"

    def get_cache_key(self, request: Request, view: Any) -> str:
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}

    def allow_request(self, request: Request, view: Any) -> bool:
        try:
            return super().allow_request(request, view)
        except RedisError:
            return True


class FitSerializer(serializers.Serializer[compatibility.Fit]):
    verdict = serializers.ChoiceField(choices=["fits", "fits_with_change", "does_not_fit"])
    reason = serializers.CharField()
    margin_mm = serializers.DecimalField(max_digits=5, decimal_places=2, allow_null=True)
    fix = serializers.CharField()


class StoneSerializer(serializers.ModelSerializer[Stone]):
    currency = serializers.SerializerMethodField()
    store = serializers.CharField(source="store.code", default=None, help_text="Where it lies")
    faces_up_like_carat = serializers.SerializerMethodField(
        help_text="The carat whose usual outline has this stone's area"
    )
    fit = serializers.SerializerMethodField(help_text="In the setting of `fits`, else null")

    class Meta:
        model = Stone
        fields = [
            "id", "lab", "report_number", "growth", "shape", "carat", "color", "fancy_color",
            "clarity", "cut", "polish", "symmetry", "fluorescence", "length_mm", "width_mm",
            "depth_mm", "depth_pct", "table_pct", "crown_angle", "pavilion_angle", "girdle_pct",
            "price", "currency", "store", "faces_up_like_carat", "fit",
        ]  # fmt: skip

    def get_currency(self, stone: Stone) -> str:
        return pricing.CURRENCY

    def get_faces_up_like_carat(self, stone: Stone) -> float:
        return round(
            gemology.faces_up_like(
                shape=stone.shape,
                length_mm=float(stone.length_mm),
                width_mm=float(stone.width_mm),
            ),
            2,
        )

    @extend_schema_field(FitSerializer(allow_null=True))
    def get_fit(self, stone: Stone) -> dict[str, Any] | None:
        head: compatibility.Head | None = self.context.get("head")
        if head is None:
            return None
        fit = compatibility.check(head=head, stone=stone.measures, size=None)
        return dict(FitSerializer(fit).data)


class FacetValueSerializer(serializers.Serializer[search.FacetValue]):
    value = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # DRF keeps fields elsewhere
    count = serializers.IntegerField()
    selected = serializers.BooleanField()


class ResultsSerializer(serializers.Serializer[search.Results]):
    total = serializers.IntegerField()
    page = serializers.IntegerField(help_text="The last one, when a later one was asked for")
    pages = serializers.IntegerField()
    stones = StoneSerializer(many=True)
    facets = serializers.DictField(
        child=FacetValueSerializer(many=True),
        help_text="Each facet's counts heed every filter but its own",
    )


def _many(name: str, words: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, many=True, description=words)


def _one(name: str, kind: Any, words: str) -> OpenApiParameter:
    return OpenApiParameter(name, kind, description=words)


PARAMETERS = [
    *(_many(name, f"Any of {', '.join(facet.labels)}") for name, facet in search.FACETS.items()),
    *(_one(name, OpenApiTypes.DECIMAL, "An amount") for name in search.RANGES),
    _one("store", OpenApiTypes.STR, "Only stones that lie in this store (its code)"),
    _one("fits", OpenApiTypes.STR, "Only stones that fit this setting's head (its code)"),
    OpenApiParameter("sort", OpenApiTypes.STR, enum=list(search.SORTS), default="price"),
    _one("page", OpenApiTypes.INT, "From 1"),
    _one(
        "page_size", OpenApiTypes.INT, f"Up to {search.LARGEST_PAGE}; {search.PAGE_SIZE} if unsaid"
    ),
]


class StoneList(APIView):
    """Stones on offer, with the counts of every filter's next step."""

    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_classes = [PublicThrottle]

    @extend_schema(
        operation_id="stones",
        parameters=PARAMETERS,
        responses={200: ResultsSerializer, 400: OpenApiTypes.OBJECT, 429: OpenApiTypes.OBJECT},
    )
    def get(self, request: HttpRequest) -> Response:
        unknown = set(request.GET) - search.PARAMETERS
        if unknown:
            known = ", ".join(sorted(search.PARAMETERS))
            raise ValidationError(dict.fromkeys(unknown, f"is no filter; use any of {known}"))
        try:
            query = search.StoneQuery.from_params(request.GET)
        except search.BadFilter as error:
            raise ValidationError({error.field: error.message}) from error
        context = {"head": query.fits.head if query.fits else None}
        return Response(ResultsSerializer(search.search(query), context=context).data)
