"""Times and bookings for programs: the statuses that the pages have, and what the schema says of them."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from appointments import api
from appointments.models import Appointment, Service
from jeweler.models import Store
from tests.appointments.test_views_booking import run_out
from tests.factories.appointments import ServiceFactory, open_showroom
from tests.factories.builder import StoneFactory

pytestmark = pytest.mark.django_db

HOLDS = reverse("visits:holds_api")
ADA = {"name": "Ada Okafor", "email": "ada@example.com"}


@pytest.fixture
def service() -> Service:
    return ServiceFactory()


@pytest.fixture
def store(service: Service) -> Store:
    return open_showroom()


def slots(client: Client, store: Store, **said: Any) -> Any:
    now = timezone.now()
    window = {"since": now.isoformat(), "until": (now + timedelta(days=3)).isoformat()}
    asked = {"store": store.code, "service": "viewing", **window, **said}
    return client.get(reverse("visits:slots_api"), asked)


def hold(client: Client, store: Store, start: str, key: str = "", **said: Any) -> Any:
    body = {"store": store.code, "service": "viewing", "starts_at": start, **said}
    headers = {"idempotency-key": key} if key else {}
    return client.post(HOLDS, body, content_type="application/json", headers=headers)


def confirm(client: Client, uid: str, **said: Any) -> Any:
    address = reverse("visits:confirm_api", args=[uid])
    return client.post(address, {**ADA, **said}, content_type="application/json")


def test_a_time_is_found_held_once_and_booked_once(client: Client, store: Store) -> None:
    stone = StoneFactory(store=store)
    found = slots(client, store, stones=stone.pk).json()
    assert found["time_zone"] == "America/New_York"
    start, key = found["slots"][0]["starts_at"], str(uuid.uuid4())
    held = hold(client, store, start, key, stones=[stone.pk])
    assert held.status_code == 201
    again = hold(client, store, start, key, stones=[stone.pk])
    assert again.json() == held.json()
    assert hold(client, store, start, key).status_code == 422
    uid = held.json()["uid"]
    taken = hold(client, store, start)
    assert taken.status_code == 409
    assert len(taken.json()["starts"]) == 3
    booked = confirm(client, uid)
    assert booked.status_code == 201
    assert booked.json() == {"uid": uid, "starts_at": start, "must_verify": False}
    assert confirm(client, uid).status_code == 412
    assert Appointment.objects.get(uid=uid).holds.get().stone == stone


def test_what_cannot_be_done_says_why_and_what_is_free(client: Client, store: Store) -> None:
    start = slots(client, store).json()["slots"][0]["starts_at"]
    uid = hold(client, store, start).json()["uid"]
    assert "email" in confirm(client, uid, email="ada").json()
    assert confirm(client, uid, email="ada").status_code == 422
    run_out(Appointment.objects.get(uid=uid))
    late = confirm(client, uid)
    assert late.status_code == 410
    assert start[:16] in late.json()["starts"][0]
    assert confirm(client, str(uuid.uuid4())).status_code == 404
    assert hold(client, store, "soon").status_code == 422
    assert hold(client, store, start, key="x").status_code == 422
    assert hold(client, store, start, stones=[2**62]).status_code == 404
    assert slots(client, store, service="none").status_code == 404
    assert slots(client, store, since="").status_code == 422
    sold = StoneFactory(status="sold", sold_at=timezone.now())
    assert slots(client, store, stones=sold.pk).status_code == 410


def test_one_address_asks_no_more_often_than_the_limit(client: Client, store: Store) -> None:
    cache.clear()
    api.TURNS._minute = -1
    answers = [client.post(HOLDS, {}, content_type="application/json") for _ in range(242)]
    assert {answer.status_code for answer in answers} >= {422, 429}
    assert int(answers[-1].headers["Retry-After"]) > 0
    api.TURNS._minute = -1
    cache.clear()


def test_the_schema_describes_the_visits(client: Client) -> None:
    schema = client.get(reverse("builder:schema"), headers={"accept": "application/json"}).json()
    said = schema["paths"]["/api/v1/visits/holds/"]["post"]
    assert set(said["responses"]) == {"201", "404", "409", "410", "422", "429"}
    assert any(each["name"] == "Idempotency-Key" for each in said["parameters"])
