"""The advocate's page: asked for by mail, what she passes on, and what it says of her thank-yous."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jeweler import customers
from jeweler.models import EmailMessage
from referrals import advocates, codes, following, inviting, links, log, sharing, signs
from referrals.models import Advocate, Campaign, Milestone, Perk, Referral, Share
from referrals.scoring import Sign
from tests.factories import introductions as friends
from tests.factories.jeweler import NOW, customer_with
from tests.factories.referrals import grant
from tests.journeys.browsers import BROWSER

pytestmark = pytest.mark.django_db


def page_of(ada: Advocate) -> str:
    return reverse(
        "referrals:hers", args=[links.issue(advocate=ada, now=NOW + timedelta(days=400))]
    )


# How she comes by it.


def test_an_address_is_answered_alike_and_by_the_same_work_whether_we_know_it_or_not(
    client: Client,
) -> None:
    friends.program()
    ada = friends.advocate()
    buyer = customer_with(email="bea@example.com")
    friends.bought(buyer, at=NOW)
    said, asked = [], []
    client.get(reverse("referrals:ask"))  # so that the sheets are in no answer
    for email in ("ada@example.com", "bea@example.com", "nobody@example.com"):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = client.post(reverse("referrals:ask"), {"email": email})
        assert answer.status_code == 200
        said.append(answer.content.decode().replace(email, "…"))
        asked.append(len(queries))
    assert len(set(map(without_tokens, said))) == 1
    assert len(set(asked)) == 1, asked
    opens, begins, nothing = EmailMessage.objects.order_by("pk")
    token = re.search(r"/friends/([\w-]{43})/", opens.text)
    assert token
    assert links.opened(token[1], now=NOW + timedelta(days=1)).pk == ada.pk
    assert "/friends/join/" in begins.text
    assert "Nothing is kept" in nothing.text


def without_tokens(page: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)


def test_an_address_that_is_asked_for_too_often_is_refused_and_nothing_is_sent(
    client: Client,
) -> None:
    for _ in range(3):
        client.post(reverse("referrals:ask"), {"email": "ada@example.com"})
    refused = client.post(reverse("referrals:ask"), {"email": "ada@example.com"})
    assert (refused.status_code, EmailMessage.objects.count()) == (429, 1), "one mail a minute"
    assert "try again" in refused.content.decode()


def test_an_invitation_makes_an_advocate_by_its_button_alone(client: Client) -> None:
    friends.program()
    address = links.join_url(customer_with(email="bea@example.com")).partition("8000")[2]
    assert "Make my link" in client.get(address).content.decode()
    assert not Advocate.objects.exists()
    first, again = client.post(address), client.post(address)
    assert first.status_code == again.status_code == 302
    assert Advocate.objects.count() == 1
    assert codes.read(Advocate.objects.get().code)
    assert "Your link" in client.get(first.headers["Location"]).content.decode()


# What she passes on.


def test_her_page_has_link_code_qr_and_words_that_end_with_the_disclosure(client: Client) -> None:
    friends.program()
    ada = friends.advocate(code="7KQ2M9XDM")
    shown = client.get(page_of(ada))
    page = shown.content.decode()
    assert "http://localhost:8000/r/7KQ2M9XDM" in page
    assert "7KQ-2M9-XDM" in page
    assert 'aria-label="QR code of 7KQ-2M9-XDM"' in page
    words = re.search(r'<textarea[^>]*id="message"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert words
    assert words[1].strip().endswith(friends.DISCLOSURE)
    assert shown.headers["Referrer-Policy"] == "same-origin"
    assert shown.headers["X-Robots-Tag"] == "noindex"
    assert "no-store" in shown.headers["Cache-Control"]


def test_a_qr_is_in_capitals_with_a_quarter_to_spare_and_its_files_count_as_shared(
    client: Client,
) -> None:
    ada = friends.advocate(code="7KQ2M9XDM")
    text = links.scanned_url(ada.code)
    assert text == text.upper() == "HTTP://LOCALHOST:8000/Q/7KQ2M9XDM"
    here = page_of(ada)
    for kind, head in (("png", b"\x89PNG"), ("svg", b"<?xml")):
        led = client.post(here, {"do": "qr", "kind": kind})
        assert client.get(led.headers["Location"]).content.startswith(head)
    card = client.post(here, {"do": "card"}).headers["Location"]
    assert "7KQ-2M9-XDM" in client.get(card).content.decode()
    assert sorted(Share.objects.values_list("way", flat=True)) == ["card", "qr"], (
        "two clicks are one"
    )
    assert client.get(f"{here}code.gif").status_code == 404


def test_what_a_script_tells_is_counted_and_a_made_up_way_is_not(client: Client) -> None:
    ada = friends.advocate()
    there = f"{page_of(ada)}shared/"
    assert client.post(there, {"way": "sheet"}).status_code == 204
    assert client.post(there, {"way": "pigeon"}).status_code == 400
    assert client.get(there).status_code == 405
    assert list(ada.shares.values_list("way", flat=True)) == ["sheet"]


def test_a_friend_who_comes_from_where_the_advocate_shares_is_a_sign(client: Client) -> None:
    friends.program()
    ada = friends.advocate(code="7KQ2M9XDM")
    here = {"headers": {"user-agent": BROWSER}, "REMOTE_ADDR": "203.0.113.7"}
    client.post(f"{page_of(ada)}shared/", {"way": "copy"}, **here)
    for number, network in enumerate(("203.0.113.99", "198.51.100.1")):
        phone = Client(headers={"user-agent": BROWSER}, REMOTE_ADDR=network)
        phone.get(f"/r/{ada.code}")
        phone.post(f"/r/{ada.code}", {"contact": f"bo{number}@example.com"})
    near, far = Referral.objects.order_by("pk")
    assert Sign.SAME_NETWORK in signs.seen(signs._pair(near))
    assert Sign.SAME_NETWORK not in signs.seen(signs._pair(far))


def test_a_note_with_a_link_is_refused_with_what_was_typed_and_a_good_one_stands(
    client: Client,
) -> None:
    ada = friends.advocate()
    here = page_of(ada)
    refused = client.post(here, {"do": "write", "note": "look at www.elsewhere.example"})
    assert refused.status_code == 400
    assert "look at www.elsewhere.example</textarea>" in refused.content.decode()
    assert (
        client.post(
            here, {"do": "write", "note": "They took their time.", "shows_first_name": "1"}
        ).status_code
        == 302
    )
    ada.refresh_from_db()
    assert (ada.note, ada.shows_first_name) == ("They took their time.", True)


# What she is thanked with.


def test_credit_and_perks_stand_with_their_last_days_and_a_season_with_what_is_missing() -> None:
    current = friends.program()
    ada = friends.advocate()
    grant(ada.customer, "60.00", last_date=NOW.date() + timedelta(days=9), now=NOW)
    grant(ada.customer, "5.00", last_date=NOW.date() - timedelta(days=1), key="over")
    season = Campaign.objects.create(
        program=current, name="Season", starts_at=NOW - timedelta(days=90), ends_at=NOW + timedelta(days=30),
        settles_until=NOW + timedelta(days=200),
    )  # fmt: skip
    Milestone.objects.create(campaign=season, count=3, perk=Perk.objects.get())
    referral = friends.brought(ada, at=NOW - timedelta(days=80))
    friends.ordered(referral, at=NOW - timedelta(days=70))
    following.look(log.locked(referral.pk), now=NOW - timedelta(days=20))
    shown = sharing.thanks(ada, now=NOW)
    assert [(each.left, each.last_date) for each in shown.credits] == [
        ("$60", NOW.date() + timedelta(days=9)),
        ("$100", NOW.date() + timedelta(days=345)),
    ]
    assert [(each.missing, each.name) for each in shown.ahead] == [(2, "A complimentary engraving")]
    assert shown.on_their_way == 0, "it has arrived"


def test_what_is_on_its_way_is_counted_from_the_month_after_the_order_and_never_during_a_surprise() -> (
    None
):
    friends.program()
    ada = friends.advocate()
    ids = customers.ids_of(ada.customer)
    open_one = friends.brought(ada, at=NOW)
    secret = friends.brought(ada, at=NOW, email="cy@example.com")
    secret.surprise_until = (NOW + timedelta(days=60)).date()
    secret.save(update_fields=["surprise_until"])
    for referral in (open_one, secret):
        friends.ordered(referral, at=NOW + timedelta(hours=1))
    assert sharing.on_their_way(ids, now=NOW + timedelta(hours=2)) == 0
    assert sharing.on_their_way(ids, now=NOW + timedelta(days=8)) == 0, "November 29"
    assert sharing.on_their_way(ids, now=NOW + timedelta(days=10)) == 1, "December 1"
    assert sharing.on_their_way(ids, now=NOW + timedelta(days=59)) == 1
    assert sharing.on_their_way(ids, now=NOW + timedelta(days=60)) == 2


def test_a_suspended_advocate_keeps_her_page_and_an_ended_one_does_not(client: Client) -> None:
    ada = friends.advocate(suspended_at=NOW)
    here = page_of(ada)
    assert "rests at the moment" in client.get(here).content.decode()
    ada.ends_at = NOW
    ada.save(update_fields=["ends_at"])
    gone = client.get(here)
    assert gone.status_code == 410
    assert "Send me my link" in gone.content.decode()


def test_whoever_becomes_an_advocate_twice_has_one_code() -> None:
    buyer = customer_with(email="bea@example.com")
    inviting.send_link(email="bea@example.com", now=NOW)
    assert advocates.join(customer=buyer, now=NOW) == advocates.join(customer=buyer, now=NOW)
