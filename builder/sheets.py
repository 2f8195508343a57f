"""The workshop's design sheet: one version of a ring on one A4 page, as PDF.

Everything a bench needs and nothing of whose it is: no customer, no price, no store. It says what the version says, so the same
version gives the same bytes; lengths are millimeters, weights grams and carats.
"""

import functools
import io
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from builder import codes, costing, diagrams, gemology, geometry, pictures, sizes
from builder.models import DesignVersion, Metal
from jeweler import qr

if TYPE_CHECKING:
    from fpdf import FPDF

EDGE, WIDE, FOOT = 18.0, 174.0, 279.0  # mm of the page
INK, QUIET, RULE = (0x16, 0x18, 0x1D), (0x55, 0x52, 0x4C), (0xC9, 0xC1, 0xB2)
FONTS = {"serif": "print-serif.ttf", "plain": "print-plain.ttf", "strong": "print-strong.ttf"}
PLACES = {
    "halo": "Halo", "hidden_halo": "Hidden halo", "sides": "Side stones", "half_band": "Half of the band", "full_band": "Band, all around",
}  # fmt: skip
OPEN = "not chosen yet"
FINISHED = "All measures are of the finished ring. The size is the inside of the band; metal to cast is the finished metal with its waste."
_HUNDREDTH = Decimal("0.01")

Rows = Sequence[tuple[str, str]]


class NothingToMake(ValueError):
    """A version without a setting in a metal is no ring for a workshop."""

    def __init__(self) -> None:
        super().__init__("This version has no setting yet; there is nothing to make.")


def sheet(version: DesignVersion) -> bytes:
    """The PDF. Raises NothingToMake."""
    if version.setting is None or not version.description:
        raise NothingToMake
    page = _page(version)
    _heading(page, version)
    top = 62.0
    drawn = pictures.draw(version.description, width=900, height=675)
    page.image(io.BytesIO(drawn), x=EDGE, y=top, w=86)
    down = _rows(page, "The ring", ring(version), x=112, y=top, w=80)
    _rows(page, "The head", head(version), x=112, y=down + 5, w=80)
    down = _table(
        page, "Metal", ["Part", "Metal", "Finished", "Waste", "To cast"], metal(version), y=140
    )
    down = _table(
        page, "Stones", ["Where", "Stones", "Size", "Weight", "What"], stones(version), y=down + 6
    )
    down = _engraving(page, version, y=down + 6)
    _drawings(page, version, y=max(down + 4, 214.0))
    _foot(page, version)
    return bytes(page.output())


# What it says.


def ring(version: DesignVersion) -> Rows:
    band, finger = version.description["shank"], version.description["finger"]
    shoulder = str(band.get("shoulder", "plain"))
    return [
        (
            "Setting",
            f"{version.setting.name} ({version.setting.code})" if version.setting else OPEN,
        ),
        ("Metal", version.metal.name if version.metal else OPEN),
        ("Size", _sizes(version.ring_size)),
        ("Inner diameter", f"{finger['inner_diameter_mm']:.2f} mm" if version.ring_size else OPEN),
        ("Band, at the palm", f"{band['width_mm']:.2f} × {band['thickness_mm']:.2f} mm"),
        ("Band, at the head", f"{band['top_width_mm']:.2f} mm wide"),
        ("Section", f"{band['profile']}, {shoulder} shoulder"),
        ("Lead time", _lead_time(version)),
    ]


def _lead_time(version: DesignVersion) -> str:
    """At the bench, with what another head than the setting's own takes; an engraving takes no day of its own."""
    if version.setting is None:
        return OPEN
    code = version.price_inputs.get("head", {}).get("code", "")
    made_with = version.setting.rules.head(code) if code else None
    days = costing.lead_days(setting=version.setting, head=made_with, delivery_days=0)
    return f"{days} working days"


def head(version: DesignVersion) -> Rows:
    its = version.description["head"]
    kind = "bezel" if its["kind"] == "bezel" else f"{its['prongs']} prongs"
    code = version.price_inputs.get("head", {}).get("code", "")
    return [
        ("Head", f"{kind} ({code})" if code else kind),
        ("Its metal", str(its["metal"])),
        ("Girdle above the finger", f"{its['seat_height_mm']:.2f} mm"),
    ]


def metal(version: DesignVersion) -> list[list[str]]:
    """Part by part: what the finished metal weighs, and what is cast for it."""
    rows = []
    names = dict(Metal.objects.values_list("code", "name"))
    for part in version.price_inputs.get("metals", []):
        grams, waste = Decimal(part["grams"]), Decimal(part["waste_pct"])
        cast = (grams * (1 + waste / 100)).quantize(_HUNDREDTH)
        rows.append(
            [
                str(part["part"]).capitalize(),
                names.get(part["metal"], part["metal"]),
                f"{grams.quantize(_HUNDREDTH)} g",
                f"{waste.normalize():f} %",
                f"{cast} g",
            ]
        )
    return rows or [["Ring", OPEN, "", "", ""]]


def stones(version: DesignVersion) -> list[list[str]]:
    """The center with its report, then the small ones place by place."""
    rows = [_center(version)]
    for place in version.price_inputs.get("melee", []):
        pieces, mm = int(place["pieces"]), Decimal(place["mm"])
        carats = geometry.melee_carats(stone_mm=float(mm), count=pieces)
        where = PLACES.get(place["place"], str(place["place"]).replace("_", " ").capitalize())
        rows.append([where, str(pieces), f"{mm} mm", f"{carats:.2f} ct together", "diamonds"])
    return rows


def _center(version: DesignVersion) -> list[str]:
    stone = version.stone
    if stone is None:
        return ["Center", "", "", "", OPEN]
    mm = " × ".join(f"{each:.2f}" for each in (stone.length_mm, stone.width_mm, stone.depth_mm))
    grown = "lab-grown " if stone.growth == "lab" else ""
    graded = f"{grown}{stone.get_shape_display().lower()}, {stone.color or stone.fancy_color}, {stone.clarity}"
    report = f"; {stone.lab} {stone.report_number}" if stone.report_number else ""
    return ["Center", "1", f"{mm} mm", f"{stone.carat:.2f} ct", f"{graded}{report}"]


def _sizes(size: Decimal | None) -> str:
    if size is None:
        return OPEN
    said = gemology.size_systems(size)
    return f"US {said['us']}, UK {said['uk']}, EU {said['eu']}, JP {sizes.japanese(size)}"


# How it looks.


def _page(version: DesignVersion) -> "FPDF":
    from fpdf import FPDF  # noqa: PLC0415  a second to load, for a page that is asked for now and then

    page = FPDF(format="A4")
    page.set_creation_date(version.saved_at)  # so that the same version is the same file
    page.set_title(f"{version.design.code} version {version.number}")
    page.set_producer(settings.SITE_NAME)
    page.set_auto_page_break(False)
    page.set_margin(0)
    page.c_margin = 0
    page.add_page()
    for name, file in FONTS.items():
        page.add_font(name, fname=_fonts() / file)
    return page


@functools.cache
def _fonts() -> Path:
    return Path(settings.BASE_DIR) / "static" / "dist" / "fonts"


def _write(
    page: "FPDF",
    text: str,
    *,
    x: float,
    y: float,
    w: float = 0,
    font: str = "plain",
    size: float = 9,
    color: tuple[int, int, int] = INK,
    align: str = "L",
) -> None:
    page.set_font(font, size=size)
    page.set_text_color(*color)
    page.set_xy(x, y)
    while w and len(text) > 4 and page.get_string_width(text) > w:
        text = text.rstrip("…")[:-1].rstrip() + "…"
    page.cell(w=w or None, h=size * 0.45, text=text, align=align)


def _rule(page: "FPDF", y: float, *, x: float = EDGE, w: float = WIDE) -> None:
    page.set_draw_color(*RULE)
    page.set_line_width(0.2)
    page.line(x, y, x + w, y)


def _heading(page: "FPDF", version: DesignVersion) -> None:
    code = version.design.code
    _write(page, settings.SITE_NAME.upper(), x=EDGE, y=17, size=8, color=QUIET)
    _write(
        page,
        version.setting.name if version.setting else code,
        x=EDGE,
        y=25,
        w=120,
        font="serif",
        size=30,
    )
    saved = f"{code}, version {version.number}, {version.saved_at:%B} {version.saved_at.day}, {version.saved_at.year}"
    _write(page, f"Workshop sheet. {saved}", x=EDGE, y=42, w=140, color=QUIET)
    address = codes.scanned_address(code=code, site=settings.SITE_URL)
    page.image(io.BytesIO(qr.png(text=address)), x=EDGE + WIDE - 27, y=15, w=27)
    _rule(page, 52)


def _rows(page: "FPDF", title: str, rows: Rows, *, x: float, y: float, w: float) -> float:
    """A list of names and values; the height at which it ends."""
    _write(page, title, x=x, y=y, font="serif", size=14)
    y += 9
    for name, value in rows:
        _write(page, name, x=x, y=y, w=32, size=8, color=QUIET)
        _write(page, value, x=x + 33, y=y, w=w - 33, size=8.5)
        y += 5
    return y


COLUMNS = (0.0, 30.0, 66.0, 108.0, 134.0)


def _table(
    page: "FPDF", title: str, heads: Sequence[str], rows: list[list[str]], *, y: float
) -> float:
    _write(page, title, x=EDGE, y=y, font="serif", size=14)
    y += 8
    columns = COLUMNS if heads[1] == "Metal" else (0.0, 30.0, 44.0, 84.0, 108.0)
    ends = (*columns[1:], WIDE)
    for row in [list(heads), *rows]:
        is_head = row == list(heads)
        for start, end, text in zip(columns, ends, row, strict=True):
            _write(
                page,
                text,
                x=EDGE + start,
                y=y,
                w=end - start - 1,
                size=8 if is_head else 8.5,
                color=QUIET if is_head else INK,
            )
        y += 5.2
        _rule(page, y - 0.8)
    return y


def _engraving(page: "FPDF", version: DesignVersion, *, y: float) -> float:
    _write(page, "Engraving, inside", x=EDGE, y=y + 0.8, size=8, color=QUIET)
    _write(page, version.engraving or "none", x=EDGE + 33, y=y, font="serif", size=13, w=WIDE - 33)
    return y + 7


def _drawings(page: "FPDF", version: DesignVersion, *, y: float) -> None:
    """The ring from the front at true size, and its center from above and from the side, larger than life."""
    _write(page, "At true size", x=EDGE, y=y, font="serif", size=14)
    _elevation(page, version, x=EDGE + 18, y=y + 10)
    described = version.description.get("stone")
    if described is None:
        return
    _write(page, "The center stone", x=EDGE + 60, y=y, font="serif", size=14)
    plan, profile = (_drawing(each) for each in diagrams.twin(described))
    page.image(io.BytesIO(plan), x=EDGE + 58, y=y + 9, w=44, h=46, keep_aspect_ratio=True)
    page.image(io.BytesIO(profile), x=EDGE + 106, y=y + 9, w=68, h=46, keep_aspect_ratio=True)


def _drawing(svg: str) -> bytes:
    """A line drawing as the page can set it: with our ink and our letters, smaller than on a screen."""
    svg = svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" font-family="plain" ', 1)
    svg = svg.replace('font-size="12.5"', 'font-size="9"').replace(
        'font-size="10"', 'font-size="8"'
    )
    return (
        svg.replace('font-size="5"', 'font-size="3.4"').replace("currentColor", "#16181d").encode()
    )


def _elevation(page: "FPDF", version: DesignVersion, *, x: float, y: float) -> None:
    """Finger hole, band and girdle from the front, one millimeter to one; `x`: its middle, `y`: the girdle's height."""
    spec, band, stone = (version.description[name] for name in ("head", "shank", "stone"))
    inner = float(version.description["finger"]["inner_diameter_mm"]) / 2
    outer, seat = inner + float(band["thickness_mm"]), float(spec["seat_height_mm"])
    middle = y + seat + inner
    half = float(stone["width_mm"]) / 2 if stone else 3.25
    page.set_draw_color(*INK)
    page.set_line_width(0.18)
    for radius in (inner, outer):
        page.circle(x, middle, radius)
    page.line(x - half, y, x + half, y)
    for side in (-1, 1):
        page.line(x + side * half, y, x + side * 0.3 * half, middle - outer)
    page.set_line_width(0.1)
    page.line(x - inner, middle, x + inner, middle)
    for side in (-1, 1):
        page.line(x + side * inner, middle - 1, x + side * inner, middle + 1)
    _write(page, f"{2 * inner:.2f} mm", x=x - inner, y=middle - 4, w=2 * inner, size=7, align="C")


def _foot(page: "FPDF", version: DesignVersion) -> None:
    _rule(page, FOOT)
    _write(page, FINISHED, x=EDGE, y=FOOT + 3, w=WIDE, size=8, color=QUIET)
