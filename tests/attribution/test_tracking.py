"""An arrival from outside is remembered once; a walk inside, a robot and a prefetch never."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from attribution.channels import Channel
from attribution.models import Touchpoint
from builder import keeping, links, saving, sharing
from builder.models import DesignLink
from jeweler import tokens, visitors
from jeweler.models import EmailMessage, Visitor
from tests.factories.builder import DesignFactory
from tests.factories.jeweler import NOW, VisitorFactory

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
AD = "/?utm_source=google&utm_medium=cpc&utm_campaign=New+York&utm_term=oval+ring&gclid=Abc-1"

pytestmark = pytest.mark.django_db


@pytest.fixture
def shopper() -> Client:
    return Client(headers={"user-agent": PHONE})


def channels_seen() -> list[str]:
    return list(Touchpoint.objects.order_by("occurred_at").values_list("channel", flat=True))


def test_an_ad_click_is_remembered_with_all_it_says(shopper: Client) -> None:
    response = shopper.get(AD, headers={"referer": "https://www.google.com/", "sec-gpc": "1"})
    assert response.status_code == 200
    assert visitors.COOKIE in response.cookies
    touch = Touchpoint.objects.get()
    assert (touch.channel, touch.source, touch.medium) == (Channel.PAID_SEARCH, "google", "cpc")
    assert (touch.campaign, touch.term) == ("New York", "oval ring")
    assert (touch.click_id_kind, touch.click_id) == ("gclid", "Abc-1")
    assert (touch.referrer_host, touch.landing_path) == ("www.google.com", "/")
    assert touch.is_opted_out
    assert touch.visitor.device == Visitor.Device.PHONE


def test_a_step_inside_the_site_is_no_arrival(shopper: Client) -> None:
    shopper.get(AD)
    shopper.get("/diamonds/", headers={"referer": "http://testserver/"})
    shopper.get("/rings/", headers={"sec-fetch-site": "same-origin"})
    assert channels_seen() == [Channel.PAID_SEARCH]


def test_a_tagged_link_counts_from_wherever_it_is_followed(shopper: Client) -> None:
    shopper.get("/")
    shopper.get(AD, headers={"sec-fetch-site": "same-origin", "referer": "http://testserver/"})
    shopper.get(AD, headers={"sec-fetch-site": "same-origin", "referer": "http://testserver/"})
    assert channels_seen() == [Channel.DIRECT, Channel.PAID_SEARCH]


def test_the_first_page_of_a_new_visitor_is_direct(shopper: Client) -> None:
    shopper.get("/")
    assert channels_seen() == [Channel.DIRECT]


def test_the_same_click_is_one_touch_also_when_the_page_is_loaded_anew_days_later(
    shopper: Client,
) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        shopper.get(AD)
        clock.shift(timedelta(days=3))
        shopper.get(AD)
    assert Touchpoint.objects.count() == 1


def test_the_same_tag_within_half_an_hour_is_a_reload_and_later_a_new_visit(
    shopper: Client,
) -> None:
    tagged = "/?utm_source=klaviyo&utm_medium=email&utm_campaign=november"
    with time_machine.travel(NOW, tick=False) as clock:
        shopper.get(tagged)
        clock.shift(timedelta(minutes=29))
        shopper.get(tagged)
        assert Touchpoint.objects.count() == 1
        clock.shift(timedelta(minutes=1))
        shopper.get(tagged)
    assert channels_seen() == [Channel.EMAIL, Channel.EMAIL]


def test_another_ad_in_the_same_visit_is_a_touch(shopper: Client) -> None:
    shopper.get(AD)
    shopper.get(AD.replace("Abc-1", "Abc-2"))
    assert Touchpoint.objects.count() == 2


def test_coming_back_by_a_link_or_directly_within_the_visit_is_no_touch(shopper: Client) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        shopper.get(AD)
        clock.shift(timedelta(minutes=20))
        shopper.get("/", headers={"referer": "https://www.theknot.com/"})
        shopper.get("/")
        assert Touchpoint.objects.count() == 1
        clock.shift(timedelta(hours=3))
        shopper.get("/", headers={"referer": "https://www.vogue.com/rings"})
        clock.shift(timedelta(hours=3))
        shopper.get("/")
    assert channels_seen() == [Channel.PAID_SEARCH, Channel.REFERRAL, Channel.DIRECT]


@pytest.mark.parametrize(
    "headers",
    [
        {"user-agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"},
        {"user-agent": "facebookexternalhit/1.1"},
        {"user-agent": ""},
        {"user-agent": PHONE, "sec-purpose": "prefetch;prerender"},
        {"user-agent": PHONE, "purpose": "prefetch"},
        {"user-agent": PHONE, "x-purpose": "preview"},
        {"user-agent": PHONE, "sec-fetch-dest": "empty"},
        {"user-agent": PHONE, "hx-request": "true"},
    ],
)
def test_what_is_no_persons_navigation_leaves_no_trace(headers: dict[str, str]) -> None:
    Client(headers=headers).get(AD)
    assert not Touchpoint.objects.exists()
    assert not Visitor.objects.exists()


@pytest.mark.parametrize("path", ["/healthz", "/admin/login/", "/no-such-page/", "/api/v1/schema/"])
def test_only_pages_of_the_storefront_are_arrivals(shopper: Client, path: str) -> None:
    shopper.get(f"{path}?gclid=1")
    assert not Touchpoint.objects.exists()


def test_a_showrooms_own_tablet_is_never_a_touch(shopper: Client) -> None:
    token, token_hash = tokens.issue()
    VisitorFactory(token_hash=token_hash, is_store_device=True)
    shopper.cookies[visitors.COOKIE] = token
    shopper.get(AD)
    assert not Touchpoint.objects.exists()


def test_the_link_of_our_mail_counts_as_mail_and_its_secret_is_not_kept(shopper: Client) -> None:
    design = DesignFactory(saved_at=NOW)
    token = links.issue(design=design, purpose=DesignLink.Purpose.RESUME, days=3650, now=NOW)
    assert shopper.get(f"/d/{token}/").status_code == 200
    touch = Touchpoint.objects.get()
    assert (touch.channel, touch.campaign) == (Channel.EMAIL, "saved design")
    assert touch.landing_path == "/d/"
    assert token not in str(Touchpoint.objects.values())


def test_of_a_friends_link_the_code_is_not_kept(shopper: Client) -> None:
    shopper.get("/r/7KQ2M9XDM")
    assert Touchpoint.objects.get().landing_path == "/r/"


def test_the_link_to_her_whole_list_counts_as_mail_and_its_secret_is_not_kept(
    shopper: Client,
) -> None:
    with transaction.atomic():
        saving.save(
            design=DesignFactory(),
            email="ada@example.com",
            visitor=None,
            is_discreet=False,
            now=timezone.now(),
        )
        keeping.send_again(email="ada@example.com", now=timezone.now())
    found = re.search(r"/ring/saved/all/([^/]+)/", EmailMessage.objects.latest("pk").text)
    assert found
    assert shopper.get(found[0]).status_code == 200
    touch = Touchpoint.objects.get()
    assert (touch.channel, touch.landing_path) == (Channel.EMAIL, "/ring/saved/all/")
    assert found[1] not in str(Touchpoint.objects.values())


def test_a_hint_counts_as_mail_and_a_link_that_somebody_passed_on_as_what_it_came_by(
    shopper: Client,
) -> None:
    design = DesignFactory()
    now = timezone.now()
    sharing.hint(
        design=design, to="ben@example.com", from_name="Ada", note="", wanted_date=None, now=now
    )
    hint = re.search(r"/d/[\w-]+/", EmailMessage.objects.get().text)
    assert hint
    shared = links.issue(design=design, purpose=DesignLink.Purpose.SHARE, days=3650, now=NOW)
    shopper.get(hint[0])
    Client(headers={"user-agent": PHONE}).get(f"/d/{shared}/")
    touches = Touchpoint.objects.order_by("pk").values_list("channel", "campaign", "landing_path")
    assert list(touches) == [(Channel.EMAIL, "hint", "/d/"), (Channel.DIRECT, "", "/d/")]


@pytest.mark.parametrize(
    "query", ["utm_source=a%00b", "utm_source=" + "x" * 5000, "gclid=" + "y" * 5000, "utm_term=%ff"]
)
def test_a_hostile_address_breaks_no_page(shopper: Client, query: str) -> None:
    assert shopper.get(f"/?{query}").status_code == 200
    assert Touchpoint.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_when_the_touch_cannot_be_written_she_still_gets_her_page(
    shopper: Client, caplog: pytest.LogCaptureFixture
) -> None:
    rename = "ALTER TABLE {} RENAME TO {}"
    with connection.cursor() as cursor:
        cursor.execute(rename.format("attribution_touchpoint", "away"))
        try:
            response = shopper.get(AD)
        finally:
            cursor.execute(rename.format("away", "attribution_touchpoint"))
    assert response.status_code == 200
    assert "was not remembered" in caplog.text


def test_an_arrival_asks_the_database_seven_times_at_most(
    shopper: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    inside = Client(headers={"user-agent": PHONE, "sec-fetch-site": "same-origin"})
    with CaptureQueriesContext(connection) as page_alone:
        inside.get("/rings/")
    with django_assert_max_num_queries(len(page_alone) + 7):
        shopper.get("/rings/?gclid=1")
    with django_assert_max_num_queries(len(page_alone) + 7):
        shopper.get("/rings/?gclid=2")
    assert Touchpoint.objects.count() == 2
