"""Browsers and the cookie they are known by."""

from datetime import timedelta

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings

from jeweler import tokens, visitors
from jeweler.models import CustomerMerge, IdentityEdge, Visitor
from tests.factories.jeweler import NOW, VisitorFactory, customer_with

ADA = "ada@example.com"
PHONE = "+16505551212"
SAVED = IdentityEdge.Evidence.SAVED_DESIGN
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1 Mobile/15E148"
IPAD = "Mozilla/5.0 (iPad; CPU OS 19_0 like Mac OS X) AppleWebKit/605.1 Mobile/15E148"
PIXEL = "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 Chrome/140 Mobile Safari/537"
GALAXY_TAB = "Mozilla/5.0 (Linux; Android 15; SM-X710) AppleWebKit/537.36 Chrome/140 Safari/537"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1 Version/19 Safari/605.1"


def request_of(token: str = "", *, user_agent: str = MAC) -> HttpRequest:
    request = RequestFactory().get("/", headers={"user-agent": user_agent})
    if token:
        request.COOKIES[visitors.COOKIE] = token
    return request


@pytest.mark.django_db
def test_looking_for_a_visitor_creates_none() -> None:
    request = request_of()
    assert visitors.current(request) is None
    response = HttpResponse()
    visitors.remember(request, response, now=NOW)
    assert not response.cookies
    assert Visitor.objects.count() == 0


@pytest.mark.django_db
def test_a_new_visitor_gets_a_cookie_that_no_script_reads_and_comes_back_with_it() -> None:
    request, response = request_of(user_agent=IPHONE), HttpResponse()
    visitor = visitors.ensure(request, now=NOW)
    assert visitors.ensure(request, now=NOW) == visitors.current(request) == visitor
    assert visitor.device == Visitor.Device.PHONE
    visitors.remember(request, response, now=NOW)

    cookie = response.cookies[visitors.COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 395 * 24 * 3600
    assert visitors.current(request_of(cookie.value)) == visitor
    assert cookie.value not in visitor.token_hash


@pytest.mark.django_db
@override_settings(SESSION_COOKIE_SECURE=True)
def test_in_production_the_cookie_travels_only_encrypted() -> None:
    request, response = request_of(), HttpResponse()
    visitors.ensure(request, now=NOW)
    visitors.remember(request, response, now=NOW)
    assert response.cookies[visitors.COOKIE]["secure"]


@pytest.mark.django_db
@pytest.mark.parametrize("forged", ["x", "a" * 64, "a" * 5000, "'; drop table", "\x00"])
def test_a_forged_cookie_is_nobodys(forged: str) -> None:
    VisitorFactory()
    assert visitors.current(request_of(forged)) is None


@pytest.mark.django_db
def test_a_visitor_seen_again_after_a_while_keeps_the_cookie_longer() -> None:
    token, token_hash = tokens.issue()
    VisitorFactory(token_hash=token_hash, last_seen_at=NOW)

    soon, later = HttpResponse(), HttpResponse()
    request = request_of(token)
    visitors.current(request)
    visitors.remember(request, soon, now=NOW + timedelta(minutes=9))
    visitors.remember(request, later, now=NOW + timedelta(minutes=11))
    assert not soon.cookies
    assert later.cookies[visitors.COOKIE].value == token
    assert Visitor.objects.get().last_seen_at == NOW + timedelta(minutes=11)


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (IPHONE, Visitor.Device.PHONE),
        (PIXEL, Visitor.Device.PHONE),
        (IPAD, Visitor.Device.TABLET),
        (GALAXY_TAB, Visitor.Device.TABLET),
        (MAC, Visitor.Device.COMPUTER),
        ("", Visitor.Device.COMPUTER),
    ],
)
def test_a_device_is_told_from_its_own_word(user_agent: str, device: Visitor.Device) -> None:
    assert visitors.device(user_agent) == device


@pytest.mark.parametrize(
    "user_agent",
    [
        "",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        "Mozilla/5.0 AppleWebKit/537.36 (compatible; GPTBot/1.3; +https://openai.com/gptbot)",
        "facebookexternalhit/1.1",
        "AdsBot-Google (+http://www.google.com/adsbot.html)",
        "curl/8.5.0",
        "python-requests/2.32",
        "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/140.0 Safari/537.36",
    ],
)
def test_a_robot_is_known_by_its_own_word(user_agent: str) -> None:
    assert visitors.is_robot(user_agent)


@pytest.mark.parametrize("user_agent", [IPHONE, IPAD, PIXEL, GALAXY_TAB, MAC, "Cubot X30 Mobile"])
def test_a_person_is_no_robot(user_agent: str) -> None:
    assert not visitors.is_robot(user_agent)


@pytest.mark.django_db
def test_a_browser_is_believed_to_be_hers_once_per_evidence() -> None:
    visitor, ada = VisitorFactory(), customer_with(email=ADA)
    for _ in range(2):
        visitors.recognize(visitor=visitor, customer=ada, evidence=SAVED, now=NOW)
    visitor.refresh_from_db()
    assert visitor.customer == ada
    assert IdentityEdge.objects.count() == 1


@pytest.mark.django_db
def test_a_showrooms_own_device_says_nothing() -> None:
    tablet = VisitorFactory(is_store_device=True)
    visitors.recognize(visitor=tablet, customer=customer_with(), evidence=SAVED, now=NOW)
    tablet.refresh_from_db()
    assert tablet.customer is None
    assert IdentityEdge.objects.count() == 0


@pytest.mark.django_db
def test_two_who_use_one_browser_stay_two() -> None:
    laptop = VisitorFactory()
    ada, eve = customer_with(email=ADA), customer_with(email="eve@example.com")
    visitors.recognize(visitor=laptop, customer=ada, evidence=SAVED, now=NOW)
    visitors.recognize(visitor=laptop, customer=eve, evidence=SAVED, now=NOW)
    laptop.refresh_from_db()
    assert laptop.customer == eve
    assert CustomerMerge.objects.count() == 0
    assert IdentityEdge.objects.count() == 2


@pytest.mark.django_db
def test_two_who_share_a_browser_and_a_phone_number_are_one() -> None:
    phone = VisitorFactory()
    first = customer_with(email=ADA, phone=PHONE)
    second = customer_with(email="a.okafor@work.example", phone=PHONE)
    visitors.recognize(visitor=phone, customer=first, evidence=SAVED, now=NOW)
    visitors.recognize(visitor=phone, customer=second, evidence=SAVED, now=NOW)
    phone.refresh_from_db()
    second.refresh_from_db()
    assert second.merged_into == phone.customer == first
    assert CustomerMerge.objects.get().reason == "The same browser and the same phone number"
