"""What a person is given of what is kept, and what stays when she is forgotten."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from jeweler import outbox, privacy
from referrals import following, footprints, landing, log, sharing, vanity
from referrals.models import Advocate, AdvocateLink, Touch, VanityCode
from tests.factories import introductions as friends
from tests.factories.jeweler import NOW, RefundFactory, VisitorFactory
from tests.journeys.browsers import BROWSER

pytestmark = pytest.mark.django_db


def test_an_export_has_her_own_side_and_never_the_other() -> None:
    friends.program()
    ada = friends.advocate(note="They took their time.")
    referral = friends.brought(ada, at=NOW - timedelta(days=80))
    sale = friends.ordered(referral, at=NOW - timedelta(days=70))
    following.look(log.locked(referral.pk), now=NOW - timedelta(days=20))
    RefundFactory(sale=sale, amount=sale.total, refunded_at=NOW, reason="A scratch")
    following.follow(sale_id=sale.pk, now=NOW)
    hers = privacy.export(ada.customer)["friends"]
    assert hers["as_an_advocate"][0]["note"] == "They took their time."
    assert [(each["what"], each["worth"]) for each in hers["thank_yous"]] == [
        ("Store credit", "100.000")
    ]
    told = json.dumps(privacy.export(ada.customer))
    for word in ("bo@example.com", "4200", "Juniper", "scratch", "LATE_REFUND", "refund"):
        assert word not in told, word
    friend = privacy.export(referral.friend)["friends"]
    assert friend["as_a_friend"][0]["introduced"] == referral.locked_at.isoformat()
    assert friend["thank_yous"][0]["what"] == "A complimentary engraving"
    assert ada.code not in json.dumps(friend)


def test_scenario_75_a_forgotten_friend_leaves_the_thank_you_and_no_word_of_hers() -> None:
    friends.program()
    ada = friends.advocate()
    referral = friends.brought(ada, at=NOW)
    friends.ordered(referral, at=NOW + timedelta(days=1))
    privacy.forget(customer=referral.friend, now=NOW + timedelta(days=10))
    outbox.deliver_due(now=NOW + timedelta(days=10))
    following.sweep(now=NOW + timedelta(days=40))
    assert ada.customer.rewards.count() == 1
    assert "bo@" not in json.dumps(privacy.export(ada.customer))


def test_the_code_of_a_forgotten_advocate_leads_to_the_house_and_her_words_are_gone() -> None:
    friends.program()
    ada = friends.advocate(note="They took their time.", shows_first_name=True)
    vanity.ask(advocate=ada, text="ADARING", now=NOW)
    browser = VisitorFactory(customer=ada.customer)
    elsewhere = friends.advocate(email="cleo@example.com")
    arrival = landing.Arrival(
        channel=Touch.Channel.LINK,
        footprint=footprints.of(network="203.0.113.7", agent=BROWSER),
        is_broadcast=False,
        at=NOW,
    )
    landing.arrive(advocate=elsewhere, visitor=browser, arrival=arrival)
    privacy.forget(customer=ada.customer, now=NOW)
    for _ in range(2):
        outbox.deliver_due(now=NOW)
    ada.refresh_from_db()
    touch = Touch.objects.get()
    assert (ada.note, ada.shows_first_name, ada.ends_at) == ("", False, NOW)
    assert not VanityCode.objects.exists()
    assert not AdvocateLink.objects.exists()
    assert (touch.visitor, touch.network_hash, touch.agent_hash) == (None, "", "")
    assert landing.offer(ada.code, now=NOW) is None
    assert "thought of" not in Client().get(f"/r/{ada.code}").content.decode()
    assert sharing.thanks(Advocate.objects.get(pk=ada.pk), now=NOW).credits == []
