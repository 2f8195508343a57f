"""A visit as an address names it: which store, what for, which rings and stones, with whom. Nothing here is written.

Every choice is a part of the address, so that each is a link and the page works without scripts. What it says wrongly is left
out, and the page shows what was understood.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo, available_timezones

from django.db.models import Q, QuerySet
from django.http import HttpRequest, QueryDict

from appointments.diary import Asked
from appointments.models import Appointment, Associate, Service
from builder import codes, keeping, links
from builder.models import Design, DesignLink, Stone
from jeweler import visitors
from jeweler.models import Store

LANGUAGES = {
    "ar": "Arabic", "de": "German", "en": "English", "es": "Spanish", "fr": "French", "he": "Hebrew",
    "hi": "Hindi", "it": "Italian", "ja": "Japanese", "ko": "Korean", "pt": "Portuguese", "ru": "Russian",
    "ur": "Urdu", "yue": "Cantonese", "zh": "Mandarin",
}  # fmt: skip
GONE = (Stone.Status.SOLD, Stone.Status.WITHDRAWN)
Named = TypeVar("Named", Service, Store)
ANOTHER = {"month": None, "day": None, "with": None}  # what another store or service forgets
# What the address says of the visit; `month` and `day` are only where she looks.
NAMES = ("design", "link", "stone", "store", "service", "language", "with", "zone", "source")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The visit as the address names it. `gone` is a stone that was to be seen and is sold."""

    stores: Sequence[Store]
    services: Sequence[Service]
    store: Store | None
    service: Service | None
    designs: Sequence[Design]
    stones: Sequence[Stone]
    gone: Stone | None
    language: str
    associate: Associate | None
    associates: Sequence[Associate]
    zone: ZoneInfo
    source: str

    @property
    def is_video(self) -> bool:
        return self.service is not None and self.service.place == Service.Place.VIDEO

    @property
    def languages(self) -> list[tuple[str, str]]:
        """Those that are spoken there, by their names."""
        spoken = {code for each in self.associates for code in each.languages}
        return sorted(((code, LANGUAGES.get(code, code)) for code in spoken), key=lambda of: of[1])

    def asked(self, store: Store | None = None) -> Asked:
        """Raises nothing; needs a store and a service."""
        place = store or self.store
        assert place is not None
        assert self.service is not None
        is_here = place == self.store
        return Asked(
            service=self.service, store=place, stones=list(self.stones), language=self.language,
            associate_id=self.associate.pk if self.associate and is_here else None,
        )  # fmt: skip


def wanted(request: HttpRequest, *, now: datetime) -> Wanted:
    """What the address asks for; what it says wrongly is left out, and the page shows what was understood."""
    params = request.GET
    designs, stones = _pieces(request, now=now)
    gone = next((stone for stone in stones if stone.status in GONE), None)
    stones = [stone for stone in stones if stone.status not in GONE]
    services = list(Service.objects.filter(is_offered=True).prefetch_related("stores"))
    service = _chosen(services, params.get("service")) or _usual(services, has_pieces=bool(stones))
    stores = _stores(service)
    store = _chosen(stores, params.get("store")) or _nearest(stores, stones=stones, designs=designs)
    associates = list(_associates(service, store)) if service and store else []
    person = params.get("with", "")
    language = params.get("language", "")
    return Wanted(
        stores=stores, services=services, store=store, service=service, designs=designs,
        stones=stones if service and service.takes_pieces else [], gone=gone,
        language=language if any(language in each.languages for each in associates) else "",
        associate=next((each for each in associates if str(each.pk) == person), None),
        associates=associates, zone=_zone(params, service=service, store=store), source=_source(params, stones),
    )  # fmt: skip


def query(params: QueryDict, **changes: str | None) -> str:
    """The address of the same visit with these changes; None takes a part away."""
    said = QueryDict(mutable=True)
    for name in (*NAMES, "month", "day"):
        value = changes[name] if name in changes else params.get(name)
        if value:
            said[name] = value
    return f"?{said.urlencode()}" if said else "?"


def kept(params: QueryDict) -> list[tuple[str, str]]:
    """What a form of wishes carries on of the address."""
    return [(name, str(params[name])) for name in (*NAMES[:5], "source") if params.get(name)]


def zone_of(visit: Appointment, *, said: str = "") -> ZoneInfo:
    """Whose clock a visit is told by: the store's, and hers for a video call."""
    hers = visit.visitor_zone or said
    if visit.service.place == Service.Place.VIDEO and hers in available_timezones():
        return ZoneInfo(hers)
    return visit.store.zone


def zones() -> list[str]:
    """The zones to choose from, as continents and cities."""
    return sorted(zone for zone in available_timezones() if zone.split("/")[0] in _CONTINENTS)


# Inside.

_CONTINENTS = {"Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}


def _pieces(request: HttpRequest, *, now: datetime) -> tuple[list[Design], list[Stone]]:
    """The rings and stones that the address names: hers by code, another's by the link that was given to her."""
    designs = [design for design in (_linked(request, now=now), _hers(request)) if design]
    stones = [design.stone for design in designs if design.stone is not None]
    said = request.GET.get("stone", "")
    if said.isdecimal() and len(said) < 19:
        stones += list(Stone.objects.filter(pk=int(said)))
    return designs, list({stone.pk: stone for stone in stones}.values())


def _hers(request: HttpRequest) -> Design | None:
    visitor, code = visitors.current(request), request.GET.get("design", "")[:16]
    if visitor is None or not code:
        return None
    try:
        return keeping.find(code=code, visitor=visitor)
    except (keeping.NotHers, codes.NotACode):
        return None


def _linked(request: HttpRequest, *, now: datetime) -> Design | None:
    token = request.GET.get("link", "")[:200]
    shown = (DesignLink.Purpose.SHARE, DesignLink.Purpose.HINT)
    try:
        return links.opened(token, now=now, purposes=shown).design if token else None
    except links.LinkGone:
        return None


def _chosen(found: Sequence[Named], code: str | None) -> Named | None:
    return next((each for each in found if each.code == code), None)


def _usual(services: Sequence[Service], *, has_pieces: bool) -> Service | None:
    """With a stone the first to which stones are brought, without one the first to which none are."""
    fitting = (each for each in services if each.takes_pieces == has_pieces)
    return next(fitting, next(iter(services), None))


def _stores(service: Service | None) -> list[Store]:
    """Those that receive visits of this kind."""
    found = Store.objects.filter(is_open=True, showroom__isnull=False).select_related("showroom")
    if service is not None and service.stores.all():
        found = found.filter(services=service)
    return list(found.order_by("pk"))


def _nearest(
    stores: Sequence[Store], *, stones: Sequence[Stone], designs: Sequence[Design]
) -> Store | None:
    """Where the stone lies, else where her design is priced, else the first."""
    ids = [stone.store_id for stone in stones] + [design.store_id for design in designs]
    by_id = {store.pk: store for store in stores}
    return next((by_id[pk] for pk in ids if pk in by_id), next(iter(stores), None))


def _associates(service: Service, store: Store) -> QuerySet[Associate]:
    works_here = Q(shifts__store=store) | Q(changes__store=store)
    here = Associate.objects.filter(is_bookable=True, services=service).filter(works_here)
    return Associate.objects.filter(pk__in=here.values("pk")).order_by("name")


def _zone(params: QueryDict, *, service: Service | None, store: Store | None) -> ZoneInfo:
    """Hers for a video call, else the store's."""
    said = params.get("zone", "")
    if service and service.place == Service.Place.VIDEO and said in available_timezones():
        return ZoneInfo(said)
    return store.zone if store else ZoneInfo("UTC")


def _source(params: QueryDict, stones: Sequence[Stone]) -> str:
    said = params.get("source", "")
    shopper = {"ring", "stone", "saved", "mail", "site"}
    if said in shopper:
        return said
    Source = Appointment.Source  # noqa: N806  a name of the model's
    return Source.RING if params.get("design") else Source.STONE if stones else Source.SITE
