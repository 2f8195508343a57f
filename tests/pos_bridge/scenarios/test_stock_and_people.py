"""Stones that are promised, oversold or elsewhere; customers that a till joins. 47 is in test_matching."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from appointments import booking, looking
from appointments.booking import Contact
from appointments.diary import Asked
from appointments.models import VisitTask
from builder.models import Stone
from jeweler import customers, outbox
from jeweler.models import Customer, CustomerMerge, Sale
from pos_bridge.connections import Opened
from pos_bridge.models import Alarm, Connection, Fetch, StockLevel
from referrals import codes
from tests.factories import pos_bridge as tills
from tests.factories import vendors
from tests.factories.appointments import ServiceFactory, open_showroom
from tests.factories.builder import StoneFactory

pytestmark = pytest.mark.django_db

ITEM = 808950810


@pytest.fixture
def till() -> Opened:
    return vendors.open_till()


@pytest.fixture
def square() -> Opened:
    return vendors.open_till(Connection.Provider.SQUARE, api_token="its token")


@pytest.fixture
def stone() -> Stone:
    return tills.stone(report_number="2141438171")


def level(
    available: int, *, at: str = "2026-10-01T11:30:19-05:00", place: str = vendors.PLACE
) -> dict[str, object]:
    return {
        "inventory_item_id": ITEM,
        "location_id": place,
        "available": available,
        "updated_at": at,
    }


def test_scenario_39_a_code_is_kept_as_typed_and_read_as_meant(till: Opened) -> None:
    code = codes.new()
    typed = f" {codes.shown(code).lower().replace('0', 'o').replace('-', ' ')} "
    vendors.tell(
        till, "orders/paid", vendors.order(discount_codes=[{"code": typed}, {"code": "SUMMER"}])
    )

    tills.work_off()

    friend, other = Sale.objects.get().codes
    assert codes.read(friend) == code
    with pytest.raises(codes.NotACode):
        codes.read(other)


def test_scenario_41_a_promised_ring_that_is_sold_at_another_till_flags_its_visit() -> None:
    service = ServiceFactory()
    store = open_showroom()
    elsewhere = tills.open_store(code="boston")
    till = vendors.open_till(store=elsewhere)
    stone = StoneFactory(store=store, report_number="2141438171")
    asked = Asked(service=service, store=store, stones=(stone,))
    now = timezone.now()
    start = next(iter(looking.slots(asked, since=now, until=now + timedelta(days=4), now=now)))
    held = booking.reserve(asked=asked, starts_at=start, key=uuid.uuid4(), now=now)
    visit = booking.confirm(
        uid=held.uid, contact=Contact(email="ada@example.com", first_name="Ada"), now=now
    )
    cert = [{"name": "_stone_cert", "value": "GIA 2141438171"}]

    vendors.tell(till, "orders/paid", vendors.order(line_items=[vendors.line(properties=cert)]))
    tills.work_off()
    outbox.deliver_due(now=timezone.now())

    visit.refresh_from_db()
    assert visit.flagged_at is not None
    assert str(stone) in VisitTask.objects.get().text
    assert Sale.objects.get().store == elsewhere


def test_scenario_43_fewer_than_none_is_recorded_rung_and_not_to_be_had(
    till: Opened, stone: Stone
) -> None:
    vendors.tell(
        till, "inventory_items/update", {"id": ITEM, "sku": "2141438171", "updated_at": vendors.AT}
    )
    vendors.tell(till, "inventory_levels/update", level(-1))
    vendors.tell(till, "inventory_levels/update", level(1, at="2026-10-01T11:00:00-05:00"))

    tills.work_off()

    stone.refresh_from_db()
    assert StockLevel.objects.get().quantity == -1
    assert (stone.status, stone.store) == ("withdrawn", None)
    oversold = Alarm.objects.get(kind="oversold", cleared_at=None)
    assert "2141438171" in oversold.detail
    vendors.tell(till, "inventory_levels/update", level(0, at="2026-10-02T11:00:00-05:00"))
    tills.work_off()
    assert not Alarm.objects.filter(kind="oversold", cleared_at=None).exists()


def test_scenario_43_a_stone_lies_where_it_was_counted_last(till: Opened, stone: Stone) -> None:
    boston = tills.open_store(code="boston")
    till.connection.places.create(external_id="77", store=boston)
    vendors.tell(
        till, "inventory_levels/update", level(1, at="2026-10-02T11:00:00-05:00", place="77")
    )
    vendors.tell(till, "inventory_levels/update", level(0, at="2026-10-02T10:59:00-05:00"))
    vendors.tell(till, "inventory_levels/update", level(1, at="2026-10-01T10:59:00-05:00"))
    vendors.tell(
        till, "inventory_items/update", {"id": ITEM, "sku": "2141438171", "updated_at": vendors.AT}
    )

    tills.work_off()

    stone.refresh_from_db()
    assert (stone.store, stone.status) == (boston, "available")


def test_scenario_45_a_sale_on_a_customer_who_was_merged_lands_on_whom_she_became(
    square: Opened,
) -> None:
    anna, second = (
        customers.identify(email=email, source="design", now=tills.NOW)
        for email in ("anna@example.com", "anna.w@example.com")
    )
    for id_, email in (("A", "anna@example.com"), ("B", "anna.w@example.com")):
        vendors.tell_square(square, vendors.square_customer(id_, email_address=email))
    merged = vendors.square_customer("C", merged=("A", "B"), email_address="anna@example.com")
    vendors.tell_square(square, merged)
    tills.keep(
        square,
        type_="order",
        about=vendors.SQUARE_ORDER,
        body=vendors.square_order(customer_id="A"),
    )

    tills.work_off()

    owner = customers.resolve_anew(anna)
    assert customers.resolve_anew(second) == owner
    assert Sale.objects.get().customer == owner
    assert CustomerMerge.objects.filter(undone_at=None).count() == 1
    vendors.tell_square(square, {**merged, "event_id": "told again"})
    tills.work_off()
    assert CustomerMerge.objects.count() == 1


def test_scenario_45_two_who_agree_in_nothing_are_not_joined_unseen(square: Opened) -> None:
    cards = (("A", "anna@example.com", "+12125550142"), ("B", "bea@example.com", "+12125550199"))
    for id_, email, phone in cards:
        card = vendors.square_customer(id_, email_address=email, phone_number=phone)
        vendors.tell_square(square, card)
    vendors.tell_square(square, vendors.square_customer("C", merged=("A", "B")))

    tills.work_off()

    assert not CustomerMerge.objects.exists()
    assert Alarm.objects.get(kind="unclear_join").subject == "C"


def test_a_buyer_of_whom_only_an_id_is_said_is_asked_for_and_gets_her_sale(square: Opened) -> None:
    bought = vendors.square_order(customer_id="A")
    tills.keep(square, type_="order", about=vendors.SQUARE_ORDER, body=bought)
    tills.work_off()
    assert Sale.objects.get().customer is None
    assert Fetch.objects.get(kind="customer").external_id == "A"

    vendors.tell_square(square, vendors.square_customer("A", email_address="anna@example.com"))
    tills.work_off()

    assert Sale.objects.get().customer == Customer.objects.get()


def test_a_payment_whose_order_is_not_known_has_it_fetched(square: Opened) -> None:
    vendors.tell_square(square, vendors.square_payment("COMPLETED"))
    vendors.tell_square(square, vendors.square_refund("R", 100))

    tills.work_off()

    assert {reason for _, _, reason in tills.states()} == {"sale_unknown", "payment_unknown"}
    wanted = set(Fetch.objects.values_list("kind", "external_id"))
    assert wanted == {("order", vendors.SQUARE_ORDER), ("payment", vendors.SQUARE_PAYMENT)}
    tills.keep(square, type_="order", about=vendors.SQUARE_ORDER, body=vendors.square_order())
    tills.work_off()
    assert {state for _, state, _ in tills.states()} == {"done"}


def test_whom_the_shop_erases_is_forgotten_and_not_made_anew(till: Opened) -> None:
    card = {"id": 207119551, "email": "bob@example.com", "updated_at": vendors.AT}
    vendors.tell(till, "customers/create", card)
    tills.work_off()
    redacted = {"customer": {"id": 207119551, "email": "bob@example.com"}}
    vendors.tell(
        till, "customers/redact", redacted, **{"x-shopify-triggered-at": "2026-10-02T15:04:05.123Z"}
    )
    vendors.tell(till, "customers/update", card)
    vendors.tell(till, "orders/paid", vendors.order(customer=card, email="bob@example.com"))
    tills.work_off()

    assert Customer.objects.get().forgotten_at is not None
    assert Sale.objects.get().customer is None


def test_what_only_the_owner_can_see_to_rings_an_alarm(till: Opened) -> None:
    vendors.tell(till, "customers/data_request", {"customer": {"id": 5, "email": "x@example.com"}})
    vendors.tell(till, "app/uninstalled", {"id": 1})
    vendors.tell(till, "shop/redact", {"shop_id": 1})
    tills.work_off()

    assert set(Alarm.objects.values_list("kind", flat=True)) == {
        "data_request",
        "not_subscribed",
        "erasure",
    }
