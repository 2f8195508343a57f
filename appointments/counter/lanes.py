"""The day to scale: where each visit is drawn, in units of the picture. Pure.

A picture is as wide as the page's measure of 1136 units, and begins and ends at whole hours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WIDE, NAMES, EDGE = 1136.0, 118.0, 6.0
TOP, HIGH, BOX = 20, 44, 36
HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Scale:
    """From a moment to a place. Across a change of the clocks an hour stays an hour."""

    start: datetime
    end: datetime

    @classmethod
    def over(cls, stretches: Sequence[tuple[datetime, datetime]]) -> "Scale":
        """From the full hour before the first to the full hour after the last."""
        start = min(each[0] for each in stretches)
        end = max(each[1] for each in stretches)
        start -= timedelta(minutes=start.minute, seconds=start.second, microseconds=start.microsecond)  # fmt: skip
        rest = timedelta(minutes=end.minute, seconds=end.second, microseconds=end.microsecond)
        return cls(start=start, end=end - rest + HOUR * bool(rest))

    def x(self, moment: datetime) -> float:
        share = (moment - self.start) / (self.end - self.start)
        return NAMES + share * (WIDE - EDGE - NAMES)

    def holds(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    def hours(self) -> list[datetime]:
        count = int((self.end - self.start) / HOUR)
        return [self.start + HOUR * number for number in range(count + 1)]

    @property
    def units_per_minute(self) -> float:
        return (WIDE - EDGE - NAMES) / ((self.end - self.start) / timedelta(minutes=1))


@dataclass(frozen=True, kw_only=True)
class Tick:
    x: float
    at: datetime
    is_named: bool


def ticks(scale: Scale, *, now: datetime) -> list[Tick]:
    """A line for each hour; an hour's name gives way to that of now, and every other one to the next on a long day."""
    hours = scale.hours()
    every = 1 if len(hours) <= 13 else 2
    return [
        Tick(
            x=round(scale.x(hour), 1),
            at=hour,
            is_named=number % every == 0
            and (not scale.holds(now) or abs(scale.x(hour) - scale.x(now)) > 34),
        )
        for number, hour in enumerate(hours)
    ]


@dataclass(frozen=True, kw_only=True)
class Place:
    """A box and the line of text in it that fits, by about 6.4 units a letter."""

    x: float
    y: float
    width: float
    height: int = BOX

    @property
    def text_x(self) -> float:
        return self.x + 8

    def fitted(self, words: str) -> str:
        most = int((self.width - 12) / 6.4)
        return words if len(words) <= most else f"{words[: max(most - 1, 1)]}…"


def place(scale: Scale, *, since: datetime, until: datetime, lane: int) -> Place:
    """Cut off where the picture ends."""
    left, right = max(scale.x(since), NAMES), min(scale.x(until), WIDE)
    return Place(
        x=round(left + 1, 1), y=TOP + HIGH * lane + 10, width=round(max(right - left - 2, 8), 1)
    )


def height(lanes: int) -> int:
    return TOP + HIGH * max(lanes, 1) + 14
