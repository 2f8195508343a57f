"""Working days agree with a calendar walked day by day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder import workdays

DAYS = st.dates(min_value=date(2024, 1, 1), max_value=date(2030, 12, 31))


def walked(day: date, days: int) -> date:
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < 5
    return day


@pytest.mark.parametrize(
    ("day", "days", "reached"),
    [
        (date(2026, 11, 20), 0, date(2026, 11, 20)),
        (date(2026, 11, 20), 1, date(2026, 11, 23)),
        (date(2026, 11, 21), 1, date(2026, 11, 23)),
        (date(2026, 11, 22), 5, date(2026, 11, 27)),
        (date(2026, 11, 23), 20, date(2026, 12, 21)),
    ],
)
def test_weekends_are_passed_over(day: date, days: int, reached: date) -> None:
    assert workdays.after(day, days=days) == reached


@given(DAYS, st.integers(0, 200))
def test_it_is_the_day_that_walking_the_calendar_reaches(day: date, days: int) -> None:
    assert workdays.after(day, days=days) == walked(day, days)


@given(DAYS, st.integers(0, 300))
def test_so_many_days_are_left_as_still_end_in_time(today: date, later: int) -> None:
    day = today + timedelta(days=later)
    left = workdays.until(day, today=today)
    assert workdays.after(today, days=left) <= day < workdays.after(today, days=left + 1)


def test_a_day_that_has_passed_leaves_none() -> None:
    assert workdays.until(date(2026, 11, 19), today=date(2026, 11, 20)) < 0


@given(DAYS, st.integers(0, 200))
def test_begun_on_the_last_day_it_is_ready_in_time_and_a_working_day_later_it_is_not(
    day: date, days: int
) -> None:
    last = workdays.before(day, days=days)
    assert last.weekday() < 5
    assert walked(last, days) <= day < walked(walked(last, 1), days)
