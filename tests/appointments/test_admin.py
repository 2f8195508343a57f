"""Hours, rooms and shifts in the back office, and an associate's calendar address."""

import re
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from appointments.models import Associate, OpeningHours, Service, Shift, VisitTask
from jeweler.access import Role
from jeweler.models import AuditEntry, Store
from tests.appointments.test_booking import MONDAY, book
from tests.factories.appointments import ServiceFactory, open_showroom
from tests.factories.jeweler import NOW, StaffMemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def service() -> Service:
    return ServiceFactory()


@pytest.fixture
def store(service: Service) -> Store:
    return open_showroom()


@pytest.fixture
def manager(store: Store) -> Client:
    client = Client()
    client.force_login(StaffMemberFactory(role=Role.MANAGER, stores=[store]).user)
    return client


def test_hours_under_a_visit_change_only_once_it_was_said_whom_they_hit(
    manager: Client, store: Store, service: Service
) -> None:
    visit = book(store, service)
    hours = OpeningHours.objects.get(store=store, weekday=0)
    address = reverse("admin:appointments_openinghours_change", args=[hours.pk])
    later = {"store": store.pk, "weekday": 0, "opens": "12:00", "closes": "18:00"}
    asked = manager.post(address, later)
    assert asked.status_code == 409
    text = asked.content.decode()
    for words in ("This hits 1 confirmed visit", "Ada", "10:00", "The store is closed then"):
        assert words in text, words
    assert "successfully" not in text
    hours.refresh_from_db()
    assert hours.opens.hour == 10
    sent = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text))
    assert {name: sent[name] for name in ("opens", "closes")} == {"opens": "12:00", "closes": "18:00"}  # fmt: skip
    assert manager.post(address, {**later, "these_visits": "others"}).status_code == 409
    for _ in range(2):
        assert manager.post(address, sent).status_code == 302
    hours.refresh_from_db()
    assert hours.opens.hour == 12
    task = VisitTask.objects.get()
    assert task.appointment == visit
    assert "23 November 10:00: the store is closed then" in task.text
    visit.refresh_from_db()
    assert visit.flagged_at == NOW
    assert AuditEntry.objects.get(action="hours.changed").detail == {"visits": [visit.pk]}


def test_hours_are_deleted_and_shifts_end_under_the_same_question(
    manager: Client, store: Store, service: Service
) -> None:
    visit = book(store, service)
    hours = OpeningHours.objects.get(store=store, weekday=0)
    address = reverse("admin:appointments_openinghours_delete", args=[hours.pk])
    assert manager.post(address, {"post": "yes"}).status_code == 409
    assert OpeningHours.objects.filter(pk=hours.pk).exists()
    associate = visit.associate
    assert associate is not None
    colleague = StaffMemberFactory(stores=[store])
    Associate.objects.filter(pk=associate.pk).update(staff=colleague)
    shifts = list(Shift.objects.filter(associate=associate).order_by("weekday"))
    form: dict[str, Any] = {
        "staff": colleague.pk, "name": "Marisol", "is_bookable": "on", "services": [service.pk],
        "languages": "", "about": "", "outside_calendar_url": "",
        "shifts-TOTAL_FORMS": len(shifts), "shifts-INITIAL_FORMS": len(shifts),
        "changes-TOTAL_FORMS": 0, "changes-INITIAL_FORMS": 0,
    }  # fmt: skip
    for number, shift in enumerate(shifts):
        form |= {
            f"shifts-{number}-{name}": value
            for name, value in {
                "id": shift.pk, "associate": associate.pk, "store": store.pk,
                "weekday": shift.weekday, "starts": "08:00", "ends": "22:00",
            }.items()
        }  # fmt: skip
    page = reverse("admin:appointments_associate_change", args=[associate.pk])
    assert manager.post(page, form).status_code == 302
    asked = manager.post(page, {**form, "shifts-0-DELETE": "on"})
    assert asked.status_code == 409
    assert "The associate does not work there then" in asked.content.decode()
    assert Shift.objects.filter(associate=associate).count() == 7


def test_a_service_is_taken_from_a_store_only_once_it_was_said_whom_that_hits(
    store: Store, service: Service
) -> None:
    book(store, service)
    boston, owner = open_showroom("boston-newbury"), Client()
    owner.force_login(StaffMemberFactory(role=Role.OWNER).user)
    page = reverse("admin:appointments_service_change", args=[service.pk])
    typed = owner.get(page).context["adminform"].form.initial
    form = {
        name: value for name, value in typed.items() if value is not None and value is not False
    }
    asked = owner.post(page, {**form, "stores": [boston.pk]})
    assert asked.status_code == 409
    assert "This is not done in the store any more" in asked.content.decode()
    assert not service.stores.exists()


def test_a_manager_sees_and_changes_the_hours_of_her_stores_alone(manager: Client) -> None:
    boston = open_showroom("boston-newbury")
    hours = OpeningHours.objects.filter(store=boston).first()
    assert hours is not None
    listed = manager.get(reverse("admin:appointments_openinghours_changelist")).content.decode()
    assert "nyc-lispenard" in listed
    assert "boston-newbury" not in listed
    address = reverse("admin:appointments_openinghours_change", args=[hours.pk])
    assert manager.get(address).status_code == 302
    form = {"store": boston.pk, "weekday": 0, "opens": "20:00", "closes": "21:00"}
    refused = manager.post(reverse("admin:appointments_openinghours_add"), form)
    assert refused.status_code == 200
    assert OpeningHours.objects.filter(store=boston).count() == 7


def test_a_calendar_address_is_shown_once_and_ends(
    manager: Client, store: Store, service: Service
) -> None:
    visit = book(store, service, MONDAY)
    associate = visit.associate
    assert associate is not None
    Associate.objects.filter(pk=associate.pk).update(staff=StaffMemberFactory(stores=[store]))
    listing = reverse("admin:appointments_associate_changelist")
    act = {"_selected_action": [associate.pk]}
    shown = manager.post(listing, {**act, "action": "issue_calendar"})
    found = re.search(r"/visits/calendar/[\w-]+\.ics", shown.content.decode())
    assert found
    assert "no-store" in shown.headers["Cache-Control"]
    calendar = Client().get(found[0])
    assert calendar.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert b"SUMMARY:Viewing\\, A." in calendar.content
    manager.post(listing, {**act, "action": "end_calendar"})
    assert Client().get(found[0]).status_code == 404
    assert set(AuditEntry.objects.values_list("action", flat=True)) >= {
        "calendar.issued", "calendar.ended",
    }  # fmt: skip
