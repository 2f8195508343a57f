"""Bands beside her ring: the drawing holds the whole stone, and a curved band keeps clear of the head."""

import re
from decimal import Decimal

import pytest

from builder.models import Band, Design, Shape, Stone
from builder.templatetags import bands
from tests.factories.builder import SettingFactory

PLAIN = Band(
    width_mm=Decimal("2.0"), thickness_mm=Decimal("1.6"), profile="straight", accent_kind="none"
)
CURVED = Band(
    width_mm=Decimal("1.8"), thickness_mm=Decimal("1.6"), profile="curved", accent_kind="half_pave"
)
TALL = Band(
    width_mm=Decimal("3.0"),
    thickness_mm=Decimal("2.4"),
    profile="straight",
    accent_kind="full_pave",
)
ROW = [PLAIN, CURVED, TALL]
LENGTHS = {"round": "7.38", "oval": "10.75", "marquise": "14.00", "heart": "7.60"}


pytestmark = pytest.mark.django_db


def ring(shape: str = "round", *, stones: dict[str, str] | None = None, prongs: int = 6) -> Design:
    setting = SettingFactory(head_prongs=prongs, stones=stones or {})
    stone = Stone(
        shape=shape, length_mm=Decimal(LENGTHS.get(shape, "8.80")), width_mm=Decimal("7.30"),
        depth_mm=Decimal("4.50"), carat=Decimal("2.00"), color="G",
    )  # fmt: skip
    return Design(setting=setting, stone=stone)


def frame(drawn: str) -> tuple[float, float]:
    found = re.match(r'<svg viewBox="0 (-?\d+) 240 (\d+)"', drawn)
    assert found
    return float(found[1]), float(found[1]) + float(found[2])


def heights(drawn: str) -> list[float]:
    """Every y of the stone's outline and of the circles."""
    outline = re.findall(r'd="(M[^"]+)" stroke-width="1.1"', drawn)
    assert len(outline) == 1
    spots = [float(y) for y in re.findall(r"[ML]\S+ (-?[\d.]+)", outline[0])]
    circles = re.findall(r'cy="(-?[\d.]+)" r="([\d.]+)"', drawn)
    return spots + [float(y) + sign * float(r) for y, r in circles for sign in (-1, 1)]


def drawn_beside(design: Design, band: Band) -> str:
    return next(drawing for each, drawing in bands.beside_drawings(design, ROW) if each is band)


@pytest.mark.parametrize("shape", Shape.values)
def test_no_stone_is_cut_off_whatever_its_shape(shape: str) -> None:
    for band in ROW:
        drawn = drawn_beside(ring(shape), band)
        top, bottom = frame(drawn)
        assert top <= min(heights(drawn))
        assert max(heights(drawn)) <= bottom


def test_the_bands_of_a_page_share_one_frame() -> None:
    assert len({frame(drawn_beside(ring("oval"), each)) for each in ROW}) == 1


def test_a_millimeter_is_ten_units() -> None:
    outline = re.findall(r'd="(M[^"]+)" stroke-width="1.1"', drawn_beside(ring(), PLAIN))
    spots = [float(x) for x in re.findall(r"[ML](-?[\d.]+) ", outline[0])]

    assert max(spots) - min(spots) == pytest.approx(73, abs=0.5)


@pytest.mark.parametrize("shape", Shape.values)
def test_a_curved_band_keeps_clear_of_the_head_everywhere(shape: str) -> None:
    head, course = bands._head(ring(shape)), bands._course(ring(shape), CURVED)

    assert all(course.near(x) >= y - 0.2 for x, y in head.around if y > course.edge)


def test_prongs_stand_on_the_girdle_and_a_bezel_has_none() -> None:
    assert len(bands._head(ring()).prongs) == 6
    assert {
        round(((x - 120) ** 2 + (y - 46) ** 2) ** 0.5) for x, y in bands._head(ring()).prongs
    } <= {36, 37}
    assert bands._head(ring(prongs=0)).prongs == ()


def test_a_halo_holds_the_band_farther_away_and_the_gap_is_measured() -> None:
    assert "0.7 mm apart" in bands.lies(ring(), TALL)
    haloed = ring(stones={"halo": "1.2"})
    assert "0.9 mm apart" in bands.lies(haloed, TALL)
    assert 'stroke-width="1.6"' in drawn_beside(haloed, TALL)
    assert 'stroke-width="1.6"' not in drawn_beside(ring(), PLAIN)
