"""Calendars that are kept elsewhere, asked over TLS from a server of our own on loopback."""

import http.server
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from appointments import outside
from appointments.models import Associate, OutsideBusy
from appointments.outside import Unreadable
from jeweler.models import Store
from jeweler.outward import Reach
from tests.appointments.test_reminders import book
from tests.factories.appointments import AssociateFactory, ServiceFactory, open_showroom
from tests.factories.jeweler import NOW
from tests.listeners import HERE, self_signed, serving

NEW_YORK = ZoneInfo("America/New_York")
TURN = timedelta(minutes=11)


def calendar(*events: str) -> str:
    body = "".join(f"BEGIN:VEVENT\r\nUID:{number}@else\r\n{each}\r\nEND:VEVENT\r\n" for number, each in enumerate(events))  # fmt: skip
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Else//EN\r\n{body}END:VCALENDAR\r\n"


DENTIST = "DTSTART:20261124T150000Z\r\nDTEND:20261124T160000Z"


@dataclass
class FakeCalendarServer:
    """Serves `text`, with an ETag by its content, or what `status` says. Remembers what it was asked."""

    port: int = 0
    text: str = field(default_factory=lambda: calendar(DENTIST))
    status: int = 200
    location: str = ""
    answered: list[int] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://{HERE}:{self.port}/marisol.ics"

    def answer(self, asked: http.server.BaseHTTPRequestHandler) -> None:
        body = self.text.encode()
        etag = f'"{hash(self.text)}"'
        is_same = asked.headers.get("If-None-Match") == etag
        status = 304 if self.status == 200 and is_same else self.status
        self.answered.append(status)
        asked.send_response(status)
        asked.send_header("ETag", etag)
        if self.location:
            asked.send_header("Location", self.location)
        asked.end_headers()
        if status == 200:
            asked.wfile.write(body)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def server(certificate: Path) -> Iterator[FakeCalendarServer]:
    fake = FakeCalendarServer()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            fake.answer(self)

        def log_message(self, *said: Any) -> None:
            pass

    with serving(Handler, certificate) as fake.port:
        yield fake


@pytest.fixture
def reach(certificate: Path, server: FakeCalendarServer) -> Reach:
    """This machine by one of its addresses, and no other."""
    trust = ssl.create_default_context(cafile=str(certificate))
    return Reach(allows=HERE.__eq__, trust=trust, ports=frozenset({server.port}))


@pytest.fixture
def marisol(server: FakeCalendarServer) -> Associate:
    ServiceFactory()
    associate: Associate = AssociateFactory(
        outside_calendar_url=server.url, works_in=[open_showroom()]
    )
    return associate


def taken(associate: Associate) -> list[str]:
    rows = OutsideBusy.objects.filter(associate=associate).order_by("during")
    return [
        f"{row.during.lower.astimezone(NEW_YORK):%a %H:%M}-{row.during.upper.astimezone(NEW_YORK):%a %H:%M}"
        for row in rows
    ]


@pytest.mark.django_db(transaction=True)
def test_what_is_read_keeps_time_free_until_something_newer_is_read(
    server: FakeCalendarServer, reach: Reach, marisol: Associate
) -> None:
    assert outside.poll(now=NOW, reach=reach) == 1
    assert outside.poll(now=NOW + timedelta(minutes=1), reach=reach) == 0
    assert taken(marisol) == ["Tue 10:00-Tue 11:00"]
    assert outside.poll(now=NOW + TURN, reach=reach) == 1
    server.status = 500
    assert outside.poll(now=NOW + 2 * TURN, reach=reach) == 0
    marisol.refresh_from_db()
    assert marisol.outside_error == "It answers 500 Internal Server Error."
    assert taken(marisol) == ["Tue 10:00-Tue 11:00"]
    server.status, server.text = 200, calendar()
    assert outside.poll(now=NOW + 3 * TURN, reach=reach) == 1
    marisol.refresh_from_db()
    assert (taken(marisol), marisol.outside_error) == ([], "")
    assert server.answered == [200, 304, 500, 200]


@pytest.mark.django_db(transaction=True)
def test_our_own_visits_in_her_calendar_keep_nothing_twice(
    server: FakeCalendarServer, reach: Reach, marisol: Associate
) -> None:
    visit = book(Store.objects.get())
    server.text = calendar(DENTIST).replace("0@else", str(visit.uid))
    outside.poll(now=NOW, reach=reach)
    assert taken(marisol) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("event", "found"),
    [
        ("DTSTART;VALUE=DATE:20261126\r\nDTEND;VALUE=DATE:20261127", ["Thu 00:00-Fri 00:00"]),
        ("DTSTART;VALUE=DATE:20261126", ["Thu 00:00-Fri 00:00"]),
        ("DTSTART:20261126T140000\r\nDURATION:PT30M", ["Thu 14:00-Thu 14:30"]),
        (f"{DENTIST}\r\nTRANSP:TRANSPARENT", []),
        (f"{DENTIST}\r\nSTATUS:CANCELLED", []),
        (
            "DTSTART;TZID=America/New_York:20261027T090000\r\nDTEND;TZID=America/New_York:20261027T100000\r\n"
            "RRULE:FREQ=WEEKLY;COUNT=7\r\nEXDATE;TZID=America/New_York:20261201T090000",
            ["Tue 09:00-Tue 10:00"]
            * 2,  # November 24 and December 8; the clocks went back since the first
        ),
    ],
)
def test_what_an_event_says_is_what_is_kept_free(event: str, found: list[str]) -> None:
    stretches = outside.busy(
        calendar(event).encode(), zone=NEW_YORK, since=NOW, until=NOW + timedelta(days=30)
    )
    told = [f"{a.astimezone(NEW_YORK):%a %H:%M}-{b.astimezone(NEW_YORK):%a %H:%M}" for a, b in stretches]  # fmt: skip
    assert told == found


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text",
    ["<html>Log in</html>", calendar(f"{DENTIST}\r\nRRULE:FREQ=MINUTELY"), "BEGIN:VCALENDAR"],
)
def test_what_is_no_calendar_is_refused_in_words(text: str) -> None:
    with pytest.raises(Unreadable):
        outside.busy(text.encode(), zone=NEW_YORK, since=NOW, until=NOW + timedelta(days=30))


def test_an_address_or_a_redirection_into_the_house_is_not_followed(
    server: FakeCalendarServer, reach: Reach, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(url: str, who: Reach = reach) -> str:
        with pytest.raises(Unreadable) as error:
            outside.fetch(url, etag="", reach=who)
        return str(error.value)

    assert "private network" in refused(server.url, Reach())
    assert server.answered == []
    assert "https://" in refused(server.url.replace("https", "http"))
    assert "https://" in refused("file:///etc/passwd")
    server.status, server.location = 302, "https://127.0.0.2/secret.ics"
    assert "private network" in refused(server.url)
    server.location = server.url
    assert "again and again" in refused(server.url)
    server.status, server.location = 200, ""
    assert "could not be reached" in refused(
        server.url, Reach(allows=reach.allows, ports=reach.ports)
    )  # a stranger's certificate
    monkeypatch.setattr(outside, "MOST_BYTES", 100)
    assert "larger than" in refused(server.url)
