from datetime import timedelta
from decimal import Decimal

import pytest

from builder.models import Stone
from jeweler import customers, sales
from jeweler.models import Customer, OutboxEvent, Sale, SaleLine, StaffMember, Store
from pos_bridge import selling, tickets
from pos_bridge.models import CounterTicket
from tests.factories import counter
from tests.factories import pos_bridge as tills

pytestmark = pytest.mark.django_db


@pytest.fixture
def store() -> Store:
    return tills.open_store(tax_pct=Decimal("8.875"))


@pytest.fixture
def marisol(store: Store) -> StaffMember:
    return counter.member(store)


@pytest.fixture
def manager(store: Store) -> StaffMember:
    return counter.member(store, StaffMember.Role.MANAGER)


@pytest.fixture
def clara() -> Customer:
    return customers.identify(email="clara@example.com", source="design", now=tills.NOW)


def test_a_design_is_rung_up_line_by_line_at_the_price_that_was_promised(
    store: Store, marisol: StaffMember, clara: Customer
) -> None:
    design = counter.design(clara)

    made = selling.start(store=store, design=design, act=counter.act(marisol))

    lines = [
        (line.description, line.price, line.report_number) for line in made.lines.order_by("pk")
    ]
    assert lines == [
        ("Round diamond, 1.52 ct, G, VS1", Decimal("12480.00"), "2216048137"),
        ("The Alba, 18 k yellow gold", Decimal("1010.00"), ""),
    ]
    assert tickets.add_up(made).tax == Decimal("1197.24")
    assert tickets.due(made) == Decimal("14687.24")
    assert made.customer == clara
    assert not Sale.objects.exists()  # nothing is sold before the first money


def test_the_first_money_makes_it_her_sale_and_takes_the_stone_out_of_the_builder(
    store: Store, marisol: StaffMember, clara: Customer
) -> None:
    design = counter.design(clara)
    made = selling.start(store=store, design=design, act=counter.act(marisol))

    counter.take(made, marisol, "5000.00")

    sale = Sale.objects.get()
    assert (sale.source, sale.customer) == ("counter:nyc-lispenard", clara)
    assert (sale.total, sales.due(sale)) == (Decimal("14687.24"), Decimal("9687.24"))
    assert [line.design_code for line in sale.lines.all()] == [design.code] * 2
    assert [(each.kind, each.grade) for each in sale.evidence.all()] == [("design_code", "A")]
    assert Stone.objects.get().status == Stone.Status.SOLD
    told = set(OutboxEvent.objects.values_list("name", flat=True))
    assert {"jeweler.SaleRecorded", "jeweler.PaymentCaptured", "builder.StoneSold"} <= told


def test_a_form_that_is_sent_twice_has_one_effect(store: Store, marisol: StaffMember) -> None:
    twice = counter.act(marisol, key="a" * 22)
    again = [selling.start(store=store, act=twice) for _ in range(2)]
    line = counter.act(marisol, key="b" * 22)
    for _ in range(2):
        selling.add_line(
            ticket=again[0], kind=SaleLine.Kind.SERVICE, description="Resizing", quantity=1,
            price=Decimal("80.00"), act=line,
        )  # fmt: skip

    assert again[0] == again[1]
    assert again[0].lines.count() == 1


def test_an_associate_takes_off_so_much_and_a_manager_more(
    store: Store, marisol: StaffMember, manager: StaffMember
) -> None:
    made = counter.ticket(marisol, store, price="1000.00")

    with pytest.raises(tickets.NeedsManager, match=r"You can take off \$100; a manager"):
        selling.discount(ticket=made, amount=Decimal("150.00"), reason="A friend", act=counter.act(marisol))  # fmt: skip
    with pytest.raises(tickets.CannotSell, match="Say why"):
        selling.discount(ticket=made, amount=Decimal("50.00"), reason=" ", act=counter.act(marisol))
    selling.discount(ticket=made, amount=Decimal("150.00"), reason="A friend", act=counter.act(manager))  # fmt: skip

    made.refresh_from_db()
    assert tickets.due(made) == Decimal("925.44")  # 850.00 and 8.875 % of it


def test_an_exchange_after_a_deposit_is_a_managers_and_changes_the_sale(
    store: Store, marisol: StaffMember, manager: StaffMember
) -> None:
    made = counter.ticket(marisol, store, price="1000.00")
    counter.take(made, marisol, "1000.00")
    signet = made.lines.get().pk

    with pytest.raises(tickets.NeedsManager, match="exchange"):
        selling.take_off(ticket=made, line_id=signet, reason="Too small", act=counter.act(marisol))
    counter.ring_up(made, marisol, price="1500.00", description="Studs")
    selling.take_off(ticket=made, line_id=signet, reason="Too small", act=counter.act(manager))

    sale = Sale.objects.get()
    assert [line.description for line in sale.lines.all()] == ["Studs"]
    assert sales.due(sale) == Decimal("633.13")  # 1633.13 less the deposit


def test_a_stone_promised_to_another_visit_is_sold_by_a_manager_who_was_warned(
    store: Store, marisol: StaffMember, manager: StaffMember, clara: Customer
) -> None:
    design = counter.design(clara)
    assert design.stone is not None
    counter.promise(design.stone, store=store, at=tills.NOW + timedelta(days=2))
    made = selling.start(store=store, design=design, act=counter.act(marisol))

    for who in (marisol, manager):
        with pytest.raises(tickets.Promised, match="23 November at 10:00 in New York"):
            counter.take(made, who, "5000.00")
    assert not Sale.objects.exists()
    with pytest.raises(tickets.Promised):
        counter.take(made, marisol, "5000.00", despite=True)
    counter.take(made, manager, "5000.00", despite=True)

    assert Sale.objects.count() == 1


def test_a_stone_that_was_sold_meanwhile_is_not_sold_again(
    store: Store, marisol: StaffMember, clara: Customer
) -> None:
    design = counter.design(clara)
    first, second = (
        selling.start(store=store, design=design, act=counter.act(marisol)) for _ in range(2)
    )
    counter.take(first, marisol, "5000.00")

    with pytest.raises(tickets.CannotSell, match="sold meanwhile"):
        counter.take(second, marisol, "5000.00")

    assert Sale.objects.count() == 1


def test_a_card_number_is_refused_wherever_it_is_typed(store: Store, marisol: StaffMember) -> None:
    made = counter.ticket(marisol, store)

    with pytest.raises(tickets.CardNumberTyped):
        counter.ring_up(made, marisol, price="10.00", description="Visa 4111 1111 1111 1111")

    assert not CounterTicket.objects.get().lines.exists()
