"""The line drawings: true to the planes, readable without their colors, and honest about medians."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from builder import cuts, diagrams
from tests.builder.test_cuts import stone

SHAPES = cuts.SHAPES


def points(drawing: str, path: int) -> list[tuple[float, float]]:
    d = re.findall(r'<path d="([^"]*)"', drawing)[path]
    numbers = [tuple(map(float, pair.split())) for pair in re.findall(r"-?\d+\.\d+ -?\d+\.\d+", d)]
    return [(x, y) for x, y in numbers]


def size(drawn: list[tuple[float, float]]) -> tuple[float, float]:
    xs, ys = [x for x, _ in drawn], [y for _, y in drawn]
    return max(xs) - min(xs), max(ys) - min(ys)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_glyph_is_well_formed_hidden_from_readers_and_drawn_in_the_text_color(shape: str) -> None:
    drawing = diagrams.shape_glyph(shape)
    root = ElementTree.fromstring(drawing)  # noqa: S314 our own drawing
    assert root.get("viewBox") == "0 0 46 46"
    assert root.get("aria-hidden") == "true"
    assert root.get("stroke") == "currentColor"
    assert {path.get("stroke-width") for path in root} == {"0.55", "1.1"}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_glyph_fills_its_square_and_stays_inside_it(shape: str) -> None:
    drawn = points(diagrams.shape_glyph(shape), 1)
    assert max(size(drawn)) == pytest.approx(39, abs=0.3)
    assert all(3 <= v <= 43 for point in drawn for v in point)


def test_no_two_glyphs_are_alike() -> None:
    assert len({diagrams.shape_glyph(shape) for shape in SHAPES}) == len(SHAPES)


def test_a_heart_points_down_and_a_pear_points_up() -> None:
    heart, pear = (points(diagrams.shape_glyph(shape), 1) for shape in ("heart", "pear"))
    assert min(abs(x - 23) for x, y in heart if y > 42) < 0.3
    assert max(abs(x - 23) for x, y in heart if y < 6) > 5
    assert max(abs(x - 23) for x, y in pear if y < 4) < 0.5


@pytest.mark.parametrize("shape", SHAPES)
def test_a_twin_is_the_plan_and_the_profile_that_are_drawn_alone(shape: str) -> None:
    its = stone(shape)
    assert diagrams.twin(its) == (diagrams.stone_plan(its), diagrams.stone_profile(its))


def test_the_plan_gives_a_round_stone_its_average_diameter() -> None:
    its = stone("round", width=7.34, length_mm=7.38, depth_mm=4.49)
    drawing = diagrams.stone_plan(its)
    assert ">7.36 mm<" in drawing
    assert 'aria-label="The stone from above, 7.34 to 7.38 millimeters"' in drawing


def test_the_plan_gives_any_other_stone_both_of_its_measures() -> None:
    drawing = diagrams.stone_plan(stone("oval", width=5.59, length_mm=7.85, depth_mm=3.5))
    assert ">5.59 mm<" in drawing
    assert ">7.85 mm<" in drawing
    width, length = size(points(drawing, 1))
    assert length / width == pytest.approx(7.85 / 5.59, rel=0.01)


def test_the_profile_is_drawn_to_the_report() -> None:
    measured = ["table_pct", "crown_angle", "pavilion_angle"]
    its = stone("round", width=7.34, length_mm=7.38, depth_mm=4.49, measured=measured)
    drawing = diagrams.stone_profile(its)
    for word in (">Table 57%<", ">61.0%<", ">34.5°<", ">40.8°<"):
        assert word in drawing
    assert "typical" not in drawing
    width, height = size(points(drawing, 2))
    assert height / width == pytest.approx(4.49 / 7.36, rel=0.005)


def test_what_the_report_leaves_out_is_called_typical_in_the_drawing_and_in_its_label() -> None:
    drawing = diagrams.stone_profile(stone("oval", measured=["table_pct"]))
    assert ">Table 58%<" in drawing
    assert drawing.count(">typical<") == 2
    assert "crown 35 degrees, typical of the shape" in drawing
    assert "table 58 percent," in drawing


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_has_a_plan_and_a_profile_that_parse(shape: str) -> None:
    for drawing in (diagrams.stone_plan(stone(shape)), diagrams.stone_profile(stone(shape))):
        root = ElementTree.fromstring(drawing)  # noqa: S314 our own drawing
        assert root.get("role") == "img"
        assert "nan" not in drawing


def test_a_head_that_fits_is_velvet_and_one_that_does_not_is_garnet() -> None:
    assert diagrams.VELVET in diagrams.fit_icon(stone("princess"))
    refused = diagrams.fit_icon(stone("princess"), kind="bezel", fits=False)
    assert diagrams.GARNET in refused
    assert diagrams.VELVET not in refused


def test_a_full_pave_band_shows_more_stones_than_a_half_and_a_plain_one_none() -> None:
    counts = [
        diagrams.band_icon(kind).count("<circle") for kind in ("none", "half_pave", "full_pave")
    ]
    assert counts[0] == 0
    assert counts[0] < counts[1] < counts[2]


def test_a_drawing_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(diagrams.UnknownBand, match="channel"):
        diagrams.band_icon("channel")
    with pytest.raises(cuts.UnknownShape, match="trilliant"):
        diagrams.shape_glyph("trilliant")
