"""Small line drawings in SVG, made from the same facet planes as the stones in the pictures.

Shape glyphs, a report's stone from above and from the side with its numbers, and icons for heads and bands. Ink comes
from `currentColor`; the outline weighs 1.1 and the facets 0.55. A number that is the shape's median and not on the
report is called typical, in the drawing and in its label.
"""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from builder import cuts

Floats = NDArray[np.float64]
Stone = Mapping[str, Any]
Edged = list[tuple[cuts.Planes, Floats, NDArray[np.int64]]]  # each part with its edges

OUTLINE, FACET = 1.1, 0.55
# What a glyph shows of a shape: length to width, table %, crown angle, depth %.
TYPICAL = {
    "round": (1.0, 56, 34.5, 61), "oval": (1.38, 56, 35, 62), "cushion": (1.06, 58, 35, 65), "princess": (1.0, 62, 34, 72),
    "emerald": (1.38, 60, 40, 65), "asscher": (1.0, 56, 42, 66), "radiant": (1.22, 60, 38, 66), "pear": (1.5, 56, 35, 61),
    "marquise": (1.95, 56, 35, 61), "heart": (0.95, 56, 34, 60),
}  # fmt: skip
VELVET, GARNET = "#1d4b3e", "#8a2b22"


def shape_glyph(shape: str) -> str:
    """The shape from above, 46 units square, for a control that names it in words."""
    parts = _edged(_typical(shape))
    scale = 19.5 / cuts.proportions(_typical(shape)).ratio
    at = (23.0, 23.0)
    return (
        '<svg viewBox="0 0 46 46" fill="none" stroke="currentColor" stroke-linejoin="round" aria-hidden="true">'
        f'<path d="{_crown(parts, scale, at)}" stroke-width="{FACET}" stroke-opacity=".7"/>'
        f'<path d="{_outline(_typical(shape), scale, at)}" stroke-width="{OUTLINE}"/></svg>'
    )


def twin(stone: Stone) -> tuple[str, str]:
    """Plan and profile, for which the stone is cut only once."""
    parts = _edged(stone)
    return _plan(stone, parts), _profile(stone, parts)


def stone_lines(stone: Stone, *, scale: float, at: tuple[float, float]) -> tuple[str, str]:
    """Path data of the stone from above: its crown's facets and its outline, `scale` units to half its width."""
    return _crown(_edged(stone), scale, at), _outline(stone, scale, at)


def stone_plan(stone: Stone) -> str:
    """The report's stone from above with its millimeters."""
    return _plan(stone, _edged(stone))


def stone_profile(stone: Stone) -> str:
    """The report's stone from the side, across its width: table, angles and depth, measured or typical."""
    return _profile(stone, _edged(stone))


def _plan(stone: Stone, parts: Edged) -> str:
    is_round = stone["shape"] == "round"
    length = cuts.proportions(stone).ratio
    scale, at = 20 / length, (24.0, 24.0)
    width_mm, length_mm = float(stone["width_mm"]), float(stone["length_mm"])
    across = f"{(width_mm + length_mm) / 2 if is_round else width_mm:.2f} mm"
    left, right, top = 24 - scale, 24 + scale, 24 - scale * length
    calipers = _level(left, right, top - 5, 1.8)
    words = f'<text x="24" y="{top - 6.6:.2f}" text-anchor="middle">{across}</text>'
    if not is_round:
        calipers += _upright(right + 4.5, top, 24 + scale * length, 1.8)
        words += f'<text x="{right + 7.5:.2f}" y="25.7">{length_mm:.2f} mm</text>'
    said = (
        f"{width_mm:.2f} to {length_mm:.2f}" if is_round else f"{length_mm:.2f} by {width_mm:.2f}"
    )
    edge = 3.5 if is_round else min(3.5, left - 4)
    span = 41 if is_round else right + 35 - edge
    # A page draws every plan as wide as the round one, and words are to be as large.
    size = "" if is_round else f' font-size="{3.9 * span / 41:.2f}"'
    return (
        f'<svg class="pl" viewBox="{edge:g} {top - 12:.4g} {span:.4g} {2 * scale * length + 14:.4g}" role="img"'
        f' aria-label="The stone from above, {said} millimeters" fill="none" stroke="currentColor"'
        ' stroke-linejoin="round" font-size="5">'
        f'<path d="{_crown(parts, scale, at)}" stroke-width=".3" stroke-opacity=".7"/>'
        f'<path d="{_outline(stone, scale, at)}" stroke-width=".45"/>'
        f'<path d="{calipers}" stroke-width=".28"/>'
        f'<g fill="currentColor" stroke="none"{size}>{words}</g></svg>'
    )


def _profile(stone: Stone, parts: Edged) -> str:
    p = cuts.proportions(stone)
    up = p.half_girdle + p.crown
    scale, at = 50.0, (59.0, 22 + 50 * up)
    bottom = 22 + scale * (up + p.half_girdle + p.pavilion)
    half_table, half_girdle = scale * p.table, scale * p.half_girdle
    rim = "".join(f"M9 {at[1] + z:.2f}H109" for z in (-half_girdle, half_girdle))
    facet_lines, silhouette = _side(parts, scale, at)
    depth = f"{_depth_pct(stone):.1f}%"
    words = (
        _table(stone)
        + _angle(stone, "crown_angle", x=13, y=28, note_y=16)
        + _angle(stone, "pavilion_angle", x=24, y=bottom - 15, note_y=bottom - 4)
        + f'<text x="138" y="{(22 + bottom) / 2 + 4:.1f}">{depth}</text>'
    )
    said = ", ".join(
        [
            f"table {float(stone['table_pct']):g} percent{_typically(stone, 'table_pct')}",
            f"depth {_depth_pct(stone):.1f} percent",
            f"crown {float(stone['crown_angle']):g} degrees{_typically(stone, 'crown_angle')}",
            f"pavilion {float(stone['pavilion_angle']):g} degrees{_typically(stone, 'pavilion_angle')}",
        ]
    )
    calipers = _level(59 - half_table, 59 + half_table, 12, 4) + _upright(132, 22, bottom, 4)
    return (
        f'<svg class="pf" viewBox="-38 -12 222 {bottom + 21:.4g}" role="img" aria-label="Profile of the stone: {said}"'
        ' fill="none" stroke="currentColor" stroke-linejoin="round" font-size="12.5">'
        f'<path d="{facet_lines}" stroke-width=".5" stroke-opacity=".6"/>'
        f'<path d="{rim}" stroke-width=".9"/><path d="{silhouette}" stroke-width=".9"/>'
        f'<path d="{calipers}" stroke-width=".5"/><g fill="currentColor" stroke="none">{words}</g></svg>'
    )


def fit_icon(stone: Stone | None = None, *, kind: str = "prong", fits: bool = True) -> str:
    """A head round a stone, from the side: velvet where it fits, garnet where it does not."""
    its = stone if stone is not None else _typical("round")
    p = cuts.proportions(its)
    scale, up = 18.0, p.half_girdle + p.crown
    at = (28.0, 6 + scale * up)
    _, silhouette = _side(_edged(its), scale, at)
    girdle, foot = at[1], at[1] + scale * (p.half_girdle + p.pavilion)
    color = VELVET if fits else GARNET
    x = scale + 4.5
    if kind == "bezel":
        head = (
            f"M{28 - x + 3:.1f} {girdle - 3:.1f}H{28 - x:.1f}V{girdle + 3:.1f}L20 {foot + 5:.1f}H36"
        )
        head += f"L{28 + x:.1f} {girdle + 3:.1f}V{girdle - 3:.1f}H{28 + x - 3:.1f}"
    else:
        head = f"M{28 - x:.1f} {girdle - 5:.1f}V{girdle + 1:.1f}L20 {foot + 5:.1f}H36"
        head += f"L{28 + x:.1f} {girdle + 1:.1f}V{girdle - 5:.1f}"
    return (
        f'<svg viewBox="0 0 56 {max(44, foot + 8):.3g}" width="56" height="44" fill="none" stroke="currentColor"'
        ' stroke-linejoin="round" aria-hidden="true">'
        f'<path d="{silhouette}"/><path d="M{28 - scale:.1f} {girdle:.1f}H{28 + scale:.1f}" stroke-width=".6"'
        f' stroke-opacity=".6"/><path d="{head}" stroke="{color}" stroke-width="1.4"/></svg>'
    )


class UnknownBand(ValueError):
    """There is no icon for this kind of accent."""


BANDS = {"none": 0.0, "half_pave": 0.62, "full_pave": 1.18}  # how far down each shoulder, radians


def band_icon(kind: str) -> str:
    """The top of a ring from the side, plain or paved."""
    if kind not in BANDS:
        raise UnknownBand(f"There is no band icon {kind!r}; use one of {', '.join(BANDS)}.")
    step = 0.155
    count = round(BANDS[kind] / step)
    angles = [k * step for k in range(-count, count + 1)] if count else []
    stones = "".join(
        f'<circle cx="{30 + 27 * math.sin(a):.1f}" cy="{33 - 27 * math.cos(a):.1f}" r="1.9"/>'
        for a in angles
    )
    return (
        '<svg width="60" height="22" viewBox="0 2 60 22" fill="none" stroke="currentColor" stroke-width=".8"'
        ' aria-hidden="true"><path d="M1.4 24A30 30 0 0 1 58.6 24M7.8 24A24 24 0 0 1 52.2 24"/>'
        f"{stones}</svg>"
    )


def _typical(shape: str) -> dict[str, Any]:
    if shape not in TYPICAL:
        raise cuts.UnknownShape(
            f"There is no cut named {shape!r}; use one of {', '.join(TYPICAL)}."
        )
    ratio, table, crown, depth = TYPICAL[shape]
    return {
        "shape": shape, "width_mm": 1.0, "length_mm": ratio, "depth_mm": depth / 100, "table_pct": table,
        "crown_angle": crown, "pavilion_angle": 41.0, "girdle_pct": 3.5, "measured": [],
    }  # fmt: skip


def _depth_pct(stone: Stone) -> float:
    width, length = float(stone["width_mm"]), float(stone["length_mm"])
    return (
        100
        * float(stone["depth_mm"])
        / ((width + length) / 2 if stone["shape"] == "round" else width)
    )


def _typically(stone: Stone, name: str) -> str:
    return "" if name in stone["measured"] else ", typical of the shape"


def _table(stone: Stone) -> str:
    note = "" if "table_pct" in stone["measured"] else ' <tspan font-size="10">typical</tspan>'
    return (
        f'<text x="59" y="4" text-anchor="middle">Table {float(stone["table_pct"]):g}%{note}</text>'
    )


def _angle(stone: Stone, name: str, *, x: float, y: float, note_y: float) -> str:
    """An angle beside the drawing, and on a line of its own whether it is only typical."""
    text = f'<text x="{x:g}" y="{y:.1f}" text-anchor="end">{float(stone[name]):g}°</text>'
    if name in stone["measured"]:
        return text
    return f'{text}<text x="{x:g}" y="{note_y:.1f}" text-anchor="end" font-size="10">typical</text>'


# Lines


def _edged(stone: Stone) -> Edged:
    return [(part, *cuts.edges(part)) for part in cuts.facets(stone, girdle_steps=16)]


def _crown(parts: Edged, scale: float, at: tuple[float, float]) -> str:
    """The edges between crown facets, from above."""
    lines: list[Floats] = []
    for part, segments, pairs in parts:
        kind = np.sign(np.where(np.abs(part[:, 2]) < 1e-9, 0, part[:, 2]))
        inner = (kind[pairs] > 0).all(axis=1)
        if len(parts) == 2:  # two halves of a heart meet in a ridge wherever they are not one facet
            ridge = (
                (pairs[:, 0] == 0) & (kind[pairs[:, 1]] > 0) & (np.abs(part[pairs[:, 1], 0]) > 1e-6)
            )
            inner = inner | (ridge & (part[0, 0] < 0))
        lines.extend(segments[inner][:, :, :2])
    return _path(lines, scale, at)


def _outline(stone: Stone, scale: float, at: tuple[float, float]) -> str:
    """The girdle from above."""
    parts = cuts.facets(stone, girdle_steps=96)
    points: list[tuple[float, float]] = []
    for part in parts:
        girdle = part[np.abs(part[:, 2]) < 1e-9]
        if len(parts) == 1:
            girdle = girdle[np.argsort(np.arctan2(girdle[:, 1], girdle[:, 0]), kind="stable")]
        around = [*girdle.tolist(), girdle[0].tolist()]
        half = [_meet(a, b) for a, b in itertools.pairwise(around)]
        points += half if part[0, 0] <= 0 else half[::-1]
    return _path([np.array(points)], scale, at, closed=True)


def _meet(a: Sequence[float], b: Sequence[float]) -> tuple[float, float]:
    """Where two upright planes cross the level of the girdle, by Cramer's rule."""
    area = a[0] * b[1] - a[1] * b[0]
    return (a[3] * b[1] - a[1] * b[3]) / area, (a[0] * b[3] - a[3] * b[0]) / area


def _side(parts: Edged, scale: float, at: tuple[float, float]) -> tuple[str, str]:
    """Facet edges and the silhouette, seen along the length."""
    lines: list[Floats] = []
    points: list[Floats] = []
    for part, segments, pairs in parts:
        flat = segments[:, :, [0, 2]]
        points.extend(flat.reshape(-1, 2))
        girdle = np.abs(part[:, 2]) < 1e-9  # a heart's seam among it
        toward = part[:, 1] < -1e-9
        inner = ~girdle[pairs].any(axis=1) & (part[pairs, 2].prod(axis=1) > 0)
        lines.extend(flat[toward[pairs].any(axis=1) & inner])
    return _path(lines, scale, at), _path([_hull(np.array(points))], scale, at, closed=True)


def _hull(points: Floats) -> Floats:
    """The convex outline of points (n, 2), counterclockwise."""
    ordered = sorted({(round(x, 6), round(y, 6)) for x, y in points.tolist()})

    def chain(run: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
        kept: list[tuple[float, float]] = []
        for c in run:
            while len(kept) > 1 and _turn(kept[-2], kept[-1], c) <= 1e-9:
                kept.pop()
            kept.append(c)
        return kept[:-1]

    return np.array(chain(ordered) + chain(reversed(ordered)))


def _turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _path(
    lines: list[Floats], scale: float, at: tuple[float, float], *, closed: bool = False
) -> str:
    drawn = []
    for line in lines:
        spots = [f"{at[0] + scale * x:.2f} {at[1] - scale * y:.2f}" for x, y in line.tolist()]
        drawn.append("M" + "L".join(spots) + ("Z" if closed else ""))
    return "".join(drawn)


def _level(left: float, right: float, y: float, tick: float) -> str:
    """A caliper: a line with ticks at its ends."""
    return f"M{left:.2f} {y:.2f}H{right:.2f}M{left:.2f} {y - tick:.2f}v{2 * tick:g}M{right:.2f} {y - tick:.2f}v{2 * tick:g}"


def _upright(x: float, top: float, bottom: float, tick: float) -> str:
    return f"M{x:.2f} {top:.2f}V{bottom:.2f}M{x - tick:.2f} {top:.2f}h{2 * tick:g}M{x - tick:.2f} {bottom:.2f}h{2 * tick:g}"
