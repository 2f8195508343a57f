"""Stones that could stand in for another one, the nearest first, with what is different in words.

Only stones on offer of the same shape and growth that face up within 3 %, are at most one color, one clarity and one cut
grade plainer, and fit the setting. How they are ranked: docs/algorithms/search.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor

from django.db.models import F, Value
from django.db.models.functions import Abs

from builder import gemology
from builder.models import Setting, Stone
from builder.search.fitting import fitting
from jeweler import money

SPAN_PCT = 3
WEIGHED = 300  # of the candidates, those nearest in price

# The distance is a sum of these: a percent of length or width, a hundredth of the ratio, a grade, a percent of the price.
PER_MM_PCT = 1.0
PER_RATIO = 0.5
PER_PLAINER, PER_BETTER = 4.0, 0.5
PER_DEARER_PCT, PER_CHEAPER_PCT = 0.2, 0.1

NUMBERS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}


@dataclass(frozen=True, kw_only=True)
class Twin:
    """`reasons`: what is different but for the price, such as "0.02 mm wider", "one color better".

    `dearer_by` is negative for a cheaper one, 0 where either has no price.
    """

    stone: Stone
    reasons: list[str]
    distance: float
    dearer_by: Decimal = Decimal(0)

    def words(self, *, currency: str = "") -> str:
        """All that is different, the price in this currency; without one the price is not told."""
        words = list(self.reasons)
        if currency and self.dearer_by:
            difference = money.in_words(abs(self.dearer_by), currency=currency)
            words.append(f"{difference} {'more' if self.dearer_by > 0 else 'less'}")
        return ", ".join(words) or "the same in every measure and grade"


def like(*, stone: Stone, setting: Setting | None = None, limit: int = 3) -> list[Stone]:
    """The twins' stones alone."""
    return [twin.stone for twin in twins(stone=stone, setting=setting, limit=limit)]


def twins(*, stone: Stone, setting: Setting | None = None, limit: int = 3) -> list[Twin]:
    found = Stone.objects.select_related("store").filter(
        status=Stone.Status.AVAILABLE,
        shape=stone.shape,
        growth=stone.growth,
        fancy_hue=stone.fancy_hue,
        fancy_intensity=stone.fancy_intensity,
        length_hundredths__range=_within(stone.length_mm),
        width_hundredths__range=_within(stone.width_mm),
        color__in=_down_to(gemology.COLORS, stone.color),
        clarity__in=_down_to(gemology.CLARITIES, stone.clarity),
        cut__in=_cuts_down_to(stone.cut),
    )
    found = found.exclude(pk=stone.pk)
    if setting is not None:
        found = found.filter(fitting(setting.rules))
    cents = int((stone.price or Decimal(0)) * 100)
    nearest = found.order_by(Abs(F("price_cents") - Value(cents)), "pk")[:WEIGHED]
    ranked = sorted(
        (
            Twin(
                stone=each,
                reasons=reasons(stone, each),
                distance=distance(stone, each),
                dearer_by=each.price - stone.price if each.price and stone.price else Decimal(0),
            )
            for each in nearest
        ),
        key=lambda twin: (twin.distance, twin.stone.pk),
    )
    return ranked[:limit]


def distance(stone: Stone, other: Stone) -> float:
    """0 for a stone of the same measures, grades and price; a plainer grade weighs as much as 4 % of its size."""
    sides = ((stone.length_mm, other.length_mm), (stone.width_mm, other.width_mm))
    far = sum(PER_MM_PCT * 100 * abs(float(theirs / mine) - 1) for mine, theirs in sides)
    far += PER_RATIO * 100 * abs(_ratio(stone) - _ratio(other))
    for steps in _better(stone, other).values():
        far += PER_BETTER * steps if steps > 0 else -PER_PLAINER * steps
    if stone.price and other.price:
        change = 100 * (float(other.price / stone.price) - 1)
        far += PER_DEARER_PCT * change if change > 0 else -PER_CHEAPER_PCT * change
    return far


def reasons(stone: Stone, other: Stone) -> list[str]:
    words = []
    for more, less, mine, theirs in (
        ("wider", "narrower", stone.width_mm, other.width_mm),
        ("longer", "shorter", stone.length_mm, other.length_mm),
    ):
        if mine != theirs:
            words.append(f"{abs(theirs - mine):.2f} mm {more if theirs > mine else less}")
    for name, steps in _better(stone, other).items():
        if steps:
            many = NUMBERS.get(abs(steps), str(abs(steps)))
            grade = name if abs(steps) == 1 else _plural(name)
            words.append(f"{many} {grade} {'better' if steps > 0 else 'plainer'}")
    return words


def _plural(name: str) -> str:
    return {"color": "colors", "clarity": "clarities", "cut grade": "cut grades"}[name]


def _better(stone: Stone, other: Stone) -> dict[str, int]:
    """By how many grades the other one is better; negative: plainer. Ungraded stones are not compared."""
    return {
        "color": _steps(gemology.COLORS, stone.color, other.color),
        "clarity": _steps(gemology.CLARITIES, stone.clarity, other.clarity),
        "cut grade": _steps(gemology.GRADES, stone.cut, other.cut),
    }


def _steps(grades: Sequence[str], mine: str, theirs: str) -> int:
    if mine not in grades or theirs not in grades:
        return 0
    return grades.index(mine) - grades.index(theirs)


def _ratio(stone: Stone) -> float:
    return float(stone.length_mm / stone.width_mm)


def _within(length: Decimal) -> tuple[int, int]:
    """In hundredths, rounded inward."""
    return ceil(length * (100 - SPAN_PCT)), floor(length * (100 + SPAN_PCT))


def _down_to(grades: Sequence[str], grade: str) -> list[str]:
    """This grade, the better ones, and the next plainer one."""
    if grade not in grades:
        return [grade]
    return list(grades[: grades.index(grade) + 2])


def _cuts_down_to(cut: str) -> list[str]:
    """Labs grade the cut of few shapes, so that a stone without a grade is as good as its measures."""
    return ["", *gemology.GRADES] if not cut else ["", *_down_to(gemology.GRADES, cut)]
