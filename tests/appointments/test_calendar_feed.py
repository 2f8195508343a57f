"""An associate's calendar: hers, read only, and nothing in it that reaches a customer."""

from datetime import timedelta

import pytest
from icalendar import Calendar

from appointments import booking, calendar_feed
from appointments.calendar_feed import NoSuchCalendar
from tests.appointments.test_booking import MONDAY, book
from tests.factories.appointments import ServiceFactory, open_showroom
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db


def test_it_holds_her_visits_with_initials_and_nothing_that_reaches_anybody() -> None:
    service = ServiceFactory()
    store = open_showroom()
    visit = book(store, service)
    gone = book(store, service, MONDAY + timedelta(hours=3))
    booking.cancel(appointment=gone, now=NOW)
    moved = booking.move(appointment=visit, starts_at=MONDAY + timedelta(hours=1), now=NOW)
    assert moved.associate is not None
    text = calendar_feed.written(moved.associate, now=NOW)
    [event] = Calendar.from_ical(text).walk("VEVENT")
    assert event.decoded("dtstart") == MONDAY + timedelta(hours=1)
    assert (event["sequence"], str(event["summary"])) == (1, "Viewing, A.")
    assert str(event["uid"]) != f"{visit.uid}"
    assert b"ada@example.com" not in text
    assert all(len(line) <= 75 for line in text.split(b"\r\n"))


def test_a_new_address_ends_the_old_and_so_does_her_leaving() -> None:
    ServiceFactory()
    associate = open_showroom().shifts.first().associate  # type: ignore[union-attr]
    first = calendar_feed.issue(associate=associate)
    second = calendar_feed.issue(associate=associate)
    associate.refresh_from_db()
    assert second not in associate.feed_token_hash
    assert calendar_feed.whose(second) == associate
    for token in (first, "", "made-up"):
        with pytest.raises(NoSuchCalendar):
            calendar_feed.whose(token)
    associate.staff.user.is_active = False
    associate.staff.user.save(update_fields=["is_active"])
    with pytest.raises(NoSuchCalendar):
        calendar_feed.whose(second)
    assert calendar_feed.revoke(associate=associate) is True
    assert calendar_feed.revoke(associate=associate) is False
