"""The stones on offer that `market.position` compares one with, and what it finds."""

from builder import gemology, market
from builder.models import Stone

# A report of these labs means about the same to the trade; the others' grades are read more loosely.
STRICT_LABS = ("GIA", "AGS", "GCAL", "HRD")


def market_position(stone: Stone) -> market.Position | None:
    """None: too few comparable stones, or one whose color no letter says."""
    if not stone.color or stone.clarity not in gemology.CLARITIES or stone.price is None:
        return None
    low, high = market.bounds(_points(stone))
    labs = STRICT_LABS if stone.lab in STRICT_LABS else tuple(set(gemology.LABS) - set(STRICT_LABS))
    found = Stone.objects.filter(
        status=Stone.Status.AVAILABLE,
        shape=stone.shape,
        growth=stone.growth,
        lab__in=labs,
        carat_points__range=(low, high),
        color__in=_around(gemology.COLORS, stone.color),
        clarity__in=_around(gemology.CLARITIES, stone.clarity),
    ).values_list("pk", "carat_points", "color", "clarity", "price_cents")
    among = [
        market.Traded(
            id=pk,
            carat_points=points,
            color=gemology.COLORS.index(color),
            clarity=gemology.CLARITIES.index(clarity),
            price_cents=cents,
        )
        for pk, points, color, clarity, cents in found
    ]
    return market.position(stone=_traded(stone), among=among)


def _traded(stone: Stone) -> market.Traded:
    return market.Traded(
        id=stone.pk,
        carat_points=_points(stone),
        color=gemology.COLORS.index(stone.color),
        clarity=gemology.CLARITIES.index(stone.clarity),
        price_cents=int((stone.price or 0) * 100),
    )


def _points(stone: Stone) -> int:
    return int(stone.carat * 100)


def _around(grades: tuple[str, ...], grade: str) -> tuple[str, ...]:
    """As far as the widest comparison goes."""
    place, far = grades.index(grade), max(market.STEPS[-1][1:])
    return grades[max(0, place - far) : place + far + 1]
