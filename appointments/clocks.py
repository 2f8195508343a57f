"""A moment as a wall shows it, in words, with its zone named: the same on pages, in mails and for the staff. Pure."""

from datetime import date, datetime
from zoneinfo import ZoneInfo


def time_told(moment: datetime, *, zone: ZoneInfo) -> str:
    """ "10:30 am", "2 pm" as "2:00 pm"."""
    wall = moment.astimezone(zone)
    return f"{wall:%-I:%M} {'am' if wall.hour < 12 else 'pm'}"


def date_told(day: date, *, today: date | None = None) -> str:
    """ "Thursday, November 26", with the year where it is another one than today's."""
    year = f", {day.year}" if today is not None and day.year != today.year else ""
    return f"{day:%A, %B} {day.day}{year}"


def day_told(moment: datetime, *, zone: ZoneInfo, now: datetime | None = None) -> str:
    today = now.astimezone(zone).date() if now is not None else None
    return date_told(moment.astimezone(zone).date(), today=today)


def told(moment: datetime, *, zone: ZoneInfo, now: datetime | None = None) -> str:
    """ "Thursday, November 26, 2:30 pm"; where its zone is not named beside it, use `in_full`."""
    return f"{day_told(moment, zone=zone, now=now)}, {time_told(moment, zone=zone)}"


def short(moment: datetime, *, zone: ZoneInfo) -> str:
    """ "Thu, Nov 26, 2:30 pm", in a narrow list; the time stays on one line."""
    wall = moment.astimezone(zone)
    clock = time_told(moment, zone=zone).replace(" ", "\u00a0")
    return f"{wall:%a, %b}\u00a0{wall.day}, {clock}"


def in_full(moment: datetime, *, zone: ZoneInfo, now: datetime | None = None) -> str:
    """ "Thursday, November 26, 2:30 pm, New York time"."""
    return f"{told(moment, zone=zone, now=now)}, {zone_told(zone)}"


def zone_told(zone: ZoneInfo) -> str:
    """ "New York time", as whoever lives there says it."""
    place = zone.key.rpartition("/")[2].replace("_", " ")
    return place if place == "UTC" else f"{place} time"


def minutes_told(minutes: int) -> str:
    """ "45 minutes", "an hour", "an hour and a half", "2 hours"."""
    if minutes == 60:
        return "an hour"
    if minutes == 90:
        return "an hour and a half"
    hours, rest = divmod(minutes, 60)
    return f"{hours} hours" if hours and not rest else f"{minutes} minutes"
