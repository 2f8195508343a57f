"""What the stone list can be asked for: facets counted by value, measures filtered by range, and sorts.

Measures are compared as the whole numbers that the table keeps: hundredths of a carat, of a ratio and of the price's unit,
tenths of a percent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from builder import gemology
from builder.models import Growth, Shape


@dataclass(frozen=True, kw_only=True)
class Facet:
    """A column that is counted by value. `always` are shown even when no stone has them.

    A graded facet's values run from the best to the plainest, so that the next one is the nearest.
    """

    column: str
    title: str
    labels: Mapping[str, str]
    always: Sequence[str] = ()
    is_graded: bool = False


def _same(values: Sequence[str]) -> dict[str, str]:
    return {value: value for value in values}


def _words(values: Sequence[str]) -> dict[str, str]:
    return {value: value.replace("_", " ").capitalize() for value in values}


_GRADES_SHOWN = ("excellent", "very_good", "good")

FACETS = {
    "shape": Facet(
        column="shape", title="Shape", labels=dict(Shape.choices), always=gemology.SHAPES
    ),
    "color": Facet(
        column="color",
        title="Color",
        labels=_same(gemology.COLORS),
        always=gemology.COLORS[:8],
        is_graded=True,
    ),
    "clarity": Facet(
        column="clarity",
        title="Clarity",
        labels=_same(gemology.CLARITIES),
        always=gemology.CLARITIES[:8],
        is_graded=True,
    ),
    "cut": Facet(
        column="cut",
        title="Cut",
        labels=gemology.GRADE_LABELS,
        always=_GRADES_SHOWN,
        is_graded=True,
    ),
    "growth": Facet(
        column="growth", title="Origin", labels=dict(Growth.choices), always=Growth.values
    ),
    "lab": Facet(column="lab", title="Lab", labels=_same(gemology.LABS)),
    "fluorescence": Facet(
        column="fluorescence",
        title="Fluorescence",
        labels=gemology.FLUORESCENCE_LABELS,
        always=gemology.FLUORESCENCES,
        is_graded=True,
    ),
    "polish": Facet(
        column="polish",
        title="Polish",
        labels=gemology.GRADE_LABELS,
        always=_GRADES_SHOWN,
        is_graded=True,
    ),
    "symmetry": Facet(
        column="symmetry",
        title="Symmetry",
        labels=gemology.GRADE_LABELS,
        always=_GRADES_SHOWN,
        is_graded=True,
    ),
    "fancy_hue": Facet(column="fancy_hue", title="Fancy color", labels=_words(gemology.HUES)),
    "fancy_intensity": Facet(
        column="fancy_intensity",
        title="Fancy intensity",
        labels=_words(gemology.INTENSITIES),
        is_graded=True,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A whole-number column; `scale` of them are one of the units that people write."""

    column: str
    title: str
    scale: int
    example: str
    unit: str = ""

    def least(self, amount: Decimal) -> int:
        return int((amount * self.scale).to_integral_value(ROUND_CEILING))

    def most(self, amount: Decimal) -> int:
        return int((amount * self.scale).to_integral_value(ROUND_FLOOR))

    def amount(self, value: int) -> Decimal:
        return Decimal(value) / self.scale

    def written(self, amount: Decimal) -> str:
        """As it stands in an address: no exponent and no idle zeros."""
        return f"{amount.normalize():f}"

    def said(self, amount: Decimal) -> str:
        if self.unit == "$":
            whole = amount == amount.to_integral_value()
            return f"${amount:,.0f}" if whole else f"${amount:,.2f}"
        return f"{self.written(amount)}{self.unit}"


MEASURES = {
    "carat": Measure(column="carat_points", title="Carat", scale=100, example="1.50", unit=" ct"),
    "price": Measure(column="price_cents", title="Price", scale=100, example="5000", unit="$"),
    "ratio": Measure(column="ratio_hundredths", title="Length to width", scale=100, example="1.35"),
    "table": Measure(column="table_tenths", title="Table", scale=10, example="57", unit=" %"),
    "depth": Measure(column="depth_tenths", title="Depth", scale=10, example="61.5", unit=" %"),
}
RANGES = tuple(f"{name}_{end}" for name in MEASURES for end in ("min", "max"))


@dataclass(frozen=True, kw_only=True)
class Sort:
    """By one whole number, stones of the same by price and then by id.

    `facet` or `measure` says which; neither: price itself. A facet's stones without a grade come last. Descending turns
    round the first number alone, but for the price, where it turns round everything.
    """

    title: str
    facet: str = ""
    measure: str = ""
    is_descending: bool = False


SORTS = {
    "price": Sort(title="Lowest price first"),
    "-price": Sort(title="Highest price first", is_descending=True),
    "carat": Sort(title="Smallest first", measure="carat"),
    "-carat": Sort(title="Largest first", measure="carat", is_descending=True),
    "color": Sort(title="Best color first", facet="color"),
    "clarity": Sort(title="Best clarity first", facet="clarity"),
    "ratio": Sort(title="Roundest first", measure="ratio"),
    "-ratio": Sort(title="Most slender first", measure="ratio", is_descending=True),
}

TITLES = {
    **{name: facet.title for name, facet in FACETS.items()},
    **{f"{name}_min": f"{measure.title} from" for name, measure in MEASURES.items()},
    **{f"{name}_max": f"{measure.title} up to" for name, measure in MEASURES.items()},
    "store": "In store",
    "fits": "Fits the setting",
    "ready_by": "Ready by",
    "number": "Report or stock number",
    "facets": "Facets",
    "sort": "Order",
    "page": "Page",
    "page_size": "Stones per page",
    "after": "After",
    "before": "Before",
}
PARAMETERS = frozenset(TITLES)
