"""Missed visits by what was known of them beforehand."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from appointments import figures
from appointments.models import Appointment, Service
from builder.funnel import Rate
from jeweler.access import Role
from jeweler.models import Store
from tests.factories.appointments import ServiceFactory
from tests.factories.jeweler import NOW, CustomerFactory, StaffMemberFactory, StoreFactory

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def over(store: Store, *, status: str, ahead: timedelta = DAY, **more: Any) -> Appointment:
    starts_at = more.pop("starts_at", NOW - 10 * DAY)
    return Appointment.objects.create(
        store=store, service=Service.objects.get(), customer=CustomerFactory(), status=status,
        starts_at=starts_at, ends_at=starts_at + timedelta(hours=1),
        booked_at=starts_at - ahead, **more,
    )  # fmt: skip


@pytest.fixture
def store() -> Store:
    ServiceFactory()
    store: Store = StoreFactory(code="nyc-lispenard")
    over(store, status="attended", ahead=timedelta(hours=3), source="ring")
    over(store, status="missed", ahead=DAY, source="ring")
    over(store, status="missed", ahead=20 * DAY, source="mail")
    over(store, status="attended", ahead=20 * DAY, lookbook_opened_at=NOW - 11 * DAY)
    over(store, status="attended", ahead=60 * DAY, lookbook_opened_at=NOW)
    over(store, status="attended", source="walk_in")
    over(store, status="cancelled")
    over(store, status="missed", starts_at=NOW - 200 * DAY)
    over(StoreFactory(code="boston-newbury"), status="missed")
    return store


def test_each_visit_counts_once_in_every_table(store: Store) -> None:
    found = figures.figures(stores=[store], since=NOW - 90 * DAY, until=NOW)
    assert found.missed == Rate(part=2, whole=5)
    lines = {
        table.name: {line.label: (line.missed.part, line.missed.whole) for line in table.lines}
        for table in found.tables
    }
    assert lines == {
        "lead": {
            "Within a day": (0, 1), "1 or 2 days before": (1, 1), "2 to 4 weeks before": (1, 2),
            "Earlier than that": (0, 1),
        },
        "source": {"Ring builder": (1, 2), "A mail": (1, 1), "The site": (0, 2)},
        "lookbook": {"Opened before the visit": (0, 1), "Not opened": (2, 4)},
    }  # fmt: skip


def test_the_page_and_the_file_say_the_same_of_her_stores_alone(store: Store) -> None:
    client = Client()
    client.force_login(StaffMemberFactory(role=Role.MANAGER, stores=[store]).user)
    period = {"since": "2026-09-01", "until": "2026-11-21"}
    page = client.get(reverse("floor:figures"), period).content.decode()
    assert "40 %" in page
    assert "14 to 73 %" in page
    file = client.get(reverse("floor:figures_csv"), period)
    of_all, none = Rate(part=2, whole=5), Rate(part=0, whole=1)
    rows = file.content.decode().splitlines()
    assert rows[1] == f"all,all,5,2,0.4000,{of_all.low:.4f},{of_all.high:.4f}"
    assert f"lead,Within a day,1,0,0.0000,0.0000,{none.high:.4f}" in rows
    assert 'filename="missed-visits-2026-09-01-2026-11-21.csv"' in file.headers["Content-Disposition"]  # fmt: skip
    backwards = client.get(reverse("floor:figures"), {"since": "2026-12-01", "until": "2026-11-01"})
    assert "The first day is after the last. Swap the two." in backwards.content.decode()
