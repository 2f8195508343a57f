from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from builder.models import Stone
from jeweler import sales
from jeweler.models import AuditEntry, Customer, OutboxEvent, Payment, Refund, Sale
from pos_bridge import inbound
from pos_bridge.connections import Opened
from pos_bridge.inbound.outcomes import PARKED_WAIT
from pos_bridge.models import InboxEvent, ReturnedStone
from tests.factories import pos_bridge as tills

pytestmark = pytest.mark.django_db


@pytest.fixture
def till() -> Opened:
    tills.open_store()
    return tills.open_till()


def test_a_sale_is_recorded_with_its_lines_store_and_customer(till: Opened) -> None:
    ring = {
        "description": "The Alba",
        "sku": "ALBA",
        "price_minor": 500000,
        "net_minor": 470000,
        "design_code": "OS-2345-67A",
        "report_number": "2216048137",
    }
    buyer = {"email": "Clara@Example.com", "phone": "(212) 555-0142", "first_name": "Clara"}
    tills.post(till, tills.event("sale.recorded", lines=[ring], customer=buyer))

    tills.work_off()

    sale = Sale.objects.get()
    assert (sale.source, sale.external_id, sale.number) == ("till:house", "T-1", "1042")
    assert (sale.total, sale.tax, sale.currency) == (Decimal(5088), Decimal(388), "USD")
    assert sale.store
    assert sale.store.code == "nyc-lispenard"
    line = sale.lines.get()
    assert (line.list_price, line.net_total) == (Decimal(5000), Decimal(4700))
    assert (line.design_code, line.report_number) == ("OS-2345-67A", "2216048137")
    assert sale.customer
    points = sale.customer.contact_points.values_list("canonical", flat=True)
    assert set(points) == {"clara@example.com", "+12125550142"}


def test_scenario_21_a_deposit_and_a_balance_make_the_sale_paid_when_the_last_was_taken(
    till: Opened,
) -> None:
    a_week_later = tills.NOW + timedelta(days=7)
    tills.post(till, tills.event("sale.recorded"))
    tills.post(till, tills.event("payment.captured", payment={"amount_minor": 100000}))
    balance = {"id": "P-2", "amount_minor": 408800}
    tills.post(
        till,
        tills.event("payment.captured", payment=balance, occurred_at=a_week_later.isoformat()),
    )

    tills.work_off()

    sale = Sale.objects.get()
    assert Payment.objects.count() == 2
    assert sales.due(sale) == 0
    assert sales.fully_paid_at(sale) == a_week_later


def test_nothing_is_paid_while_the_card_is_only_authorized(till: Opened) -> None:
    tills.post(till, tills.event("sale.recorded"))
    tills.post(till, tills.event("payment.authorized"))

    tills.work_off()

    assert sales.captured(Sale.objects.get()) == 0
    tills.post(till, tills.event("payment.captured"))
    tills.work_off()
    assert sales.captured(Sale.objects.get()) == Decimal(5088)


def test_scenario_15_a_refund_that_comes_before_its_sale_waits_for_it(till: Opened) -> None:
    tills.post(till, tills.event("refund.recorded"))
    tills.work_off()
    assert tills.states() == [("refund.recorded", "parked", "sale_unknown")]

    tills.post(till, tills.event("payment.captured"))
    tills.post(till, tills.event("sale.recorded"))
    tills.work_off()

    assert {state for _, state, _ in tills.states()} == {"done"}
    sale = Sale.objects.get()
    assert sales.captured(sale) - sales.refunded(sale) == Decimal(4088)


def test_scenario_17_an_older_version_never_overwrites_a_newer_one(till: Opened) -> None:
    for version in (3, 1, 2):
        lines = [{"price_minor": 100 * version}]
        said = {"version": version, "total_minor": 100 * version, "tax_minor": 0}
        tills.post(till, tills.event("sale.recorded", sale=said, lines=lines))

    tills.work_off()

    assert Sale.objects.get().total == Decimal(3)
    assert Sale.objects.get().lines.get().net_total == Decimal(3)
    assert OutboxEvent.objects.filter(name="jeweler.SaleRecorded").count() == 1
    assert {state for _, state, _ in tills.states()} == {"done"}


def test_scenario_27_a_refund_beyond_the_sale_is_dead_with_its_reason(till: Opened) -> None:
    tills.post(till, tills.event("sale.recorded"))
    tills.post(till, tills.event("payment.captured"))
    tills.post(till, tills.event("refund.recorded", refund={"amount_minor": 508801}))

    tills.work_off()

    assert tills.states()[-1] == ("refund.recorded", "dead", "over_refund")
    assert not Refund.objects.exists()


def test_a_refund_that_was_too_large_is_looked_at_again_when_the_sale_grows(till: Opened) -> None:
    tills.post(till, tills.event("sale.recorded"))
    tills.post(till, tills.event("refund.recorded", refund={"amount_minor": 600000}))
    tills.work_off()
    grown = {"version": 2, "total_minor": 700000, "tax_minor": 0}
    lines = [{"price_minor": 700000}]

    tills.post(till, tills.event("sale.recorded", sale=grown, lines=lines))
    tills.post(till, tills.event("payment.captured", payment={"amount_minor": 700000}))
    tills.work_off()

    assert {state for _, state, _ in tills.states()} == {"done"}
    assert Refund.objects.get().amount == Decimal(6000)


def test_scenario_29_another_currency_is_parked_and_never_converted(till: Opened) -> None:
    tills.post(till, tills.event("sale.recorded", sale={"currency": "CAD"}))

    tills.work_off()

    assert tills.states() == [("sale.recorded", "parked", "currency_mismatch")]
    assert not Sale.objects.exists()


@pytest.mark.parametrize(
    ("currency", "said", "amount"),
    [
        ("JPY", "1234", "1234"),
        ("KWD", "1.234", "1.234"),
        ("USD", "143.97", "143.97"),
    ],
)
def test_scenario_31_amounts_are_exact_in_the_decimals_of_their_currency(
    currency: str, said: str, amount: str
) -> None:
    store = tills.open_store(code="away", currency=currency)
    till = tills.open_till(store=store, currency=currency)
    sale = {"currency": currency, "total_minor": None, "tax_minor": None, "total": said}
    tills.post(till, tills.event("sale.recorded", store=None, sale=sale, lines=[{"price": said}]))

    tills.work_off()

    assert Sale.objects.get().total == Decimal(amount)


def test_scenario_31_a_number_with_a_point_is_read_as_it_is_written() -> None:
    till = tills.open_till(store=tills.open_store())
    body = (
        b'{"type":"sale.recorded","occurred_at":"2026-11-21T15:00:00Z","sale":{"id":"T-1",'
        b'"version":1,"currency":"USD","placed_at":"2026-11-21T15:00:00Z","total":143.97},'
        b'"lines":[{"price":143.97}]}'
    )

    assert tills.post(till, body).status_code == 200
    tills.work_off()

    assert Sale.objects.get().total == Decimal("143.97")


def test_a_store_that_nobody_knows_is_parked_until_it_is_added(till: Opened) -> None:
    tills.post(till, tills.event("sale.recorded", store="paris"))
    tills.work_off()
    assert tills.states() == [("sale.recorded", "parked", "store_unknown")]

    tills.open_store(code="paris")
    inbound.apply_due(now=timezone.now() + PARKED_WAIT + timedelta(hours=1))

    assert tills.states() == [("sale.recorded", "done", "")]


def test_a_till_cannot_report_for_another_store() -> None:
    tills.open_store(code="boston-newbury")
    till = tills.open_till(store=tills.open_store(code="nyc-lispenard"))
    tills.post(till, tills.event("sale.recorded", store="boston-newbury"))

    tills.work_off()

    assert tills.states() == [("sale.recorded", "parked", "store_mismatch")]


def test_the_stone_of_a_line_leaves_the_builder(till: Opened) -> None:
    stone = tills.stone()
    line = {"price_minor": 470000, "report_number": stone.report_number}
    tills.post(till, tills.event("sale.recorded", lines=[line]))

    tills.work_off()

    stone.refresh_from_db()
    assert (stone.status, stone.sold_at) == ("sold", tills.NOW)


def test_the_stone_of_a_design_on_a_line_leaves_the_builder(till: Opened) -> None:
    design = tills.saved_design(customer=None)
    line = {"price_minor": 470000, "design_code": design.code.lower().replace("-", " ")}
    tills.post(till, tills.event("sale.recorded", lines=[line]))

    tills.work_off()

    assert Stone.objects.get().status == "sold"


def test_a_repair_of_a_stone_does_not_sell_it(till: Opened) -> None:
    stone = tills.stone()
    line = {"kind": "service", "price_minor": 470000, "report_number": stone.report_number}
    tills.post(till, tills.event("sale.recorded", lines=[line]))

    tills.work_off()

    stone.refresh_from_db()
    assert stone.status == "available"


@pytest.mark.parametrize("how", ["voided", "refunded", "exchanged"])
def test_a_returned_stone_goes_to_the_vault_and_not_on_sale(till: Opened, how: str) -> None:
    stone = tills.stone()
    line = {"price_minor": 470000, "report_number": stone.report_number}
    tills.post(till, tills.event("sale.recorded", lines=[line]))
    tills.post(till, tills.event("payment.captured"))
    undone = {
        "voided": tills.event("sale.voided"),
        "refunded": tills.event("refund.recorded", refund={"amount_minor": 508800}),
        "exchanged": tills.event("sale.recorded", sale={"version": 2}),
    }
    tills.post(till, undone[how])
    tills.post(till, undone[how])

    tills.work_off()

    stone.refresh_from_db()
    assert stone.status == "sold"
    returned = ReturnedStone.objects.get()
    assert (returned.stone, returned.reason) == (stone, how)


def test_a_stone_that_two_sales_name_is_noted_for_somebody_to_look_at(till: Opened) -> None:
    stone = tills.stone()
    line = {"price_minor": 470000, "report_number": stone.report_number}
    for sale in ("T-1", "T-2"):
        tills.post(till, tills.event("sale.recorded", sale={"id": sale}, lines=[line]))

    tills.work_off()

    second = Sale.objects.get(external_id="T-2")
    noted = AuditEntry.objects.get(action="stone.sold_again")
    assert (noted.subject, noted.detail) == (f"stone:{stone.pk}", {"sale": second.pk})


def test_being_handed_over_and_voided_are_noted(till: Opened) -> None:
    tills.post(till, tills.event("sale.handed_over"))
    tills.post(till, tills.event("sale.voided"))
    tills.post(till, tills.event("sale.recorded"))

    tills.work_off()

    sale = Sale.objects.get()
    assert sale.handed_over_at == sale.voided_at == tills.NOW


def test_the_same_payment_with_another_amount_is_dead_and_changes_nothing(till: Opened) -> None:
    tills.post(till, tills.event("sale.recorded"))
    tills.post(till, tills.event("payment.captured"))
    tills.post(till, tills.event("payment.captured", payment={"amount_minor": 1}))

    tills.work_off()

    assert tills.states()[-1] == ("payment.captured", "dead", "contradictory_fact")
    assert Payment.objects.get().amount == Decimal(5088)


def test_an_event_that_fails_is_tried_again_later_and_given_up_in_the_end(
    till: Opened, settings: pytest.FixtureRequest
) -> None:
    tills.post(till, tills.event("sale.recorded"))
    with _a_broken_table():
        inbound.apply_due(now=timezone.now())
        failed = InboxEvent.objects.get()
        assert (failed.state, failed.attempts) == ("new", 1)
        assert failed.next_attempt_at > timezone.now()
        assert "broken" in failed.last_error
        for hours in range(1, 12):
            inbound.apply_due(now=timezone.now() + timedelta(hours=2 * hours))

    assert tills.states() == [("sale.recorded", "dead", "failed")]
    assert not Sale.objects.exists()


def test_a_dead_event_is_replayed_by_somebody_and_written_down(till: Opened) -> None:
    owner = User.objects.create_user("owner")
    tills.post(till, tills.event("sale.recorded"))
    with _a_broken_table():
        for hours in range(12):
            inbound.apply_due(now=timezone.now() + timedelta(hours=2 * hours))

    inbound.replay(event=InboxEvent.objects.get(), by=owner, now=timezone.now())
    tills.work_off()

    assert tills.states() == [("sale.recorded", "done", "")]
    assert AuditEntry.objects.filter(action="inbox.replayed", actor=owner).count() == 1
    with pytest.raises(inbound.CannotBeReplayed):
        inbound.replay(event=InboxEvent.objects.get(), by=owner, now=timezone.now())


def test_replaying_everything_changes_nothing(till: Opened) -> None:
    said = [
        tills.event("sale.recorded", customer={"email": "clara@example.com"}),
        tills.event("payment.captured"),
        tills.event("refund.recorded"),
        tills.event("sale.handed_over"),
    ]
    for each in said:
        tills.post(till, each)
    tills.work_off()
    before = _books()

    for each in said:
        tills.post(till, each)
    tills.work_off()

    assert _books() == before
    assert InboxEvent.objects.filter(state="done").count() == 8


def _books() -> dict[str, list[dict[str, object]]]:
    kinds = [Sale, Payment, Refund, Customer]
    return {kind.__name__: list(kind.objects.order_by("id").values()) for kind in kinds}


def _a_broken_table() -> tills.Broken:
    return tills.Broken(table="jeweler_sale")


def test_of_several_at_once_the_one_that_fails_is_noted_alone_and_the_others_are_done(
    till: Opened,
) -> None:
    for number in range(6):
        tills.post(
            till,
            tills.event(
                "payment.captured", sale={"id": f"T-{number}"}, payment={"id": f"P-{number}"}
            ),
        )
        tills.post(till, tills.event("sale.recorded", sale={"id": f"T-{number}"}))
    with tills.Broken(table="jeweler_refund"):
        tills.post(till, tills.event("refund.recorded", sale={"id": "T-3"}))
        tills.work_off(rounds=1)

    assert Payment.objects.count() == 6
    refund = InboxEvent.objects.get(type="refund.recorded")
    others = InboxEvent.objects.exclude(pk=refund.pk)
    assert set(others.values_list("state", "attempts")) == {("done", 1)}
    assert (refund.state, refund.attempts) == ("new", 1)
    assert refund.last_error
