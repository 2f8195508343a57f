"""A week's hours and what differs on single dates."""

from datetime import date, time
from zoneinfo import ZoneInfo

from appointments import calendars, weeks
from appointments.weeks import Change, Stretch

NEW_YORK = ZoneInfo("America/New_York")
MONDAY = date(2026, 11, 23)
THURSDAY = date(2026, 11, 26)
WEEK = tuple(Stretch(weekday, time(10), time(18)) for weekday in range(5))


def hours(*changes: Change, week: tuple[Stretch, ...] = WEEK) -> list[str]:
    found = weeks.windows(NEW_YORK, week, changes, MONDAY, date(2026, 11, 29))
    return [
        " ".join(f"{calendars.moment_of(at).astimezone(NEW_YORK):%a %H:%M}" for at in (each.start, each.end))
        for each in found
    ]  # fmt: skip


def test_a_week_is_open_on_its_days() -> None:
    assert [each.split()[0] for each in hours()] == ["Mon", "Tue", "Wed", "Thu", "Fri"]


def test_a_holiday_is_closed_and_a_late_night_is_late() -> None:
    assert "Thu" not in str(hours(Change(THURSDAY)))
    late = hours(Change(THURSDAY, time(12), time(21)))
    assert "Thu 12:00 Thu 21:00" in late
    assert len(late) == 5


def test_a_date_with_two_changes_has_both_and_nothing_of_its_week() -> None:
    found = hours(Change(THURSDAY, time(8), time(9)), Change(THURSDAY, time(20), time(22)))
    assert [each for each in found if "Thu" in each] == [
        "Thu 08:00 Thu 09:00", "Thu 20:00 Thu 22:00",
    ]  # fmt: skip


def test_the_night_before_reaches_into_the_first_day() -> None:
    night = (Stretch(6, time(22), time(2)),)
    assert hours(week=night)[:2] == ["Sun 22:00 Mon 00:00", "Mon 00:00 Mon 02:00"]


def test_a_stretch_holds_from_its_first_date_to_its_last() -> None:
    tuesday = date(2026, 11, 24)
    daily = tuple(
        Stretch(weekday, time(9), time(12), since=tuesday, until=THURSDAY) for weekday in range(7)
    )
    assert [each.split()[0] for each in hours(week=daily)] == ["Tue", "Wed", "Thu"]
