"""Tills are enrolled by the manager, log in for a day, and are revoked at once."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from jeweler.models import StaffMember, Store
from pos_bridge import devices
from pos_bridge.models import TillDevice
from tests.factories import pos_bridge as tills
from tests.factories.jeweler import StaffMemberFactory, UserFactory
from tests.factories.tills import Till

pytestmark = pytest.mark.django_db


@pytest.fixture
def store() -> Store:
    return tills.open_store()


def test_a_token_asks_for_twelve_hours_and_the_next_one_ends_it(store: Store) -> None:
    now = timezone.now()
    till = Till(store)
    assert devices.known(token=till.token, now=now + timedelta(hours=11)).store == store
    with pytest.raises(devices.NotLoggedIn):
        devices.known(token=till.token, now=now + timedelta(hours=13))
    later = devices.log_in(key=till.key, now=now)
    assert devices.known(token=later.token, now=now) == till.device
    for useless in (till.token, till.key, ""):
        with pytest.raises(devices.NotLoggedIn):
            devices.known(token=useless, now=now)


def test_nothing_that_opens_is_kept(store: Store) -> None:
    till = Till(store)
    row = str(TillDevice.objects.values().get())
    assert till.key not in row
    assert till.token not in row


def test_a_revoked_till_neither_asks_nor_logs_in(store: Store) -> None:
    till = Till(store)
    devices.revoke(device=till.device, by=UserFactory(), now=timezone.now())
    assert till.get("referral-codes/7KQ2M9XDM/").status_code == 401
    refused = till.client.post("/api/v1/till/login/", headers={"authorization": f"Bearer {till.key}"})  # fmt: skip
    assert refused.status_code == 401
    assert refused.json()["detail"].endswith("Ask the store's manager to enroll this one.")
    with pytest.raises(devices.AlreadyRevoked):
        devices.revoke(device=till.device, by=UserFactory(), now=timezone.now())
    assert devices.enroll(store=store, name="Front desk", by=None, now=timezone.now()).device


def office(role: StaffMember.Role, *stores: Store) -> Client:
    client = Client()
    client.force_login(StaffMemberFactory(role=role, stores=stores).user)
    return client


def test_a_manager_enrolls_a_till_of_her_store_and_sees_its_key_once(store: Store) -> None:
    daniel = office(StaffMember.Role.MANAGER, store)
    other = tills.open_store(code="boston")
    add = "/admin/pos_bridge/tilldevice/add/"
    assert "Boston" not in daniel.get(add).content.decode()
    refused = daniel.post(add, {"name": "Theirs", "store": other.pk})
    assert not TillDevice.objects.exists(), refused.status_code

    page = daniel.post(add, {"name": "Front desk", "store": store.pk}).content.decode()

    [key] = re.findall(r"<code[^>]*>([\w-]{43})</code>", page)
    entered = Client().post("/api/v1/till/login/", headers={"authorization": f"Bearer {key}"})
    assert entered.json()["store"] == store.code
    device = TillDevice.objects.get()
    for shown in ("", f"{device.pk}/change/"):
        assert key not in daniel.get(f"/admin/pos_bridge/tilldevice/{shown}").content.decode()
    again = daniel.post(add, {"name": "Front desk", "store": store.pk}).content.decode()
    assert "has a till named" in again

    act = {"action": "revoke", "_selected_action": [str(device.pk)]}
    office(StaffMember.Role.MANAGER, other).post("/admin/pos_bridge/tilldevice/", act)
    device.refresh_from_db()
    assert device.revoked_at is None
    daniel.post("/admin/pos_bridge/tilldevice/", act)
    device.refresh_from_db()
    assert device.revoked_at is not None


def test_an_associate_enrolls_nothing(store: Store) -> None:
    marisol = office(StaffMember.Role.ASSOCIATE, store)
    assert marisol.get("/admin/pos_bridge/tilldevice/add/").status_code == 403
