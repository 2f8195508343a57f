"""A custom order from its quote to its last payment, whoever takes the money."""

import html
import io
import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from builder.models import Design, Stone
from jeweler import customers, outbox, sales
from jeweler.models import (
    Customer,
    EmailMessage,
    OutboxEvent,
    Payment,
    Refund,
    Sale,
    StaffMember,
    Store,
)
from pos_bridge import closing, connections, invoices, paying
from pos_bridge.models import Checkout, Connection, InboxEvent, Invoice, Tender
from referrals import credit
from referrals.models import CreditMismatch
from tests.factories import pos_bridge as tills
from tests.factories.jeweler import StaffMemberFactory
from tests.factories.referrals import grant
from tests.pos_bridge.test_stripe import SECRET, said, signed

pytestmark = pytest.mark.django_db

TOTAL = Decimal("15490.00")
PARTS_WITH_TAX = [
    invoices.Part(title="Deposit", amount=Decimal(5000)),
    invoices.Part(title="Balance", amount=Decimal("11864.74"), after=1),
]


@pytest.fixture
def store() -> Store:
    return tills.open_store()


@pytest.fixture
def marisol(store: Store) -> StaffMember:
    return StaffMemberFactory(stores=[store])


@pytest.fixture
def clara() -> Customer:
    return customers.identify(
        email="clara@example.com", first_name="Clara", source="design", now=tills.NOW
    )


@pytest.fixture
def invoice(store: Store, marisol: StaffMember, clara: Customer) -> Invoice:
    """A third to begin, a third once the drawing is approved, the rest at the end."""
    return write(store, marisol, clara)


def promised() -> dict[str, Any]:
    """A version whose price stands for a fortnight, whenever the test runs."""
    return {"price_until_date": (timezone.now() + timedelta(days=14)).date()}


def saved_design(owner: Customer) -> Design:
    """A ring whose stone has become dearer since its price was promised."""
    dearer = tills.stone(price=Decimal("14800.00"))
    return tills.saved_design(customer=owner, its_stone=dearer, versions=[promised()])


def write(store: Store, by: StaffMember, owner: Customer, **more: Any) -> Invoice:
    design = saved_design(owner)
    values: dict[str, Any] = {
        "stages": [invoices.Stage(title="The drawing"), invoices.Stage(title="The ring")],
        "parts": [
            invoices.Part(title="Deposit", amount=Decimal(5000)),
            invoices.Part(title="After the drawing", amount=Decimal(5000), after=1),
            invoices.Part(title="Balance", amount=TOTAL - 10000, after=2),
        ],
        "good_until": (timezone.now() + timedelta(days=14)).date(),
    }
    version = design.versions.get()
    return invoices.write(
        version=version, store=store, by=by.user, now=timezone.now(), **{**values, **more}
    )


def page_of(invoice: Invoice) -> str:
    return f"/invoices/{invoices.token(invoice)}/"


def test_the_parts_have_to_come_to_the_price(
    store: Store, marisol: StaffMember, clara: Customer
) -> None:
    with pytest.raises(invoices.CannotInvoice, match=r"come to 5000, and .* to 15490"):
        write(store, marisol, clara, parts=[invoices.Part(title="All", amount=Decimal(5000))])


def test_a_promise_is_no_reason_to_pay_more_than_today(store: Store, clara: Customer) -> None:
    version = saved_design(clara).versions.get()
    assert invoices.amounts(version=version, store=store, now=timezone.now()).total == TOTAL
    Stone.objects.update(price=Decimal("10000.00"))
    version.refresh_from_db()
    assert invoices.amounts(version=version, store=store, now=timezone.now()).total < TOTAL


def test_tax_that_is_in_the_price_leaves_lines_that_add_up(
    marisol: StaffMember, clara: Customer
) -> None:
    london = tills.open_store(code="london", tax_display="included", tax_pct=Decimal(20))
    made = write(london, marisol, clara, parts=[invoices.Part(title="In full", amount=TOTAL)])

    net = sum(Decimal(line["net_total"]) for line in made.lines)
    assert (made.total, made.tax, net) == (TOTAL, Decimal("2581.67"), TOTAL - Decimal("2581.67"))


def test_another_currency_and_a_stone_that_is_sold_are_refused_in_words(
    store: Store, marisol: StaffMember, clara: Customer
) -> None:
    version = saved_design(clara).versions.get()
    pounds = tills.open_store(code="london", currency="GBP")
    with pytest.raises(invoices.CannotInvoice, match="never converted"):
        invoices.amounts(version=version, store=pounds, now=timezone.now())
    Stone.objects.update(status=Stone.Status.SOLD, sold_at=timezone.now())
    version.refresh_from_db()
    with pytest.raises(invoices.CannotInvoice, match="is sold"):
        invoices.amounts(version=version, store=store, now=timezone.now())


def test_a_part_waits_until_she_approves_its_stage(invoice: Invoice, marisol: StaffMember) -> None:
    now = timezone.now()
    drawing = invoice.stages.get(position=1)
    assert invoices.standing(invoice).missing == Decimal(5000)
    pay(invoice, Decimal(5000))
    assert invoices.standing(invoice).due is None

    page = Client().get(page_of(invoice)).content.decode()
    assert "Once you approve the drawing" in page
    with pytest.raises(invoices.NotNow, match="nothing to see"):
        invoices.answer(stage=drawing, is_approved=True, note="", now=now)

    invoices.show(stage=drawing, words="Six claws.", picture=None, by=marisol.user, now=now)
    Client().post(page_of(invoice), {"do": "change", "stage": "1", "note": "Thinner, please"})
    assert invoices.standing(invoice).due is None
    invoices.show(stage=drawing, words="Thinner.", picture=None, by=marisol.user, now=now)
    Client().post(page_of(invoice), {"do": "approve", "stage": "1"})

    standing = invoices.standing(invoice)
    assert standing.due is not None
    assert (standing.due.title, standing.missing) == ("After the drawing", Decimal(5000))
    with pytest.raises(invoices.NotNow, match="at work on it"):
        invoices.answer(stage=drawing, is_approved=False, note="No", now=now)


def pay(invoice: Invoice, amount: Decimal) -> Payment:
    now = timezone.now()
    sale = paying.sale_of(uid=invoice.uid.hex, now=now)
    assert sale is not None
    paid = sales.record_payment(
        source="counter:nyc-lispenard",
        external_id=f"{amount}",
        sale=sale,
        status=Payment.Status.CAPTURED,
        amount=amount,
        currency="USD",
        tender="card",
        paid_at=now,
        now=now,
    )
    invoice.refresh_from_db()
    return paid


def test_the_first_money_begins_the_sale_and_takes_her_stone(
    invoice: Invoice, clara: Customer
) -> None:
    Client().post(page_of(invoice), {"do": "code", "code": " anna-50 "})
    assert not Sale.objects.exists()
    pay(invoice, Decimal(5000))

    sale = Sale.objects.get()
    assert (sale.source, sale.total, sale.customer) == ("invoice", TOTAL, clara)
    assert sale.codes == ["anna-50"]
    assert sale.lines.filter(report_number="2216048137").count() == 1
    assert Stone.objects.get().status == Stone.Status.SOLD
    assert sales.due(sale) == TOTAL - 5000
    assert sales.fully_paid_at(sale) is None
    with pytest.raises(invoices.NotNow, match="void or refund"):
        invoices.cancel(invoice=invoice, by=invoice.written_by, now=timezone.now())


def test_a_forged_or_old_link_opens_nothing(invoice: Invoice) -> None:
    token = invoices.token(invoice)
    assert Client().get(f"/invoices/{token[:-2]}xx/").status_code == 410
    invoice.link_version += 1
    invoice.save()
    ended = Client().get(f"/invoices/{token}/")
    assert ended.status_code == 410
    assert "newest mail" in ended.content.decode()


def test_looking_changes_nothing_and_is_kept_by_no_cache(invoice: Invoice) -> None:
    before = list(Invoice.objects.values()), list(invoice.stages.values())
    page = Client().get(f"{page_of(invoice)}?paid=1")
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    assert (list(Invoice.objects.values()), list(invoice.stages.values())) == before


def test_without_a_key_of_the_house_she_pays_in_the_store(invoice: Invoice, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = ""
    page = Client().get(page_of(invoice)).content.decode()
    assert "Pay it in the store" in page
    assert 'value="pay"' not in page


def test_her_credit_pays_of_what_is_due_once_and_before_the_card(
    invoice: Invoice, clara: Customer
) -> None:
    now = timezone.now()
    credit.grant(
        customer=clara,
        amount=Decimal(150),
        currency="USD",
        last_date=None,
        reason="A friend bought",
        key="grant-1",
        now=now,
    )
    assert "Pay $150 with it" in Client().get(page_of(invoice)).content.decode()

    for _ in range(2):
        Client().post(page_of(invoice), {"do": "credit"})
    for _ in range(2):  # what other rooms hear of it changes nothing
        outbox.deliver_due(now=timezone.now())

    invoice.refresh_from_db()
    assert invoices.standing(invoice).missing == Decimal(4850)
    assert [(each.tender, each.amount) for each in Payment.objects.all()] == [
        ("store_credit", Decimal(150))
    ]
    assert credit.balance(customer=clara, currency="USD", now=now).available == 0
    assert not CreditMismatch.objects.exists()


# At the counter.


def test_an_invoice_is_written_mailed_shown_and_paid_at_the_counter(
    store: Store, marisol: StaffMember, clara: Customer
) -> None:
    saved_design(clara)
    desk = Client()
    desk.force_login(marisol.user)
    desk.get(f"/admin/counter/{tills.CODE}/")
    form = desk.get(f"/admin/counter/{tills.CODE}/invoice/")
    assert "$15,490" in form.content.decode()

    answer = desk.post(
        f"/admin/counter/{tills.CODE}/invoice/",
        {
            "deposit": "5000",
            "good_until": (timezone.now() + timedelta(days=14)).date().isoformat(),
            "title_1": "The drawing",
            "amount_1": "5000",
        },
    )

    made = Invoice.objects.get()
    assert answer["Location"] == f"/admin/counter/invoices/{made.pk}/"
    assert [(part.title, part.amount) for part in made.parts.all()] == [
        ("Deposit", Decimal(5000)),
        ("After the drawing", Decimal(5000)),
        ("Balance", Decimal(5490)),
    ]
    assert EmailMessage.objects.filter(key__startswith=f"invoice:{made.pk}:written").count() == 1
    once = "x" * 22
    taken = {"do": "take", "amount": "5000", "tender": "card", "once": once}
    desk.post(f"/admin/counter/invoices/{made.pk}/", taken)
    desk.post(f"/admin/counter/invoices/{made.pk}/", taken)
    assert Payment.objects.get().amount == Decimal(5000)
    picture = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(picture, format="PNG")
    picture.seek(0)
    picture.name = "drawing.png"
    desk.post(
        f"/admin/counter/invoices/{made.pk}/",
        {"do": "show", "stage": "1", "words": "Six claws.", "picture": picture},
    )
    shown = Client().get(f"{page_of(made)}1.webp")
    assert shown.status_code == 200
    assert b"".join(shown.streaming_content)[:4] == b"RIFF"  # type: ignore[attr-defined]
    assert EmailMessage.objects.filter(key__startswith=f"invoice:{made.pk}:shown").count() == 1
    assert "The drawing: shown" in desk.get("/admin/counter/invoices/").content.decode()


def test_the_list_of_orders_asks_no_more_for_many_than_for_one(
    store: Store, marisol: StaffMember, clara: Customer, invoice: Invoice
) -> None:
    paying.take(invoice=invoice, tender=Tender.CARD, amount=Decimal(5000), key="k", now=timezone.now())  # fmt: skip
    desk = Client()
    desk.force_login(marisol.user)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            shown = html.unescape(desk.get("/admin/counter/invoices/").content.decode())
        assert f"{invoice.number}</a>" in shown
        assert "The drawing: to be shown" in shown
        return len(asked)

    of_one = queries()
    version = invoice.version
    for _ in range(3):
        invoices.write(
            version=version, store=store, stages=[], by=marisol.user, now=timezone.now(),
            parts=[invoices.Part(title="In full", amount=TOTAL)],
            good_until=invoice.good_until_date,
        )  # fmt: skip
    assert queries() == of_one


def test_the_counter_takes_what_is_due_and_not_a_cent_more_or_less_than_there_are_coins(
    marisol: StaffMember, clara: Customer
) -> None:
    york = tills.open_store(tax_pct=Decimal("8.875"))
    york.tax_pct = Decimal("8.875")
    york.save()
    made = write(york, marisol, clara, parts=PARTS_WITH_TAX)
    assert (made.tax, made.total) == (Decimal("1374.74"), Decimal("16864.74"))
    desk = Client()
    desk.force_login(marisol.user)

    def take(amount: str, tender: str = "card") -> str:
        said = {"do": "take", "amount": amount, "tender": tender}
        answer = desk.post(f"/admin/counter/invoices/{made.pk}/", said, follow=True)
        return html.unescape(answer.content.decode())

    assert "$5,000 is due now" in take("5000.01")
    assert "1.005 is no amount in USD" in take("1.005")
    assert not Sale.objects.exists()
    take("4000")
    assert "$1,000 is due now" in take("1000.01")
    take("1000", "cash")
    assert "until she approves “The drawing”" in take("1")
    made.refresh_from_db()
    assert invoices.standing(made).paid == Decimal(5000)


def test_a_manager_gives_back_what_was_paid_and_her_credit_has_its_share(
    store: Store, invoice: Invoice, clara: Customer, marisol: StaffMember
) -> None:
    now = timezone.now()
    grant(clara, "1000.00", now=now)
    paying.pay_by_credit(invoice=invoice, now=now)
    paying.take(invoice=invoice, tender=Tender.CARD, amount=Decimal(4000), key="k", now=now)
    address = f"/admin/counter/invoices/{invoice.pk}/"
    said = {"do": "refund", "amount": "2500", "tender": "card", "reason": "Slimmer", "once": "r" * 22}  # fmt: skip

    def post(member: StaffMember, **more: str) -> str:
        desk = Client()
        desk.force_login(member.user)
        return html.unescape(desk.post(address, {**said, **more}, follow=True).content.decode())

    assert "A manager gives money back" in post(marisol)
    daniel = StaffMemberFactory(role=StaffMember.Role.MANAGER, stores=[store])
    assert "$5,000 is all that was paid" in post(daniel, amount="99999", once="s" * 22)
    for _ in range(2):  # a doubled click
        post(daniel)

    given = [(each.tender, each.amount) for each in Refund.objects.order_by("pk")]
    assert given == [("card", Decimal(2000)), ("store_credit", Decimal(500))]
    assert credit.balance(customer=clara, currency="USD", now=now).available == 500
    today = now.astimezone(store.zone).date()
    rows = {row.tender: row.given_back for row in closing.day(store=store, on=today)}
    assert rows["card"] == Decimal(2000)

    assert "$2,500 is paid on it" in post(daniel, do="cancel")
    post(daniel, once="t" * 22)
    assert "Called off" in post(daniel, do="cancel")
    assert Sale.objects.get().voided_at is not None
    assert credit.balance(customer=clara, currency="USD", now=now).available == 1000


def test_it_is_handed_over_once_it_is_paid(
    store: Store, marisol: StaffMember, clara: Customer
) -> None:
    made = write(store, marisol, clara, parts=[invoices.Part(title="In full", amount=TOTAL)])
    desk = Client()
    desk.force_login(marisol.user)
    address = f"/admin/counter/invoices/{made.pk}/"
    early = desk.post(address, {"do": "hand_over"}, follow=True).content.decode()
    assert "$15,490 is to be paid before" in early
    paying.take(invoice=made, tender=Tender.WIRE, amount=TOTAL, key="k", now=timezone.now())
    assert "Hand it over to her" in desk.get(address).content.decode()
    assert "Handed over" in desk.post(address, {"do": "hand_over"}, follow=True).content.decode()
    assert Sale.objects.get().handed_over_at is not None


def test_money_in_cash_has_to_be_in_coins(invoice: Invoice) -> None:
    invoice.currency = "CHF"
    invoice.save(update_fields=["currency"])
    with pytest.raises(paying.CannotTake, match="no coin for 10"):
        paying.take(
            invoice=invoice, tender=Tender.CASH, amount=Decimal("10.01"), key="k",
            now=timezone.now(),
        )  # fmt: skip


def test_another_stores_invoice_does_not_exist(invoice: Invoice) -> None:
    stranger = StaffMemberFactory(stores=[tills.open_store(code="chicago-oak")])
    desk = Client()
    desk.force_login(stranger.user)
    assert desk.get(f"/admin/counter/invoices/{invoice.pk}/").status_code == 404


def test_a_file_that_is_no_picture_is_refused_in_words(
    invoice: Invoice, marisol: StaffMember
) -> None:
    desk = Client()
    desk.force_login(marisol.user)
    file = io.BytesIO(b"%PDF-1.7")
    file.name = "drawing.png"
    address = f"/admin/counter/invoices/{invoice.pk}/"
    answer = desk.post(address, {"do": "show", "stage": "1", "picture": file}, follow=True)
    assert "Only a JPEG, PNG or WebP" in answer.content.decode()
    assert invoice.stages.get(position=1).shown_at is None


# Online.


class FakeStripe(HTTPServer):
    """Stripe's checkout sessions: one for each idempotency key, as it promises."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, list[str]]] = []
        self.sessions: dict[str, dict[str, Any]] = {}
        self.is_broken = False


class _Handler(BaseHTTPRequestHandler):
    server: FakeStripe

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.asked.append(form)
        key = self.headers["Idempotency-Key"]
        number = len(self.server.sessions) + 1
        session = self.server.sessions.setdefault(
            key,
            {
                "id": f"cs_{number}",
                "object": "checkout.session",
                "url": f"https://checkout.stripe.example/cs_{number}",
                "expires_at": int(form["expires_at"][0]),
            },
        )
        body = json.dumps(session).encode()
        self.send_response(500 if self.server.is_broken else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def fake_stripe(settings: Any) -> Iterator[FakeStripe]:
    server = FakeStripe()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings.STRIPE_SECRET_KEY = "sk_test_of_a_test"
    settings.STRIPE_API_URL = f"http://127.0.0.1:{server.server_port}"
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def open_stripe() -> connections.Opened:
    return connections.open_connection(
        code="stripe",
        currency="USD",
        provider=Connection.Provider.STRIPE,
        secret=SECRET,
        now=tills.NOW,
    )


def post_event(stripe: connections.Opened, event: dict[str, Any]) -> int:
    body = json.dumps(event).encode()
    headers = {"stripe-signature": signed(body, at=int(time.time()))}
    status: int = tills.send(stripe, body, headers=headers).status_code
    return status


def test_she_pays_the_part_that_is_due_and_its_events_are_one_payment(
    invoice: Invoice, fake_stripe: FakeStripe
) -> None:
    stripe = open_stripe()
    first = Client().post(page_of(invoice), {"do": "pay"})
    again = Client().post(page_of(invoice), {"do": "pay"})
    assert first["Location"] == again["Location"] == "https://checkout.stripe.example/cs_1"
    assert Checkout.objects.count() == 1
    (asked,) = fake_stripe.asked
    assert asked["line_items[0][price_data][unit_amount]"] == ["500000"]
    assert asked["payment_intent_data[metadata][invoice]"] == [invoice.uid.hex]
    assert not Sale.objects.exists()

    meta = {"metadata": {"invoice": invoice.uid.hex}}
    intent = said("payment_intent.succeeded", id="pi_1", amount_received=500000, **meta)
    page = {"payment_status": "paid", "payment_intent": "pi_1", "amount_total": 500000}
    ended = said("checkout.session.completed", **page, **meta) | {"id": "evt_2"}
    back = said(
        "refund.created", id="re_1", status="succeeded", payment_intent="pi_1", amount=100000
    )
    for event in (back | {"id": "evt_3"}, ended, intent, intent):
        assert post_event(stripe, event) == 200
    tills.work_off()

    assert set(InboxEvent.objects.values_list("state", flat=True)) == {"done"}
    invoice.refresh_from_db()
    assert Payment.objects.get().sale == invoice.sale
    assert invoices.standing(invoice).paid == Decimal(4000)
    assert OutboxEvent.objects.filter(name="jeweler.PaymentCaptured").count() == 1


def test_when_the_payment_page_does_not_open_she_is_told_and_may_try_again(
    invoice: Invoice, fake_stripe: FakeStripe
) -> None:
    fake_stripe.is_broken = True
    answer = Client().post(page_of(invoice), {"do": "pay"}, follow=True)
    assert "Nothing was taken" in answer.content.decode()
    fake_stripe.is_broken = False
    assert Client().post(page_of(invoice), {"do": "pay"})["Location"].endswith("cs_1")
    assert Checkout.objects.count() == 1
