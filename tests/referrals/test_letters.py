"""What is written to those who bring friends and to those who were brought."""

from datetime import timedelta

import pytest

from jeweler import outbox
from jeweler.models import ContactPoint, EmailMessage
from referrals import following, links, log
from referrals.models import Reward
from tests.factories import introductions as friends
from tests.factories.jeweler import NOW, RefundFactory

pytestmark = pytest.mark.django_db


def written(kind: str) -> EmailMessage:
    return EmailMessage.objects.get(kind=f"referrals/{kind}")


def test_a_thank_you_is_told_once_with_its_last_day_and_a_way_to_her_page() -> None:
    friends.program()
    ada = friends.advocate()
    referral = friends.brought(ada, at=NOW - timedelta(days=80))
    friends.ordered(referral, at=NOW - timedelta(days=70))
    following.look(log.locked(referral.pk), now=NOW)
    for _ in range(2):
        outbox.deliver_due(now=NOW)
    mail = written("thank_you")
    last_date = Reward.objects.get(beneficiary="advocate").last_date
    assert last_date
    assert mail.to == "ada@example.com"
    assert "$100 in store credit" in mail.text
    assert f"{last_date:%B} {last_date.day}, {last_date.year}" in mail.text
    token = mail.text.split("/friends/")[1].split("/")[0]
    assert links.opened(token, now=NOW) == ada


def test_scenario_58_what_is_taken_back_is_said_in_words_that_tell_nothing() -> None:
    friends.program()
    ada = friends.advocate()
    referral = friends.brought(ada, at=NOW - timedelta(days=80))
    sale = friends.ordered(referral, at=NOW - timedelta(days=70))
    following.look(log.locked(referral.pk), now=NOW)
    RefundFactory(sale=sale, amount=sale.total, refunded_at=NOW, reason="Returned with a scratch")
    following.follow(sale_id=sale.pk, now=NOW)
    outbox.deliver_due(now=NOW)
    mail = written("taken_back")
    assert mail.to == "ada@example.com"
    token = mail.text.split("/friends/")[1].split("/")[0]
    for word in ("Bo", "refund", "scratch", "4,200", "ring", "a friend", "LATE"):
        assert word not in mail.text.replace(token, "") + mail.subject, word
    assert "Nothing has to be paid" in mail.text or "nothing has to be paid" in mail.text


def test_a_friend_is_told_of_her_perk_plainly_and_one_without_an_address_is_not() -> None:
    friends.program()
    ada = friends.advocate()
    referral = friends.brought(ada, at=NOW)
    phone_only = friends.brought(ada, at=NOW, email="cy@example.com")
    ContactPoint.objects.filter(customer=phone_only.friend).delete()
    outbox.deliver_due(now=NOW)
    mail = EmailMessage.objects.get()
    assert (mail.to, mail.kind) == ("bo@example.com", "referrals/kept")
    assert links.friend_url(referral) in mail.text
    assert "Osmere" not in mail.sender
