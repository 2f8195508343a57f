"""Share a sale's money over the touches that led to it, exact to the minor unit.

Pure: values in, shares out. `docs/algorithms/crediting.md` has the models, the rounding and an example.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from django.db.models import TextChoices

from jeweler import money


class CreditModel(TextChoices):
    FIRST = "first", "First touch"
    LAST = "last", "Last touch"


@dataclass(frozen=True, kw_only=True, order=True)
class Touch:
    """A touchpoint as crediting sees it. Touches are ordered by time; a tie by the smaller id."""

    at: datetime
    id: int


def weights(*, touches: Sequence[Touch], model: CreditModel) -> dict[int, Fraction]:
    """Each credited touch's share of one; nothing when there is no touch."""
    if not touches:
        return {}
    chosen = min(touches) if model is CreditModel.FIRST else max(touches)
    return {chosen.id: Fraction(1)}


def apportion(
    *, amount: Decimal, weights: Mapping[int, Fraction], currency: str
) -> dict[int, Decimal]:
    """The amount over the weights: whole minor units that sum to it.

    Each share is rounded down, and what is left goes, a unit each, to the largest remainders; equal
    remainders go to the smaller id. A negative amount is shared as its positive, negated.
    """
    if amount < 0:
        shares = apportion(amount=-amount, weights=weights, currency=currency)
        return {id_: -share for id_, share in shares.items()}
    minor, whole = money.to_minor(amount, currency=currency), sum(weights.values())
    exact = {id_: minor * weight / whole for id_, weight in weights.items()}
    units = {id_: int(share) for id_, share in exact.items()}
    left = minor - sum(units.values())
    for id_ in sorted(exact, key=lambda key: (units[key] - exact[key], key))[:left]:
        units[id_] += 1
    return {id_: money.from_minor(unit, currency=currency) for id_, unit in units.items()}


def split(
    *, value: Decimal, touches: Sequence[Touch], model: CreditModel, currency: str
) -> dict[int | None, Decimal]:
    """What each touch is credited with, by its id; under None when there is no touch at all.

    The shares sum to the value. Touches without a share are left out.
    """
    given = weights(touches=touches, model=model)
    if not given:
        return {None: value}
    return dict(apportion(amount=value, weights=given, currency=currency).items())


def split_refunds(
    *,
    refunds: Sequence[Decimal],
    touches: Sequence[Touch],
    model: CreditModel,
    currency: str,
) -> list[dict[int | None, Decimal]]:
    """What each refund, oldest first, takes back from the touches: negative shares.

    Each refund's shares sum to minus its amount. They are the differences of the running total's
    shares, so that refunds of the whole value take back exactly what the sale gave to each touch.
    """
    given = weights(touches=touches, model=model)
    if not given:
        return [{None: -refund} for refund in refunds]
    taken, before = Decimal(0), dict.fromkeys(given, Decimal(0))
    shares: list[dict[int | None, Decimal]] = []
    for refund in refunds:
        taken += refund
        after = apportion(amount=taken, weights=given, currency=currency)
        shares.append({id_: before[id_] - after[id_] for id_ in given})
        before = after
    return shares
