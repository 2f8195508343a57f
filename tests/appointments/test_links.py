"""Links that open one visit for one purpose."""

from datetime import timedelta

import pytest

from appointments import booking, links
from appointments.links import LinkEnded, Purpose
from tests.appointments.test_booking import book, reserve
from tests.factories.appointments import ServiceFactory, open_showroom
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db


def test_a_link_opens_its_visit_for_its_purpose_alone() -> None:
    service = ServiceFactory()
    visit = book(open_showroom(), service)
    token = links.token(visit)
    assert links.opened(token, now=NOW) == visit
    for wrong in (token[:-2], f"x{token}", links.token(visit, purpose=Purpose.VERIFY), "", "a.b"):
        with pytest.raises(LinkEnded):
            links.opened(wrong, now=NOW)


def test_a_link_ends_with_its_version_and_thirty_days_after_the_visit() -> None:
    service = ServiceFactory()
    visit = book(open_showroom(), service)
    token = links.token(visit)
    ended = visit.ends_at + timedelta(days=30)
    assert links.opened(token, now=ended - timedelta(seconds=1)) == visit
    with pytest.raises(LinkEnded):
        links.opened(token, now=ended)
    visit.link_version += 1
    visit.save(update_fields=["link_version"])
    with pytest.raises(LinkEnded):
        links.opened(token, now=NOW)
    assert links.opened(links.token(visit), now=NOW) == visit


def test_a_moved_visit_keeps_its_link() -> None:
    service = ServiceFactory()
    store = open_showroom()
    visit = book(store, service)
    token = links.token(visit)
    booking.move(appointment=visit, starts_at=visit.starts_at + timedelta(hours=2), now=NOW)
    reserve(store, service)
    assert links.opened(token, now=NOW).starts_at == visit.starts_at + timedelta(hours=2)
