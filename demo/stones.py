"""Stones for the sample house, drawn by lot after the measured laws: same seed, same stones.

Pure. Proportions are drawn first and the millimeters follow from the weight, as at the cutter's wheel, so that each
report agrees with itself: depth, table, angles, millimeters and carats. Reports and prices are invented.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from builder import gemology

Floats = NDArray[np.float64]

SEED = 20261121
LAB_GROWN_SHARE = 0.38
# Shape: share of the stock, price against a round's, and length to width at the 5th, 50th and 95th percentile.
_SHAPES = {
    "round": (0.36, 1.00, (1.002, 1.006, 1.012)),
    "oval": (0.17, 0.86, (1.29, 1.39, 1.58)),
    "cushion": (0.10, 0.76, (1.01, 1.08, 1.21)),
    "princess": (0.07, 0.78, (1.003, 1.02, 1.07)),
    "emerald": (0.10, 0.82, (1.12, 1.37, 1.50)),
    "asscher": (0.03, 0.80, (1.002, 1.014, 1.05)),
    "radiant": (0.06, 0.80, (1.01, 1.20, 1.37)),
    "pear": (0.06, 0.84, (1.39, 1.52, 1.74)),
    "marquise": (0.03, 0.82, (1.64, 1.88, 2.35)),
    "heart": (0.02, 0.80, (1.02, 1.11, 1.21)),
}
_COLORS = {
    "D": (0.11, 1.30), "E": (0.15, 1.19), "F": (0.18, 1.11), "G": (0.18, 1.00), "H": (0.15, 0.89),
    "I": (0.11, 0.77), "J": (0.08, 0.66), "K": (0.04, 0.57),
}  # fmt: skip
_CLARITIES = {
    "FL": (0.005, 1.75), "IF": (0.035, 1.42), "VVS1": (0.09, 1.25), "VVS2": (0.14, 1.14), "VS1": (0.23, 1.00),
    "VS2": (0.24, 0.91), "SI1": (0.17, 0.77), "SI2": (0.08, 0.64), "I1": (0.01, 0.45),
}  # fmt: skip
_MARKS = np.array([0.3, 0.5, 0.7, 0.9, 1.0, 1.2, 1.5, 1.7, 2.0, 2.5, 3.0, 4.0])
_NATURAL_MARKS = np.array([6, 13, 12, 10, 20, 9, 13, 4, 8, 2, 2, 1], dtype=float)
_GROWN_MARKS = np.array([1, 3, 4, 5, 16, 7, 17, 7, 19, 9, 9, 3], dtype=float)
_STEEPER = np.array([0.5, 0.9, 1.0, 1.5, 2.0, 3.0])  # weights at which a carat costs more


@dataclass(frozen=True, kw_only=True)
class Made:
    """One stone as its report and its price tag say it; None where the lab does not say."""

    lab: str
    report_number: str
    growth: str
    shape: str
    carat: Decimal
    color: str
    clarity: str
    cut: str
    polish: str
    symmetry: str
    fluorescence: str
    length_mm: Decimal
    width_mm: Decimal
    depth_mm: Decimal
    depth_pct: Decimal
    table_pct: Decimal
    crown_angle: Decimal | None
    pavilion_angle: Decimal | None
    girdle_pct: Decimal
    price: Decimal


def make(*, count: int, seed: int = SEED) -> Iterator[Made]:
    rng = np.random.default_rng(seed)
    columns = drawn(rng, count=count)
    columns["report_number"] = _report_numbers(rng, columns)
    names = list(columns)
    for row in zip(*(columns[name].tolist() for name in names), strict=True):
        yield _made(dict(zip(names, row, strict=True)))


def drawn(rng: np.random.Generator, *, count: int) -> dict[str, NDArray[Any]]:
    """Columns of `count` stones without their report numbers; `grown` says lab-grown, `ratio` and `depth` are unrounded."""
    shapes = rng.choice(list(_SHAPES), size=count, p=_shares([row[0] for row in _SHAPES.values()]))
    grown = rng.random(count) < LAB_GROWN_SHARE
    columns = _grades(rng, shapes, grown) | {"shape": shapes, "grown": grown}
    columns["carat"] = _carats(rng, grown)
    columns |= _proportions(rng, columns)
    columns |= _millimeters(columns)
    columns["price"] = _prices(rng, columns)
    return columns


def _made(row: dict[str, Any]) -> Made:
    has_angles = row["shape"] == "round" or row["lab"] == "IGI"
    return Made(
        lab=row["lab"],
        report_number=row["report_number"],
        growth="lab" if row["grown"] else "natural",
        shape=row["shape"],
        carat=_decimal(row["carat"], 2),
        color=row["color"],
        clarity=row["clarity"],
        cut=row["cut"],
        polish=row["polish"],
        symmetry=row["symmetry"],
        fluorescence=row["fluorescence"],
        length_mm=_decimal(row["length_mm"], 2),
        width_mm=_decimal(row["width_mm"], 2),
        depth_mm=_decimal(row["depth_mm"], 2),
        depth_pct=_decimal(row["depth_pct"], 1),
        table_pct=_decimal(row["table_pct"], 1),
        crown_angle=_decimal(row["crown_angle"], 1) if has_angles else None,
        pavilion_angle=_decimal(row["pavilion_angle"], 1) if has_angles else None,
        girdle_pct=_decimal(row["girdle_pct"], 1),
        price=_decimal(row["price"], 0),
    )


def _decimal(value: float, decimals: int) -> Decimal:
    return Decimal(f"{value:.{decimals}f}")


def _shares(weights: list[float] | Floats) -> Floats:
    values = np.asarray(weights, dtype=float)
    shares: Floats = values / values.sum()
    return shares


def _own(words: NDArray[Any], values: dict[str, float]) -> Floats:
    """Each stone's own value, by its shape or grade."""
    known, places = np.unique(words, return_inverse=True)
    own: Floats = np.array([values[word] for word in known.tolist()])[places]
    return own


def _chosen(
    rng: np.random.Generator, size: int, table: dict[str, tuple[float, float]]
) -> NDArray[Any]:
    return rng.choice(list(table), size=size, p=_shares([row[0] for row in table.values()]))


def _grades(
    rng: np.random.Generator, shapes: NDArray[Any], grown: NDArray[np.bool_]
) -> dict[str, NDArray[Any]]:
    size = len(shapes)
    natural_lab = rng.choice(["GIA", "AGS", "HRD", "GCAL"], size=size, p=[0.9, 0.03, 0.05, 0.02])
    grown_lab = rng.choice(["IGI", "GIA", "GCAL"], size=size, p=[0.78, 0.16, 0.06])
    polish = rng.choice(["excellent", "very_good", "good"], size=size, p=[0.74, 0.22, 0.04])
    symmetry = rng.choice(["excellent", "very_good", "good"], size=size, p=[0.66, 0.27, 0.07])
    fluorescence = rng.choice(
        ["none", "faint", "medium", "strong", "very_strong"],
        size=size,
        p=[0.66, 0.18, 0.10, 0.05, 0.01],
    )
    return {
        "lab": np.where(grown, grown_lab, natural_lab),
        "color": _chosen(rng, size, _COLORS),
        "clarity": _chosen(rng, size, _CLARITIES),
        "polish": polish,
        "symmetry": symmetry,
        "fluorescence": np.where(grown, "none", fluorescence),
    }


def _carats(rng: np.random.Generator, grown: NDArray[np.bool_]) -> Floats:
    """Half of them just above the weights that people ask for."""
    size = len(grown)
    free = np.exp(rng.normal(np.where(grown, 0.35, -0.12), 0.52, size))
    marks = np.where(
        grown,
        rng.choice(_MARKS, size=size, p=_shares(_GROWN_MARKS)),
        rng.choice(_MARKS, size=size, p=_shares(_NATURAL_MARKS)),
    )
    carats = np.where(rng.random(size) < 0.5, free, marks + rng.exponential(0.035, size))
    return np.round(np.clip(carats, 0.30, 6.0), 2)


def _proportions(
    rng: np.random.Generator, columns: dict[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    shapes = columns["shape"]
    size = len(shapes)
    is_round = shapes == "round"
    laws = gemology.LAWS

    def usual(name: str, spread: float, step: float, round_spread: float) -> Floats:
        middle = _own(shapes, {shape: getattr(law, name) for shape, law in laws.items()})
        value = rng.normal(middle, np.where(is_round, round_spread, spread), size)
        return np.round(np.round(value / step) * step, 1)

    table = usual("table_pct", 2.6, 1.0, 1.7)
    crown = usual("crown_angle", 1.6, 0.5, 1.1)
    pavilion = usual("pavilion_angle", 1.0, 0.2, 0.30)
    girdle = usual("girdle_pct", 0.5, 0.5, 0.5)
    rounds_depth = (
        (100 - table) / 2 * np.tan(np.radians(crown)) + girdle + 50 * np.tan(np.radians(pavilion))
    )
    fancy_depth = usual("depth_pct", 2.2, 0.1, 1.0)
    depth = np.where(is_round, rounds_depth, fancy_depth)
    ideal = (table <= 62) & (table >= 52) & (crown >= 31.5) & (crown <= 36.5)
    ideal &= (pavilion >= 40.6) & (pavilion <= 41.8)
    fancy_cut = rng.choice(["excellent", "very_good", "good"], size=size, p=[0.55, 0.35, 0.10])
    cut = np.where(
        is_round,
        np.where(ideal & (columns["symmetry"] != "good"), "excellent", "very_good"),
        np.where(columns["lab"] == "IGI", fancy_cut, ""),
    )
    return {
        "table_pct": table,
        "crown_angle": crown,
        "pavilion_angle": pavilion,
        "girdle_pct": girdle,
        "depth": depth,
        "cut": cut,
        "ratio": _ratios(rng, shapes),
    }


def _ratios(rng: np.random.Generator, shapes: NDArray[Any]) -> Floats:
    """Length to width, with each shape's measured percentiles as the two halves of a bell."""
    low, middle, high = (
        _own(shapes, {shape: row[2][k] for shape, row in _SHAPES.items()}) for k in range(3)
    )
    z = rng.normal(size=len(shapes))
    spread = np.where(z < 0, middle - low, high - middle) / 1.645
    return np.maximum(middle + z * spread, 1.0)


def _millimeters(columns: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    volume = _own(columns["shape"], {shape: law.volume for shape, law in gemology.LAWS.items()})
    width = np.cbrt(columns["carat"] / (volume * columns["ratio"] * columns["depth"] / 100))
    length = width * columns["ratio"]
    across = np.where(columns["shape"] == "round", (width + length) / 2, width)
    width, length = np.round(width, 2), np.round(length, 2)
    depth = np.round(across * columns["depth"] / 100, 2)
    return {
        "width_mm": width,
        "length_mm": np.maximum(length, width),
        "depth_mm": depth,
        "depth_pct": np.round(depth / across * 100, 1),
    }


def _prices(rng: np.random.Generator, columns: dict[str, NDArray[Any]]) -> Floats:
    carat = columns["carat"]
    grade = _own(columns["color"], {color: row[1] for color, row in _COLORS.items()})
    grade *= _own(columns["clarity"], {clarity: row[1] for clarity, row in _CLARITIES.items()})
    grade *= _own(columns["shape"], {shape: row[1] for shape, row in _SHAPES.items()})
    grade *= np.where(columns["cut"] == "very_good", 0.93, 1.0)
    grade *= np.where(np.isin(columns["fluorescence"], ["strong", "very_strong"]), 0.88, 1.0)
    steeper = (carat[:, None] >= _STEEPER).sum(axis=1)
    natural = 3900 * carat**1.62 * 1.075**steeper * grade
    grown = 780 * carat**1.18 * (0.5 + 0.5 * grade)
    price = np.where(columns["grown"], grown, natural) * np.exp(rng.normal(0, 0.07, len(carat)))
    asked: Floats = np.maximum(np.round(price / 10) * 10, 60)
    return asked


def _report_numbers(rng: np.random.Generator, columns: dict[str, NDArray[Any]]) -> NDArray[Any]:
    """Ten digits as GIA's, each once; IGI writes LG before a lab-grown stone's."""
    size = len(columns["carat"])
    numbers = 6_100_000_000 + 41_113 * np.arange(size) + rng.integers(0, 41_000, size)
    is_lg = columns["grown"] & (columns["lab"] == "IGI")
    return np.array(
        [
            f"LG{number % 1_000_000_000}" if lg else str(number)
            for number, lg in zip(numbers.tolist(), is_lg.tolist(), strict=True)
        ],
        dtype=object,
    )
