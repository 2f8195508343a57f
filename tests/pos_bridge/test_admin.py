import re

import pytest
from django.test import Client

from builder.models import Stone
from jeweler import customers
from jeweler.models import AuditEntry, Customer, Sale, StaffMember, Store
from pos_bridge import connections
from pos_bridge.connections import Opened
from pos_bridge.models import Connection, InboxEvent, ReturnedStone
from tests.factories import pos_bridge as tills
from tests.factories.jeweler import StaffMemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def store() -> Store:
    return tills.open_store()


@pytest.fixture
def till(store: Store) -> Opened:
    return tills.open_till()


@pytest.fixture
def owner() -> StaffMember:
    return StaffMemberFactory(role=StaffMember.Role.OWNER, sees_all_stores=True)


@pytest.fixture
def daniel(store: Store) -> StaffMember:
    return StaffMemberFactory(role=StaffMember.Role.MANAGER, stores=[store])


def in_the_office(member: StaffMember) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def act(client: Client, table: str, action: str, *rows: int) -> str:
    chosen = {"action": action, "_selected_action": [str(row) for row in rows]}
    page = client.post(f"/admin/pos_bridge/{table}/", chosen, follow=True)
    assert page.status_code == 200
    return page.content.decode()


def test_a_new_connection_shows_its_address_and_secret_once_and_works(
    owner: StaffMember, store: Store
) -> None:
    office = in_the_office(owner)

    page = office.post(
        "/admin/pos_bridge/connection/add/",
        {"code": "boutique", "provider": "standard", "store": store.pk, "currency": "USD"},
    )

    text = page.content.decode()
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", text)
    address = re.search(r"/hooks/v1/([\w-]+)/", text)
    assert secret
    assert address
    assert "no-store" in page["Cache-Control"]
    connection = Connection.objects.get(code="boutique")
    opened = Opened(connection=connection, token=address[1], secret=secret[0])
    assert tills.post(opened, tills.event("sale.recorded")).status_code == 200
    again = office.get(f"/admin/pos_bridge/connection/{connection.pk}/change/").content.decode()
    assert "whsec_" not in again
    assert address[1] not in again
    assert AuditEntry.objects.filter(action="connection.opened").exists()


def test_a_vendors_secret_and_token_are_kept_and_shown_by_no_page(
    owner: StaffMember, store: Store
) -> None:
    office = in_the_office(owner)
    form = {"code": "shop", "provider": "shopify", "currency": "USD"}
    refused = office.post("/admin/pos_bridge/connection/add/", form)
    assert "copy it from there" in refused.content.decode()

    api = {"api_url": "https://shop.example.test", "new_api_token": "shpat_of_a_test"}
    page = office.post(
        "/admin/pos_bridge/connection/add/", {**form, **api, "vendor_secret": "shpss_of_a_test"}
    )
    shop = Connection.objects.get()
    address = f"/admin/pos_bridge/connection/{shop.pk}/change/"
    places = {
        "places-TOTAL_FORMS": "1",
        "places-INITIAL_FORMS": "0",
        "places-0-external_id": "655441491",
        "places-0-store": store.pk,
    }
    office.post(address, {"is_active": "on", **api, **places, "vendor_secret": "shpss_newer"})

    shop.refresh_from_db()
    assert connections.secrets_of(shop) == ["shpss_newer", "shpss_of_a_test"]
    assert connections.api_token_of(shop) == "shpat_of_a_test"
    assert shop.places.get().store == store
    seen = page.content.decode() + office.get(address).content.decode()
    assert "shpss" not in seen
    assert "shpat" not in seen
    refused = office.post(address, {"is_active": "on", **api, **places, "vendor_secret": "third"})
    assert "already has two secrets" in refused.content.decode()


def test_rotating_shows_the_new_secret_and_retiring_ends_the_old_one(
    owner: StaffMember, till: Opened
) -> None:
    office = in_the_office(owner)

    page = act(office, "connection", "rotate", till.connection.pk)

    connection = Connection.objects.get()
    newest, oldest = connections.secrets_of(connection)
    assert newest in page
    assert oldest == till.secret
    assert "already has two secrets" in act(office, "connection", "rotate", till.connection.pk)
    act(office, "connection", "retire", till.connection.pk)
    assert connections.secrets_of(Connection.objects.get()) == [newest]


def test_a_connection_is_the_owners_alone(daniel: StaffMember, till: Opened) -> None:
    office = in_the_office(daniel)

    assert office.get("/admin/pos_bridge/connection/").status_code == 403
    assert office.get("/admin/pos_bridge/connection/add/").status_code == 403


def test_the_inbox_shows_what_came_without_who_it_is_about(
    daniel: StaffMember, till: Opened
) -> None:
    buyer = {"email": "clara@example.com", "first_name": "Clara"}
    tills.post(till, tills.event("sale.recorded", customer=buyer))
    event = InboxEvent.objects.get()

    page = in_the_office(daniel).get(f"/admin/pos_bridge/inboxevent/{event.pk}/change/")

    assert "508800" in page.content.decode()
    assert "clara" not in page.content.decode().lower()


def test_a_manager_sees_the_events_of_her_stores_only(daniel: StaffMember, till: Opened) -> None:
    tills.open_store(code="boston-newbury")
    tills.post(till, tills.event("sale.recorded", sale={"id": "OURS"}))
    tills.post(till, tills.event("sale.recorded", sale={"id": "THEIRS"}, store="boston-newbury"))
    theirs = InboxEvent.objects.get(sale_external_id="THEIRS")
    office = in_the_office(daniel)

    listed = office.get("/admin/pos_bridge/inboxevent/").content.decode()
    opened = office.get(f"/admin/pos_bridge/inboxevent/{theirs.pk}/change/")

    assert "OURS" in listed
    assert "THEIRS" not in listed
    assert opened.status_code == 302


def test_the_inbox_is_filtered_by_state_reason_and_store(owner: StaffMember, till: Opened) -> None:
    tills.post(till, tills.event("sale.recorded"))
    tills.post(till, tills.event("refund.recorded", sale={"id": "T-9"}))
    tills.work_off()
    office = in_the_office(owner)

    for chosen in ("state__exact=parked", "reason=sale_unknown"):
        listed = office.get(f"/admin/pos_bridge/inboxevent/?{chosen}").content.decode()
        assert "T-9" in listed
        assert "T-1" not in listed
    of_store = office.get("/admin/pos_bridge/inboxevent/?store=nyc-lispenard").content.decode()
    assert "T-1" in of_store
    assert "T-9" not in of_store


def test_what_is_stuck_is_tried_again_from_the_list(daniel: StaffMember, till: Opened) -> None:
    tills.post(till, tills.event("sale.recorded", sale={"currency": "CAD"}))
    tills.work_off()
    event = InboxEvent.objects.get()

    act(in_the_office(daniel), "inboxevent", "replay", event.pk)

    assert tills.states() == [("sale.recorded", "new", "")]
    assert AuditEntry.objects.get(action="inbox.replayed").actor == daniel.user


def test_a_sale_that_two_may_have_made_is_given_to_one_of_them(
    daniel: StaffMember, till: Opened
) -> None:
    anna, clara = (household_member(phone) for phone in ("+12125550142", "+12125550143"))
    tills.post(till, tills.event("sale.recorded", customer={"email": "home@example.com"}))
    tills.work_off()
    sale = Sale.objects.get()
    assert sale.customer is None
    office = in_the_office(daniel)
    assert str(sale) in office.get("/admin/jeweler/saleevidence/").content.decode()

    chosen = {
        "action": "assign",
        "_selected_action": [str(sale.evidence.get(customer=clara).pk)],
    }
    office.post("/admin/jeweler/saleevidence/", chosen)

    sale.refresh_from_db()
    assert sale.customer == clara
    assert sale.customer != anna
    assert AuditEntry.objects.get(action="sale.assigned").actor == daniel.user


def test_a_returned_stone_is_offered_again_by_somebody(daniel: StaffMember, till: Opened) -> None:
    stone = tills.stone()
    line = {"price_minor": 470000, "report_number": stone.report_number}
    tills.post(till, tills.event("sale.recorded", lines=[line]))
    tills.post(till, tills.event("sale.voided"))
    tills.work_off()
    returned = ReturnedStone.objects.get()

    act(in_the_office(daniel), "returnedstone", "offer_again", returned.pk)
    again = act(in_the_office(daniel), "returnedstone", "offer_again", returned.pk)

    stone.refresh_from_db()
    returned.refresh_from_db()
    assert stone.status in {Stone.Status.AVAILABLE, Stone.Status.WITHDRAWN}
    assert returned.checked_by == daniel.user
    assert "was checked before" in again


@pytest.mark.parametrize("table", ["connection", "inboxevent", "returnedstone"])
def test_a_marketer_sees_nothing_of_the_tills(table: str) -> None:
    ines = StaffMemberFactory(role=StaffMember.Role.MARKETER, sees_all_stores=True)

    assert in_the_office(ines).get(f"/admin/pos_bridge/{table}/").status_code == 403


def household_member(phone: str) -> Customer:
    """One of several who share an address: each was made before the address was shared."""
    person = customers.identify(phone=phone, source="design", now=tills.NOW)
    person.contact_points.create(
        kind="email",
        value="home@example.com",
        canonical="home@example.com",
        source="design",
        created_at=tills.NOW,
    )
    return person
