"""What a mail or a page tells of a visit: when and where, her rings with the bands that suit them, and what will lie in the tray.

Read from the visit as it stands; nothing is written but the pictures' descriptions, so that a mail's pictures can be drawn for good.

`lookbook_opened_at` counts that the mail's link was followed by a browser that said a person did it. Scanners that follow links
seldom say so; whoever reads the mail and follows nothing is not counted. It is a lower bound, for figures and nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from appointments import clocks, invitations
from appointments.models import Appointment, PieceHold, Service
from builder import gallery, pricing, quotes, stills, versions
from builder.models import Band, Design, Stone

BANDS = 2
MARK = "from=lookbook"


@dataclass(frozen=True, kw_only=True)
class BandBeside:
    """`words` are how it lies beside the ring, by its measures; `price` is empty where it is told on request."""

    name: str
    words: str
    price: str


@dataclass(frozen=True, kw_only=True)
class Look:
    """One of her rings. `picture` is a whole address, empty where there is nothing to draw."""

    title: str
    words: str
    picture: str
    price: str
    priced: str
    bands: Sequence[BandBeside]


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A stone that will lie in the tray, by its report, and how it comes to be there."""

    words: str
    report: str
    place: str


def looks(visit: Appointment, *, now: datetime, tried: bool = False) -> list[Look]:
    """Her rings in the order in which she chose them; `tried`: those only that she tried on."""
    rows = visit.visit_designs.filter(was_tried=True) if tried else visit.visit_designs.all()
    ids = list(rows.values_list("design_id", flat=True))
    if not ids:  # most visits: the wide query below is dearer to write than to answer
        return []
    whole = Design.objects.select_related("setting", "metal", "stone", "store", "band")
    designs = whole.in_bulk(ids)
    bands = list(Band.objects.order_by("position", "id"))
    quoted = [(designs[each], quotes.quote(designs[each], now=now)) for each in ids]
    shown = {quote.picture_hash: quote.description for _, quote in quoted if quote.picture_hash}
    gallery.remember(shown, now=now, for_good=True)
    return [_look(design, quote, bands, now=now) for design, quote in quoted]


def tray(visit: Appointment) -> list[Piece]:
    """The stones that are promised to it."""
    holds = visit.holds.filter(state__in=PieceHold.ACTIVE).order_by("pk")
    ids = list(holds.values_list("stone_id", flat=True))
    stones = Stone.objects.in_bulk(ids) if ids else {}
    return [_piece(stones[each], visit) for each in ids]


def zone_of(visit: Appointment) -> ZoneInfo:
    """By whose clocks its time is told first: by hers for a call, by the store's for all else."""
    is_call = visit.service.place == Service.Place.VIDEO
    return ZoneInfo(visit.visitor_zone) if is_call and visit.visitor_zone else visit.store.zone


def when(visit: Appointment, *, now: datetime) -> str:
    """ "Thursday, November 26, 2:30 pm, New York time"."""
    return clocks.in_full(visit.starts_at, zone=zone_of(visit), now=now)


def when_here(visit: Appointment) -> str:
    """Of a call that is told by her clocks: when it is by the store's; else empty."""
    zone = visit.store.zone
    if zone_of(visit).key == zone.key:
        return ""
    return f"{clocks.time_told(visit.starts_at, zone=zone)}, {clocks.zone_told(zone)}"


def facts(visit: Appointment, *, now: datetime) -> dict[str, object]:
    """What every mail about the visit says of it, by the names that its templates use."""
    showroom = getattr(visit.store, "showroom", None)
    is_call = visit.service.place == Service.Place.VIDEO
    return {
        "when": when(visit, now=now),
        "when_here": when_here(visit),
        "lasts": clocks.minutes_told(visit.service.minutes),
        "service": visit.service.name,
        "is_call": is_call,
        "where": invitations.location(visit),
        # Of a surprise the page tells them: they may name the house.
        "directions": ""
        if is_call or showroom is None or visit.is_surprise
        else showroom.directions,
        "map_url": "" if is_call or showroom is None else showroom.map_url,
        "phone": visit.store.phone,
        "associate": visit.associate.name if visit.associate else "",
        "about": visit.associate.about if visit.associate else "",
        "is_surprise": visit.is_surprise,
    }


def stone_told(stone: Stone) -> str:
    """ "1.52 ct round, G, VS1"."""
    grades = ", ".join([stone.color or stone.fancy_color, stone.clarity])
    return f"{stone.carat:.2f} ct {stone.get_shape_display().lower()}, {grades}"


def note_opened(visit: Appointment, *, headers: Mapping[str, str], now: datetime) -> bool:
    """The mail's link was followed; says whether that is news. Only what a browser says of a person's click counts."""
    if headers.get("Sec-Fetch-User") != "?1" or headers.get("Sec-Purpose"):
        return False
    unread = Appointment.objects.filter(pk=visit.pk, lookbook_opened_at=None)
    return bool(unread.update(lookbook_opened_at=now))


# Inside.


def _look(design: Design, quote: quotes.Quote, bands: Sequence[Band], *, now: datetime) -> Look:
    picture = stills.picture_url(design, quote.picture_hash, width=600)
    until = f"{quote.price_until:%B} {quote.price_until.day}"
    return Look(
        title=design.name or (design.setting.name if design.setting else "Your stone"),
        words=versions.beside_its_name(design),
        picture=f"{settings.SITE_URL}{picture}" if picture else "",
        price=quote.told if quote.is_complete else "",
        priced=_priced(quote, until) if quote.is_complete else "",
        bands=_beside(design, bands, now=now),
    )


def _priced(quote: quotes.Quote, until: str) -> str:
    if not quote.promise_told:
        return ""
    return f"yours until {until}" if quote.is_promised else "at today’s price"


def _beside(design: Design, bands: Sequence[Band], *, now: datetime) -> list[BandBeside]:
    """The one she chose, then those that lie flush, then by how narrow the gap is."""
    if design.setting is None or design.stone is None or quotes.head_of(design) is None:
        return []
    lies = {band.pk: quotes.lies(design, band) for band in bands}
    nearest = sorted(
        bands,
        key=lambda band: (
            band.pk != design.band_id,
            not lies[band.pk].is_flush,
            lies[band.pk].gap_mm,
        ),
    )
    found = []
    for band in nearest[:BANDS]:
        told = quotes.band_told(band, design=design, now=now)
        gap = lies[band.pk]
        found.append(
            BandBeside(
                name=band.name,
                words="sits flush" if gap.is_flush else f"{gap.gap_mm} mm apart",
                price="" if told == pricing.IN_WORDS_ON_REQUEST else told,
            )
        )
    return found


def _piece(stone: Stone, visit: Appointment) -> Piece:
    is_here = stone.store_id == visit.store_id
    return Piece(
        words=stone_told(stone),
        report=f"{stone.lab} {stone.report_number}",
        place="in this showroom" if is_here else "brought here for you",
    )
