from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appointments.models import Appointment
from builder.models import Design, DesignLookup
from jeweler import customers, merging
from jeweler.models import Customer, Sale, SaleEvidence
from jeweler.sales import Evidence
from pos_bridge import matching
from pos_bridge.connections import Opened
from tests.factories import pos_bridge as tills
from tests.factories.appointments import ServiceFactory
from tests.factories.jeweler import StaffMemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def till() -> Opened:
    tills.open_store()
    return tills.open_till()


def person(name: str, *, phone: str = "") -> Customer:
    return customers.identify(
        email=f"{name}@example.com", phone=phone, first_name=name, source="design", now=tills.NOW
    )


def rung_up(till: Opened, **said: object) -> Sale:
    tills.post(till, tills.event("sale.recorded", **said))
    tills.work_off()
    return Sale.objects.get()


def evidence_of(sale: Sale) -> set[tuple[str, str, str]]:
    rows = sale.evidence.values_list("kind", "grade", "customer__first_name")
    return {(kind, grade, name) for kind, grade, name in rows}


def test_a_sale_belongs_to_whose_address_was_typed(till: Opened) -> None:
    clara = person("clara")

    sale = rung_up(till, customer={"email": " CLARA@example.com"})

    assert sale.customer == clara
    assert evidence_of(sale) == {("email", "A", "clara")}


def test_a_local_number_is_of_the_stores_country(till: Opened) -> None:
    clara = person("clara", phone="+12125550142")

    assert rung_up(till, customer={"phone": "212 555 0142"}).customer == clara


@pytest.mark.parametrize(
    "said",
    [
        {"sale": {"design_code": "os 2345 67a"}},
        {"sale": {"note": "for the ring OS-2345-67A, thanks"}},
        {"lines": [{"price_minor": 470000, "design_code": "OS234567A"}]},
    ],
)
def test_a_design_code_anywhere_on_the_ticket_names_its_owner(
    till: Opened, said: dict[str, object]
) -> None:
    clara = person("clara")
    tills.saved_design(customer=clara)

    sale = rung_up(till, **said)

    assert sale.customer == clara
    assert ("design_code", "A", "clara") in evidence_of(sale)


def test_the_very_stone_that_only_she_saved_names_her(till: Opened) -> None:
    clara = person("clara")
    design = tills.saved_design(customer=clara)
    number = design.stone.report_number if design.stone else ""

    sale = rung_up(till, lines=[{"price_minor": 470000, "report_number": number}])

    assert sale.customer == clara
    assert evidence_of(sale) == {("report_number", "B", "clara")}


def test_of_two_who_saved_the_stone_the_one_who_was_shown_it_here_bought_it(
    till: Opened,
) -> None:
    clara, mina = person("clara"), person("mina")
    stone = tills.stone()
    hers = tills.saved_design(customer=clara, its_stone=stone)
    tills.saved_design(customer=mina, code="OS-2345-68G", its_stone=stone)
    open_at_the_counter(hers, days_ago=3)

    line = {"price_minor": 470000, "report_number": stone.report_number}
    sale = rung_up(till, lines=[line])

    assert sale.customer == clara
    assert evidence_of(sale) == {
        ("report_number", "B", "clara"),
        ("report_number", "B", "mina"),
        ("lookup", "C", "clara"),
    }


def test_of_two_who_saved_the_stone_the_one_who_had_a_visit_bought_it(till: Opened) -> None:
    clara, mina = person("clara"), person("mina")
    stone = tills.stone()
    tills.saved_design(customer=clara, its_stone=stone)
    tills.saved_design(customer=mina, code="OS-2345-68G", its_stone=stone)
    visit(mina)

    line = {"price_minor": 470000, "report_number": stone.report_number}
    sale = rung_up(till, lines=[line])

    assert sale.customer == mina


def test_two_who_saved_the_stone_and_nothing_else_are_not_guessed_between(till: Opened) -> None:
    stone = tills.stone()
    tills.saved_design(customer=person("clara"), its_stone=stone)
    tills.saved_design(customer=person("mina"), code="OS-2345-68G", its_stone=stone)

    line = {"price_minor": 470000, "report_number": stone.report_number}
    sale = rung_up(till, lines=[line])

    assert sale.customer is None
    assert len(evidence_of(sale)) == 2


def test_an_opening_long_ago_or_elsewhere_decides_nothing(till: Opened) -> None:
    stone = tills.stone()
    hers = tills.saved_design(customer=person("clara"), its_stone=stone)
    tills.saved_design(customer=person("mina"), code="OS-2345-68G", its_stone=stone)
    open_at_the_counter(hers, days_ago=matching.LOOKUP_DAYS + 1)
    open_at_the_counter(hers, days_ago=1, store="boston-newbury")

    line = {"price_minor": 470000, "report_number": stone.report_number}

    assert rung_up(till, lines=[line]).customer is None


def test_a_visit_or_an_opening_alone_names_nobody(till: Opened) -> None:
    clara = person("clara")
    open_at_the_counter(tills.saved_design(customer=clara), days_ago=1)
    visit(clara)

    sale = rung_up(till)

    assert sale.customer is None
    assert evidence_of(sale) == set()


def test_scenario_47_a_household_that_shares_an_address_is_not_guessed(till: Opened) -> None:
    for name, phone in (("anna", "+12125550142"), ("ben", "+12125550143")):
        one = customers.identify(phone=phone, first_name=name, source="design", now=tills.NOW)
        share_address(one)

    sale = rung_up(till, customer={"email": "home@example.com"})

    assert sale.customer is None
    assert evidence_of(sale) == {("email", "A", "anna"), ("email", "A", "ben")}
    assert Customer.objects.count() == 2


def test_in_a_household_the_phone_decides(till: Opened) -> None:
    for name, phone in (("anna", "+12125550142"), ("ben", "+12125550143")):
        one = customers.identify(phone=phone, first_name=name, source="design", now=tills.NOW)
        share_address(one)

    sale = rung_up(till, customer={"email": "home@example.com", "phone": "+12125550143"})

    assert sale.customer
    assert sale.customer.first_name == "ben"


def test_her_design_is_hers_though_he_pays_with_an_address_nobody_knew(till: Opened) -> None:
    clara = person("clara")
    tills.saved_design(customer=clara)

    sale = rung_up(till, customer={"email": "james@example.com"}, sale={"design_code": tills.CODE})

    assert sale.customer == clara
    points = clara.contact_points.values_list("canonical", flat=True)
    assert list(points) == ["clara@example.com"]


def test_an_address_nobody_has_makes_a_customer(till: Opened) -> None:
    sale = rung_up(till, customer={"email": "new@example.com", "last_name": "Okafor"})

    assert sale.customer
    assert sale.customer.last_name == "Okafor"
    assert sale.customer.contact_points.get().source == "till"


def test_a_second_address_is_kept_of_whom_the_first_one_named(till: Opened) -> None:
    clara = person("clara")

    rung_up(till, customer={"email": "clara@example.com", "phone": "+12125550142"})

    points = clara.contact_points.values_list("canonical", flat=True)
    assert set(points) == {"clara@example.com", "+12125550142"}


@pytest.mark.parametrize(
    "buyer",
    [
        {"email": "not an address"},
        {"phone": "12"},
        {"email": "@", "phone": "none"},
        {"email": None, "phone": None},
        {},
    ],
)
def test_an_address_that_is_none_does_not_lose_the_sale(
    till: Opened, buyer: dict[str, str | None]
) -> None:
    sale = rung_up(till, customer=buyer)

    assert sale.customer is None
    assert not Customer.objects.exists()


def test_a_sale_of_somebody_who_was_merged_belongs_to_whom_she_became(till: Opened) -> None:
    clara, double = person("clara"), person("double")
    merging.merge(kept=clara, absorbed=double, reason="The same", by=None, now=tills.NOW)
    tills.saved_design(customer=double)

    sale = rung_up(till, customer={"email": "double@example.com"}, sale={"design_code": tills.CODE})

    assert sale.customer == clara
    assert {name for _, _, name in evidence_of(sale)} == {"clara"}


def test_a_newer_ticket_replaces_what_the_older_one_suggested(till: Opened) -> None:
    person("clara")
    mina = person("mina")
    rung_up(till, customer={"email": "clara@example.com"})

    sale = rung_up(till, customer={"email": "mina@example.com"}, sale={"version": 2})

    assert sale.customer == mina
    assert evidence_of(sale) == {("email", "A", "mina")}


def test_the_typed_address_itself_is_not_copied_into_the_evidence(till: Opened) -> None:
    sale = rung_up(till, customer={"email": "clara@example.com"})

    assert list(sale.evidence.values_list("value", flat=True)) == ["at the till"]


people = st.sampled_from([Customer(pk=1), Customer(pk=2), Customer(pk=3)])
found = st.builds(
    Evidence,
    kind=st.sampled_from(list(SaleEvidence.Kind)),
    value=st.just("x"),
    customer=people,
    grade=st.sampled_from("ABC"),
)


@settings(deadline=None)  # a busy machine is no failure
@given(evidence=st.lists(found, max_size=12), data=st.data())
def test_the_decision_does_not_hang_on_the_order_of_the_evidence(
    evidence: list[Evidence], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(evidence))

    assert matching.decide(shuffled) == matching.decide(evidence)


@settings(deadline=None)  # a busy machine is no failure
@given(evidence=st.lists(found, max_size=12))
def test_nobody_owns_a_sale_without_evidence_that_names_her(evidence: list[Evidence]) -> None:
    owner = matching.decide(evidence)

    if owner is not None:
        assert {each.grade for each in evidence if each.customer == owner} & {"A", "B"}


def share_address(customer: Customer) -> None:
    customer.contact_points.create(
        kind="email",
        value="home@example.com",
        canonical="home@example.com",
        source="design",
        created_at=tills.NOW,
    )


def open_at_the_counter(design: Design, *, days_ago: int, store: str = "nyc-lispenard") -> None:
    DesignLookup.objects.create(
        design=design,
        store=tills.open_store(code=store),
        staff=StaffMemberFactory(),
        key="code",
        opened_at=tills.NOW - timedelta(days=days_ago),
    )


def visit(customer: Customer) -> None:
    Appointment.objects.create(
        store=tills.open_store(),
        service=ServiceFactory(),
        customer=customer,
        booked_at=tills.NOW - timedelta(days=9),
        starts_at=tills.NOW - timedelta(hours=1),
        ends_at=tills.NOW,
    )
