"""A code at the counter, and the reviewer's decision: what each sees, and what neither does."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from jeweler import customers
from jeweler.models import StaffMember
from referrals.models import Referral, Touch
from tests.browser.conftest import Visit
from tests.factories import counter, friends
from tests.factories import pos_bridge as tills
from tests.factories.jeweler import customer_with
from tests.factories.referrals import AdvocateFactory, a_program

pytestmark = pytest.mark.django_db(transaction=True)


def log_in(visit: Visit, member: StaffMember) -> None:
    client = Client()
    client.force_login(member.user)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": visit.shop}
    visit.page.context.add_cookies([cookie])


def test_a_slip_in_a_friends_code_is_confirmed_at_the_counter(visit: Visit) -> None:
    page, store, now = visit.page, tills.open_store(), timezone.now()
    a_program(currency="USD")
    ada = customer_with(email="ada@gmail.com", phone="+12125550199")
    AdvocateFactory(customer=ada, code="7KQ2M9XDM", joined_at=now - timedelta(days=90))
    marisol = counter.member(store)
    ticket = counter.ticket(marisol, store, price="2400")
    ticket.customer = customers.identify(
        email="clara@example.com", first_name="Clara", last_name="Whitcombe", source="till", now=now
    )
    ticket.save()
    log_in(visit, marisol)
    visit.go(f"/admin/counter/tickets/{ticket.uid}/")

    page.get_by_text("Who sent her").click()
    page.get_by_label("Her friend’s code, or whole name").fill("7KQ-ZM9-XDM")
    page.get_by_role("button", name="Write it down", exact=True).press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Was it 7KQ-2M9-XDM?")
    expect(page.get_by_text("ad…@…ail.com")).to_be_visible()
    visit.check("sent-by")
    page.get_by_role("button", name="It is her").click()
    expect(page.get_by_role("status")).to_contain_text("She is introduced")
    assert Referral.objects.get().advocate.customer == ada


def test_a_reviewer_reads_why_it_is_held_decides_and_reads_the_story(visit: Visit) -> None:
    page, store, now = visit.page, tills.open_store(), timezone.now()
    a_program(currency="USD")
    ada = customer_with(email="ada@gmail.com")
    advocate = AdvocateFactory(customer=ada, joined_at=now - timedelta(days=90))
    for number in range(6):
        whom = friends.friend(f"bea{number}@mailinator.com" if number == 5 else "")
        friends.brought(advocate, at=now - timedelta(hours=2, minutes=-number), whom=whom, channel=Touch.Channel.LINK)  # fmt: skip
    log_in(visit, counter.member(store, StaffMember.Role.MANAGER))
    visit.go("/admin/friends/")

    expect(page.get_by_text("unusually many friends").first).to_be_visible()
    expect(page.get_by_text("disposable one")).to_be_visible()
    visit.check()
    page.get_by_role("link", name="Referral", exact=False).filter(has_text="Referral ").last.click()
    expect(page.get_by_role("heading", name="What the advocate may be told")).to_be_visible()
    visit.check()
    page.go_back()
    page.get_by_label("Why", exact=True).fill("A birthday party, she told me")
    page.get_by_role("button", name="Let go").press("Enter")
    expect(page.get_by_text("Nothing waits")).to_be_visible()
    assert not Referral.objects.filter(state=Referral.State.ON_HOLD).exists()
