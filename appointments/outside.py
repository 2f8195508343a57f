"""Busy times of an associate's calendar elsewhere, polled as a file (.ics) and kept as rows: no page ever waits for it.

Promise: what was read last stands until something newer was read; a failure is written on the associate, in words, and tried
again at the next poll. Whatever the address says, only public machines are asked, for so many bytes and so many seconds
(`jeweler.outward`); a redirection is judged like an address of its own.

Repeated events are expanded, all-day ones last from midnight to midnight where she works; what is marked as free or cancelled
keeps nothing free, nor do our own visits that her calendar shows.

Limit: a calendar that asks for a log-in (CalDAV) is not read; its secret .ics address is, which the usual ones offer.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from typing import Any
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

import recurring_ical_events
from django.conf import settings
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q
from icalendar import Calendar

from appointments.models import Appointment, Associate, OutsideBusy
from jeweler import outward
from jeweler.outward import Reach

EVERY = timedelta(minutes=10)
AHEAD = timedelta(days=120)
MOST_BYTES = 4 * 1024**2
MOST_EVENTS = 5_000
MOST_HOPS = 3
SECONDS = 20
TOO_OFTEN = {"SECONDLY", "MINUTELY"}  # no human is busy so, and expanding it would take for ever
DAY = timedelta(days=1)

Stretch = tuple[datetime, datetime]


class Unreadable(Exception):
    """The calendar could not be read; the text says why, for whoever keeps the associates."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`text` is None when nothing changed since `etag`."""

    text: bytes | None
    etag: str


def poll(*, now: datetime, reach: Reach | None = None, limit: int = 50) -> int:
    """Read the calendars whose turn it is; how many were read. Must not run inside a transaction."""
    read = 0
    for _ in range(limit):
        associate = _claim(now=now)
        if associate is None:
            break
        try:
            _read(associate, reach=reach, now=now)
            read += 1
        except Unreadable as error:
            Associate.objects.filter(pk=associate.pk).update(outside_error=str(error)[:200])
    return read


def busy(text: bytes, *, zone: ZoneInfo, since: datetime, until: datetime) -> list[Stretch]:
    """When somebody is busy by this calendar, merged and in order. Raises Unreadable."""
    try:
        calendar = Calendar.from_ical(text)
        for event in calendar.walk("VEVENT"):
            rule = event.get("RRULE")
            if rule and TOO_OFTEN & {str(each).upper() for each in rule.get("FREQ", [])}:
                raise Unreadable("An event repeats by the minute; nobody is busy like that.")
        events = recurring_ical_events.of(calendar, skip_bad_series=True).between(since, until)
    except Unreadable:
        raise
    except Exception as error:  # whatever two libraries make of what strangers write
        raise Unreadable(f"The file is no calendar: {error}") from error
    if len(events) > MOST_EVENTS:
        raise Unreadable(f"The calendar has more than {MOST_EVENTS} events in {AHEAD.days} days.")
    ours = _ours(events)
    taken = (
        _stretch(event, zone=zone)
        for event in events
        if str(event.get("UID", "")).partition("@")[0] not in ours and _keeps_busy(event)
    )
    return _merged((max(start, since), min(end, until)) for start, end in taken)


def fetch(url: str, *, etag: str, reach: Reach | None) -> Answer:
    """The file at the address, unless it is as it was. Raises Unreadable."""
    ends = time.monotonic() + SECONDS
    for _ in range(MOST_HOPS + 1):
        found = _asked(url, etag=etag, reach=reach, ends=ends)
        if isinstance(found, Answer):
            return found
        url = urljoin(url, found)
    raise Unreadable("It redirects again and again.")


# Inside.


@transaction.atomic(durable=True)
def _claim(*, now: datetime) -> Associate | None:
    due = Q(outside_polled_at=None) | Q(outside_polled_at__lte=now - EVERY)
    waiting = Associate.objects.filter(due).exclude(outside_calendar_url="")
    associate = (
        waiting.select_for_update(skip_locked=True).order_by("outside_polled_at", "pk").first()
    )
    if associate is not None:
        # The rows reach so many days ahead, so that once a day the whole file is read, changed or not.
        before = associate.outside_polled_at
        if before is None or before.date() != now.date():
            associate.outside_etag = ""
        associate.outside_polled_at = now
        associate.save(update_fields=["outside_polled_at", "outside_etag"])
    return associate


def _read(associate: Associate, *, reach: Reach | None, now: datetime) -> None:
    answer = fetch(associate.outside_calendar_url, etag=associate.outside_etag, reach=reach)
    mine = Associate.objects.filter(
        pk=associate.pk, outside_calendar_url=associate.outside_calendar_url
    )
    if answer.text is None:
        mine.update(outside_error="")
        return
    found = busy(answer.text, zone=_zone_of(associate), since=now - DAY, until=now + AHEAD)
    with transaction.atomic():
        if not mine.update(outside_error="", outside_etag=answer.etag[:200]):
            return  # another address was written down meanwhile
        OutsideBusy.objects.filter(associate=associate).delete()
        OutsideBusy.objects.bulk_create(
            OutsideBusy(associate=associate, during=DateTimeTZRange(start, end))
            for start, end in _by_day(found)
        )


def _zone_of(associate: Associate) -> ZoneInfo:
    """Where her times without a zone are: in the store of her first shift."""
    shift = associate.shifts.select_related("store").order_by("pk").first()
    return shift.store.zone if shift else ZoneInfo(settings.HOUSE_TIME_ZONE)


def _asked(url: str, *, etag: str, reach: Reach | None, ends: float) -> Answer | str:
    """The answer, or where it is said to be."""
    address = f"https{url[6:]}" if url.startswith("webcal:") else url
    headers = {"Accept": "text/calendar", "User-Agent": f"{settings.SITE_NAME} calendar poll"}
    if etag:
        headers["If-None-Match"] = etag
    left = max(ends - time.monotonic(), 0)
    try:
        found = outward.call(
            method="GET", address=address, headers=headers, most_bytes=MOST_BYTES, seconds=left, reach=reach
        )  # fmt: skip
    except (outward.Refused, outward.Unreachable) as error:
        raise Unreadable(f"It could not be reached: {error}") from error
    return _told(found, etag=etag)


def _told(found: outward.Answer, *, etag: str) -> Answer | str:
    if found.status in (301, 302, 303, 307, 308):
        return found.headers.get("location", "")
    if found.status == 304 and etag:
        return Answer(text=None, etag=etag)
    if found.status != 200:
        raise Unreadable(f"It answers {found.status} {found.reason}.")
    if found.is_cut:
        raise Unreadable(f"It is larger than {MOST_BYTES // 1024**2} MB.")
    return Answer(text=found.body, etag=found.headers.get("etag", ""))


def _ours(events: Iterable[Any]) -> set[str]:
    """Of visits that her calendar took up from ours: they are kept free already."""
    uids = {str(event.get("UID", "")).partition("@")[0] for event in events}
    known = [uid for uid in uids if len(uid) == 36 and uid.count("-") == 4]
    try:
        visits = Appointment.objects.filter(uid__in=known)
        return {str(uid) for uid in visits.values_list("uid", flat=True)}
    except (ValueError, TypeError):
        return set()


def _keeps_busy(event: Any) -> bool:
    is_free = str(event.get("TRANSP", "")).upper() == "TRANSPARENT"
    return not is_free and str(event.get("STATUS", "")).upper() != "CANCELLED"


def _stretch(event: Any, *, zone: ZoneInfo) -> Stretch:
    start = event["DTSTART"].dt
    lasts = timedelta() if isinstance(start, datetime) else DAY
    end = event["DTEND"].dt if "DTEND" in event else start + lasts
    return _moment(start, zone), _moment(end, zone)


def _moment(value: date, zone: ZoneInfo) -> datetime:
    if not isinstance(value, datetime):
        return datetime.combine(value, clock.min, tzinfo=zone).astimezone(UTC)
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)


def _merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    found: list[Stretch] = []
    for start, end in sorted(each for each in stretches if each[0] < each[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _by_day(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    """No row is longer than a day (the database sees to it)."""
    for start, end in stretches:
        while start < end:
            yield start, min(end, start + DAY)
            start = min(end, start + DAY)  # noqa: PLW2901
