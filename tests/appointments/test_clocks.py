"""Moments in words."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from appointments import clocks

NEW_YORK = ZoneInfo("America/New_York")
THURSDAY = datetime(2026, 11, 26, 19, 30, tzinfo=UTC)


def test_a_moment_is_told_as_the_wall_shows_it_with_its_zone_named() -> None:
    assert clocks.in_full(THURSDAY, zone=NEW_YORK) == (
        "Thursday, November 26, 2:30 pm, New York time"
    )
    assert clocks.time_told(THURSDAY, zone=ZoneInfo("Asia/Tokyo")) == "4:30 am"
    assert clocks.short(THURSDAY, zone=NEW_YORK) == "Thu, Nov\u00a026, 2:30\u00a0pm"
    assert clocks.zone_told(ZoneInfo("UTC")) == "UTC"


def test_another_year_is_named() -> None:
    before = datetime(2025, 12, 30, tzinfo=UTC)
    assert clocks.day_told(THURSDAY, zone=NEW_YORK, now=before) == "Thursday, November 26, 2026"
    assert clocks.date_told(date(2026, 11, 26), today=date(2026, 1, 1)) == "Thursday, November 26"


def test_a_length_is_told_as_one_says_it() -> None:
    told = [clocks.minutes_told(minutes) for minutes in (30, 60, 90, 120)]
    assert told == ["30 minutes", "an hour", "an hour and a half", "2 hours"]
