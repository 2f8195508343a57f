"""What a page of times shows: stores, services, a month of days and the times of one of them. Nothing here is written.

Every choice is a part of the address, so that each is a link and the page works without scripts. A month is read at once.
"""

import calendar
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from django.db.models import Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from appointments import booking, clocks
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
# What the address says of the visit; `month` and `day` are only where she looks.
_ANOTHER = {"month": None, "day": None, "with": None}  # what another store or service forgets
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


@dataclass(frozen=True, kw_only=True)
class Place:
    """A store to choose, and from when on a visit with these stones is possible there."""

    store: Store
    words: str
    is_here: bool
    starts_at: datetime | None
    address: str


@dataclass(frozen=True, kw_only=True)
class Day:
    date: date
    count: int
    is_chosen: bool

    @property
    def label(self) -> str:
        times = "no times" if not self.count else f"{self.count} time{'s' * (self.count > 1)}"
        return f"{clocks.date_told(self.date)}, {times}"


@dataclass(frozen=True, kw_only=True)
class Start:
    """One time to choose."""

    at: datetime
    told: str
    there: str  # the store's own clock, where it is another than hers


@dataclass(frozen=True, kw_only=True)
class Month:
    """The days of a month as weeks from Sunday on, and the times of the chosen one."""

    first: date
    weeks: Sequence[Sequence[Day | None]]
    day: date | None
    starts: Sequence[Start]
    soonest: datetime | None
    earlier: date | None
    later: date | None
    zone: ZoneInfo

    @property
    def title(self) -> str:
        return f"{self.first:%B %Y}"

    @property
    def zone_told(self) -> str:
        return clocks.zone_told(self.zone)


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


def places(wanted: Wanted, *, params: QueryDict, now: datetime) -> list[Place]:
    """The stores, each with the first time at which these stones can be seen there."""
    found = []
    for store in wanted.stores:
        starts_at = booking.next_available(wanted.asked(store), now=now)
        is_here = bool(wanted.stones) and all(each.store_id == store.pk for each in wanted.stones)
        zone = wanted.zone if wanted.is_video else store.zone
        words = _words(starts_at, zone=zone, wanted=wanted, is_here=is_here)
        address = reverse("visits:book") + query(params, store=store.code, **_ANOTHER)
        found.append(
            Place(store=store, words=words, is_here=is_here, starts_at=starts_at, address=address)
        )
    return found


def month(
    asked: Asked, *, soonest: datetime | None, params: QueryDict, zone: ZoneInfo, now: datetime
) -> Month:
    """The month that the address names, or that of the first free time, `soonest`. Raises NotOffered, StoneGone."""
    today = now.astimezone(zone).date()
    last = (now + timedelta(days=asked.service.horizon_days)).astimezone(zone).date()
    day = _date(params.get("day"))
    near = (
        day or _date(params.get("month")) or (soonest.astimezone(zone).date() if soonest else today)
    )
    first = min(max(near, today), last).replace(day=1)
    by_day = _by_day(asked, first=first, zone=zone, now=now)
    if day not in by_day:
        day = min(by_day, default=None)
    after = _next_month(first)
    return Month(
        first=first,
        weeks=_weeks(first, by_day, day, today=today),
        day=day,
        starts=[_start(at, zone=zone, store=asked.store) for at in by_day.get(day, [])] if day else [],
        soonest=soonest,
        earlier=(first - timedelta(days=1)).replace(day=1) if first > today else None,
        later=after if after <= last else None,
        zone=zone,
    )  # fmt: skip


def shown(
    found: Month, *, asked: Asked, params: QueryDict, action: str, now: datetime
) -> dict[str, Any]:
    """What the month's template needs: the address of each of its days and of what lies around it."""

    def to(**changes: str | None) -> str:
        return query(params, **{"month": None, "day": None, **changes})

    def of(day: date | None, name: str) -> str:
        return to(**{name: day.isoformat()}) if day else ""

    soonest = found.soonest
    return {
        "month": found,
        "weeks": [
            [(day, of(day.date, "day") if day else "") for day in week] for week in found.weeks
        ],
        "soonest_told": clocks.in_full(soonest, zone=found.zone, now=now) if soonest else "",
        "soonest_address": of(soonest.astimezone(found.zone).date() if soonest else None, "day"),
        "earlier_address": of(found.earlier, "month"),
        "later_address": of(found.later, "month"),
        "day_told": clocks.date_told(found.day) if found.day else "",
        "waiting_address": reverse("visits:waiting") + of(found.day, "day"),
        "horizon_days": asked.service.horizon_days,
        "action": action + query(params),
        "query": query(params),
    }


def moment(said: str) -> datetime | None:
    """A start as a form sends it: 2026-11-26T19:30+00:00."""
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return None
    return at if at.tzinfo is not None and 2000 < at.year < 3000 else None


def query(params: QueryDict, **changes: str | None) -> str:
    """The address of the same visit with these changes; None takes a part away."""
    said = QueryDict(mutable=True)
    for name in (*NAMES, "month", "day"):
        value = changes[name] if name in changes else params.get(name)
        if value:
            said[name] = value
    return f"?{said.urlencode()}" if said else "?"


def services(wanted: Wanted, *, params: QueryDict) -> list[dict[str, Any]]:
    """What a visit can be for, each with the address that chooses it."""
    book = reverse("visits:book")
    return [
        {"service": each, "address": book + query(params, service=each.code, **_ANOTHER)}
        for each in wanted.services
    ]


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


def _words(starts_at: datetime | None, *, zone: ZoneInfo, wanted: Wanted, is_here: bool) -> str:
    if starts_at is None:
        return "No time is free in the next weeks"
    when = clocks.short(starts_at, zone=zone)
    if is_here:
        here = "It is here now" if len(wanted.stones) == 1 else "They are here now"
        return f"{here}; first time {when}"
    return f"From {when}" if wanted.stones else f"First time {when}"


def _by_day(
    asked: Asked, *, first: date, zone: ZoneInfo, now: datetime
) -> dict[date, list[datetime]]:
    since = datetime.combine(first, time(), tzinfo=zone)
    until = datetime.combine(_next_month(first), time(), tzinfo=zone)
    found: dict[date, list[datetime]] = defaultdict(list)
    for start in booking.slots(asked, since=max(since, now), until=until, now=now):
        found[start.astimezone(zone).date()].append(start)
    return dict(found)


def _weeks(
    first: date, by_day: dict[date, list[datetime]], chosen: date | None, *, today: date
) -> list[list[Day | None]]:
    """Those that are not wholly past; None for a day of another month."""
    sundays = calendar.Calendar(firstweekday=6)
    return [
        [
            Day(date=day, count=len(by_day.get(day, ())), is_chosen=day == chosen)
            if day.month == first.month
            else None
            for day in week
        ]
        for week in sundays.monthdatescalendar(first.year, first.month)
        if week[-1] >= today
    ]


def _start(at: datetime, *, zone: ZoneInfo, store: Store) -> Start:
    told = clocks.time_told(at, zone=zone)
    there = clocks.time_told(at, zone=store.zone)
    return Start(at=at, told=told, there="" if there == told else f"{there} {clocks.zone_told(store.zone)}")  # fmt: skip


def _next_month(first: date) -> date:
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1)


def _date(said: str | None) -> date | None:
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        return None
