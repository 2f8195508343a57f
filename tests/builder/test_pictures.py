"""The drawn picture: what is asked for is what can be seen in the file."""

import copy
import functools
import io
import json
import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from builder import gemology, pictures
from builder.cuts import SHAPES
from builder.pictures import heads, melee, shoulders
from builder.pictures.seats import seat_for
from tests.builder.test_cuts import stone

PAPER = (0xF9, 0xF6, 0xF0)
RING: dict[str, Any] = {
    "version": 1,
    "finger": {"inner_diameter_mm": 16.51},
    "metal": {"code": "18k-yellow", "family": "yellow"},
    "head": {
        "kind": "prong",
        "prongs": 6,
        "metal": "platinum",
        "seat_height_mm": 6.2,
        "halo": None,
    },
    "shank": {"width_mm": 1.9, "top_width_mm": 1.7, "thickness_mm": 1.7, "profile": "round"},
    "accents": {"kind": "none", "stone_mm": 1.4, "count": 0},
    "side_stones": None,
    "stone": stone("round", width=7.34, length_mm=7.38, depth_mm=4.49),
    "engraving": "Ever & always",
}

BAND: dict[str, Any] = {
    "width_mm": 2.0, "thickness_mm": 1.7, "section": "round", "profile": "straight", "gap_mm": 0.0, "metal": "rose",
    "accent": {"kind": "none", "stone_mm": 0.0, "count": 0},
}  # fmt: skip


def ring(**changes: Any) -> dict[str, Any]:
    made = copy.deepcopy(RING)
    for name, value in changes.items():
        made[name] = (
            {**made[name], **value} if isinstance(value, dict) and made.get(name) else value
        )
    return made


def pixels(description: dict[str, Any], **asked: Any) -> NDArray[np.int64]:
    size = {"width": 200, "height": 150} | asked
    with Image.open(io.BytesIO(pictures.draw(description, **size))) as picture:
        return np.asarray(picture.convert("RGB"), dtype=np.int64)


def covered(shown: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Where something other than paper and its soft shadow is seen."""
    return np.abs(shown - np.array(PAPER)).max(axis=2) > 60


def difference(one: dict[str, Any], other: dict[str, Any], *, view: str) -> float:
    return float(np.abs(_small(json.dumps(one), view) - _small(json.dumps(other), view)).mean())


@functools.cache
def _small(description: str, view: str) -> NDArray[np.int64]:
    return pixels(json.loads(description), width=120, height=90, view=view)


def test_the_picture_is_a_png_of_the_size_that_was_asked_for() -> None:
    file = pictures.draw(ring(), width=160, height=120)
    with Image.open(io.BytesIO(file)) as picture:
        assert (picture.format, picture.size) == ("PNG", (160, 120))


def test_the_same_description_gives_the_same_bytes() -> None:
    assert pictures.draw(ring(), width=160, height=120) == pictures.draw(
        ring(), width=160, height=120
    )


@pytest.mark.parametrize("view", pictures.VIEWS)
def test_the_edge_of_the_picture_is_exactly_the_page(view: str) -> None:
    shown = pixels(ring(), view=view)
    for edge in (shown[0], shown[-1], shown[:, 0], shown[:, -1]):
        assert np.array_equal(np.unique(edge, axis=0), [PAPER])


def test_one_can_look_through_the_ring_to_the_paper() -> None:
    shown = pixels(ring(), view="front")
    rows, columns = np.nonzero(covered(shown))
    middle = shown[
        rows.max() - (rows.max() - rows.min()) // 3, (columns.min() + columns.max()) // 2
    ]
    assert np.abs(middle - np.array(PAPER)).max() < 12


def test_the_ring_stands_on_a_soft_shadow() -> None:
    shown = pixels(ring(), view="front")
    rows, columns = np.nonzero(covered(shown))
    under = shown[min(rows.max() + 4, 149), (columns.min() + columns.max()) // 2]
    assert 3 < PAPER[0] - under[0] < 130


@pytest.mark.parametrize("family", ["yellow", "rose", "white", "platinum"])
def test_each_metal_has_its_own_color(family: str) -> None:
    shown = pixels(ring(metal={"family": family}), view="front")
    palm = shown[90:][covered(shown)[90:]].mean(axis=0)
    warmth = palm[0] - palm[2]
    low, high = {"yellow": (70, 160), "rose": (40, 90), "white": (0, 28), "platinum": (0, 28)}[
        family
    ]
    assert low < warmth < high


def test_yellow_is_yellower_than_rose() -> None:
    greens = []
    for family in ("yellow", "rose"):
        shown = pixels(ring(metal={"family": family}), view="front")
        palm = shown[90:][covered(shown)[90:]].mean(axis=0)
        greens.append((palm[1] - palm[2]) / (palm[0] - palm[2]))
    assert greens[0] > greens[1] + 0.1


def test_a_head_without_a_stone_is_drawn_empty() -> None:
    ruby = ring(stone={"kind": "ruby"}, metal={"family": "platinum"})
    reds = []
    for description in (ruby, ruby | {"stone": None}):
        shown = pixels(description, view="above")
        reds.append(int(np.sum(shown[..., 0] - shown[..., 2] > 70)))
    assert reds[0] > 300
    assert reds[1] == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"head": {"prongs": 4}},
        {"head": {"kind": "bezel"}},
        {"head": {"halo": {"stone_mm": 1.2, "count": 22}}},
        {"accents": {"kind": "half_pave", "count": 18}},
        {"accents": {"kind": "full_pave", "count": 36}},
        {"side_stones": {"shape": "round", "width_mm": 3.0}},
        {"side_stones": {"shape": "pear", "width_mm": 3.0, "length_mm": 4.6}},
        {"head": {"hidden_halo": {"stone_mm": 1.0, "count": 20}}},
        {"shank": {"shoulder": "cathedral"}},
        {"shank": {"profile": "knife"}},
        {"shank": {"width_mm": 3.2}},
        {"finger": {"inner_diameter_mm": 19.0}},
        {"stone": {"color": "Z"}},
        {"stone": {"fancy_color": "pink"}},
        {"beside": BAND},
    ],
    ids=str,
)
def test_every_choice_can_be_seen(changes: dict[str, Any]) -> None:
    assert difference(ring(), ring(**changes), view="three_quarter") > 0.15


def test_what_a_description_leaves_out_is_plain() -> None:
    paved = ring(accents={"kind": "half_pave", "count": 18})
    said = copy.deepcopy(paved)
    said["head"]["hidden_halo"] = None
    said["shank"]["shoulder"] = "plain"
    said["accents"]["mount"] = "pave"
    assert pixels(paved).tolist() == pixels(said).tolist()


def test_a_channel_has_walls_where_pave_has_beads() -> None:
    accents = {"kind": "half_pave", "count": 18, "stone_mm": 1.4}
    paved, channel = (ring(accents=accents | {"mount": mount}) for mount in ("pave", "channel"))
    assert difference(paved, channel, view="above") > 0.15


@pytest.mark.parametrize("count", [18, 400], ids=["half way", "all around"])
def test_a_channel_closes_round_its_last_stone_unless_it_meets_the_other(count: int) -> None:
    ridge = shoulders.on_the_shank(outer=10.0, first=0.25)
    accents = {"stone_mm": 1.4, "count": count, "mount": "channel"}
    walls, stones = melee.along(accents, ridge=ridge, metal=0)
    farthest = max(abs(math.atan2(gem.center[0], gem.center[1])) for gem in stones)
    behind = [
        points
        for wall in walls
        for points in [wall.vertices[np.abs(np.arctan2(*wall.vertices.T[:2])) > farthest + 0.09]]
    ]
    closed = [points for points in behind if len(points) and np.abs(points[:, 2]).min() < 0.05]
    assert (len(walls), len(closed)) == ((2, 2) if count == 18 else (4, 0))


def test_a_cathedral_leaves_daylight_under_its_arches() -> None:
    seat = seat_for(None, drop=3.2)
    arch = shoulders.arch_line(seat, outer=10.0, below=1.3)
    for mesh in shoulders.arches(arch, RING["shank"], paved=False, metal=0):
        near_the_head = mesh.vertices[np.abs(mesh.vertices[:, 0]) < 3]
        assert np.hypot(near_the_head[:, 0], near_the_head[:, 1]).min() > 10.3
        assert near_the_head[:, 1].max() < 10 + 3.2


@pytest.mark.parametrize("shape", SHAPES)
def test_metal_goes_around_the_stone_and_not_through_it(shape: str) -> None:
    width = 6.0
    law = gemology.LAWS[shape]
    described = stone(shape, width=width, depth_mm=width * law.depth_pct / 100)
    seat = seat_for(described, drop=2.4)  # low, so that a full pavilion meets the gallery
    for angle, vee in heads.prong_angles(seat, 4):
        if vee:
            continue
        claw = heads.claw(seat, angle, 0)
        for y in (-0.74 * seat.drop, -0.42 * seat.drop):
            near = claw.vertices[np.abs(claw.vertices[:, 1] - y) < 0.15]
            inside = float(seat.pavilion(np.array([angle]), y)[0])
            assert np.hypot(near[:, 0], near[:, 2]).max() > inside + 0.1


@pytest.mark.parametrize("shape", SHAPES)
def test_a_bezel_is_nowhere_narrower_than_its_stone(shape: str) -> None:
    law = gemology.LAWS[shape]
    described = stone(shape, width=6.0, depth_mm=6.0 * law.depth_pct / 100)
    seat = seat_for(described, drop=4.2)
    (cup,) = heads.head({"kind": "bezel"}, seat=seat, metal=0)
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    toward = np.stack([np.cos(angle), np.sin(angle)])
    for y in np.linspace(-0.2, -2.4, 8):
        level = cup.vertices[np.abs(cup.vertices[:, 1] - y) < 0.15][:, [0, 2]]
        room = (level @ toward).max(axis=0)
        stone_s = (
            np.stack([np.cos(angle), np.sin(angle)], axis=1) * seat.pavilion(angle, y)[:, None]
        )
        assert (room - (stone_s @ toward).max(axis=0)).min() > 0, y


@pytest.mark.parametrize("shape", SHAPES)
def test_a_stone_narrows_from_its_girdle_to_its_culet(shape: str) -> None:
    seat = seat_for(stone(shape, width=6.0, depth_mm=4.0), drop=3.0)
    levels = [seat.fullness(y) for y in (-0.01, -0.8, -1.6, -2.4, -3.8)]
    assert levels[0] == pytest.approx(1, abs=0.08)
    assert levels == sorted(levels, reverse=True)
    assert levels[-1] == 0


def test_stones_climb_the_arches_of_a_cathedral() -> None:
    plain = ring(shank={"shoulder": "cathedral"})
    paved = ring(shank={"shoulder": "cathedral"}, accents={"kind": "half_pave", "count": 18})
    assert difference(plain, paved, view="three_quarter") > 0.15


@pytest.mark.parametrize(
    ("shape", "kind"),
    [(shape, "prong") for shape in SHAPES if shape != "round"]
    + [(shape, "bezel") for shape in ("princess", "marquise", "heart")],
)
def test_every_shape_is_set_and_looks_like_no_other(shape: str, kind: str) -> None:
    chosen = ring(head={"kind": kind, "prongs": 4})
    assert difference(chosen, chosen | {"stone": stone(shape)}, view="above") > 0.3


def test_the_band_beside_it_is_of_its_own_metal() -> None:
    white = ring(metal={"family": "platinum"})
    shown = [
        pixels(white | {"beside": BAND | {"metal": m}}, view="front") for m in ("rose", "platinum")
    ]
    warmth = [float((p[90:, :, 0] - p[90:, :, 2])[covered(p)[90:]].mean()) for p in shown]
    assert warmth[0] > warmth[1] + 25


@pytest.mark.parametrize(
    "changes",
    [
        {"gap_mm": 1.2},
        {"section": "flat"},
        {"profile": "curved", "bow_mm": 3.4, "bow_half_mm": 6.0},
        {"accent": {"kind": "half_pave", "stone_mm": 1.3, "count": 15}},
    ],
    ids=str,
)
def test_what_a_band_is_like_can_be_seen(changes: dict[str, Any]) -> None:
    plain, other = (ring() | {"beside": BAND | more} for more in ({}, changes))
    assert difference(plain, other, view="above") > 0.3


def test_a_longer_stone_is_drawn_longer() -> None:
    heights = []
    for length in (7.0, 10.0):
        oval = stone("oval", width=6.0, length_mm=length)
        shown = pixels(ring(stone=oval, head={"prongs": 4}), view="side", width=280, height=210)
        head = covered(shown)
        rows = np.nonzero(head.any(axis=1))[0]
        band = head[rows.min() : rows.min() + (rows.max() - rows.min()) // 6]
        heights.append(np.ptp(np.nonzero(band.any(axis=0))[0]) / (rows.max() - rows.min()))
    assert heights[1] > heights[0] * 1.25


def test_a_fancy_yellow_diamond_is_yellow_and_a_colorless_one_is_not() -> None:
    shown = [
        pixels(
            ring(stone=stone("round", width=9.0, **color), metal={"family": "platinum"}),
            view="above",
        )
        for color in ({"color": "D"}, {"color": None, "fancy_color": "fancy vivid yellow"})
    ]
    colorless, yellow = (p[20:70, 70:130].mean(axis=(0, 1)) for p in shown)
    assert abs(colorless[0] - colorless[2]) < 14
    assert yellow[0] - yellow[2] > 35


def test_the_content_hash_is_the_same_whatever_the_order_of_the_keys() -> None:
    backwards = {name: RING[name] for name in reversed(RING)}
    assert pictures.content_hash(backwards) == pictures.content_hash(RING)
    assert len(pictures.content_hash(RING)) == 64


def test_another_ring_has_another_content_hash() -> None:
    assert pictures.content_hash(ring(metal={"family": "rose"})) != pictures.content_hash(RING)


def test_drawing_leaves_the_description_as_it_was() -> None:
    description = ring()
    pictures.draw(description, width=80, height=60)
    assert description == RING


def test_an_unknown_view_or_metal_is_refused_by_name() -> None:
    with pytest.raises(pictures.UnknownView, match=r"below.*three_quarter"):
        pictures.draw(ring(), width=80, height=60, view="below")
    with pytest.raises(pictures.UnknownMetal, match=r"tin.*platinum"):
        pictures.draw(ring(metal={"family": "tin"}), width=80, height=60)
