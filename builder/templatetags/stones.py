"""What the stone list says of a stone: a row, a card or a line of the table, up to a hundred on a page.

Too many for a template's own lookups; so they are put together here, and what recurs is worded once.
"""

import functools
from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from builder import market, pricing
from builder.models import Stone
from builder.templatetags.drawings import glyph_again
from builder.templatetags.market import market_mark
from builder.templatetags.plans import plan_to_scale
from builder.templatetags.ring import faces_up, grade

register = template.Library()


class Tray(Protocol):
    """One of builder.views.trays."""

    @property
    def keys(self) -> Sequence[str]: ...
    def toggled(self, key: str) -> str: ...


# What recurs from row to row is worded once.
told = functools.lru_cache(maxsize=4096)(pricing.told)
glyph_of = functools.cache(glyph_again)

ROW = """
    <td class="c0" role="cell">{compare}</td>
    <td class="gl" role="cell">{glyph}</td>
    <td class="c1" role="cell">{opener}</td>
    {color}
    <td class="c3" role="cell">{clarity}</td>
    <td class="c4" role="cell">{cut}{growth}</td>
    <td class="c5" role="cell"><span class="lb">Faces up like </span>{faces_up} ct</td>
    <td class="c6" role="cell">{lab} {report}</td>
    <td class="c7" role="cell">{where}</td>{market}
    <td class="c9" role="cell"><span class="price">{price}</span></td>
"""
LINE = """
    <th class="first" scope="row">{compare}{glyph}{opener}</th>
    <td class="price">{price}</td><td>{color}</td><td>{clarity}</td><td>{cut}</td><td>{polish}</td><td>{symmetry}</td><td>{fluorescence}</td>
    <td>{length} × {width} × {depth}</td><td>{ratio}</td><td>{table_pct}</td><td>{depth_pct}</td><td>{faces_up} ct</td>
    <td>{where}</td><td>{lab} {report}{growth}</td>
"""
CARD = """
    {plan}
    <p class="hd">{opener}<span>, {color}, {clarity}</span></p>
    <p class="of">{shape}{cut}{growth}</p>
    <p class="of">{length} × {width} mm</p>
    <p class="of">Faces up like {faces_up} ct</p>
    <p class="of at">{where}</p>
    <div class="ft"><span class="price">{price}</span>{compare}</div>
"""
OPENER = (
    '<a class="open" href="?{address}open={key}#stone-{key}" data-open="stone-{key}" id="open-{key}">'
    '<span class="ct">{carat}</span>{unit}<span class="vh">{words}</span></a>'
)
COMPARE = (
    '<a class="cmp{on}" href="{address}#stone-{key}" data-place="stones looks lede" id="compare-{key}">'
    '<span class="bx" aria-hidden="true"></span><span class="wd">{word}</span>'
    '<span class="vh">{words}</span></a>'
)
LAB_TOO = SafeString('<span class="dim">, lab-grown</span>')
LAB = SafeString('<span class="dim">Lab-grown</span>')
HERE = '<span class="where ok">In {}</span>'
AWAY = SafeString('<span class="where">With the cutter</span>')
PLACED = '<td class="c8" role="cell">{}</td>'
TOO_FEW = SafeString(
    '<td class="c8" role="cell"><span class="dim" aria-hidden="true">–</span>'
    '<span class="vh">Too few like it to say</span></td>'
)
NOT_SAID = SafeString('<span class="dim">–</span>')


@register.simple_tag
def stone_cells(
    stone: Stone,
    *,
    address: str,
    mode: str,
    tray: Tray,
    position: market.Position | None = None,
    has_market: bool = False,
) -> SafeString:
    """A row of the list; `address` is the list's own query, ready for one more name.

    `has_market`: the list has a column for where each stone's price stands.
    """
    return format_html(
        ROW,
        compare=_compare(stone, tray),
        glyph=glyph_of(stone.shape),
        opener=_opener(stone, address),
        color=_color(stone.color, stone.fancy_color),
        clarity=stone.clarity,
        cut=_cut(stone.cut),
        growth=_growth(stone),
        faces_up=faces_up(stone),
        lab=stone.lab,
        report=stone.report_number,
        where=_where(stone.store.city if stone.store else ""),
        market=_market(position, stone) if has_market else "",
        price=_price(stone, mode),
    )


@register.simple_tag
def stone_line(stone: Stone, *, address: str, mode: str, tray: Tray) -> SafeString:
    """A line of the table: everything that a report grades, one under the other."""
    return format_html(
        LINE,
        compare=_compare(stone, tray),
        glyph=glyph_of(stone.shape),
        opener=_opener(stone, address),
        color=stone.color or _begun(stone.fancy_color) or NOT_SAID,
        clarity=stone.clarity,
        cut=_graded(stone.cut),
        polish=_graded(stone.polish),
        symmetry=_graded(stone.symmetry),
        fluorescence=_graded(stone.fluorescence),
        length=stone.length_mm,
        width=stone.width_mm,
        depth=stone.depth_mm,
        ratio=f"{stone.length_mm / stone.width_mm:.2f}",
        table_pct=_percent(stone.table_pct),
        depth_pct=_percent(stone.depth_pct),
        faces_up=faces_up(stone),
        lab=stone.lab,
        report=stone.report_number,
        growth=LAB_TOO if stone.growth == Stone.Growth.LAB else "",
        where=_where(stone.store.city if stone.store else ""),
        price=_price(stone, mode),
    )


@register.simple_tag
def stone_card(stone: Stone, *, address: str, mode: str, tray: Tray, field: float) -> SafeString:
    """A card of the grid, the stone drawn in a square of `field` millimeters."""
    return format_html(
        CARD,
        plan=plan_to_scale(stone, field),
        opener=_opener(stone, address, unit=" ct"),
        color=stone.color or stone.fancy_color,
        clarity=stone.clarity,
        shape=stone.get_shape_display(),
        cut=f", {grade(stone.cut).lower()} cut" if stone.cut else "",
        growth=LAB_TOO if stone.growth == Stone.Growth.LAB else "",
        length=stone.length_mm,
        width=stone.width_mm,
        faces_up=faces_up(stone),
        where=_where(stone.store.city if stone.store else ""),
        price=_price(stone, mode),
        compare=_compare(stone, tray),
    )


def _opener(stone: Stone, address: str, *, unit: str = "") -> SafeString:
    """The link that opens a stone; it covers its row or card."""
    shape = stone.get_shape_display().lower()
    return format_html(
        OPENER,
        address=address,
        key=str(stone.pk),
        carat=f"{stone.carat:.2f}",
        unit=unit,
        words=f" {shape}, details" if unit else f" carat {shape}, details",
    )


def _compare(stone: Stone, tray: Tray) -> SafeString:
    """A link that puts a stone beside others, or takes it out; what it does is said of which stone."""
    key = str(stone.pk)
    is_in = key in tray.keys
    which = f"the {stone.carat:.2f} carat, {stone.color or stone.fancy_color}, {stone.clarity}"
    return format_html(
        COMPARE,
        on=" on" if is_in else "",
        address=tray.toggled(key),
        key=key,
        word="In compare" if is_in else "Compare",
        words=f": {which}. Take it out" if is_in else f" {which}",
    )


def _price(stone: Stone, mode: str) -> str:
    return "" if stone.price is None else told(stone.price, mode=mode)


@functools.lru_cache(maxsize=512)
def _color(letter: str, fancy: str) -> SafeString:
    """A fancy color's words have a line of their own where there is little room."""
    if letter or not fancy:
        return format_html('<td class="c2" role="cell">{}</td>', letter)
    return format_html('<td class="c2 fancy" role="cell">{}</td>', _begun(fancy))


def _begun(words: str) -> str:
    return words[:1].upper() + words[1:]


@functools.cache
def _cut(cut: str) -> SafeString | str:
    return format_html('{}<span class="lb"> cut</span>', grade(cut)) if cut else ""


@functools.cache
def _graded(word: str) -> SafeString | str:
    return grade(word) if word else NOT_SAID


def _percent(value: Decimal | None) -> SafeString | str:
    return NOT_SAID if value is None else f"{value.normalize():f}%"


def _growth(stone: Stone) -> SafeString | str:
    if stone.growth != Stone.Growth.LAB:
        return ""
    return LAB_TOO if stone.cut else LAB


def _market(position: market.Position | None, stone: Stone) -> SafeString:
    if position is None or stone.price is None:
        return TOO_FEW
    return format_html(PLACED, market_mark(position, stone.price))


@functools.lru_cache(maxsize=256)
def _where(city: str) -> SafeString:
    return format_html(HERE, city) if city else AWAY
