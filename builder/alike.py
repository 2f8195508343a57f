"""Stones for a ring whose own one was sold, or became dearer: ranked, with what changes in millimeters and money.

The money is that of the whole ring, as the design's store tells prices; where it tells none, only the millimeters and
grades are said.
"""

import copy
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.conf import settings

from builder import notices, pricebook, pricing, quotes, search
from builder.models import Design, DesignVersion, Stone
from builder.search import Twin

GONE = (Stone.Status.SOLD, Stone.Status.WITHDRAWN)


@dataclass(frozen=True, kw_only=True)
class Alike:
    """`words`: "0.02 mm wider, one color better, $180 less". `price` is that of `priced`: the whole ring, or while it is not
    whole the stone alone. `total`: the whole ring's.
    """

    stone: Stone
    words: str
    price: str
    priced: str
    total: Decimal | None


@dataclass(frozen=True, kw_only=True)
class Instead:
    """Why a page offers other stones: `kind` is notices.GONE or notices.DEARER. Prices as they are told, "" if not."""

    kind: str
    alike: list[Alike]
    before: str = ""
    price: str = ""
    difference: str = ""


def limits() -> notices.Limits:
    """The house's own, from the settings."""
    return notices.Limits(
        news_pct=settings.PRICE_NEWS_PCT,
        news_amount=settings.PRICE_NEWS_AMOUNT,
        ending_days=settings.PRICE_ENDING_DAYS,
        pause_days=settings.DESIGN_PAUSE_DAYS,
    )


def is_gone(stone: Stone | None) -> bool:
    """Sold or withdrawn; one that is held for somebody may come back."""
    return stone is not None and stone.status in GONE


def instead(design: Design, *, total: Decimal, now: datetime) -> Instead | None:
    """What a page says beside the ring as it stands at `total`; None when its stone and its price are as they were."""
    if is_gone(design.stone):
        than = None if quotes.missing(design) else total
        return Instead(kind=notices.GONE, alike=offered(design, than=than, now=now))
    before = _risen(design, total=total, now=now)
    if before is None:
        return None
    mode = pricebook.telling(design.store).mode
    return Instead(
        kind=notices.DEARER,
        alike=offered(design, than=before, at_most=total, now=now),
        before=pricing.told(before, mode=mode),
        price=pricing.told(total, mode=mode),
        difference=pricing.told(total - before, mode=mode) if mode == pricing.SHOWN else "",
    )


def _risen(design: Design, *, total: Decimal, now: datetime) -> Decimal | None:
    """The price she saved, where its promise is over and today's is higher by enough, and told otherwise."""
    if design.pk is None or design.saved_at is None or quotes.missing(design):
        return None
    last = design.versions.order_by("-number").first()
    if last is None or last.price is None or not quotes.is_same(design, last):
        return None
    today, mode = quotes.day_of(design.store, now=now), pricebook.telling(design.store).mode
    is_over = last.price_until_date is not None and last.price_until_date < today
    is_higher = total > last.price and notices.is_news(last.price, total, limits=limits())
    is_told = pricing.told(total, mode=mode) != pricing.told(last.price, mode=mode)
    return last.price if is_over and is_higher and is_told else None


def as_design(version: DesignVersion, *, of: Design) -> Design:
    """The ring as it was saved, to be quoted at today's price: in no table, and with no promise."""
    ring = Design(store=of.store, **{name: getattr(version, name) for name in quotes.STATE})
    for name in ("setting", "metal", "stone"):
        if getattr(ring, f"{name}_id") is not None:
            setattr(ring, name, getattr(version, name))
    return ring


def price_now(ring: Design, *, now: datetime) -> Decimal | None:
    """What it costs today, whatever was promised; None while it is not whole, cannot be made, or has no price."""
    quoted = quotes.quote(_unpromised(ring), now=now)
    is_makeable = not quoted.outdated and (quoted.fit is None or quoted.fit.fits)
    has_price = not quoted.missing and quoted.mode != pricing.ON_REQUEST
    return quoted.total if has_price and is_makeable else None


def offered(
    ring: Design,
    *,
    than: Decimal | None,
    now: datetime,
    at_most: Decimal | None = None,
    limit: int = 3,
) -> list[Alike]:
    """The nearest first. `than`: the price that differences are told from; `at_most`: none for which the ring costs more."""
    if ring.stone is None:
        return []
    found = search.twins(stone=ring.stone, setting=ring.setting, limit=limit)
    rings = [alike(ring, twin, than=than, now=now) for twin in found]
    if at_most is None:
        return rings
    return [each for each in rings if each.total is not None and each.total <= at_most]


def alike(ring: Design, twin: Twin, *, than: Decimal | None, now: datetime) -> Alike:
    """One twin of the ring's stone, told beside it. `than`: the whole ring's price that the difference is told from."""
    other = _unpromised(ring)
    other.stone = twin.stone
    total = price_now(other, now=now)
    difference = total - than if total is not None and than is not None else twin.dearer_by
    mode = pricebook.telling(ring.store).mode
    currency = pricing.CURRENCY if mode == pricing.SHOWN else ""
    return Alike(
        stone=twin.stone,
        words=replace(twin, dearer_by=difference).words(currency=currency),
        price=pricing.told(total or twin.stone.price or Decimal(0), mode=mode),
        priced="the whole ring" if total is not None else "the stone",
        total=total,
    )


def _unpromised(ring: Design) -> Design:
    other = copy.copy(ring)
    other.saved_at = None  # so that no promise is looked for
    return other
