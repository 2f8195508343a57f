"""Hours on a wall, through every change of the clocks, beside an oracle that looks at the wall each minute."""

import functools
import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appointments import calendars
from appointments.calendars import DAY, Window

NEW_YORK, LONDON = ZoneInfo("America/New_York"), ZoneInfo("Europe/London")
HOURS = ((time(1), time(4)), (time(9), time(17)), (time(22), time(2)))
ZONES = sorted(zoneinfo.available_timezones() - {"localtime", "Factory"})
A_DAY = timedelta(days=1)


def opened(zone: ZoneInfo, day: date, opens: time, closes: time) -> list[str]:
    """As UTC, such as 18:00-23:00; windows that touch as one."""
    found: list[list[int]] = []
    for each in calendars.windows(zone=zone, day=day, opens=opens, closes=closes):
        if found and found[-1][1] == each.start:
            found[-1][1] = each.end
        else:
            found.append([each.start, each.end])
    return [
        "-".join(f"{calendars.moment_of(minute):%H:%M}" for minute in stretch) for stretch in found
    ]


@functools.cache
def wall(zone: ZoneInfo, day: date) -> dict[int, datetime]:
    """What the wall shows in each minute that could belong to the day or the night after it."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    first = calendars.minute_of(noon) - DAY - DAY // 4
    return {
        minute: calendars.moment_of(minute).astimezone(zone).replace(tzinfo=None)
        for minute in range(first, first + 3 * DAY)
    }


def naive(zone: ZoneInfo, day: date, opens: time, closes: time) -> set[int]:
    """Every minute in which the wall shows a time within the hours."""
    since = datetime.combine(day, opens)
    until = datetime.combine(day if closes > opens else day + A_DAY, closes)
    return {minute for minute, shown in wall(zone, day).items() if since <= shown < until}


def minutes(windows: list[Window]) -> list[int]:
    return [minute for each in windows for minute in range(each.start, each.end)]


@functools.cache
def offsets(zone: ZoneInfo, day: date) -> tuple[timedelta | None, ...]:
    since = datetime(day.year, day.month, day.day, tzinfo=UTC) - A_DAY
    hours = (since + timedelta(hours=number) for number in range(4 * 24))
    return tuple(hour.astimezone(zone).utcoffset() for hour in hours)


@functools.cache
def changes(zone: ZoneInfo) -> list[date]:
    """The days of 2026 on which its clocks change."""
    days = [datetime(2026, 1, 1, tzinfo=UTC) + number * A_DAY for number in range(366)]
    ahead = [moment.astimezone(zone).utcoffset() for moment in days]
    changed = zip(days, ahead, ahead[1:], strict=False)
    return [
        before.astimezone(zone).date() + number * A_DAY
        for before, offset, after in changed
        if offset != after
        for number in (0, 1)
    ]


@pytest.mark.parametrize(
    ("zone", "day", "opens", "closes", "expected"),
    [
        (NEW_YORK, "2026-03-06", "13:00", "18:00", "18:00-23:00"),
        (NEW_YORK, "2026-03-07", "13:00", "18:00", "18:00-23:00"),
        (NEW_YORK, "2026-03-08", "13:00", "18:00", "17:00-22:00"),
        (NEW_YORK, "2026-03-09", "13:00", "18:00", "17:00-22:00"),
        (LONDON, "2026-03-29", "13:00", "18:00", "12:00-17:00"),
        (LONDON, "2026-10-25", "13:00", "18:00", "13:00-18:00"),
        (NEW_YORK, "2026-03-08", "02:00", "02:30", ""),  # a time that the wall does not have
        (NEW_YORK, "2026-03-08", "01:30", "03:30", "06:30-07:30"),
        (NEW_YORK, "2026-11-01", "01:00", "01:30", "05:00-05:30 06:00-06:30"),  # and one it has twice
        (NEW_YORK, "2026-10-31", "22:00", "02:00", "02:00-07:00"),
    ],
)  # fmt: skip
def test_hours_on_the_wall_are_open_when_the_wall_shows_them(
    zone: ZoneInfo, day: str, opens: str, closes: str, expected: str
) -> None:
    hours = (time.fromisoformat(opens), time.fromisoformat(closes))
    assert " ".join(opened(zone, date.fromisoformat(day), *hours)) == expected


def test_every_zone_of_the_world_is_open_when_its_wall_says_so_as_the_clocks_change() -> None:
    looked_at: dict[tuple[object, ...], set[int]] = {}
    for zone in map(ZoneInfo, ZONES):
        for day in changes(zone):
            for opens, closes in HOURS:
                # Zones whose clocks are the same in each hour of these days have one answer of the oracle.
                clocks = (day, opens, offsets(zone, day))
                if clocks not in looked_at:
                    looked_at[clocks] = naive(zone, day, opens, closes)
                windows = calendars.windows(zone=zone, day=day, opens=opens, closes=closes)
                found = minutes(windows)
                assert len(found) == len(set(found))
                assert set(found) == looked_at[clocks], (zone, day, opens)
    assert len(looked_at) > 100


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    day=st.dates(date(2024, 1, 1), date(2030, 12, 31)),
    opens=st.times(),
    closes=st.times(),
)
def test_any_hours_in_any_zone_on_any_day_agree_with_the_wall(
    zone: ZoneInfo, day: date, opens: time, closes: time
) -> None:
    opens, closes = (each.replace(second=0, microsecond=0) for each in (opens, closes))
    found = calendars.windows(zone=zone, day=day, opens=opens, closes=closes)
    assert sorted(minutes(found)) == sorted(naive(zone, day, opens, closes))
    for each in found:
        midnight = calendars.moment_of(each.midnight).astimezone(zone)
        shown = wall(zone, day)[each.start]
        # Counted in the offset of the window itself, which is the wall's own unless the clocks change between.
        assert (each.start - each.midnight) == shown.hour * 60 + shown.minute, midnight


def test_where_both_are_open_is_what_is_in_both() -> None:
    one = [Window(0, 10, 0), Window(20, 30, 0)]
    other = [Window(5, 22, 7), Window(22, 23, 7), Window(40, 50, 7)]
    assert [(each.start, each.end) for each in calendars.meet(one, other)] == [
        (5, 10), (20, 22), (22, 23),
    ]  # fmt: skip


def test_hours_that_overlap_are_one_and_a_day_ends_at_midnight() -> None:
    day = calendars.windows(zone=LONDON, day=date(2026, 7, 1), opens=time(20), closes=time(2))
    next_day = calendars.windows(zone=LONDON, day=date(2026, 7, 2), opens=time(1), closes=time(9))
    found = calendars.joined([*next_day, *day])
    assert [each.end - each.start for each in found] == [4 * 60, 9 * 60]
    assert found[0].end == found[1].start == found[1].midnight
