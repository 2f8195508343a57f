"""Stones side by side: what their reports say line by line, with the lines in which they differ marked.

An address names the stones; it may name as well the list that they were chosen in, to which it leads back. Two lines differ
where they are read differently, so that a price that is not told is not given away.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from builder import compatibility, gemology, market, pricing, search, workdays
from builder.models import Setting, Stone
from builder.pages import design_of, mode_for, page, quoted, today_for
from builder.templatetags.market import stands
from builder.templatetags.ring import day, faces_up, grade, the
from builder.views import trays
from builder.views.stones import Alike, Looker

ONLY, OVER = "only", "over"  # what differs; outlines over each other
GONE = (Stone.Status.SOLD, Stone.Status.WITHDRAWN)


@dataclass(frozen=True, kw_only=True)
class Column:
    """One stone of those side by side. `without` is the page without it; `instead`, when it is gone, are pages with another."""

    stone: Stone
    fit: compatibility.Fit | None
    position: market.Position | None
    is_mine: bool
    without: str
    instead: list[tuple[Alike, str]] = field(default_factory=list)

    @property
    def key(self) -> str:
        return str(self.stone.pk)

    @property
    def is_gone(self) -> bool:
        return self.stone.status in GONE

    @property
    def became(self) -> str:
        """What became of it; nothing of one that can be had."""
        if self.stone.status == Stone.Status.SOLD:
            return f"Sold on {day(self.stone.sold_at)}" if self.stone.sold_at else "Sold"
        return {
            Stone.Status.WITHDRAWN.value: "Offered no more",
            Stone.Status.HELD.value: "Held for somebody at the moment",
        }.get(self.stone.status, "")


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What a line says of one stone. `note` stands below it, `kind` is how it is drawn: "", price, market, report."""

    words: str
    note: str = ""
    kind: str = ""
    is_true_for_her: bool = False


@dataclass(frozen=True, kw_only=True)
class Line:
    label: str
    told: list[tuple[Column, Cell]]

    @property
    def differs(self) -> bool:
        """A report's number is each stone's own, and no point in which stones differ."""
        kinds = {cell.kind for _, cell in self.told}
        return "report" not in kinds and len({(cell.words, cell.note) for _, cell in self.told}) > 1


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    design = design_of(request)
    rest = request.GET.copy()
    for name in (ONLY, OVER, trays.NAME):
        rest.pop(name, None)
    tray = trays.read(rest, name=trays.COLUMN)
    fits = rest.get("fits", "")
    setting = Setting.objects.filter(code=fits).first() if search.CODE.fullmatch(fits) else None
    looker = Looker(setting=setting, design=design, mode=mode_for(design), now=now)
    columns = side_by_side(tray, looker=looker)
    told = lines(columns, looker=looker, today=today_for(design, now=now))
    differing = [line for line in told if line.differs]
    only = request.GET.get(ONLY) == "differences" and len(columns) > 1
    return page(
        request,
        "builder/compare.html",
        {
            "tray": tray,
            "columns": columns,
            "lines": differing if only else told,
            "line_count": len(told),
            "differing_count": len(differing),
            "only": only,
            "over": request.GET.get(OVER) == "1" and len(columns) > 1,
            "switches": switches(request.GET, tray),
            "has_market": any(each.position for each in columns),
            "back": f"{reverse('builder:diamonds')}{tray.listed(tray.keys)}".removesuffix("?"),
            "setting": setting,
            "holder": looker.holder,
        },
        step="stone",
        design=design,
        quote=quoted(design, now=now),
    )


def side_by_side(tray: trays.Tray, *, looker: Looker) -> list[Column]:
    offered = [stone for stone in tray.stones if stone.status not in GONE]
    positions = looker.positions(offered)
    mine = looker.design.stone_id if looker.design else None
    return [
        Column(
            stone=stone,
            fit=looker.fit(stone),
            position=positions.get(stone.pk),
            is_mine=mine == stone.pk,
            without=tray.compared([key for key in tray.keys if key != str(stone.pk)]),
            instead=_instead(stone, tray, looker=looker) if stone.status in GONE else [],
        )
        for stone in tray.stones
    ]


def _instead(stone: Stone, tray: trays.Tray, *, looker: Looker) -> list[tuple[Alike, str]]:
    """Each twin with the page on which it stands in the place of the stone that is gone."""
    found = []
    for each in looker.alike(stone):
        if (twin := str(each.stone.pk)) not in tray.keys:
            keys = [twin if key == str(stone.pk) else key for key in tray.keys]
            found.append((each, tray.compared(keys)))
    return found


def switches(params: QueryDict, tray: trays.Tray) -> dict[str, str]:
    """The addresses that turn each switch round, the other staying as it is."""
    is_only, is_over = params.get(ONLY) == "differences", params.get(OVER) == "1"

    def address(*, only: bool, over: bool) -> str:
        query = QueryDict(mutable=True)
        if only:
            query[ONLY] = "differences"
        if over:
            query[OVER] = "1"
        return f"{tray.side_by_side}&{query.urlencode()}" if query else tray.side_by_side

    return {
        "only": address(only=not is_only, over=is_over),
        "over": address(only=is_only, over=not is_over),
    }


# What is said of them, line by line.


def lines(columns: Sequence[Column], *, looker: Looker, today: date) -> list[Line]:
    """A line that says nothing of any of them is left out."""
    rows: list[tuple[str, Callable[[Column], Cell]]] = [
        ("Price", lambda each: _price(each, mode=looker.mode)),
        ("Against its market", _market),
        ("Shape", lambda each: Cell(words=each.stone.get_shape_display())),
        ("Carat", lambda each: Cell(words=f"{each.stone.carat:.2f}")),
        ("Color", lambda each: Cell(words=each.stone.color or _begun(each.stone.fancy_color))),
        ("Clarity", lambda each: Cell(words=each.stone.clarity)),
        ("Cut", lambda each: _graded(each.stone.cut)),
        ("Polish", lambda each: _graded(each.stone.polish)),
        ("Symmetry", lambda each: _graded(each.stone.symmetry)),
        ("Fluorescence", lambda each: _graded(each.stone.fluorescence)),
        ("Grown", _grown),
        ("Measures", _measures),
        ("Length to width", lambda each: Cell(words=f"{_ratio(each.stone):.2f}")),
        ("Faces up like", lambda each: Cell(words=f"{faces_up(each.stone)} ct")),
        ("Depth", lambda each: _percent(each.stone.depth_pct)),
        ("Table", lambda each: _proportion(each.stone, "table_pct", "%")),
        ("Crown", lambda each: _proportion(each.stone, "crown_angle", "°")),
        ("Pavilion", lambda each: _proportion(each.stone, "pavilion_angle", "°")),
        ("Report", lambda each: Cell(words=_report(each.stone), kind="report")),
        ("Where it is", lambda each: _where(each, today=today)),
    ]
    if looker.holder is not None:
        rows.append((f"In {the(looker.holder.name)}", _fit))
    told = [Line(label=label, told=[(each, say(each)) for each in columns]) for label, say in rows]
    return [line for line in told if any(cell.words for _, cell in line.told)]


def _price(each: Column, *, mode: str) -> Cell:
    if each.is_gone or each.stone.price is None:
        return Cell(words=each.became or "Not priced yet")
    return Cell(words=pricing.told(each.stone.price, mode=mode), note=each.became, kind="price")


def _market(each: Column) -> Cell:
    return Cell(words=stands(each.position), kind="market") if each.position else Cell(words="")


def _graded(word: str) -> Cell:
    return Cell(words=grade(word) if word else "")


def _grown(each: Column) -> Cell:
    is_lab = each.stone.growth == Stone.Growth.LAB
    return Cell(words="In a laboratory" if is_lab else "In the earth")


def _measures(each: Column) -> Cell:
    stone = each.stone
    return Cell(words=f"{stone.length_mm} × {stone.width_mm} × {stone.depth_mm} mm")


def _ratio(stone: Stone) -> Decimal:
    return stone.length_mm / stone.width_mm


def _percent(value: Decimal | None) -> Cell:
    return Cell(words="" if value is None else f"{value.normalize():f}%")


def _proportion(stone: Stone, name: str, unit: str) -> Cell:
    """The report's, or what its drawing takes in its place, with a word that it does."""
    reported: Decimal | None = getattr(stone, name)
    if reported is not None:
        return Cell(words=f"{reported.normalize():f}{unit}")
    usual = getattr(gemology.LAWS[stone.shape], name)
    return Cell(words=f"{usual:g}{unit}", note="Usual for the shape")


def _report(stone: Stone) -> str:
    return f"{stone.lab} {stone.report_number}"


def _where(each: Column, *, today: date) -> Cell:
    if each.is_gone:
        return Cell(words=each.became)
    if each.stone.store:
        return Cell(
            words=f"In {each.stone.store.city}",
            note="To be seen there now",
            is_true_for_her=True,
        )
    reaches = workdays.after(today, days=each.stone.delivery_days)
    return Cell(words="With the cutter", note=f"To be seen with us from {day(reaches)}")


def _fit(each: Column) -> Cell:
    if each.fit is None:
        return Cell(words="")
    words = "Fits" if each.fit.verdict == "fits" else "Fits with a change"
    note = f"{each.fit.reason} {each.fit.fix}" if each.fit.fix else each.fit.reason
    return Cell(
        words=words if each.fit.fits else "Does not fit", note=note, is_true_for_her=each.fit.fits
    )


def _begun(words: str) -> str:
    return words[:1].upper() + words[1:]
