"""One ring, from the ad click to the till, and the sale under the ad."""

import re
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from attribution.models import Conversion, Credit
from builder.models import Design, DesignLookup, Stone
from demo import house, till
from jeweler import mail, outbox, sales
from jeweler.models import AuditEntry, EmailMessage, Sale, SaleLine
from pos_bridge import inbound
from tests.factories.builder import SettingFactory, StoneFactory
from tests.journeys.browsers import Shopper

pytestmark = pytest.mark.django_db

AD = (
    "/?utm_source=google&utm_medium=cpc&utm_campaign=Engagement+rings%2C+New+York"
    "&utm_term=oval+engagement+ring+nyc&gclid=Cj0KCQ-oval"
)


def work() -> None:
    """What the worker does every two seconds."""
    now = timezone.now()
    inbound.apply_due(now=now)
    outbox.deliver_due(now=now)
    mail.send_due(now=now)


def staff(username: str) -> Client:
    client = Client()
    assert client.login(username=username, password=house.PASSWORD)
    return client


def report(kind: str, *, code: str, email: str = "ada@example.com") -> None:
    """The till says what happened, in really signed webhooks."""
    now = timezone.now()
    ticket = till.ticket_of(code=code, email=email, store="nyc-lispenard")
    deliveries = till.ring_up(till=till.connection(now=now), ticket=ticket, kind=kind, now=now)
    for delivery in deliveries:
        answer = Client().post(
            delivery.path,
            delivery.body,
            content_type="application/json",
            headers=delivery.headers,
        )
        assert answer.status_code == 200, answer.content


@pytest.fixture
def saved_design() -> Design:
    """A stranger clicked an ad, designed a ring and saved it by e-mail; the house has opened."""
    house.hire(stores=house.open_stores())
    setting, stone = SettingFactory(name="The Alba"), StoneFactory()
    phone = Shopper().open(AD)
    phone.open("/rings/").send(to="/ring/choose/", having=setting.code)
    phone.send(to="/ring/choose/", stone=str(stone.pk))
    phone.send(to="/ring/choose/", ring_size="6")
    phone.open("/ring/summary/")
    phone.open("/ring/save/").send(to="/ring/save/", email="Ada@Example.com")
    work()
    return Design.objects.get()


def test_the_sale_at_the_till_stands_under_the_ad_that_began_it(saved_design: Design) -> None:
    mailed = EmailMessage.objects.get()
    assert mailed.sent_at is not None
    assert saved_design.code in mailed.text
    assert re.search(r"/d/[\w-]{40,}/", mailed.text)

    marisol = staff("marisol")
    found = marisol.get("/admin/counter/", {"q": "ada@example.com"})
    assert saved_design.code in found.content.decode()
    opened = marisol.get(f"/admin/counter/{saved_design.code}/", {"key": "email"})
    assert "The Alba" in opened.content.decode()
    lookup = DesignLookup.objects.get()
    assert lookup.store.code == "nyc-lispenard"
    assert AuditEntry.objects.filter(subject=f"design:{saved_design.pk}").exists()

    report("deposit", code=saved_design.code)
    report("balance", code=saved_design.code)
    work()

    sale = Sale.objects.get()
    assert sale.customer == saved_design.customer
    assert sales.due(sale) == 0
    assert sale.handed_over_at is not None
    assert Stone.objects.get().status == Stone.Status.SOLD
    credit = Credit.objects.get(model="first")
    assert credit.touchpoint is not None
    assert credit.touchpoint.campaign == "Engagement rings, New York"
    assert credit.touchpoint.channel == "paid_search"
    merchandise = sale.lines.filter(kind=SaleLine.Kind.MERCHANDISE)
    assert credit.amount == sum(line.net_total for line in merchandise)
    kinds = Conversion.objects.order_by("kind").values_list("kind", flat=True)
    assert set(kinds) == {"builder_completed", "design_saved", "design_looked_up", "sale"}

    page = staff("ines").get("/admin/attribution/").content.decode()
    assert "Engagement rings, New York" in page
    assert "Difference <b>0.00</b>" in re.sub(r"\s+", " ", page)


def test_the_till_may_repeat_and_shuffle_what_it_says(saved_design: Design) -> None:
    report("storm", code=saved_design.code)
    work()
    report("storm", code=saved_design.code)
    work()

    sale = Sale.objects.get()
    assert sale.payments.count() == 2
    assert sales.due(sale) == 0
    assert Credit.objects.filter(model="first").count() == 1


def test_what_comes_back_is_taken_from_the_ad_again(saved_design: Design) -> None:
    report("whole", code=saved_design.code)
    work()
    report("refund", code=saved_design.code)
    work()

    credited = Credit.objects.filter(model="first")
    assert sum((row.amount for row in credited), Decimal(0)) == 0
    assert {row.touchpoint.campaign for row in credited if row.touchpoint} == {
        "Engagement rings, New York"
    }


def test_nobody_else_opens_the_staff_pages(saved_design: Design) -> None:
    for address in ("/admin/counter/", "/admin/attribution/"):
        assert Client().get(address).status_code == 302
    assert staff("ines").get("/admin/counter/").status_code == 403
    assert staff("marisol").get("/admin/attribution/").status_code == 403
