"""A journey drawn to scale: a lane for each device and place, the thread from one to the next."""

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django import template
from django.utils.safestring import SafeString

from attribution.reports.thread import Mark, Step, Thread
from attribution.templatetags.canvas import Canvas

register = template.Library()
LEFT, RIGHT, LANE, TOP = 104.0, 1120.0, 64.0, 74.0
LETTER = 6.6  # the width of a letter at 12 px, roughly
HOUR = timedelta(hours=1)


@dataclass(kw_only=True)
class Shelf:
    """The places for words above and below a lane, taken from left to right."""

    taken: dict[int, list[tuple[float, float]]] = field(default_factory=dict)

    def place(self, start: float, end: float) -> int | None:
        """The first free row: above, below; None when both are taken."""
        for row in (0, 1):
            if all(end < left or start > right for left, right in self.taken.get(row, [])):
                self.taken.setdefault(row, []).append((start - 6, end + 6))
                return row
        return None


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
    shelves = {lane: Shelf() for lane in lanes}
    for x, y, step in drawn:
        _mark(canvas, x, y, step)
    for x, y, step in drawn:
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
        canvas.circle((x, y), radius=9 if step.brief and "design" in step.brief else 6, cls="ring")
    else:
        cls = "pay" if step.mark is Mark.PAYMENT else "pay back"
        canvas.rect((x - 5, y - 5), width=10, height=10, cls=cls)


def _words(canvas: Canvas, x: float, y: float, step: Step, *, shelf: Shelf, zone: ZoneInfo) -> None:
    local = step.at.astimezone(zone)
    under = f"{local.day} {local:%b}"
    if step.mark is Mark.TOUCH:
        under = f"{step.detail.partition(',')[0]}, {under}" if step.brief == "Ad click" else under
    wide = max(len(step.brief), len(under)) * LETTER
    leftward = x + wide > RIGHT + 16
    start, end = (x - wide, x) if leftward else (x - 5, x - 5 + wide)
    row = shelf.place(start, end)
    if row is None:
        return  # the table has it
    first = y - 26 if row == 0 else y + 22
    side = " e" if leftward else ""
    at = x + 5 if leftward else x - 5
    is_join = step.mark is Mark.JOIN
    canvas.text((at, first), step.brief, cls=("f halo" if is_join else "bb halo") + side)
    canvas.text((at, first + 14), under, cls=f"q halo{side}")


def _calendar(canvas: Canvas, thread: Thread, *, zone: ZoneInfo, y: float) -> None:
    """Ten days at most, at midnight in the zone, evenly."""
    canvas.line((LEFT, y), (RIGHT, y), cls="rulel")
    first = thread.began_at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    step = max(1, -(-thread.lasted.days // 9))
    day = first
    while day <= thread.ended_at:
        if day >= thread.began_at - timedelta(days=1):
            x = max(_x(thread, day), LEFT)
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
    return f"{number} {what}" + ("" if number == 1 else "s")
