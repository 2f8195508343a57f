"""The public stone list: GET /api/v1/stones/, described at /api/v1/schema/."""

from decimal import Decimal
from typing import Any

import orjson
from django.http import HttpRequest
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from drf_spectacular.views import SpectacularAPIView
from redis.exceptions import RedisError
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle
from rest_framework.views import APIView

from builder import compatibility, gemology, pricing, search
from builder.models import Stone

PER_MINUTE = 240
PLAIN = (
    "id", "lab", "report_number", "growth", "shape", "color", "fancy_color", "clarity", "cut",
    "polish", "symmetry", "fluorescence",
)  # fmt: skip
EXACT = (
    "carat", "length_mm", "width_mm", "depth_mm", "depth_pct", "table_pct", "crown_angle",
    "pavilion_angle", "girdle_pct", "price",
)  # fmt: skip


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


# The serializers describe the answer for the schema. The answer itself is made by hand, which takes a fifth of
# the time; a test holds the two together.


class FitSerializer(serializers.Serializer[Any]):
    verdict = serializers.ChoiceField(choices=["fits", "fits_with_change", "does_not_fit"])
    reason = serializers.CharField()
    margin_mm = serializers.DecimalField(max_digits=5, decimal_places=2, allow_null=True)
    head = serializers.CharField(
        help_text="The head that holds it (its code), empty when none does"
    )
    fix = serializers.CharField(help_text="What makes it fit, or what to choose instead")
    fix_price = serializers.DecimalField(max_digits=9, decimal_places=2, allow_null=True)
    fix_days = serializers.IntegerField(allow_null=True, help_text="Working days more")
    is_estimated = serializers.BooleanField(help_text="By its weight: no millimeters are known")


class StoneSerializer(serializers.ModelSerializer[Stone]):
    currency = serializers.CharField()
    store = serializers.CharField(allow_null=True, help_text="Where it lies; null: at the cutter's")
    faces_up_like_carat = serializers.FloatField(
        help_text="The carat whose usual outline has this stone's area"
    )
    fit = FitSerializer(allow_null=True, help_text="In the setting of `fits`, else null")

    class Meta:
        model = Stone
        fields = [*PLAIN, *EXACT, "currency", "store", "faces_up_like_carat", "fit"]


class FacetValueSerializer(serializers.Serializer[Any]):
    value = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # DRF keeps fields elsewhere
    count = serializers.IntegerField()
    selected = serializers.BooleanField()


class ResultsSerializer(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    page = serializers.IntegerField(help_text="The last one, when a later one was asked for")
    pages = serializers.IntegerField()
    stones = StoneSerializer(many=True)
    facets = serializers.DictField(
        child=FacetValueSerializer(many=True),
        help_text="Each facet's counts heed every filter but its own",
    )


def answer(results: search.Results, *, rules: compatibility.SettingRules | None) -> dict[str, Any]:
    return {
        "total": results.total,
        "page": results.page,
        "pages": results.pages,
        "stones": [_stone(stone, rules=rules) for stone in results.stones],
        "facets": {
            name: [dict(vars(value)) for value in values] for name, values in results.facets.items()
        },
    }


def _stone(stone: Stone, *, rules: compatibility.SettingRules | None) -> dict[str, Any]:
    like = gemology.faces_up_like(
        shape=stone.shape, length_mm=float(stone.length_mm), width_mm=float(stone.width_mm)
    )
    return {
        **{name: getattr(stone, name) for name in PLAIN},
        **{name: _exactly(getattr(stone, name)) for name in EXACT},
        "currency": pricing.CURRENCY,
        "store": stone.store.code if stone.store else None,
        "faces_up_like_carat": round(like, 2),
        "fit": _fit(rules, stone) if rules else None,
    }


def _fit(rules: compatibility.SettingRules, stone: Stone) -> dict[str, Any]:
    fit = compatibility.check(setting=rules, stone=stone.measures, size=None)
    return {
        "verdict": fit.verdict,
        "reason": fit.reason,
        "margin_mm": _exactly(fit.margin_mm),
        "head": fit.head,
        "fix": fit.fix.words if fit.fix else "",
        "fix_price": str(fit.fix.price) if fit.fix else None,
        "fix_days": fit.fix.days if fit.fix else None,
        "is_estimated": fit.is_estimated,
    }


def _exactly(number: Decimal | None) -> str | None:
    return None if number is None else str(number)


class Orjson(JSONRenderer):
    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        return orjson.dumps(data)


def _many(name: str, words: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, many=True, description=words)


def _one(name: str, kind: Any, words: str) -> OpenApiParameter:
    return OpenApiParameter(name, kind, description=words)


PARAMETERS = [
    *(_many(name, f"Any of {', '.join(facet.labels)}") for name, facet in search.FACETS.items()),
    *(_one(name, OpenApiTypes.DECIMAL, search.TITLES[name]) for name in search.RANGES),
    _one("store", OpenApiTypes.STR, "Only stones that lie in this store (its code)"),
    _one("fits", OpenApiTypes.STR, "Only stones that fit this setting's head (its code)"),
    OpenApiParameter("sort", OpenApiTypes.STR, enum=list(search.SORTS), default="price"),
    _one("page", OpenApiTypes.INT, "From 1"),
    _one(
        "page_size", OpenApiTypes.INT, f"Up to {search.LARGEST_PAGE}; {search.PAGE_SIZE} if unsaid"
    ),
]


class Schema(SpectacularAPIView):
    """What the API takes and gives, in OpenAPI 3. There is one version, whatever a `?version=` asks for."""

    authentication_classes = []
    permission_classes = [AllowAny]

    def _get_version_parameter(self, request: Request) -> None:
        """Not asked for: it would be written into a header as it came."""


class StoneList(APIView):
    """Stones on offer, with the counts of every filter's next step."""

    authentication_classes = []
    permission_classes = [AllowAny]
    renderer_classes = [Orjson]
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
            raise ValidationError({error.field: str(error)}) from error
        rules = query.fits.rules if query.fits else None
        return Response(answer(search.search(query), rules=rules))
