"""A row of the stone list. A page has up to a hundred, too many for a template's own lookups."""

import functools

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from builder import market, pricing
from builder.models import Stone
from builder.templatetags.drawings import glyph_again
from builder.templatetags.market import market_mark
from builder.templatetags.ring import faces_up, grade

register = template.Library()

# What recurs from row to row is worded once.
told = functools.lru_cache(maxsize=4096)(pricing.told)
glyph_of = functools.cache(glyph_again)

CELLS = """
    <td class="gl" role="cell">{glyph}</td>
    <td class="c1" role="cell"><a class="open" href="?{address}open={key}#stone-{key}" \
data-open="stone-{key}" id="open-{key}"><span class="ct">{carat}</span>\
<span class="vh"> carat {shape}, details</span></a></td>
    {color}
    <td class="c3" role="cell">{clarity}</td>
    <td class="c4" role="cell">{cut}{growth}</td>
    <td class="c5" role="cell"><span class="lb">Faces up like </span>{faces_up} ct</td>
    <td class="c6" role="cell">{lab} {report}</td>
    <td class="c7" role="cell">{where}</td>{market}
    <td class="c9" role="cell"><span class="price">{price}</span></td>
"""
LAB_TOO = SafeString('<span class="dim">, lab-grown</span>')
LAB = SafeString('<span class="dim">Lab-grown</span>')
HERE = '<span class="where ok">In {}</span>'
AWAY = SafeString('<span class="where">With the cutter</span>')
PLACED = '<td class="c8" role="cell">{}</td>'
TOO_FEW = SafeString(
    '<td class="c8" role="cell"><span class="dim" aria-hidden="true">–</span>'
    '<span class="vh">Too few like it to say</span></td>'
)


@register.simple_tag
def stone_cells(
    stone: Stone,
    *,
    address: str,
    mode: str,
    position: market.Position | None = None,
    has_market: bool = False,
) -> SafeString:
    """What the list says of a stone; `address` is the list's own query, ready for one more name.

    `has_market`: the list has a column for where each stone's price stands.
    """
    return format_html(
        CELLS,
        glyph=glyph_of(stone.shape),
        address=address,
        key=str(stone.pk),
        carat=f"{stone.carat:.2f}",
        shape=stone.get_shape_display().lower(),
        color=_color(stone.color, stone.fancy_color),
        clarity=stone.clarity,
        cut=_cut(stone.cut),
        growth=_growth(stone),
        faces_up=faces_up(stone),
        lab=stone.lab,
        report=stone.report_number,
        where=_where(stone.store.city if stone.store else ""),
        market=_market(position, stone) if has_market else "",
        price="" if stone.price is None else told(stone.price, mode=mode),
    )


@functools.lru_cache(maxsize=512)
def _color(letter: str, fancy: str) -> SafeString:
    """A fancy color's words have a line of their own where there is little room."""
    if letter or not fancy:
        return format_html('<td class="c2" role="cell">{}</td>', letter)
    words = fancy[:1].upper() + fancy[1:]
    return format_html('<td class="c2 fancy" role="cell">{}</td>', words)


@functools.cache
def _cut(cut: str) -> SafeString | str:
    return format_html('{}<span class="lb"> cut</span>', grade(cut)) if cut else ""


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
