"""A ring's price written a second time, from docs/algorithms/pricing.md: plain decimals from the finger to the total.

The reference of `bench/pricing.py` and of the tests; the product does not know it. Nothing here is shared with
`builder.costing`, `builder.pricing`, `builder.geometry` or `builder.volumes` but the values of the price book.
"""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from builder.book import Book, Metal, Setting
from builder.compatibility import Head

PI = Decimal("3.14159265358979323846264338328")
FILLED = {"round": Decimal("0.86"), "flat": Decimal("0.98"), "knife": Decimal("0.72")}
D = Decimal
Outline = tuple[Decimal, Decimal]


def ring(
    *,
    book: Book,
    setting: Setting,
    head: Head,
    metal: Metal,
    stone: Outline | None,
    stone_price: Decimal | None,
    size: Decimal | None,
    engraving: str,
    now: datetime,
) -> list[Decimal]:
    """The amounts of the lines that have one, in order; their sum is the total."""
    outline = stone or _middle(head)
    is_other = head.code != setting.rules.heads[0].code
    amounts = [] if stone_price is None else [_dollars(stone_price)]
    amounts.append(_dollars(setting.labor_price))
    amounts.append(_metal(book, setting, head, metal, outline, size, now))
    if stone and head.setting_fee:
        amounts.append(_dollars(head.setting_fee))
    if stone and is_other and head.extra_price:
        amounts.append(_dollars(head.extra_price))
    amounts += _melee(book, setting, outline)
    if engraving and setting.engraving.price:
        amounts.append(_dollars(setting.engraving.price))
    return amounts


def _middle(head: Head) -> Outline:
    middle = (head.min_width_mm + head.max_width_mm) / 2
    return middle, middle


def _dollars(amount: Decimal) -> Decimal:
    return amount.quantize(D(1), rounding=ROUND_HALF_UP)


def _gram_price(metal: Metal, now: datetime) -> Decimal:
    return [each.price for each in metal.prices if each.since_at <= now][-1]


def _metal(
    book: Book,
    setting: Setting,
    head: Head,
    metal: Metal,
    outline: Outline,
    size: Decimal | None,
    now: datetime,
) -> Decimal:
    shank, top = _shank(setting, head, size), _head(setting, head, outline)
    family = head.metal_family
    others = [each for each in book.metals.values() if each.family == family]
    if not family or family == metal.family or not others:
        return _dollars(_worth(metal, shank + top, now))
    return _dollars(_worth(metal, shank, now) + _worth(others[0], top, now))


def _worth(metal: Metal, cubic_mm: Decimal, now: datetime) -> Decimal:
    weight = cubic_mm.quantize(D("0.001")) * metal.density / 1000
    grams = weight.quantize(D("0.01"), rounding=ROUND_HALF_UP)
    return grams * _gram_price(metal, now) * (1 + metal.waste_pct / 100)


def _shank(setting: Setting, head: Head, size: Decimal | None) -> Decimal:
    shape = setting.mounting
    inner = D("11.63") + D("0.8128") * (D(6) if size is None else size)
    area = FILLED[shape.profile] * (shape.shank_width_mm + shape.top_width_mm) / 2
    volume = area * shape.thickness_mm * PI * (inner + shape.thickness_mm)
    for location in shape.locations:
        if location.place in ("half_band", "full_band"):
            volume -= location.count * D("0.45") * location.width_mm**3
    if shape.shoulder == "cathedral":
        rise = head.rise_mm * 2 / 3
        volume += rise * D("1.15") * rise / 2 * D("1.1")
    return volume


def _head(setting: Setting, head: Head, outline: Outline) -> Decimal:
    length, width = outline
    high = head.rise_mm + D("0.6")
    if head.kind == "bezel":
        volume = _around(length, width) * D("0.5") * (head.rise_mm * D("0.55") + D("0.6"))
    else:
        volume = head.prongs * PI * (D("0.95") / 2) ** 2 * high
        volume += _around(length * D("0.6"), width * D("0.6")) * PI * (D("0.9") / 2) ** 2
    for location in setting.mounting.locations:
        melee = location.width_mm
        if location.place in ("halo", "hidden_halo"):
            beyond = melee if location.place == "halo" else -melee
            volume += _around(length + beyond, width + beyond) * (melee + D("0.3")) * D("0.8")
        if location.place == "sides":
            prongs = 4 * PI * D("0.4") ** 2 * (melee * D("0.8") + D("0.5"))
            volume += location.count * (prongs + PI * melee * D("0.6") * D("0.5"))
    return volume


def _around(length: Decimal, width: Decimal) -> Decimal:
    a, b = length / 2, width / 2
    return PI * (3 * (a + b) - ((3 * a + b) * (a + 3 * b)).sqrt())


def _melee(book: Book, setting: Setting, outline: Outline) -> list[Decimal]:
    amounts = []
    for location in setting.mounting.locations:
        pieces = (
            D(location.count)
            if location.count
            else _pieces(location.place, location.width_mm, outline)
        )
        mm = (location.length_mm + location.width_mm) / 2
        [row] = [row for row in book.melee if row.from_mm <= mm < row.below_mm]
        amounts.append(_dollars(pieces * row.stone_price + pieces * row.setting_fee))
    return amounts


def _pieces(place: str, melee: Decimal, outline: Outline) -> Decimal:
    beyond = -melee if place == "hidden_halo" else melee
    around = _around(outline[0] + beyond, outline[1] + beyond)
    return max(D(8), (around / (melee * D("1.06"))).to_integral_value())
