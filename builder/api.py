"""The public stone list and one stone: GET /api/v1/stones/ and /api/v1/stones/<id>/, described at /api/v1/schema/.

Answered by hand, which takes a fifth of the time: the serializers describe the answers for the schema, REST framework refuses
the other methods, and tests hold the answers to their description.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from builder import compatibility, costing, market, plain, pricing, search, turns
from builder.models import Setting, Stone
from builder.search.told import EXACT, PLAIN, Row, told

TURNS = turns.Turns(scope="stones")
TWINS = 4


# Descriptions of the answers.


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
    price = serializers.DecimalField(
        max_digits=10,
        decimal_places=2,
        allow_null=True,
        help_text="null where prices are not shown",
    )
    told = serializers.CharField(help_text="The price in words: exactly, as a range, or on request")
    currency = serializers.CharField()
    store = serializers.CharField(allow_null=True, help_text="Where it lies; null: at the cutter's")
    faces_up_like_carat = serializers.FloatField(
        help_text="The carat whose usual outline has this stone's area"
    )
    fit = FitSerializer(allow_null=True, help_text="In the setting of `fits`, else null")

    class Meta:
        model = Stone
        fields = [*PLAIN, *EXACT, "told", "currency", "store", "faces_up_like_carat", "fit"]


class FacetValueSerializer(serializers.Serializer[Any]):
    value = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # DRF keeps fields elsewhere
    count = serializers.IntegerField()
    selected = serializers.BooleanField()


class NearestSerializer(serializers.Serializer[Any]):
    label = serializers.CharField(help_text="What to change, in words")  # type: ignore[assignment]
    changes = serializers.DictField(
        child=serializers.CharField(allow_blank=True),
        help_text="Parameters and their new text; an empty one is left out",
    )
    count = serializers.IntegerField(help_text="How many stones are found then")


class ResultsSerializer(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    page = serializers.IntegerField(
        allow_null=True, help_text="The last one, when a later one was asked for; null by a cursor"
    )
    pages = serializers.IntegerField()
    next = serializers.CharField(allow_null=True, help_text="The cursor for `after`")
    previous = serializers.CharField(allow_null=True, help_text="The cursor for `before`")
    note = serializers.CharField(help_text="What became of the stone whose number was asked for")
    nearest = NearestSerializer(many=True, help_text="When nothing is found: what to change")
    stones = StoneSerializer(many=True)
    facets = serializers.DictField(
        child=FacetValueSerializer(many=True),
        help_text="Each facet's counts heed every filter but its own",
    )


class MarketSerializer(serializers.Serializer[Any]):
    words = serializers.CharField()
    n = serializers.IntegerField(help_text="Comparable stones on offer")
    cheaper = serializers.IntegerField(help_text="Of them, how many cost no more")
    median = serializers.DecimalField(max_digits=12, decimal_places=2)
    low = serializers.DecimalField(max_digits=12, decimal_places=2, help_text="A quarter is lower")
    high = serializers.DecimalField(max_digits=12, decimal_places=2)
    median_low = serializers.DecimalField(max_digits=12, decimal_places=2)
    median_high = serializers.DecimalField(max_digits=12, decimal_places=2)
    confidence = serializers.FloatField(help_text="That the market's median lies between the two")


class TwinSerializer(serializers.Serializer[Any]):
    words = serializers.CharField(help_text="What is different")
    stone = StoneSerializer()


class OneStoneSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=Stone.Status.choices)
    stone = StoneSerializer()
    offers = serializers.ListField(
        child=serializers.DecimalField(max_digits=10, decimal_places=2),
        help_text="What it costs at each of its suppliers, the least first",
    )
    market = MarketSerializer(allow_null=True, help_text="null: too few comparable stones to say")
    twins = TwinSerializer(many=True, help_text="Stones that could stand in for it")


# The answers.


def answer(listing: search.Listing, *, fits: Setting | None) -> dict[str, Any]:
    return {
        "total": listing.total,
        "page": listing.page,
        "pages": listing.pages,
        "next": listing.next_cursor,
        "previous": listing.previous_cursor,
        "note": listing.note,
        "nearest": [
            {"label": each.label, "changes": dict(each.changes), "count": each.count}
            for each in listing.nearest
            if _is_shown() or not any("price" in name for name in each.changes)
        ],
        "stones": _stones(listing.ids, fits=fits),
        "facets": listing.facets,
    }


def about(stone: Stone, *, fits: Setting | None) -> dict[str, Any]:
    twins = search.twins(stone=stone, setting=fits, limit=TWINS)
    stones = _stones([stone.pk, *(twin.stone.pk for twin in twins)], fits=fits, only_offered=False)
    offers = stone.offers.filter(withdrawn_at=None).order_by("price")
    return {
        "status": stone.status,
        "stone": stones[0],
        "offers": [str(price) for price in offers.values_list("price", flat=True) if _is_shown()],
        "market": _market(search.market_position(stone)) if _is_shown() else None,
        "twins": [
            {"words": twin.words(currency=_currency()), "stone": told_twin}
            for twin, told_twin in zip(twins, stones[1:], strict=True)
        ],
    }


def _stones(
    ids: list[int], *, fits: Setting | None, only_offered: bool = True
) -> list[orjson.Fragment]:
    rules = fits.rules if fits else None
    mode: str = settings.PRICE_MODE

    def more(row: Row) -> dict[str, Any]:
        price = row.price
        return {
            "price": price if mode == pricing.SHOWN else None,
            "told": "" if price is None else pricing.told(Decimal(price), mode=mode),
            "fit": _fit(rules, row, mode=mode) if rules else None,
        }

    return told(ids, currency=pricing.CURRENCY, more=more, only_offered=only_offered)


def _is_shown() -> bool:
    return bool(settings.PRICE_MODE == pricing.SHOWN)


def _currency() -> str:
    """What differences in price are told in; empty where they are not told."""
    return pricing.CURRENCY if _is_shown() else ""


def _fit(rules: compatibility.SettingRules, row: Row, *, mode: str) -> dict[str, Any]:
    measures = compatibility.StoneMeasures(
        shape=row.shape,
        carat=Decimal(row.carat),
        length_mm=Decimal(row.length_mm),
        width_mm=Decimal(row.width_mm),
        depth_mm=Decimal(row.depth_mm),
    )
    fit = compatibility.check(setting=rules, stone=measures, size=None)
    fix = costing.fix_told(fit.fix, mode=mode)
    return {
        "verdict": fit.verdict,
        "reason": fit.reason,
        "margin_mm": None if fit.margin_mm is None else str(fit.margin_mm),
        "head": fit.head,
        "fix": fix.words if fix else "",
        "fix_price": str(fix.price) if fix and mode == pricing.SHOWN else None,
        "fix_days": fix.days if fix else None,
        "is_estimated": fit.is_estimated,
    }


def _market(position: market.Position | None) -> dict[str, Any] | None:
    if position is None:
        return None
    money = ("median", "low", "high", "median_low", "median_high")
    return {
        "words": position.words(currency=pricing.CURRENCY),
        "n": position.n,
        "cheaper": position.cheaper,
        **{name: f"{getattr(position, name):.2f}" for name in money},
        "confidence": round(position.confidence, 3),
    }


def _many(name: str, words: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, many=True, description=words)


def _one(name: str, kind: Any, words: str) -> OpenApiParameter:
    return OpenApiParameter(name, kind, description=words)


PARAMETERS = [
    *(_many(name, f"Any of {', '.join(facet.labels)}") for name, facet in search.FACETS.items()),
    *(_one(name, OpenApiTypes.DECIMAL, search.TITLES[name]) for name in search.RANGES),
    _one("store", OpenApiTypes.STR, "Only stones that lie in this store (its code)"),
    _one("fits", OpenApiTypes.STR, "Only stones that fit this setting (its code)"),
    _one(
        "ready_by", OpenApiTypes.DATE, "Only stones that are here, and set in `fits`, by this day"
    ),
    _one("number", OpenApiTypes.STR, "A report or stock number; spaces and dashes do not matter"),
    _one("after", OpenApiTypes.STR, "The `next` of the page before"),
    _one("before", OpenApiTypes.STR, "The `previous` of the page behind"),
    _one(
        "facets", OpenApiTypes.STR, f"Which to count, of {', '.join(search.FACETS)}; all if unsaid"
    ),
    OpenApiParameter("sort", OpenApiTypes.STR, enum=list(search.SORTS), default="price"),
    _one("page", OpenApiTypes.INT, f"From 1 to {search.LAST_PAGE}; follow `next` for more"),
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


class Refused(ValueError):
    """What is wrong with which parameter, and what to write instead."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(str(errors))
        self.errors = errors


class Answered(APIView):
    """GET and HEAD answered directly; REST framework says to the others what is taken."""

    authentication_classes = []
    permission_classes = [AllowAny]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method not in ("GET", "HEAD"):
            return super().dispatch(request, *args, **kwargs)
        wait = TURNS.wait_s(address=turns.address_of(request), now_s=timezone.now().timestamp())
        if wait:
            words = f"Too many requests. Ask again in {wait} seconds."
            return _json({"detail": words}, status=429, headers={"Retry-After": str(wait)})
        handler: Callable[..., HttpResponse] = self.get  # type: ignore[attr-defined]  # of each view
        try:
            return handler(request, *args, **kwargs)
        except Refused as refusal:
            return _json(refusal.errors, status=400)


class StoneList(Answered):
    """Stones on offer, with the counts of every filter's next step."""

    @extend_schema(
        operation_id="stones",
        parameters=PARAMETERS,
        responses={200: ResultsSerializer, 400: OpenApiTypes.OBJECT, 429: OpenApiTypes.OBJECT},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        query = _read(request, known=search.PARAMETERS)
        return _json(answer(search.listing(query), fits=query.fits))


class OneStone(Answered):
    """One stone with its place in the market and the stones that could stand in for it, also when it is sold."""

    @extend_schema(
        operation_id="stone",
        parameters=[each for each in PARAMETERS if each.name == "fits"],
        responses={200: OneStoneSerializer, 404: OpenApiTypes.OBJECT, 429: OpenApiTypes.OBJECT},
    )
    def get(self, request: HttpRequest, stone_id: int) -> HttpResponse:
        query = _read(request, known=frozenset({"fits"}))
        stone = Stone.objects.filter(pk=stone_id).first() if stone_id < 2**63 else None
        if stone is None:
            return _json({"detail": "There is no stone of this id."}, status=404)
        return _json(about(stone, fits=query.fits))


def _read(request: HttpRequest, *, known: frozenset[str]) -> search.StoneQuery:
    params = plain.params(request)
    unknown = sorted(set(params) - known)
    if unknown:
        words = f"is no filter; use any of {', '.join(sorted(known))}"
        raise Refused(dict.fromkeys(unknown, words))
    try:
        return search.StoneQuery.from_params(params)
    except search.BadFilter as error:
        raise Refused({error.field: str(error)}) from error


def _json(
    content: Mapping[str, Any], *, status: int = 200, headers: dict[str, str] | None = None
) -> HttpResponse:
    return HttpResponse(
        orjson.dumps(content), status=status, content_type="application/json", headers=headers
    )
