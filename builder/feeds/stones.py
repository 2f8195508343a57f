"""One row of any feed, in our own words: read whole or refused with a reason that can be counted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from builder import gemology
from builder.feeds import layout, values

# How far a stone's weight may be from what its millimeters hold before one of the two must be wrong.
LIGHTEST, HEAVIEST = Decimal("0.65"), Decimal("1.45")
CHEAPEST_PER_CARAT, DEAREST_PER_CARAT = 30, 3_000_000
HUES = frozenset(
    {"yellow", "orange", "pink", "purple", "violet", "blue", "green", "brown", "black", "gray", "grey", "red", "white"}
)  # fmt: skip
NOTHING = frozenset({"", "n", "0", "none", "no", "no cert", "not certified", "uncertified", "-"})
OFFERED = frozenset(
    {"", "g", "ga", "guaranteed", "guaranteed available", "a", "avail", "available", "in stock", "new", "yes", "y"}
)  # fmt: skip
NOT_OFFERED = frozenset(
    {"na", "not available", "m", "memo", "on memo", "h", "hold", "on hold", "sold", "s", "no", "n"}
)
FALSE = frozenset({"", "false", "no", "n", "none", "0", "-", "not enhanced"})
GROWTHS = {
    "natural": "natural", "nat": "natural", "mined": "natural", "0": "natural", "false": "natural", "no": "natural",
    "lab": "lab", "lab grown": "lab", "lab-grown": "lab", "laboratory grown": "lab", "cvd": "lab", "hpht": "lab",
    "1": "lab", "true": "lab", "yes": "lab",
}  # fmt: skip
OPTIONAL_RANGES = {
    "depth_pct": (30, 95),
    "table_pct": (35, 95),
    "crown_angle": (10, 60),
    "pavilion_angle": (25, 70),
    "girdle_pct": (0.3, 15),
}


class Refused(Exception):
    """The row is left out. `reason` is one of few words, `detail` is for the person who mends the feed."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True, kw_only=True)
class OfferedStone:
    stock_number: str
    lab: str
    report_number: str
    growth: str
    shape: str
    carat: Decimal
    color: str
    fancy_color: str
    clarity: str
    cut: str
    polish: str
    symmetry: str
    fluorescence: str
    length_mm: Decimal
    width_mm: Decimal
    depth_mm: Decimal
    depth_pct: Decimal | None
    table_pct: Decimal | None
    crown_angle: Decimal | None
    pavilion_angle: Decimal | None
    girdle_pct: Decimal | None
    report_url: str
    cost: Decimal


@dataclass(kw_only=True)
class Reading:
    """A stone, and what its row said that nobody understands: (field, word), left blank and counted."""

    stone: OfferedStone
    unknown: list[tuple[str, str]] = field(default_factory=list)


def read(row: Mapping[str, str], *, aliases: Mapping[str, Mapping[str, str]]) -> Reading:
    """`row` maps our names to the supplier's text; `aliases` maps a field to its own spellings."""
    _refuse_what_is_not_one_untreated_stone_on_offer(row)
    unknown: list[tuple[str, str]] = []
    lab, report = _report(row, aliases)
    shape = _word(row, "shape", aliases)
    clarity = _word(row, "clarity", aliases)
    color, fancy_color = _color(row, aliases)
    carat = _carat(row)
    length, width, depth = _millimeters(row, shape=shape, carat=carat)
    words = {
        name: _optional_word(row, name, aliases, unknown)
        for name in ("cut", "polish", "symmetry", "fluorescence")
    }
    numbers = {name: _optional_number(row, name, unknown) for name in OPTIONAL_RANGES}
    stone = OfferedStone(
        stock_number=(row.get("stock_number", "").strip() or f"{lab}-{report}")[:64],
        lab=lab,
        report_number=report,
        growth=_growth(row),
        shape=shape,
        carat=carat,
        color=color,
        fancy_color=fancy_color,
        clarity=clarity,
        length_mm=length,
        width_mm=width,
        depth_mm=depth,
        report_url=_url(row),
        cost=_cost(row, carat=carat),
        cut=words["cut"],
        polish=words["polish"],
        symmetry=words["symmetry"],
        fluorescence=words["fluorescence"],
        depth_pct=numbers["depth_pct"],
        table_pct=numbers["table_pct"],
        crown_angle=numbers["crown_angle"],
        pavilion_angle=numbers["pavilion_angle"],
        girdle_pct=numbers["girdle_pct"],
    )
    return Reading(stone=stone, unknown=unknown)


def _refuse_what_is_not_one_untreated_stone_on_offer(row: Mapping[str, str]) -> None:
    availability = gemology.spelled(row.get("availability", ""))
    if availability in NOT_OFFERED:
        raise Refused("not_available", availability)
    if availability not in OFFERED:
        raise Refused("unknown_word", f"availability {availability[:40]}")
    treatments = row.get("treatment", "").split(layout.JOINT)
    if treated := [each for each in treatments if gemology.spelled(each) not in FALSE]:
        raise Refused("treated", treated[0].strip()[:40])
    count = row.get("stone_count", "").strip()
    if count not in {"", "0", "1"}:
        raise Refused("not_a_single_stone", count[:40])


def _word(row: Mapping[str, str], name: str, aliases: Mapping[str, Mapping[str, str]]) -> str:
    try:
        found = gemology.read(field=name, text=row.get(name, ""), own=aliases.get(name, {}))
    except gemology.UnknownWord as error:
        raise Refused("unknown_word", f"{name} {error.text[:40]}") from error
    if not found:
        raise Refused("blank", name)
    return found


def _optional_word(
    row: Mapping[str, str],
    name: str,
    aliases: Mapping[str, Mapping[str, str]],
    unknown: list[tuple[str, str]],
) -> str:
    try:
        return gemology.read(field=name, text=row.get(name, ""), own=aliases.get(name, {}))
    except gemology.UnknownWord as error:
        unknown.append((name, error.text[:40]))
        return ""


def _optional_number(
    row: Mapping[str, str], name: str, unknown: list[tuple[str, str]]
) -> Decimal | None:
    low, high = OPTIONAL_RANGES[name]
    try:
        found = values.within(row.get(name, ""), low, high)
    except values.BadValue:
        unknown.append((name, row[name].strip()[:40]))
        return None
    return None if found is None else found.quantize(Decimal("0.1"))


def _report(row: Mapping[str, str], aliases: Mapping[str, Mapping[str, str]]) -> tuple[str, str]:
    if gemology.spelled(row.get("lab", "")) in NOTHING:
        raise Refused("no_report", "lab")
    lab = _word(row, "lab", aliases)
    try:
        number = values.report_number(row.get("report_number", ""))
    except values.BadValue as error:
        raise Refused("bad_report_number", str(error)) from error
    if not number:
        raise Refused("no_report", "report number")
    return lab, number


def _color(row: Mapping[str, str], aliases: Mapping[str, Mapping[str, str]]) -> tuple[str, str]:
    """A letter, or a fancy color in words; never both."""
    own = aliases.get("fancy_color", {})
    parts = [row.get(name, "") for name in ("fancy_intensity", "fancy_overtone", "fancy_color")]
    spelled = [gemology.spelled(part) for part in parts]
    if spelled[2] not in NOTHING:
        words = " ".join(" ".join(own.get(part, part) for part in spelled).split())
        if words.split()[-1] not in HUES:
            raise Refused("unknown_word", f"fancy_color {words[:40]}")
        return "", words[:48]
    return _word(row, "color", aliases), ""


def _growth(row: Mapping[str, str]) -> str:
    text = gemology.spelled(row.get("growth", "") or "natural")
    if text not in GROWTHS:
        raise Refused("unknown_word", f"growth {text[:40]}")
    return GROWTHS[text]


def _carat(row: Mapping[str, str]) -> Decimal:
    try:
        carat = values.within(row.get("carat", ""), 0.05, 200)
    except values.BadValue as error:
        raise Refused("bad_weight", str(error)) from error
    if carat is None:
        raise Refused("blank", "carat")
    return carat.quantize(Decimal("0.01"))


def _millimeters(
    row: Mapping[str, str], *, shape: str, carat: Decimal
) -> tuple[Decimal, Decimal, Decimal]:
    """Length, width and depth, the longer side first; they must hold the stone's weight."""
    try:
        given = values.measures(row.get("measurements", "")) or _separately(row)
    except values.BadValue as error:
        raise Refused("bad_measurements", str(error)) from error
    if given is None or not all(given):
        raise Refused("no_measurements")
    across = sorted(given[:2], reverse=True)
    length, width, depth = (side.quantize(Decimal("0.01")) for side in (*across, given[2]))
    held = Decimal(str(gemology.LAWS[shape].volume)) * length * width * depth
    if not held or not LIGHTEST <= carat / held <= HEAVIEST or length >= 100:
        raise Refused("weight_and_measures_disagree", f"{carat} ct, {length}×{width}×{depth} mm")
    return length, width, depth


def _separately(row: Mapping[str, str]) -> tuple[Decimal, Decimal, Decimal] | None:
    sides = [values.number(row.get(name, "")) for name in ("length_mm", "width_mm", "depth_mm")]
    first, second, third = sides
    return None if first is None or second is None or third is None else (first, second, third)


def _cost(row: Mapping[str, str], *, carat: Decimal) -> Decimal:
    """The total, as given or from the price per carat; both given must agree within 2 %."""
    try:
        total = values.number(row.get("price_total", "")) or None
        each = values.number(row.get("price_per_carat", "")) or None
    except values.BadValue as error:
        raise Refused("bad_price", str(error)) from error
    if total is None and each is None:
        raise Refused("no_price")
    if total is not None and each is not None and abs(each * carat - total) > total * 2 / 100:
        raise Refused("prices_disagree", f"{each} × {carat} is not {total}")
    cost = total if total is not None else (each or Decimal(0)) * carat
    if not CHEAPEST_PER_CARAT * carat <= cost <= DEAREST_PER_CARAT * carat or cost >= 10**8:
        raise Refused("price_out_of_range", f"{cost.quantize(Decimal(1))} for {carat} ct")
    return cost.quantize(Decimal("0.01"))


def _url(row: Mapping[str, str]) -> str:
    url = row.get("report_url", "").strip()
    return url if url.startswith(("https://", "http://")) and len(url) <= 500 else ""
