"""The pages open to whom they should, and each figure opens to the sales that it is the sum of."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.test import Client

from attribution import conversions
from jeweler.models import AuditEntry, StaffMember, Store
from tests.factories.attribution import AdSpendFactory, TouchpointFactory
from tests.factories.jeweler import (
    NOW,
    CustomerFactory,
    PaymentFactory,
    RefundFactory,
    SaleFactory,
    SaleLineFactory,
    StaffMemberFactory,
    StoreFactory,
    VisitorFactory,
)

DAY = timedelta(days=1)
DASHBOARD = "/admin/attribution/"
JOURNEYS = "/admin/attribution/journeys/"
Role = StaffMember.Role

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today() -> object:
    with time_machine.travel(NOW + 2 * DAY, tick=True):
        yield


@pytest.fixture
def store() -> Store:
    return StoreFactory()


def log_in(role: StaffMember.Role, *, stores: list[Store] | None = None) -> Client:
    member = StaffMemberFactory(role=role, sees_all_stores=not stores, stores=stores or [])
    client = Client()
    client.force_login(member.user)
    return client


def sell(store: Store, *, amount: str = "4700.00", term: str = "oval ring") -> int:
    ada = CustomerFactory()
    browser = VisitorFactory(customer=ada)
    TouchpointFactory(visitor=browser, occurred_at=NOW - 9 * DAY, term=term)
    TouchpointFactory(
        visitor=browser,
        occurred_at=NOW - 3 * DAY,
        channel="email",
        source="our mail",
        medium="email",
        campaign="saved design",
        term="",
        click_id="",
        click_id_kind="",
    )
    sale = SaleFactory(store=store, customer=ada, total=Decimal(amount), tax=0)
    SaleLineFactory(sale=sale, net_total=Decimal(amount))
    PaymentFactory(sale=sale)
    conversions.rebuild_all(now=NOW)
    return int(sale.conversion.pk)


@pytest.mark.parametrize("path", [DASHBOARD, JOURNEYS])
@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.MARKETER, 200), (Role.OWNER, 200), (Role.MANAGER, 200), (Role.ASSOCIATE, 403)],
)
def test_who_may_see_the_figures(path: str, role: StaffMember.Role, status: int) -> None:
    assert log_in(role).get(path).status_code == status


def test_whoever_is_not_logged_in_is_asked_to() -> None:
    response = Client().get(DASHBOARD)
    assert response.status_code == 302
    assert "/admin/login/" in response["Location"]


def test_a_manager_sees_the_figures_of_her_own_stores_alone(store: Store) -> None:
    elsewhere = StoreFactory()
    sell(store, amount="4700.00")
    foreign = sell(elsewhere, amount="111.00")
    manager = log_in(Role.MANAGER, stores=[store])
    page = manager.get(DASHBOARD).content.decode()
    assert "4,700.00" in page
    assert "4,811.00" not in page
    assert manager.get(f"{JOURNEYS}{foreign}/").status_code == 404
    chosen = manager.get(f"{DASHBOARD}?store={elsewhere.code}").content.decode()
    assert "111.00" not in chosen


def test_every_figure_of_the_dashboard_opens_to_journeys_that_add_up_to_it(store: Store) -> None:
    conversion = sell(store)
    sell(store, amount="1200.50", term="round ring")
    sale = SaleFactory(store=store, total=Decimal("80.00"), tax=0)
    SaleLineFactory(sale=sale, net_total=Decimal("80.00"))
    RefundFactory(sale=sale, amount=Decimal("30.00"))
    AdSpendFactory(term="oval ring")
    conversions.rebuild_all(now=NOW)
    assert conversion
    marketer = log_in(Role.MARKETER)
    for model in ("first", "last"):
        page = marketer.get(f"{DASHBOARD}?model={model}").content.decode()
        links = re.findall(rf'<a href="({JOURNEYS}\?[^"]*)">([\d,.]+)</a>', page)
        assert len(links) > 15
        for address, shown in links:
            _check(marketer, address.replace("&amp;", "&"), shown)


def _check(client: Client, address: str, shown: str) -> None:
    page = client.get(address).content.decode()
    total = re.search(r"data-total>([−\d,.]+)<", page)
    amount = Decimal(total.group(1).replace(",", "").replace("−", "-")) if total else Decimal(0)
    figure = Decimal(shown.replace(",", ""))
    rows = page.count("<tr><td") if total else 0
    if "." in shown:
        assert abs(amount) == figure, address
    else:
        assert abs(amount - figure) <= Decimal("0.5") or rows == figure, address


def test_a_journey_shows_each_step_and_what_it_earned_but_not_who_she_is(store: Store) -> None:
    conversion = sell(store)
    page = log_in(Role.MARKETER).get(f"{JOURNEYS}{conversion}/").content.decode()
    assert "Clicked “oval ring”" in page
    assert "Came from a mail" in page
    assert page.count("4,700.00") >= 4
    assert "Okafor" not in page
    assert AuditEntry.objects.filter(action="journey.opened").count() == 1


def test_a_journey_without_a_thread_says_so(store: Store) -> None:
    sale = SaleFactory(store=store)
    SaleLineFactory(sale=sale)
    conversions.rebuild_all(now=NOW)
    page = log_in(Role.MARKETER).get(f"{JOURNEYS}{sale.conversion.pk}/").content.decode()
    assert "No thread found" in page


def test_a_journey_leads_to_the_earlier_and_the_later_sale_of_its_list(store: Store) -> None:
    first, second = sell(store), sell(store)
    page = log_in(Role.MARKETER).get(f"{JOURNEYS}{first}/?thread=found").content.decode()
    assert f'rel="next" href="{JOURNEYS}{second}/' in page
    assert 'rel="prev"' not in page


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("sold_from=yesterday", "This is no day"),
        ("sold_from=2026-11-02&sold_to=2026-11-01", "Swap the two"),
        ("sold_from=1990-01-01", "more than five years"),
        ("model=markov", "not one of the available choices"),
        ("store=atlantis", "not one of the available choices"),
    ],
)
def test_a_wrong_filter_is_refused_by_name_and_the_usual_period_shown(
    query: str, said: str
) -> None:
    response = log_in(Role.MARKETER).get(f"{DASHBOARD}?{query}")
    assert response.status_code == 200
    assert said in response.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "channel=nope",
        "page=999",
        "page=x",
        "term=" + "x" * 999,
        "campaign=%00",
        "term=a%00b",
        "why=so",
    ],
)
def test_a_strange_address_of_journeys_breaks_nothing(store: Store, query: str) -> None:
    sell(store)
    assert log_in(Role.MARKETER).get(f"{JOURNEYS}?{query}").status_code == 200


def test_a_difference_is_shown_and_where_to_look(store: Store) -> None:
    sell(store)
    sale = SaleFactory(store=store)
    SaleLineFactory(sale=sale, net_total=Decimal("5.00"))
    page = log_in(Role.OWNER).get(DASHBOARD).content.decode()
    assert "differ by 5.00" in page


def test_the_figures_behind_spend_and_visits_open_in_the_back_office(store: Store) -> None:
    sell(store)
    AdSpendFactory(term="oval ring")
    marketer = log_in(Role.MARKETER)
    page = marketer.get(DASHBOARD).content.decode()
    links = re.findall(r'href="(/admin/attribution/(?:adspend|touchpoint)/\?[^"]*)"', page)
    assert len(links) > 3
    for address in links:
        assert marketer.get(address.replace("&amp;", "&")).status_code == 200, address


def test_no_page_has_inline_styles_which_the_policy_forbids(store: Store) -> None:
    conversion = sell(store)
    AdSpendFactory(term="oval ring")
    marketer = log_in(Role.MARKETER)
    for path in (DASHBOARD, JOURNEYS, f"{JOURNEYS}{conversion}/"):
        page = marketer.get(path).content.decode()
        assert " style=" not in page
        assert "<script>" not in page
