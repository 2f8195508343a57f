"""Vera opens Cora's link, designs a ring, saves it and buys it at the till; after the return window Cora is thanked, and never learns for what."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from builder.models import Design
from demo import house
from jeweler import mail, outbox
from jeweler.models import EmailMessage
from pos_bridge import inbound
from referrals import credit, following
from referrals.models import Advocate, Referral, Reward
from tests.factories.builder import SettingFactory, StoneFactory
from tests.factories.jeweler import customer_with
from tests.factories.referrals import AdvocateFactory, a_program
from tests.journeys.browsers import Shopper
from tests.journeys.test_the_thread import report

pytestmark = pytest.mark.django_db


def work(*, days: int = 0) -> None:
    """What the workers do, now or so many days from now."""
    now = timezone.now() + timedelta(days=days)
    inbound.apply_due(now=now)
    while outbox.deliver_due(now=now):
        pass
    following.sweep(now=now)
    while outbox.deliver_due(now=now):
        pass
    mail.send_due(now=now)


@pytest.fixture
def cora() -> Advocate:
    house.hire(stores=house.open_stores())
    a_program(currency="USD")
    return AdvocateFactory(customer=customer_with(email="cora@example.com"))


def test_from_a_friends_link_to_the_thank_you_that_tells_nothing(cora: Advocate) -> None:
    setting, stone = SettingFactory(name="The Alba"), StoneFactory()
    phone = Shopper().open(f"/r/{cora.code.lower()}/")
    phone.open("/rings/").send(to="/ring/choose/", having=setting.code)
    phone.send(to="/ring/choose/", stone=str(stone.pk))
    phone.send(to="/ring/choose/", ring_size="6")
    phone.open("/ring/summary/")
    phone.open("/ring/save/").send(to="/ring/save/", email="vera@example.com")
    work()
    design = Design.objects.get()
    referral = Referral.objects.get()
    assert (referral.advocate, referral.friend) == (cora, design.customer)
    assert referral.rewards.get().beneficiary == "friend"

    report("deposit", code=design.code, email="vera@example.com")
    work()
    referral.refresh_from_db()
    assert referral.state == Referral.State.PENDING_PAYMENT
    report("balance", code=design.code, email="vera@example.com")
    work()
    referral.refresh_from_db()
    assert referral.state == Referral.State.IN_RETURN_WINDOW

    work(days=29)
    assert not Reward.objects.filter(beneficiary="advocate").exists()
    work(days=33)
    referral.refresh_from_db()
    assert referral.state == Referral.State.REWARDED
    balance = credit.balance(
        customer=cora.customer, currency="USD", now=timezone.now() + timedelta(days=33)
    )
    assert balance.available == Decimal(100)

    to_her = EmailMessage.objects.filter(to="cora@example.com")
    assert to_her.exists()
    for message in to_her:
        said = f"{message.subject} {message.text} {message.html}"
        assert not re.search(r"vera|the alba|carat|oval", said, re.IGNORECASE)
