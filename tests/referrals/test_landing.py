"""Where a friend arrives: what counts as a touch, what is told, and what is kept."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from jeweler import customers, visitors
from jeweler.models import Customer, EmailMessage, Visitor
from referrals import broadcasts, landing, links, referring
from referrals.models import Advocate, Program, Referral, Touch
from tests.factories import introductions as friends
from tests.factories.jeweler import NOW, StaffMemberFactory, StoreFactory, customer_with
from tests.journeys.browsers import BROWSER

pytestmark = pytest.mark.django_db
CODE = "7KQ2M9XDM"


@pytest.fixture
def ada() -> Advocate:
    friends.program()
    StoreFactory()
    return friends.advocate(code=CODE)


@pytest.fixture
def phone() -> Client:
    return Client(headers={"user-agent": BROWSER})


def body(page: bytes) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"|data-file="[^"]*"', "", page.decode())


# Touches.


@pytest.mark.parametrize(
    "address", [f"/r/{CODE}", f"/r/{CODE.lower()}", f"/R/{CODE}/", "/r/7kq-2m9-xdm"]
)
def test_a_link_is_read_however_it_is_written_and_is_one_touch_a_day(
    ada: Advocate, phone: Client, address: str
) -> None:
    with time_machine.travel(NOW, tick=False):
        assert phone.get(address).status_code == 200
        phone.get(f"/q/{CODE}")
    touch = Touch.objects.get()
    assert (touch.advocate, touch.channel, touch.at) == (ada, "link", NOW)
    assert touch.visitor == Visitor.objects.get()
    assert len(touch.network_hash) == len(touch.agent_hash) == 64
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        phone.get(f"/Q/{CODE}")
    assert list(Touch.objects.order_by("at").values_list("channel", flat=True)) == ["link", "qr"]


@pytest.mark.parametrize(
    "headers",
    [{"user-agent": "WhatsApp/2.23 preview"}, {"user-agent": "facebookexternalhit/1.1"}, {"user-agent": ""},
     {"user-agent": BROWSER, "sec-purpose": "prefetch;prerender"}, {"user-agent": BROWSER, "sec-fetch-dest": "image"}],
)  # fmt: skip
@pytest.mark.usefixtures("ada")
def test_scenario_11_previews_robots_and_prefetches_make_no_touch(
    client: Client, headers: dict[str, str]
) -> None:
    for _ in range(3):
        assert client.get(f"/r/{CODE}", headers=headers).status_code == 200
    assert client.head(f"/r/{CODE}", headers={"user-agent": BROWSER}).status_code == 200
    assert not Touch.objects.exists()


def test_neither_she_herself_nor_the_staff_is_a_friend(ada: Advocate, phone: Client) -> None:
    phone.get("/")
    phone.get("/rings/?utm_source=x")
    Visitor.objects.update(customer=ada.customer)
    phone.get(f"/r/{CODE}")
    phone.force_login(StaffMemberFactory().user)
    Visitor.objects.update(customer=None)
    phone.get(f"/r/{CODE}")
    assert not Touch.objects.exists()


@pytest.mark.usefixtures("ada")
def test_a_paid_click_and_a_coupon_site_mark_a_touch_as_shouted(phone: Client) -> None:
    phone.get(f"/r/{CODE}?gclid=x")
    assert Touch.objects.get().is_broadcast
    assert broadcasts.is_one(query={}, referrer="https://www.slickdeals.net/f/1")
    assert not broadcasts.is_one(query={"utm_source": "x"}, referrer="https://notslickdeals.net/")


# What is told.


def test_a_network_that_guesses_codes_finds_none_from_then_on(ada: Advocate, phone: Client) -> None:
    with time_machine.travel(NOW, tick=False):
        for _ in range(50):
            unknown = body(phone.get("/r/C4RB0N81V").content)
        assert body(phone.get(f"/r/{CODE}").content) == unknown
        elsewhere = phone.get(f"/r/{CODE}", REMOTE_ADDR="203.0.113.9")
        assert body(elsewhere.content) != unknown
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        assert body(phone.get(f"/r/{CODE}").content) != unknown


def test_unknown_ended_suspended_forgotten_and_paused_are_one_page(
    ada: Advocate, phone: Client
) -> None:
    phone.get("/")
    good = phone.get(f"/r/{CODE}")
    pages = [phone.get("/r/0000")]
    for field in ("ends_at", "suspended_at"):
        Advocate.objects.update(**{field: NOW})
        pages.append(phone.get(f"/r/{CODE}"))
        pages.append(phone.post(f"/r/{CODE}", {"contact": "bo@example.com"}))
        Advocate.objects.update(**{field: None})
    Customer.objects.update(forgotten_at=NOW)
    pages.append(phone.get(f"/r/{CODE}"))
    Customer.objects.update(forgotten_at=None)
    Program.objects.update(paused_at=NOW)
    pages.append(phone.get(f"/r/{CODE}"))
    assert {each.status_code for each in pages} == {200}
    assert len({body(each.content).replace("/r/0000", f"/r/{CODE}") for each in pages}) == 1
    assert body(good.content) not in {body(each.content) for each in pages}
    assert not Referral.objects.exists()


def test_a_friend_reads_the_disclosure_her_perk_and_a_name_only_if_it_was_agreed_to(
    ada: Advocate, phone: Client
) -> None:
    shown = phone.get(f"/r/{CODE}")
    page = shown.content.decode()
    assert friends.DISCLOSURE in page
    assert "A complimentary engraving" in page
    assert "$95" in page
    assert "Ada" not in page
    assert "Okafor" not in page
    assert (shown.headers["Referrer-Policy"], shown.headers["X-Robots-Tag"]) == (
        "same-origin",
        "noindex",
    )
    Advocate.objects.update(shows_first_name=True, note="They took their time.")
    page = phone.get(f"/r/{CODE}").content.decode()
    assert "Ada thought of" in page
    assert "They took their time." in page
    assert "Okafor" not in page


# What is kept.


def test_scenario_7_who_leaves_her_phone_is_known_later_without_a_code(
    ada: Advocate, phone: Client
) -> None:
    StoreFactory(code="london", region="GB", time_zone="Europe/London")
    with time_machine.travel(NOW, tick=False):
        phone.get(f"/r/{CODE}")
        kept = phone.post(f"/r/{CODE}", {"contact": "07700 900123", "country": "GB"})
    assert "It is kept for you" in kept.content.decode()
    later = customers.find(phone="+44 7700 900123")
    assert len(later) == 1
    referral = Referral.objects.get(friend=later[0])
    assert (referral.advocate, referral.locked_at) == (ada, NOW)
    assert Touch.objects.count() == 1


def test_the_first_touch_of_her_browser_wins_over_the_page_she_keeps_it_on(
    ada: Advocate, phone: Client
) -> None:
    friends.advocate(email="cleo@example.com", code="9HJ3TW5P9")
    phone.get(f"/r/{CODE}")
    phone.get("/r/9HJ3TW5P9")
    phone.post("/r/9HJ3TW5P9", {"contact": "bo@example.com"})
    assert Referral.objects.get().advocate == ada


def test_scenario_8_what_one_guest_keeps_on_a_kiosk_is_not_the_next_one_s(
    ada: Advocate, phone: Client
) -> None:
    phone.get("/")
    phone.get("/rings/?utm_source=x")
    Visitor.objects.update(is_store_device=True)
    phone.get(f"/q/{CODE}")
    phone.post(f"/q/{CODE}", {"contact": "bo@example.com"})
    assert {touch.visitor for touch in Touch.objects.all()} == {None}
    assert Referral.objects.get().friend == customers.find(email="bo@example.com")[0]
    stranger = customer_with(email="dee@example.com")
    assert referring.recognize(customer=stranger, now=NOW + timedelta(minutes=5)) is None


def test_a_friend_and_a_customer_of_old_are_answered_alike_and_only_the_friend_is_written_to(
    ada: Advocate,
) -> None:
    friends.bought(customer_with(email="old@example.com"), at=NOW - timedelta(days=400))
    answers = []
    for email in ("bo@example.com", "old@example.com"):
        phone = Client(headers={"user-agent": BROWSER})
        phone.get(f"/r/{CODE}")
        answers.append(
            body(phone.post(f"/r/{CODE}", {"contact": email}).content).replace(email, "…")
        )
    assert answers[0] == answers[1]
    mail = EmailMessage.objects.get()
    assert mail.to == "bo@example.com"
    assert "Osmere" not in mail.text + mail.html + mail.subject
    assert ada.customer.first_name not in mail.text + mail.html


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    ("typed", "words"),
    [({"contact": ""}, "one of the two is enough"), ({"contact": "bo@"}, "could not receive mail"),
     ({"contact": "12"}, "too few or too many digits"), ({"contact": "bo@example.com", "is_surprise": "on"}, "Until which day"),
     ({"contact": "bo@example.com", "is_surprise": "on", "surprise_until": "2020-01-01"}, "That day is over")],
)  # fmt: skip
def test_what_cannot_be_kept_is_said_and_stays_in_the_form(
    phone: Client, typed: dict[str, str], words: str
) -> None:
    refused = phone.post(f"/r/{CODE}", typed)
    assert refused.status_code == 400
    page = refused.content.decode()
    assert words in page
    assert f'value="{typed["contact"]}"' in page
    assert not Referral.objects.exists()


# A surprise.


def test_a_surprise_is_set_with_the_introduction_and_from_there_only_put_off(
    ada: Advocate, phone: Client
) -> None:
    first, later = NOW.date() + timedelta(days=60), NOW.date() + timedelta(days=90)
    with time_machine.travel(NOW, tick=False):
        for until in (first, later, first):
            phone.post(
                f"/r/{CODE}",
                {"contact": "bo@example.com", "is_surprise": "on", "surprise_until": f"{until}"},
            )
    assert Referral.objects.get().surprise_until == later
    friend = links.friend_url(Referral.objects.get()).partition("8000")[2]
    with time_machine.travel(NOW, tick=False):
        changed = phone.post(friend, {"surprise_until": f"{first}"})
        assert changed.status_code == 200
        assert Referral.objects.get().surprise_until == first, "her own link moves it either way"
        past = phone.post(friend, {"surprise_until": f"{NOW.date() - timedelta(days=1)}"})
        assert past.status_code == 400
    with time_machine.travel(NOW + timedelta(days=61), tick=False):
        over = phone.post(friend, {"surprise_until": f"{later}"})
    assert "The day has come and gone" in over.content.decode()
    assert Referral.objects.get().surprise_until == first


def test_today_ends_a_surprise_and_what_waited_for_it_is_given(ada: Advocate) -> None:
    referral = friends.brought(ada, at=NOW)
    landing.keep_secret(referral=referral, until=NOW.date() + timedelta(days=200), now=NOW)
    friends.ordered(referral, at=NOW + timedelta(days=1))
    late = NOW + timedelta(days=60)
    landing.keep_secret(referral=referral, until=NOW.date() + timedelta(days=201), now=late)
    assert not ada.customer.rewards.exists()
    landing.keep_secret(referral=referral, until=late.date(), now=late)
    assert ada.customer.rewards.count() == 1


def test_after_her_friend_was_thanked_there_is_no_surprise_left_to_keep(
    ada: Advocate, phone: Client
) -> None:
    referral = friends.brought(ada, at=NOW - timedelta(days=80))
    friends.ordered(referral, at=NOW - timedelta(days=70))
    landing.following.follow(sale_id=referral.friend.sales.get().pk, now=NOW)
    assert ada.customer.rewards.exists()
    with pytest.raises(landing.SurpriseOver):
        landing.keep_secret(referral=referral, until=NOW.date() + timedelta(days=9), now=NOW)
    there = links.friend_url(referral).partition("8000")[2]
    assert "nothing more to keep back" in phone.get(there).content.decode()


def test_looking_at_her_own_page_changes_nothing_and_names_nobody(
    ada: Advocate, phone: Client
) -> None:
    referral = friends.brought(ada, at=NOW)
    before = list(Referral.objects.values()), Touch.objects.count()
    page = phone.get(links.friend_url(referral).partition("8000")[2])
    assert "A complimentary engraving is kept for" in page.content.decode()
    with time_machine.travel(NOW + timedelta(days=366), tick=False):
        late = phone.get(links.friend_url(referral).partition("8000")[2])
    assert "is no longer kept" in late.content.decode()
    assert "Ada" not in page.content.decode()
    assert (list(Referral.objects.values()), Touch.objects.count()) == before
    assert (
        visitors.COOKIE not in phone.cookies
        or not Visitor.objects.filter(customer__isnull=False).exists()
    )
