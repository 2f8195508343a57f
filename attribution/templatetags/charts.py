"""The charts of the dashboard, drawn from the same rows as the tables beside them."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django import template
from django.utils.safestring import SafeString

from attribution.crediting import CreditModel
from attribution.reports import Lags, Node, Panel, Week
from attribution.reports.weeks import LONGEST_WEEKS
from attribution.templatetags.canvas import Canvas, LogScale, nice_steps

register = template.Library()


@register.filter
def dollars(amount: Decimal) -> str:
    return f"{amount:,.0f}"


@register.filter
def cents(amount: Decimal) -> str:
    return f"{amount:,.2f}".replace("-", "−")


@register.filter
def times(ratio: Decimal | float | None) -> str:
    """How many times over: 7.3×."""
    return "–" if ratio is None else f"{_ratio(ratio)}×"


def _ratio(ratio: Decimal | float) -> str:
    """With one decimal while that says anything."""
    return f"{ratio:,.1f}" if ratio < 100 else f"{ratio:,.0f}"


@register.filter
def percent(share: Decimal | float | None) -> str:
    return "–" if share is None else f"{share * 100:.0f} %"


@register.filter
def lookup(table: dict[object, object] | None, key: object) -> object:
    return table.get(key) if table else None


@register.filter
def count(number: Decimal | int) -> str:
    """Sales may be shared by models to come; a whole number has no decimals."""
    return f"{number:,.0f}" if number == int(number) else f"{number:,.1f}"


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


@register.simple_tag
def weekly_chart(weeks: Sequence[Week]) -> SafeString:
    """Two lines on one scale, and what lies between them."""
    together, web = sum(float(w.together) for w in weeks), sum(float(w.web) for w in weeks)
    lost = f"{1 - web / together:.1%}".replace("%", " %") if together else "nothing"
    canvas = Canvas(
        width=500,
        height=250,
        label=f"Revenue by week of sale, {_day(weeks[0].start_date)} to {_day(weeks[-1].end_date)}: "
        f"web and stores {together:,.0f}, web only {web:,.0f}.",
    )
    steps = nice_steps(max(float(week.together) for week in weeks))
    top, bottom, left, right = 44.0, 226.0, 40.0, 392.0
    unit, mark = (1000, "k") if steps[-1] >= 10_000 else (1, "")

    def y(amount: Decimal | float) -> float:
        return bottom - (bottom - top) * float(amount) / steps[-1]

    def x(index: int) -> float:
        return left + (right - left) * (index / (len(weeks) - 1) if len(weeks) > 1 else 1)

    for step in steps:
        canvas.line((left, y(step)), (right, y(step)), cls="hairl" if step else "rulel")
        suffix = mark if step == steps[-1] else ""
        canvas.text((left - 8, y(step) + 4), f"{step / unit:g}{suffix}", cls="q e")
    upper = [(x(i), y(week.together)) for i, week in enumerate(weeks)]
    lower = [(x(i), y(week.web)) for i, week in enumerate(weeks)]
    if len(weeks) > 1:
        canvas.polygon([*upper, *lower[::-1]], cls="lost")
        canvas.polyline(upper, cls="inkl")
        canvas.polyline(lower, cls="greyl")
    canvas.circle(upper[-1], radius=3, cls="dot")
    canvas.circle(lower[-1], radius=3.5, cls="dot open")
    low = min(max(lower[-1][1], upper[-1][1] + 44), bottom - 18)
    high = min(upper[-1][1], low - 44)
    for at, name, sum_ in ((high, "Web and stores", together), (low, "Web only", web)):
        canvas.text((right + 10, at - 2), name, cls="bb")
        canvas.text((right + 10, at + 13), f"{sum_:,.0f}")
    canvas.text((0, 14), f"{lost} of it the web shop never saw", cls="f")
    for index in _spread(len(weeks), most=4):
        canvas.line((x(index), bottom), (x(index), bottom + 4), cls="rulel")
        canvas.text((x(index), bottom + 18), _day(weeks[index].start_date), cls="q m")
    return canvas.svg()


def _spread(length: int, *, most: int) -> list[int]:
    """The first, the last and some between, evenly."""
    if length <= most:
        return list(range(length))
    return sorted({round(index * (length - 1) / (most - 1)) for index in range(most)})


def _scale(nodes: Sequence[Node], *, start: float, end: float) -> LogScale:
    values = [
        float(value)
        for node in nodes
        for value in (node.low, node.high, node.web_roas, node.roas)
        if value is not None
    ]
    return LogScale(values, start=start, end=end)


def _whisker(canvas: Canvas, node: Node, *, scale: LogScale, y: float) -> None:
    """The interval with its ends, the middle, and beside it what the web shop alone would say."""
    if node.low is None or node.high is None or node.roas is None:
        return
    if not node.together:
        canvas.line((scale.start, y), (scale(node.high), y), cls="rulel dotl")
        canvas.line((scale(node.high), y - 4), (scale(node.high), y + 4), cls="rulel")
        return
    low, high = scale(node.low), scale(node.high)
    canvas.line((low, y), (high, y), cls="inkl")
    for end in (low, high):
        canvas.line((end, y - 4.5), (end, y + 4.5), cls="inkl")
    if node.web_roas:
        canvas.circle((scale(float(node.web_roas)), y), radius=3.25, cls="dot open")
    canvas.circle((scale(float(node.roas)), y), radius=3.5, cls="dot")


@register.simple_tag
def roas_chart(nodes: Sequence[Node]) -> SafeString:
    """One row per channel that cost money: web only, web and stores, 90 % interval, rank."""
    row, top, left, right = 27.0, 50.0, 132.0, 420.0
    height = top + row * len(nodes) + 30
    canvas = Canvas(
        width=590,
        height=height,
        label="Return on ad spend by channel with 90 percent intervals; the table below has the same figures.",
    )
    scale = _scale(nodes, start=left, end=right)
    bottom = top + row * len(nodes) - 8
    for tick in scale.ticks:
        canvas.line((scale(tick), 28), (scale(tick), bottom), cls="hairl")
        canvas.text((scale(tick), bottom + 17), f"{tick:g}×", cls="q m")
    canvas.line((scale(1), 22), (scale(1), bottom), cls="even")
    canvas.text((scale(1), 16), "sales equal the spend", cls="a m")
    canvas.text((0, 16), "Rank", cls="q")
    canvas.text((486, 16), "ROAS", cls="q e")
    canvas.text((590, 16), "90 %", cls="q e")
    for index, node in enumerate(nodes):
        y = top + row * index
        canvas.text((0, y + 4), node.rank, cls="q")
        canvas.text((34, y + 4), node.label, cls="bb")
        canvas.line((left, y), (right, y), cls="dotl")
        if index == 0 and node.roas and node.web_roas:
            canvas.text((scale(float(node.web_roas)), y - 9), "web only", cls="q m halo")
            canvas.text((scale(float(node.roas)), y - 9), "with stores", cls="m halo")
        _whisker(canvas, node, scale=scale, y=y)
        canvas.text((486, y + 4), times(node.roas) if node.together else "none yet", cls="bb e")
        canvas.text((590, y + 4), interval(node), cls="q e")
    return canvas.svg()


@register.filter
def interval(node: Node) -> str:
    """6.3 to 8.5; of a node without a sale, the highest that is still possible."""
    if node.low is None or node.high is None:
        return ""
    if not node.together:
        return f"at most {_ratio(node.high)}×"
    return f"{_ratio(node.low)} to {_ratio(node.high)}"


@register.simple_tag
def whisker(node: Node, nodes: Sequence[Node]) -> SafeString:
    """The same for a row of the table, on the scale of all channels."""
    canvas = Canvas(width=112, height=18, label="")
    scale = _scale(nodes, start=4, end=108)
    canvas.line((scale(1), -6), (scale(1), 24), cls="even")
    _whisker(canvas, node, scale=scale, y=9)
    return canvas.small()


@register.simple_tag
def share_bar(share: Decimal | None) -> SafeString:
    canvas = Canvas(width=82, height=18, label="")
    if share is not None:
        canvas.rect((0, 5), width=42, height=8, cls="frame")
        canvas.rect((0, 5), width=42 * float(share), height=8, cls="bar")
        canvas.text((82, 13.5), percent(share), cls="e")
    return canvas.small()


@register.simple_tag
def part_bar(part: float, whole: float) -> SafeString:
    """A thin bar below a step's name; never thinner than a hair."""
    canvas = Canvas(width=150, height=4, label="")
    canvas.rect((0, 0), width=max(150 * part / whole if whole else 0, 1), height=4, cls="bar ink")
    return canvas.small()


@register.simple_tag
def panels_chart(panels: Sequence[Panel], used: CreditModel) -> SafeString:
    """A panel per model on one scale; the model in use is garnet and leaves its tick in the others."""
    channels = list(panels[0].amounts)
    row, top, left, wide, between = 25.0, 40.0, 114.0, 182.0, 30.0
    bottom = top + row * len(channels)
    canvas = Canvas(
        width=left + len(panels) * (wide + between) - between + 10,
        height=bottom + 30,
        label="Revenue credited to each channel by first and by last touch; the table has the same figures.",
    )
    in_use = next(panel for panel in panels if panel.model is used)
    highest = max(
        (float(amount) for panel in panels for amount in panel.amounts.values()), default=0
    )
    unit = (wide - 58) / (highest or 1)
    for index, channel in enumerate(channels):
        canvas.text((0, top + row * index + 9), channel.label)
    canvas.text((0, bottom + 18), "Each sums to", cls="q")
    for number, panel in enumerate(panels):
        x, is_used = left + number * (wide + between), panel.model is used
        if is_used:
            canvas.rect((x - 12, 0), width=wide + 22, height=bottom + 30, cls="on-wash")
        canvas.text((x, 18), panel.model.label, cls="bb a" if is_used else "bb")
        canvas.line((x, top - 8), (x, bottom), cls="rulel")
        for index, (channel, amount) in enumerate(panel.amounts.items()):
            y, tick = top + row * index, x + float(in_use.amounts[channel]) * unit
            end = x + float(amount) * unit
            canvas.rect((x, y), width=end - x, height=9, cls="bar on" if is_used else "bar")
            if not is_used:
                canvas.line((tick, y - 4), (tick, y + 13), cls="accl")
            after = end + 6 if is_used or not end - 2 < tick < end + 60 else max(end, tick) + 6
            canvas.text((after, y + 9), dollars(amount))
        canvas.line((x, bottom), (x + wide, bottom), cls="inkl")
        canvas.text((x, bottom + 18), dollars(panel.total), cls="bb a" if is_used else "bb")
    return canvas.svg()


@register.simple_tag
def lag_chart(lags: Lags) -> SafeString:
    """Sales by the week in which they came; the median is named."""
    top, bottom, width = 44.0, 208.0, 470.0
    canvas = Canvas(width=width, height=250, label="Weeks from the first touch to the sale.")
    highest, slot = max(lags.counts) or 1, width / LONGEST_WEEKS
    for week, number in enumerate(lags.counts):
        tall = (bottom - top) * number / highest
        canvas.rect((week * slot + 1, bottom - tall), width=slot - 3, height=tall, cls="bar")
        cls = "bb m" if number == highest else "q m"
        canvas.text((week * slot + slot / 2, bottom - tall - 5), number, cls=cls)
        if week in {0, 3, 7, LONGEST_WEEKS - 1}:
            canvas.text((week * slot + slot / 2, bottom + 17), week + 1, cls="q m")
    canvas.line((0, bottom), (width, bottom), cls="rulel")
    canvas.text((0, bottom + 36), "Weeks since the first touch", cls="q")
    if lags.median_days is not None:
        x = min(lags.median_days / 7, LONGEST_WEEKS) * slot
        canvas.line((x, 16), (x, bottom), cls="even")
        side = " e" if x > width / 2 else ""
        canvas.text(
            (x + (-6 if side else 6), 16),
            f"half had bought by day {lags.median_days}",
            cls=f"a halo{side}",
        )
    return canvas.svg()
