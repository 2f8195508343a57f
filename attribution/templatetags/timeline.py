"""A journey drawn to scale: a lane for each device and place, the thread from one to the next."""

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django import template
from django.utils.safestring import SafeString

from attribution.reports.thread import SHOWROOM, TILL, WEB_SHOP, Mark, Step, Thread
from attribution.templatetags.canvas import Canvas

register = template.Library()
LEFT, RIGHT, LANE, TOP = 104.0, 1120.0, 64.0, 74.0
FARTHEST = 130.0
LETTER = 6.6  # the width of a letter at 12 px, roughly
HOUR = timedelta(hours=1)


@dataclass(kw_only=True)
class Shelf:
    """The places for words above and below a lane. A place once taken is not written over."""

    prefers_below: bool
    taken: dict[bool, list[tuple[float, float]]] = field(
        default_factory=lambda: {True: [], False: []}
    )

    def place(self, start: float, end: float) -> tuple[float, bool] | None:
        """How far to the right, and whether below; None when there is no room nearby."""
        for below in (self.prefers_below, not self.prefers_below):
            for shift in (0.0, *(right - start for _, right in self.taken[below])):
                left, right = start + shift, end + shift
                if (
                    0 <= shift < FARTHEST
                    and right < RIGHT + 16
                    and self._is_free(below, left, right)
                ):
                    self.taken[below].append((left - 8, right + 8))
                    return shift, below
        return None

    def _is_free(self, below: bool, start: float, end: float) -> bool:
        return all(end <= left or start >= right for left, right in self.taken[below])


@register.simple_tag
def timeline(thread: Thread, zone: ZoneInfo) -> SafeString:
    height = TOP + LANE * len(thread.lanes) + 24
    canvas = Canvas(
        width=1136,
        height=height,
        classes="chart wide",
        label="The journey drawn on a calendar; the table below lists every step.",
    )
    lanes = {lane: TOP + LANE * index for index, lane in enumerate(thread.lanes)}
    for lane, y in lanes.items():
        canvas.line((LEFT, y), (RIGHT, y), cls="hairl")
        canvas.text((0, y + 4), lane)
    axis = height - 36
    _calendar(canvas, thread, zone=zone, y=axis)
    _span(canvas, thread)
    drawn = [(_x(thread, step.at), lanes[step.lane], step) for step in thread.steps]
    canvas.path(_path([(x, y) for x, y, _ in drawn]), cls="accl")
    shelves = {lane: Shelf(prefers_below=lane in {SHOWROOM, TILL, WEB_SHOP}) for lane in lanes}
    for x, y, step in drawn:
        _mark(canvas, x, y, step)
    # A touch says what it was before what joined there, and of two that joined the later one.
    for x, y, step in sorted(drawn, key=lambda one: (one[2].mark is Mark.JOIN, -one[0])):
        if step.brief:
            _words(canvas, x, y, step, shelf=shelves[step.lane], zone=zone)
    return canvas.svg()


def _x(thread: Thread, at: datetime) -> float:
    whole = max(thread.lasted, HOUR)
    return LEFT + 30 + (RIGHT - LEFT - 60) * ((at - thread.began_at) / whole)


def _path(points: list[tuple[float, float]]) -> str:
    """Along a lane, then by an S into the next."""
    commands = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if y0 == y1:
            commands.append(f"L{x1:.1f} {y1:.1f}")
            continue
        bend = max(x1 - min(52.0, (x1 - x0) * 0.6), x0)
        middle = (bend + x1) / 2
        commands.append(f"L{bend:.1f} {y0:.1f}")
        commands.append(f"C{middle:.1f} {y0:.1f} {middle:.1f} {y1:.1f} {x1:.1f} {y1:.1f}")
    return " ".join(commands)


def _mark(canvas: Canvas, x: float, y: float, step: Step) -> None:
    if step.mark is Mark.TOUCH:
        canvas.circle((x, y), radius=5, cls="dot")
    elif step.mark is Mark.JOIN:
        if step.brief:
            canvas.circle((x, y), radius=9, cls="ring")
    else:
        cls = "pay" if step.mark is Mark.PAYMENT else "pay back"
        canvas.rect((x - 5, y - 5), width=10, height=10, cls=cls)


def _words(canvas: Canvas, x: float, y: float, step: Step, *, shelf: Shelf, zone: ZoneInfo) -> None:
    """Two lines for a touch or a payment, one in italics for what joins; the table has them all."""
    local = step.at.astimezone(zone)
    under = f"{local.day} {local:%b}"
    if step.brief == "Ad click":
        under = f"{step.detail.partition(',')[0]}, {under}"
    is_join = step.mark is Mark.JOIN
    wide = max(len(step.brief), 0 if is_join else len(under)) * LETTER
    leftward = x + wide > RIGHT
    edge = x - 12 if step.lane == SHOWROOM else x + 5
    start = edge - wide if leftward else x - 5
    placed = shelf.place(start, start + wide)
    if placed is None:
        return
    shift, below = placed
    at, side = (edge + shift, " e") if leftward else (start + shift, "")
    if is_join:
        canvas.text((at, y + 22 if below else y - 14), step.brief, cls=f"f halo{side}")
        return
    first = y + 22 if below else y - 26
    canvas.text((at, first), step.brief, cls=f"bb halo{side}")
    canvas.text((at, first + 14), under, cls=f"q halo{side}")


def _calendar(canvas: Canvas, thread: Thread, *, zone: ZoneInfo, y: float) -> None:
    """Ten days at most, at midnight in the zone, evenly."""
    canvas.line((LEFT, y), (RIGHT, y), cls="rulel")
    first = thread.began_at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    step = max(1, -(-thread.lasted.days // 9))
    day = first
    while day <= thread.ended_at:
        x = _x(thread, day)
        if x >= LEFT:
            canvas.line((x, y), (x, y + 5), cls="rulel")
            canvas.text((x, y + 20), f"{day.day} {day:%b}", cls="q m")
        day += timedelta(days=step)


def _span(canvas: Canvas, thread: Thread) -> None:
    """How long it took, between its two ends."""
    start, end = _x(thread, thread.began_at), _x(thread, thread.ended_at)
    words = lasted_in_words(thread)
    room = len(words) * LETTER / 2 + 14
    middle = (start + end) / 2
    if end - start > 2 * room:
        for left, right in ((start, middle - room), (middle + room, end)):
            canvas.line((left, 10), (right, 10), cls="rulel")
        for x in (start, end):
            canvas.line((x, 6), (x, 14), cls="rulel")
    canvas.text((max(middle, LEFT + room), 14), words, cls="m")


def lasted_in_words(thread: Thread) -> str:
    """64 days 19 hours, two devices, one visit, three payments."""
    hours = thread.lasted.seconds // 3600
    devices = {step.lane for step in thread.steps if step.mark is Mark.TOUCH}
    visits = sum(step.lane == "Showroom" for step in thread.steps)
    payments = sum(step.mark is Mark.PAYMENT for step in thread.steps)
    parts = [_many(thread.lasted.days, "day") + (f" {_many(hours, 'hour')}" if hours else "")]
    parts += [_many(len(devices), "device")] if devices else []
    parts += [_many(visits, "look-up")] if visits else []
    parts += [_many(payments, "payment")] if payments else []
    return ", ".join(parts)


def _many(number: int, what: str) -> str:
    words = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    said = words[number] if number < len(words) and what not in {"day", "hour"} else number
    return f"{said} {what}" + ("" if number == 1 else "s")
