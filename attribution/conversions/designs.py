"""Note what she did with a design: completed it, saved it, had it opened in a showroom.

These conversions are worth the price of the ring that they were about, for information; nothing is
credited for them.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db.models import Prefetch

from attribution.models import Conversion
from builder.models import Design, DesignLookup, DesignVersion
from builder.pricing import CURRENCY
from builder.quotes import missing, quote

Kind = Conversion.Kind


def record_saved(*, designs: Iterable[Design], now: datetime) -> None:
    """Once per design, at its first save, worth its latest price. Reads `versions`: prefetch them."""
    _keep(
        _conversion(
            kind=Kind.DESIGN_SAVED,
            key=f"saved:{design.pk}",
            design=design,
            at=_versions(design)[0].saved_at,
            value=_price(design),
            now=now,
        )
        for design in designs
        if _versions(design)
    )


def record_completed(*, designs: Iterable[Design], now: datetime) -> None:
    """Once per design, in however many browsers its summary was reached; worth its latest saved price, else what it costs now."""
    _keep(
        _conversion(
            kind=Kind.BUILDER_COMPLETED,
            key=f"completed:{design.pk}",
            design=design,
            at=design.completed_at,
            value=_price(design),
            now=now,
        )
        for design in designs
        if design.completed_at is not None
    )


def record_looked_up(*, lookups: Iterable[DesignLookup], now: datetime) -> None:
    """Once per look-up, in the store where it was."""
    _keep(
        _conversion(
            kind=Kind.DESIGN_LOOKED_UP,
            key=f"looked_up:{lookup.pk}",
            design=lookup.design,
            at=lookup.opened_at,
            value=_price(lookup.design),
            now=now,
            store_id=lookup.store_id,
        )
        for lookup in lookups
    )


def rebuild_designs(*, now: datetime) -> None:
    """All of them anew, from the designs and the look-ups."""
    # A version's description is long, and nothing here reads it.
    prices = DesignVersion.objects.only("design_id", "number", "price", "saved_at")
    saved = Design.objects.filter(saved_at__isnull=False).order_by("pk")
    saved = saved.prefetch_related(Prefetch("versions", prices))
    record_saved(designs=saved, now=now)
    record_completed(designs=saved.filter(completed_at__isnull=False), now=now)
    unsaved = Design.objects.filter(saved_at=None, completed_at__isnull=False).order_by("pk")
    quoted = unsaved.select_related("setting", "metal", "stone").prefetch_related("versions")
    record_completed(designs=quoted, now=now)
    lookups = DesignLookup.objects.select_related("design").order_by("pk")
    looked_up = lookups.prefetch_related(Prefetch("design__versions", prices))
    record_looked_up(lookups=looked_up, now=now)


def _versions(design: Design) -> list[DesignVersion]:
    return sorted(design.versions.all(), key=lambda version: version.number)


def _price(design: Design) -> Decimal:
    """The last that was saved with a whole ring; a ring that is not whole is worth nothing yet."""
    prices = [version.price for version in _versions(design) if version.price is not None]
    if prices:
        return prices[-1]
    return Decimal(0) if missing(design) else quote(design).total


def _conversion(
    *,
    kind: Kind,
    key: str,
    design: Design,
    at: datetime,
    value: Decimal,
    now: datetime,
    store_id: int | None = None,
) -> Conversion:
    return Conversion(
        kind=kind,
        key=key,
        occurred_at=at,
        customer_id=design.customer_id,
        visitor_id=design.visitor_id,
        store_id=store_id,
        design_code=design.code,
        value=value,
        currency=CURRENCY,
        counted_at=now,
    )


def _keep(conversions: Iterable[Conversion]) -> None:
    """Write them, or write over them: the same facts give the same rows."""
    Conversion.objects.bulk_create(
        conversions,
        batch_size=2000,
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["occurred_at", "customer", "visitor", "store", "value", "counted_at"],
    )
