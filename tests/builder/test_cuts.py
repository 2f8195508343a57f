"""The facet planes of all ten shapes against the numbers they were made from."""

import numpy as np
import pytest

from builder import cuts
from tests import measures

# Medians of listed stones: length to width, depth %, table %, crown and pavilion angle, girdle %.
MEDIANS = {
    "round": (1.0, 61.2, 57, 34.5, 40.8, 3.5),
    "oval": (1.39, 62, 58, 35, 41, 3.5),
    "cushion": (1.08, 65, 60, 35, 41, 4),
    "princess": (1.02, 72, 70, 34, 41, 3),
    "emerald": (1.31, 66, 62, 40, 45, 4),
    "asscher": (1.0, 66, 60, 42, 45, 4),
    "radiant": (1.2, 66, 63, 38, 42, 4),
    "pear": (1.52, 61, 59, 35, 41, 4),
    "marquise": (1.88, 61, 59, 35, 41, 4),
    "heart": (1.0, 60, 58, 34, 41, 4),
}
# Real listed stones with a laboratory's report: length, width, depth in mm, table %, carats.
WEIGHED = {
    "round": (6.24, 6.21, 3.80, 61.0, 0.90),
    "oval": (7.74, 5.70, 3.36, 59.0, 1.01),
    "cushion": (6.02, 5.84, 4.06, 63.0, 1.01),
    "princess": (5.42, 5.40, 3.85, 71.0, 0.90),
    "emerald": (6.66, 4.86, 3.27, 59.0, 1.02),
    "asscher": (5.70, 5.67, 3.63, 69.0, 1.00),
    "radiant": (7.71, 5.76, 3.76, 65.0, 1.54),
    "pear": (9.93, 6.62, 3.98, 58.0, 1.52),
    "marquise": (9.68, 5.20, 3.22, 56.0, 0.90),
    "heart": (6.73, 6.73, 4.04, 53.0, 1.03),
}


def stone(shape: str, *, width: float = 6.4, **changes: object) -> dict[str, object]:
    ratio, depth, table, crown, pavilion, girdle = MEDIANS[shape]
    return {
        "shape": shape, "width_mm": width, "length_mm": width * ratio, "depth_mm": width * depth / 100,
        "table_pct": table, "crown_angle": crown, "pavilion_angle": pavilion, "girdle_pct": girdle,
        "measured": [], "kind": "diamond", "color": "G", "fancy_color": None,
    } | changes  # fmt: skip


def extent(part: cuts.Planes) -> tuple[np.ndarray, np.ndarray]:
    segments, _ = cuts.edges(part)
    return segments.min(axis=(0, 1)), segments.max(axis=(0, 1))


@pytest.mark.parametrize("shape", cuts.SHAPES)
def test_the_stone_has_the_width_length_and_depth_of_its_report(shape: str) -> None:
    its = stone(shape)
    parts = cuts.facets(its)
    low = np.min([extent(part)[0] for part in parts], axis=0)
    high = np.max([extent(part)[1] for part in parts], axis=0)
    size = (high - low) * 6.4 / 2
    assert size == pytest.approx([its["width_mm"], its["length_mm"], its["depth_mm"]], rel=0.004)
    assert (high + low)[:2] == pytest.approx([0, 0], abs=0.01)


@pytest.mark.parametrize("shape", cuts.SHAPES)
def test_every_polished_facet_is_really_there(shape: str) -> None:
    for part in cuts.facets(stone(shape)):
        _, pairs = cuts.edges(part)
        polished = {k for k, plane in enumerate(part) if abs(plane[2]) > 1e-9}
        assert polished <= set(pairs.ravel().tolist())


# The cuts as the trade counts them. A culet is not polished here; of a princess it counts the girdle's four flats too.
FACETS = {  # crown with table, pavilion
    "round": (33, 24), "oval": (33, 24), "cushion": (33, 24), "pear": (33, 24), "marquise": (33, 24), "heart": (34, 25),
    "princess": (17, 36), "radiant": (21, 40), "emerald": (25, 24), "asscher": (25, 24),
}  # fmt: skip
TRADE = {
    "round": (57, 58), "oval": (56, 58), "cushion": (56, 58), "pear": (56, 58), "marquise": (56, 58), "heart": (56, 59),
    "princess": (57, 76), "radiant": (62, 70), "emerald": (50, 58), "asscher": (50, 58),
}  # fmt: skip
COUNTED_BESIDES = {"princess": 4, "radiant": 1, "emerald": 1, "asscher": 1}


def polished(shape: str, *, up: bool) -> int:
    """Facets above or below the girdle that an edge shows to be there; one that crosses a heart's seam is one."""
    parts = cuts.facets(stone(shape))
    there = set(cuts.edges(parts[0])[1].ravel().tolist())
    own = [
        p for k, p in enumerate(parts[0]) if k in there and (p[2] > 1e-9 if up else p[2] < -1e-9)
    ]
    across = sum(1 for p in own if len(parts) == 2 and abs(p[0]) < 1e-9)
    return len(own) * len(parts) - across


@pytest.mark.parametrize("shape", cuts.SHAPES)
def test_each_shape_has_the_facets_of_its_cut(shape: str) -> None:
    assert (polished(shape, up=True), polished(shape, up=False)) == FACETS[shape]


@pytest.mark.parametrize("shape", cuts.SHAPES)
def test_the_facets_are_as_many_as_the_trade_counts(shape: str) -> None:
    low, high = TRADE[shape]
    counted = polished(shape, up=True) + polished(shape, up=False)
    assert low <= counted + COUNTED_BESIDES.get(shape, 0) <= high


def test_a_princess_has_four_flats_at_its_girdle() -> None:
    planes = cuts.facets(stone("princess"))[0]
    assert int(np.sum(np.abs(planes[:, 2]) < 1e-9)) == COUNTED_BESIDES["princess"]


def test_a_round_stone_keeps_its_measured_angles_and_its_girdle_takes_the_difference() -> None:
    its = stone(
        "round",
        length_mm=7.38,
        width_mm=7.34,
        depth_mm=4.49,
        measured=["crown_angle", "pavilion_angle"],
    )
    part = cuts.facets(its)[0]
    angles = np.degrees(np.arccos(np.abs(part[:, 2])))
    assert np.sum(np.isclose(angles, 34.5, atol=0.01)) == 8
    assert np.sum(np.isclose(angles, 40.8, atol=0.01)) == 8
    low, high = extent(part)
    assert (high - low)[2] / 2 == pytest.approx(4.49 / 7.36, abs=1e-4)


def test_the_table_is_as_wide_as_the_report_says() -> None:
    part = cuts.facets(stone("round", table_pct=57.0))[0]
    segments, pairs = cuts.edges(part)
    table = segments[np.any(pairs == 0, axis=1)]
    assert np.ptp(table[..., 0]) / 2 == pytest.approx(0.57, abs=1e-3)


@pytest.mark.parametrize("shape", sorted(WEIGHED))
def test_the_geometry_weighs_what_the_stone_weighs(shape: str) -> None:
    # A fancy shape's report leaves out how its pavilion bulges, so one stone can be a good tenth off.
    length, width, depth, table, carats = WEIGHED[shape]
    its = stone(shape, length_mm=length, width_mm=width, depth_mm=depth, table_pct=table)
    assert measures.carats(its) == pytest.approx(carats, rel=0.03 if shape == "round" else 0.17)


def test_a_heart_is_two_mirrored_halves_that_share_their_seam() -> None:
    right, left = cuts.facets(stone("heart"))
    assert right[0].tolist() == [-1, 0, 0, 0]
    assert left[0].tolist() == [1, 0, 0, 0]
    assert measures.volume(right) == pytest.approx(measures.volume(left))
    cleft = np.array([0.0, extent(right)[1][1] - 0.02, 0.0])
    assert np.any(right[:, :3] @ cleft > right[:, 3])


@pytest.mark.parametrize("ratio", [1.0, 1.3, 2.4])
@pytest.mark.parametrize("shape", [s for s in cuts.SHAPES if s != "round"])
def test_long_and_square_stones_stay_closed(shape: str, ratio: float) -> None:
    for part in cuts.facets(stone(shape, length_mm=6.4 * ratio)):
        low, high = extent(part)
        assert np.all(np.isfinite(low))
        assert measures.volume(part) > 0.3
        assert np.all(high - low < 2 * ratio + 2)


def test_an_impossible_crown_leaves_room_for_a_pavilion() -> None:
    its = cuts.proportions(stone("emerald", table_pct=40, crown_angle=60))
    assert its.pavilion >= 0.49 * 2 * 0.66


def test_an_unknown_shape_is_named_with_the_ones_that_exist() -> None:
    with pytest.raises(cuts.UnknownShape, match=r"trilliant.*round"):
        cuts.facets(stone("round") | {"shape": "trilliant"})
