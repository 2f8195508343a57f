"""One row of any feed, in our own words: read whole or refused with a reason that can be counted.

A feed says the same few thousand words and numbers again and again, so a reader works each out once and remembers it.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Generic, NamedTuple, TypeVar

from builder import gemology
from builder.feeds import fancy, values
from builder.feeds.rows import JOINT, Aliases, Refused, Row

# How far a stone's weight may be from what its millimeters hold before one of the two must be wrong.
LIGHTEST, HEAVIEST = Decimal("0.65"), Decimal("1.45")
CHEAPEST_PER_CARAT, DEAREST_PER_CARAT = 30, 3_000_000
MOST_REMEMBERED = 20_000  # texts of each field; a feed with more is only read slower
NOTHING = frozenset({"", "n", "0", "none", "no", "no cert", "not certified", "uncertified", "-"})
NOT_FANCY = NOTHING | {"colorless", "false"}
MEANINGS: dict[str, dict[str, str]] = {
    "availability": dict.fromkeys(
        ("", "g", "ga", "guaranteed", "guaranteed available", "a", "avail", "available", "in stock", "new", "yes", "y"),
        "available",
    )
    | dict.fromkeys(
        ("na", "not available", "m", "memo", "on memo", "h", "hold", "on hold", "sold", "s", "no", "n"),
        "not available",
    ),
    "growth": dict.fromkeys(("", "natural", "nat", "mined", "0", "false", "no"), "natural")
    | dict.fromkeys(
        ("lab", "lab grown", "lab-grown", "laboratory grown", "cvd", "hpht", "1", "true", "yes"), "lab"
    ),
}  # fmt: skip
FALSE = frozenset({"", "false", "no", "n", "none", "0", "-", "not enhanced"})
OPTIONAL_WORDS = ("cut", "polish", "symmetry", "fluorescence")
OPTIONAL_RANGES = {
    "depth_pct": (30, 95),
    "table_pct": (35, 95),
    "crown_angle": (10, 60),
    "pavilion_angle": (25, 70),
    "girdle_pct": (0.3, 15),
}
# These say that the stone is not for sale here. Whatever else a row is refused for may be a slip of this one file.
GONE = frozenset({"not_available", "treated", "not_a_single_stone"})
_FORMULA_STARTS = frozenset("=+@\t-")
_CENT, _HUNDREDTH, _TENTH = Decimal("0.01"), Decimal("0.01"), Decimal("0.1")
_VOLUMES = {shape: Decimal(str(law.volume)) for shape, law in gemology.LAWS.items()}
_STOCK_LENGTH = 64

Meaning = TypeVar("Meaning")


class OfferedStone(NamedTuple):
    stock_number: str
    lab: str
    report_number: str
    growth: str
    shape: str
    carat: Decimal
    color: str
    fancy_color: str
    fancy_hue: str
    fancy_intensity: str
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


class Reading(NamedTuple):
    """A stone, and what its row said that nobody understands: (field, word), left blank and counted."""

    stone: OfferedStone
    unknown: list[tuple[str, str]]


class _Unknown(str):
    """A text that nobody understands, where a blank would do."""


class _Known(dict[str, Meaning], Generic[Meaning]):
    """What each text means, worked out when it is first met. What is refused is not remembered."""

    def __init__(self, work: Callable[[str], Meaning]) -> None:
        super().__init__()
        self._work = work

    def __missing__(self, text: str) -> Meaning:
        meaning = self._work(text)
        if len(self) < MOST_REMEMBERED and len(text) < 200:
            self[text] = meaning
        return meaning


def read(row: Row, *, aliases: Aliases) -> Reading:
    """One row alone; a feed is read by one `Reader`."""
    return Reader(aliases=aliases).read(row)


class Reader:
    """Reads the rows of one feed. A row maps our names to the supplier's text; `aliases` a field to its own spellings."""

    def __init__(self, *, aliases: Aliases) -> None:
        self._own = {
            name: {gemology.spelled(word): meaning for word, meaning in own.items()}
            for name, own in aliases.items()
        }
        self._offered = _Known(self._refuse_not_offered)
        self._untreated = _Known(_refuse_treated)
        self._growth = _Known(lambda text: self._meaning("growth", text))
        self._carat = _Known(_carat)
        self._lab = _Known(self._read_lab)
        self._words = {name: _Known(self._needed(name)) for name in ("shape", "clarity", "color")}
        self._optional_words = [(name, _Known(self._optional(name))) for name in OPTIONAL_WORDS]
        self._optional_numbers = [
            (name, _Known(_optional_number(*limits))) for name, limits in OPTIONAL_RANGES.items()
        ]
        self._side = _Known(_side)
        self._part = _Known(lambda text: Decimal(text).quantize(_HUNDREDTH))
        self._fancy = _Known(self._read_fancy)

    def read(self, row: Row | Refused) -> Reading:
        """Raises Refused, also one that the format had to say."""
        if isinstance(row, Refused):
            raise row
        self._refuse_what_is_not_one_untreated_stone_on_offer(row)
        told = row.get
        lab = self._lab[told("lab", "")]
        report = _report_number(told("report_number", ""))
        shape = self._words["shape"][told("shape", "")]
        clarity = self._words["clarity"][told("clarity", "")]
        color = self._color(row)
        carat = self._carat[told("carat", "")]
        sides = self._millimeters(row, shape=shape, carat=carat)
        unknown: list[tuple[str, str]] = []
        words = self._known_or_blank(self._optional_words, row, unknown, blank="")
        numbers = self._known_or_blank(self._optional_numbers, row, unknown, blank=None)
        stock_number = (told("stock_number", "").strip() or f"{lab}-{report}")[:_STOCK_LENGTH]
        growth = self._grown(told("growth", ""), report=report)
        url = _url(told("report_url", ""))
        cost = _cost(told("price_total", ""), told("price_per_carat", ""), carat=carat)
        # By position, in the order of OfferedStone: this is done for every row of a million.
        stone = OfferedStone._make(
            (stock_number, lab, report, growth, shape, carat, *color, clarity, *words, *sides, *numbers, url, cost)
        )  # fmt: skip
        return Reading(stone, unknown)

    def _refuse_what_is_not_one_untreated_stone_on_offer(self, row: Row) -> None:
        for text in row.values():
            if text[:1] in _FORMULA_STARTS or text[:1] == " ":
                _refuse_formula(text)
        self._offered[row.get("availability", "")]
        self._untreated[row.get("treatment", "")]
        _refuse_several(row.get("stone_count", ""))

    def _known_or_blank(
        self,
        fields: list[tuple[str, _Known[Any]]],
        row: Row,
        unknown: list[tuple[str, str]],
        *,
        blank: Any,
    ) -> list[Any]:
        """What a stone can do without: a text that nobody understands is left blank and noted."""
        found = []
        for name, known in fields:
            meaning = known[row.get(name, "")]
            if type(meaning) is _Unknown:
                unknown.append((name, str(meaning)))
                meaning = blank
            found.append(meaning)
        return found

    def stock_number(self, row: Row) -> str:
        """Which offer a refused row speaks of; "" where that cannot be told."""
        stock = row.get("stock_number", "").strip()
        if stock:
            return stock[:_STOCK_LENGTH]
        try:
            return f"{self._lab[row.get('lab', '')]}-{_report_number(row.get('report_number', ''))}"
        except Refused:
            return ""

    # The words of one field.

    def _needed(self, name: str) -> Callable[[str], str]:
        def work(text: str) -> str:
            try:
                found = gemology.read(field=name, text=text, own=self._own.get(name, {}))
            except gemology.UnknownWord as error:
                raise Refused("unknown_word", f"{name} {error.text[:40]}") from error
            if not found:
                raise Refused("blank", name)
            return found

        return work

    def _optional(self, name: str) -> Callable[[str], str]:
        def work(text: str) -> str:
            try:
                return gemology.read(field=name, text=text, own=self._own.get(name, {}))
            except gemology.UnknownWord as error:
                return _Unknown(error.text[:40])

        return work

    def _meaning(self, name: str, text: str) -> str:
        key = gemology.spelled(text)
        found = self._own.get(name, {}).get(key) or MEANINGS[name].get(key)
        if not found:
            raise Refused("unknown_word", f"{name} {key[:40]}")
        return found

    def _refuse_not_offered(self, text: str) -> None:
        for each in text.split(JOINT):
            if self._meaning("availability", each) != "available":
                raise Refused("not_available", gemology.spelled(each)[:40])

    def _read_lab(self, text: str) -> str:
        if gemology.spelled(text) in NOTHING:
            raise Refused("no_report", "lab")
        return self._needed("lab")(text)

    def _grown(self, text: str, *, report: str) -> str:
        """A report whose number begins with LG is of a lab-grown stone, whatever a default says."""
        growth = self._growth[text]
        if growth == "natural" and report.startswith("LG"):
            if text.strip():
                raise Refused("growth_and_report_disagree", f"{text.strip()[:20]}, {report}")
            return "lab"
        return growth

    # A letter, or a fancy color in words; never both.

    def _color(self, row: Row) -> tuple[str, str, str, str]:
        text = row.get("fancy_color", "")
        if text:
            parts = (row.get("fancy_intensity", ""), row.get("fancy_overtone", ""), text)
            if found := self._fancy[JOINT.join(parts)]:
                return "", found.words, found.hue, found.intensity
        try:
            return self._words["color"][row.get("color", "")], "", "", ""
        except Refused as refusal:
            found = self._in_color_column(row, refusal)
        return "", found.words, found.hue, found.intensity

    def _in_color_column(self, row: Row, refusal: Refused) -> fancy.Fancy:
        """Some write the fancy color where the letter would stand."""
        if refusal.reason != "unknown_word":
            raise refusal
        parts = (row.get("fancy_intensity", ""), row.get("fancy_overtone", ""), row["color"])
        try:
            found = self._fancy[JOINT.join(parts)]
        except Refused:
            found = None
        if found is None:
            raise refusal
        return found

    def _read_fancy(self, joined: str) -> fancy.Fancy | None:
        own = self._own.get("fancy_color", {})
        spelled = (gemology.spelled(part) for part in joined.split(JOINT))
        intensity, overtone, color = (own.get(part, part) for part in spelled)
        if color in NOT_FANCY:
            return None
        if intensity in NOT_FANCY:
            intensity = ""
        try:
            return fancy.read(intensity=intensity, overtone=overtone, color=color)
        except gemology.UnknownWord as error:
            raise Refused("unknown_word", f"fancy_color {error.text[:40]}") from error

    # Millimeters.

    def _millimeters(
        self, row: Row, *, shape: str, carat: Decimal
    ) -> tuple[Decimal, Decimal, Decimal]:
        """Length, width and depth, the longer side first; they must hold the stone's weight."""
        try:
            given = self._measures(row.get("measurements", "")) or self._separately(row)
        except values.BadValue as error:
            raise Refused("bad_measurements", str(error)) from error
        if given is None or not all(given):
            raise Refused("no_measurements")
        length, width, depth = given
        if length < width:
            length, width = width, length
        held = _VOLUMES[shape] * length * width * depth
        if not LIGHTEST * held <= carat <= HEAVIEST * held or length >= 100:
            raise Refused(
                "weight_and_measures_disagree", f"{carat} ct, {length}×{width}×{depth} mm"
            )
        return length, width, depth

    def _measures(self, text: str) -> tuple[Decimal, Decimal, Decimal] | None:
        parts = values.three_parts(text)
        if parts is None:
            return None
        first, second, third = parts
        return self._part[first], self._part[second], self._part[third]

    def _separately(self, row: Row) -> tuple[Decimal, Decimal, Decimal] | None:
        first, second, third = (
            self._side[row.get(name, "")] for name in ("length_mm", "width_mm", "depth_mm")
        )
        return None if not first or not second or not third else (first, second, third)


# Single fields.


def _refuse_formula(text: str) -> None:
    """A spreadsheet would run a cell that begins like this; a negative number it would not."""
    cell = text.lstrip(" ")
    start, rest = cell[:1], cell[1:].strip().lstrip("-")
    if start not in _FORMULA_STARTS or (start == "-" and (not rest or rest[0] in "0123456789.$")):
        return
    raise Refused("formula", repr(cell[:40]))


def _refuse_treated(text: str) -> None:
    treatments = text.split(JOINT)
    if treated := [each for each in treatments if gemology.spelled(each) not in FALSE]:
        raise Refused("treated", treated[0].strip()[:40])


def _refuse_several(text: str) -> None:
    if text not in {"", "1"} and text.strip() not in {"", "0", "1"}:
        raise Refused("not_a_single_stone", text.strip()[:40])


def _carat(text: str) -> Decimal:
    try:
        carat = values.within(text, 0.05, 200)
    except values.BadValue as error:
        raise Refused("bad_weight", str(error)) from error
    if carat is None:
        raise Refused("blank", "carat")
    return carat.quantize(_HUNDREDTH)


def _report_number(text: str) -> str:
    try:
        number = values.report_number(text)
    except values.BadValue as error:
        raise Refused("bad_report_number", str(error)) from error
    if not number:
        raise Refused("no_report", "report number")
    return number


def _side(text: str) -> Decimal | None:
    found = values.number(text)
    return found if found is None else found.quantize(_HUNDREDTH)


def _optional_number(low: float, high: float) -> Callable[[str], "Decimal | _Unknown | None"]:
    def work(text: str) -> Decimal | _Unknown | None:
        try:
            found = values.within(text, low, high)
        except values.BadValue:
            return _Unknown(text.strip()[:40])
        return None if found is None else found.quantize(_TENTH)

    return work


def _cost(total_text: str, each_text: str, *, carat: Decimal) -> Decimal:
    """The total, as given or from the price per carat; both given must agree within 2 %."""
    try:
        total = values.number(total_text) or None
        each = values.number(each_text) or None
    except values.BadValue as error:
        raise Refused("bad_price", str(error)) from error
    if total is None and each is None:
        raise Refused("no_price")
    if total is not None and each is not None and abs(each * carat - total) * 50 > total:
        raise Refused("prices_disagree", f"{each} × {carat} is not {total}")
    cost = total if total is not None else (each or Decimal(0)) * carat
    if not CHEAPEST_PER_CARAT * carat <= cost <= DEAREST_PER_CARAT * carat or cost >= 10**8:
        raise Refused("price_out_of_range", f"{cost.quantize(Decimal(1))} for {carat} ct")
    return cost.quantize(_CENT)


def _url(text: str) -> str:
    url = text.strip()
    return url if url.startswith(("https://", "http://")) and len(url) <= 500 else ""
