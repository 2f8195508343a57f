"""Who sent her, at the counter: by code, by a slip of the eye, by name; and her perks, kept for the bench's week."""

import html
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from jeweler.models import Customer, Sale, StaffMember, Store
from pos_bridge.counter import people
from pos_bridge.models import CounterTicket
from referrals import naming
from referrals.models import Advocate, BenchWeek, PerkUse, Referral, Reward, Terms
from tests.factories import counter
from tests.factories import pos_bridge as tills
from tests.factories.jeweler import customer_with
from tests.factories.referrals import AdvocateFactory, PerkFactory, a_program

pytestmark = pytest.mark.django_db


@pytest.fixture
def store() -> Store:
    a_program(currency="USD")
    return tills.open_store()


@pytest.fixture
def marisol(store: Store) -> StaffMember:
    return counter.member(store)


@pytest.fixture
def ada(store: Store) -> Advocate:
    person = customer_with(email="ada@gmail.com", phone="+12125550199")
    return AdvocateFactory(customer=person, code="7KQ2M9XDM", joined_at=timezone.now() - timedelta(days=90))  # type: ignore[no-any-return]  # fmt: skip


@pytest.fixture
def clara(store: Store) -> Customer:
    return customer_with(email="clara@example.com")


def desk(member: StaffMember) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def do(client: Client, address: str, **said: str) -> tuple[int, str]:
    answer = client.post(address, said)
    if answer.status_code == 302:
        return 302, html.unescape(client.get(answer.headers["Location"]).content.decode())
    return answer.status_code, html.unescape(answer.content.decode())


def ticket_of(marisol: StaffMember, store: Store, clara: Customer) -> CounterTicket:
    made = counter.ticket(marisol, store, price="2400")
    made.customer = clara
    made.save()
    return made


def test_a_code_on_an_open_ticket_binds_her_before_she_pays(
    store: Store, marisol: StaffMember, ada: Advocate, clara: Customer
) -> None:
    ticket = counter.ticket(marisol, store, price="2400")
    client, act = desk(marisol), reverse("counter-ticket-act", args=[ticket.uid])
    assert do(client, act, do="friend", friend="7KQ-2M9-XDM")[0] == 409  # whose ticket is it?
    ticket.customer = clara
    ticket.save()
    key = "k" * 22
    for _ in range(2):  # a doubled click says it once
        status, page = do(client, act, do="friend", friend="7kq 2m9 xdm", once=key)
    assert status == 302
    assert ticket.acts.filter(kind="friend").count() == 1
    assert "ada@gmail.com" not in page
    counter.take(ticket, marisol, "1000", now=timezone.now())
    referral = Referral.objects.get()
    assert (referral.advocate, referral.touch.staff, referral.touch.channel) == (ada, marisol.user, "counter")  # type: ignore[union-attr]  # fmt: skip
    assert Sale.objects.get().sold_by == marisol.user


def test_a_slip_and_a_name_are_confirmed_covered(
    store: Store, marisol: StaffMember, ada: Advocate, clara: Customer
) -> None:
    ticket = ticket_of(marisol, store, clara)
    client, act = desk(marisol), reverse("counter-ticket-act", args=[ticket.uid])
    for typed in ("7KQ-ZM9-XDM", "Ada Okafor"):
        status, page = do(client, act, do="friend", friend=typed)
        assert status == 409
        assert "ad…@…ail.com" in page
        assert "ada@gmail.com" not in page
        assert not Referral.objects.exists()
    [token] = set(re.findall(r'name="chosen" value="([^"]+)"', page))
    assert do(client, act, do="friend", chosen=token)[0] == 302
    assert Referral.objects.get().touch.channel == "name"  # type: ignore[union-attr]


def test_too_many_guesses_shut_the_field_for_a_while(
    store: Store, marisol: StaffMember, ada: Advocate, clara: Customer
) -> None:
    ticket = ticket_of(marisol, store, clara)
    now = timezone.now()
    for _ in range(naming.MISSES):
        naming.by_code(text="C4R-B0N-81V", member=marisol, store=store, now=now)
    act = reverse("counter-ticket-act", args=[ticket.uid])
    status, page = do(desk(marisol), act, do="friend", friend="7KQ-2M9-XDM")
    assert status == 429
    assert "your colleagues are not held up" in page
    assert do(desk(counter.member(store)), act, do="friend", friend="7KQ-2M9-XDM")[0] == 302


def test_a_perk_is_kept_for_a_week_of_the_bench_done_and_set_free(
    store: Store, marisol: StaffMember, clara: Customer
) -> None:
    now = timezone.now()
    today = now.astimezone(store.zone).date()
    perk = PerkFactory(code="polish", currency="USD", bench_minutes=60)
    BenchWeek.objects.create(store=store, minutes=60)
    brought = Referral.objects.create(
        advocate=AdvocateFactory(), friend=clara, terms=Terms.objects.get(), locked_at=now,
        lock_ends_at=now + timedelta(days=365), time_zone=store.time_zone,
    )  # fmt: skip
    given = Reward.objects.create(
        customer=clara, beneficiary="friend", rule="perk", referral=brought, kind="perk", perk=perk,
        currency="USD", face_value=95, cost=22, issued_at=now, last_date=today + timedelta(days=90),
    )  # fmt: skip
    client, address = desk(marisol), people.address(clara, member=marisol)
    act = address + "act/"
    pk = str(given.pk)
    assert do(client, act, do="reserve", reward=pk, day=str(today - timedelta(days=9)))[0] == 409
    status, page = do(client, act, do="reserve", reward=pk, day=str(today))
    assert status == 302
    assert "Reserved for the week of" in page
    assert do(client, act, do="release", reward=pk)[0] == 302
    assert do(client, act, do="reserve", reward=pk, day=str(today))[0] == 302
    assert do(client, act, do="consume", reward=pk)[0] == 302
    assert Reward.objects.get(pk=pk).state == "redeemed"
    assert sorted(PerkUse.objects.values_list("state", flat=True)) == ["consumed", "released"]
    bea = people.address(customer_with(email="bea@example.com"), member=marisol)
    assert do(client, bea + "act/", do="reserve", reward=pk)[0] == 409  # another's


def test_her_page_says_that_she_was_sent_and_what_may_be_on_its_way_and_nothing_else(
    store: Store, marisol: StaffMember, ada: Advocate, clara: Customer
) -> None:
    client = desk(marisol)
    hers = people.address(clara, member=marisol)
    assert do(client, hers + "act/", do="friend", friend="7KQ-2M9-XDM")[0] == 302
    assert "By a friend, since" in client.get(hers).content.decode()
    adas = people.address(ada.customer, member=marisol)
    page = client.get(adas).content.decode()
    assert "1 thank-you may be on the way" in page
    assert "clara" not in page.lower()
    Referral.objects.update(surprise_until=timezone.now().date() + timedelta(days=30))
    assert "may be on the way" not in client.get(adas).content.decode()
