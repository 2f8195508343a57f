from collections.abc import Sequence
from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from builder import living
from builder.models import Design, DesignVersion, Stone
from demo import house, till
from jeweler import customers, sales
from jeweler.models import Sale
from pos_bridge.models import Connection, InboxEvent
from tests.factories import pos_bridge as tills

pytestmark = pytest.mark.django_db(transaction=True)

STORE = "nyc-lispenard"


@pytest.fixture
def code() -> str:
    house.open_stores()
    clara = customers.identify(email="clara@example.com", source="design", now=tills.NOW)
    return tills.saved_design(customer=clara).code


def press(server: LiveServer, kind: str, code: str) -> Sequence[till.Answer]:
    answers = till.ring_up_design(
        code=code,
        email="clara@example.com",
        store=STORE,
        kind=kind,
        site=server.url,
        now=timezone.now(),
    )
    tills.work_off()
    return answers


def test_the_button_sends_signed_webhooks_that_the_site_accepts(
    live_server: LiveServer, code: str
) -> None:
    answers = press(live_server, "deposit", code)

    assert [(each.what, each.status) for each in answers] == [
        ("sale.recorded", 200),
        ("payment.captured", 200),
    ]
    sale = Sale.objects.get()
    assert sale.total == Decimal("16864.74")
    assert sales.captured(sale) == Decimal("3372.94")
    assert sale.customer
    assert sale.customer.contact_points.get().canonical == "clara@example.com"
    assert Stone.objects.get().status == "sold"


def test_the_rest_and_the_hand_over_follow(live_server: LiveServer, code: str) -> None:
    press(live_server, "deposit", code)

    press(live_server, "balance", code)

    sale = Sale.objects.get()
    assert sales.due(sale) == 0
    assert sale.handed_over_at


def test_pressing_twice_and_the_storm_change_nothing_more(
    live_server: LiveServer, code: str
) -> None:
    press(live_server, "whole", code)
    press(live_server, "whole", code)
    press(live_server, "storm", code)

    sale = Sale.objects.get()
    assert sales.captured(sale) == sale.total
    assert sale.payments.count() == 2
    assert not InboxEvent.objects.exclude(state="done").exists()


def test_what_was_paid_is_brought_back_once(live_server: LiveServer, code: str) -> None:
    press(live_server, "deposit", code)

    press(live_server, "refund", code)

    sale = Sale.objects.get()
    assert sales.refunded(sale) == sales.captured(sale) == Decimal("3372.94")
    with pytest.raises(till.CannotRingUp, match="Nothing is paid yet"):
        press(live_server, "refund", code)


def test_a_mistake_is_voided(live_server: LiveServer, code: str) -> None:
    press(live_server, "whole", code)

    press(live_server, "void", code)

    assert Sale.objects.get().voided_at


def test_her_stone_is_sold_to_somebody_else_and_she_is_told(
    live_server: LiveServer, code: str
) -> None:
    design = Design.objects.get(code=code)

    answers = till.sell_stone_elsewhere(code=code, site=live_server.url, now=timezone.now())
    tills.work_off()
    living.watch(now=timezone.now())

    assert {each.status for each in answers} == {200}
    sale = Sale.objects.get()
    assert sale.customer != design.customer
    assert sale.total == sales.captured(sale)
    assert Stone.objects.get().status == "sold"
    told = design.notices.get()
    assert told.kind == "gone"
    assert told.mail
    assert told.mail.to == "clara@example.com"


def test_a_stone_that_is_gone_or_was_never_chosen_is_sold_to_nobody(code: str) -> None:
    Stone.objects.update(status="sold", sold_at=timezone.now())
    with pytest.raises(till.CannotRingUp, match="sold already"):
        till.ticket_of_stone(code=code)

    DesignVersion.objects.update(stone=None, price=None, price_until_date=None)
    with pytest.raises(till.CannotRingUp, match="no stone in it yet"):
        till.ticket_of_stone(code=code)


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"code": "OS-AAAA-AAA"}, "no design"),
        ({"code": "what"}, "no design"),
        ({"store": "paris"}, "no store"),
        ({"kind": "gift"}, "no button"),
        ({"site": "http://example.com/"}, "only speaks to this machine"),
        ({"site": "https://localhost/"}, "only speaks to this machine"),
    ],
)
def test_what_cannot_be_rung_up_is_said(code: str, changed: dict[str, str], word: str) -> None:
    asked = {
        "code": code,
        "email": "",
        "store": STORE,
        "kind": "whole",
        "site": "http://localhost:1/",
        **changed,
    }

    with pytest.raises(till.CannotRingUp, match=word):
        till.ring_up_design(**asked, now=timezone.now())


def test_the_tours_way_in_is_opened_once() -> None:
    first = till.connection(now=timezone.now())
    again = till.connection(now=timezone.now())

    assert (first.token, first.secret) == (again.token, again.secret)
    assert Connection.objects.count() == 1
