"""A sheet to draw charts on, as inline SVG without styles of its own (the page forbids them)."""

import math
from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

Point = tuple[float, float]


class Canvas:
    """Shapes in the order they are drawn; classes come from `frontend/styles/staff/charts.css`."""

    def __init__(self, *, width: float, height: float, label: str, classes: str = "chart") -> None:
        self.width, self.height, self.label, self.classes = width, height, label, classes
        self._shapes: list[SafeString] = []

    def line(self, start: Point, end: Point, *, cls: str) -> None:
        self._add('<line x1="{}" y1="{}" x2="{}" y2="{}" class="{}"/>', *_n(*start), *_n(*end), cls)

    def text(self, at: Point, text: object, *, cls: str = "", href: str = "") -> None:
        drawn = format_html('<text x="{}" y="{}" class="{}">{}</text>', *_n(*at), cls, text)
        self._shapes.append(format_html('<a href="{}">{}</a>', href, drawn) if href else drawn)

    def rect(self, corner: Point, *, width: float, height: float, cls: str) -> None:
        self._add(
            '<rect x="{}" y="{}" width="{}" height="{}" class="{}"/>',
            *_n(*corner),
            *_n(max(width, 0), max(height, 0)),
            cls,
        )

    def circle(self, center: Point, *, radius: float, cls: str) -> None:
        self._add('<circle cx="{}" cy="{}" r="{}" class="{}"/>', *_n(*center), radius, cls)

    def path(self, commands: str, *, cls: str) -> None:
        self._add('<path d="{}" class="{}"/>', commands, cls)

    def polyline(self, points: Sequence[Point], *, cls: str) -> None:
        self.path("M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points), cls=cls)

    def polygon(self, points: Sequence[Point], *, cls: str) -> None:
        self.path("M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points) + " Z", cls=cls)

    def svg(self) -> SafeString:
        named = (
            format_html('role="img" aria-label="{}"', self.label)
            if self.label
            else SafeString('aria-hidden="true"')
        )
        return format_html(
            '<svg class="{}" width="{}" viewBox="0 0 {} {}" {}>{}</svg>',
            self.classes,
            *_n(self.width),
            *_n(self.width, self.height),
            named,
            format_html_join("", "{}", ((shape,) for shape in self._shapes)),
        )

    def small(self) -> SafeString:
        """Of fixed size, for a table's cell; the numbers stand beside it."""
        return format_html(
            '<svg width="{}" height="{}" aria-hidden="true">{}</svg>',
            *_n(self.width, self.height),
            format_html_join("", "{}", ((shape,) for shape in self._shapes)),
        )

    def _add(self, shape: str, *values: object) -> None:
        self._shapes.append(format_html(shape, *values))


def _n(*numbers: float) -> list[str]:
    return [f"{number:.1f}".rstrip("0").rstrip(".") for number in numbers]


def nice_steps(highest: float, *, most: int = 4) -> list[float]:
    """From zero, in steps of 1, 2, 2.5 or 5 times a power of ten, at most so many of them."""
    if highest <= 0:
        return [0.0, 1.0]
    power = 10 ** math.floor(math.log10(highest / most))
    step = next(s * power for s in (1, 2, 2.5, 5, 10) if s * power * most >= highest)
    return [step * number for number in range(math.ceil(highest / step) + 1)]


class LogScale:
    """Ratios between two ends, each a factor wide; what lies beyond is drawn at the end."""

    TICKS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000)

    def __init__(self, values: Sequence[float], *, start: float, end: float) -> None:
        positive = [value for value in values if value > 0] or [1.0]
        lowest, highest = min(*positive, 1.0) * 0.8, max(*positive, 1.0) * 1.25
        self.low = max((tick for tick in self.TICKS if tick <= lowest), default=self.TICKS[0])
        self.high = min((tick for tick in self.TICKS if tick >= highest), default=self.TICKS[-1])
        self.start, self.end = start, end

    def __call__(self, value: float) -> float:
        held = min(max(value, self.low), self.high)
        share = math.log(held / self.low) / math.log(self.high / self.low)
        return self.start + share * (self.end - self.start)

    @property
    def ticks(self) -> list[float]:
        return [tick for tick in self.TICKS if self.low <= tick <= self.high]
