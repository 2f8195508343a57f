"""The sample stones are invented, but no jeweler should be able to tell from their measures."""

from collections import Counter
from statistics import median

import pytest

from builder import gemology
from demo import stones
from demo.stones import Made
from tests import measures


@pytest.fixture(scope="module")
def made() -> list[Made]:
    return list(stones.make(count=6000))


def test_the_same_seed_makes_the_same_stones() -> None:
    assert list(stones.make(count=50)) == list(stones.make(count=50))
    assert list(stones.make(count=50)) != list(stones.make(count=50, seed=1))


def test_all_ten_shapes_are_there_natural_and_lab_grown(made: list[Made]) -> None:
    kinds = Counter((stone.shape, stone.growth) for stone in made)
    assert len(kinds) == 20
    assert min(kinds.values()) > 20


def test_no_report_is_given_twice(made: list[Made]) -> None:
    assert len({(stone.lab, stone.report_number) for stone in made}) == len(made)


@pytest.mark.parametrize("shape", gemology.SHAPES)
def test_millimeters_follow_the_measured_law(made: list[Made], shape: str) -> None:
    ratios = []
    for stone in made:
        if stone.shape == shape:
            usual = gemology.expected_mm(shape=shape, carat=float(stone.carat))
            assert stone.width_mm <= stone.length_mm
            ratios.append(float(stone.length_mm * stone.width_mm) / (usual.length * usual.width))
    assert median(ratios) == pytest.approx(1, abs=0.06)
    assert 0.8 < min(ratios) <= max(ratios) < 1.25


def test_each_report_agrees_with_itself(made: list[Made]) -> None:
    for stone in made:
        across = float(stone.width_mm)
        if stone.shape == "round":
            across = float(stone.width_mm + stone.length_mm) / 2
        # A hundredth of a millimeter, the finest a report says, is a fifth of a percent of a small stone.
        assert float(stone.depth_mm) / across * 100 == pytest.approx(
            float(stone.depth_pct), abs=0.2
        )


def test_a_round_of_these_proportions_weighs_what_its_report_says(made: list[Made]) -> None:
    rounds = [stone for stone in made if stone.shape == "round"][:60]
    for stone in rounds:
        weight = measures.carats(
            {
                "shape": "round", "length_mm": stone.length_mm, "width_mm": stone.width_mm,
                "depth_mm": stone.depth_mm, "table_pct": stone.table_pct, "crown_angle": stone.crown_angle,
                "pavilion_angle": stone.pavilion_angle, "girdle_pct": stone.girdle_pct,
                "measured": ["table_pct", "crown_angle", "pavilion_angle", "girdle_pct"],
            }
        )  # fmt: skip
        assert weight == pytest.approx(float(stone.carat), rel=0.05)


def test_rarer_stones_cost_more(made: list[Made]) -> None:
    def price(**wanted: str) -> float:
        chosen = [
            float(stone.price)
            for stone in made
            if 0.95 <= stone.carat <= 1.1
            and all(getattr(stone, name) == value for name, value in wanted.items())
        ]
        return median(chosen)

    assert price(color="D", growth="natural") > price(color="H", growth="natural")
    assert price(clarity="VVS1", growth="natural") > price(clarity="SI2", growth="natural")
    assert price(growth="natural") > 3 * price(growth="lab")
