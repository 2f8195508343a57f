"""An advocate finds her page by mail and passes it on; a friend arrives, keeps it, and has it be a surprise."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect
from pytest_playwright import CreateContextCallback

from jeweler.models import EmailMessage
from referrals.models import Advocate, Campaign, Milestone, Perk, Referral, Touch
from tests.browser.conftest import Visit, visiting
from tests.factories import introductions as friends
from tests.factories.referrals import grant
from tests.journeys.browsers import BROWSER

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada() -> Advocate:
    """Thanked once, with a season running and one thank-you on its way."""
    now = timezone.now()
    season = Campaign.objects.create(
        program=friends.program(), name="Season", starts_at=now - timedelta(days=90),
        ends_at=now + timedelta(days=60), settles_until=now + timedelta(days=200),
    )  # fmt: skip
    polishing = Perk.objects.create(
        code="polishing",
        name="Polishing, as new",
        kind="polishing",
        face_value=120,
        cost=31,
        currency="USD",
    )
    Milestone.objects.create(campaign=season, count=3, perk=polishing)
    ada = friends.advocate(
        code="7KQ2M9XDM", note="They took their time with us.", shows_first_name=True
    )
    grant(ada.customer, "100.00", last_date=now.date() + timedelta(days=300), now=now)
    referral = friends.brought(ada, at=now - timedelta(days=50))
    friends.ordered(referral, at=now - timedelta(days=45))
    Referral.objects.update(state="in_return_window")
    return ada


def link_in(mail: EmailMessage, head: str) -> str:
    found = re.search(rf"https?://[^/]+(/{head}/\S+/)", mail.text)
    assert found, mail.text
    return found[1]


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("visit", [390], indirect=True, ids=["phone"])
def test_her_page_by_mail_copied_written_carded_and_all_of_it_without_scripts(
    visit: Visit, new_context: CreateContextCallback
) -> None:
    page = visit.page
    visit.go("/friends/")
    visit.check()
    page.get_by_label("The e-mail you use with us").fill("ada@example.com")
    page.get_by_role("button", name="Send me my link").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    here = link_in(EmailMessage.objects.get(kind="referrals/link"), "friends")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.go(here)
    visit.check()
    page.get_by_role("button", name="Copy the words").click()
    expect(page.locator("#copied")).to_contain_text("It is copied")
    said = page.evaluate("navigator.clipboard.readText()")
    assert said.strip().endswith(friends.DISCLOSURE)
    page.get_by_label("A word in place of your code").fill("Ada-Ring")
    page.get_by_role("button", name="Ask for it").click()
    expect(page.get_by_text("is being looked at")).to_be_visible()
    visit.check("asked")
    page.get_by_role("button", name="Print cards").click()
    expect(page.get_by_role("heading", name="Four to a page")).to_be_visible()
    visit.check()

    plain = visiting(new_context(java_script_enabled=False).new_page(), visit.shop)
    plain.go(here)
    plain.page.get_by_label("A line for whoever arrives").fill("see www.elsewhere.example")
    plain.page.get_by_role("button", name="Keep it so").click()
    expect(plain.page.get_by_role("alert")).to_contain_text("cannot hold an address")
    plain.page.get_by_label("A line for whoever arrives").fill("Ask for the oval.")
    plain.page.get_by_role("button", name="Keep it so").click()
    expect(plain.page.get_by_text("It stands on your friends’ page now.")).to_be_visible()
    ada = Advocate.objects.get()
    assert ada.note == "Ask for the oval."
    assert sorted(ada.shares.values_list("way", flat=True)) == ["card", "copy"]


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("visit", [1280], indirect=True, ids=["desk"])
def test_a_friend_scans_keeps_it_as_a_surprise_and_moves_the_day_by_her_own_link(
    visit: Visit, new_context: CreateContextCallback
) -> None:
    context = new_context(viewport=visit.page.viewport_size, user_agent=BROWSER)
    visit = visiting(context.new_page(), visit.shop)
    page = visit.page
    visit.go("/r/no-such-code")
    visit.check("unknown")
    visit.go("/q/7kq2m9xdm")
    expect(page.get_by_role("heading", name="Ada thought of you")).to_be_visible()
    visit.check()
    page.get_by_label("Your e-mail or your phone").fill("robin@example.com")
    page.get_by_label("Keep it a surprise").check()
    until = (timezone.now() + timedelta(days=90)).date()
    page.get_by_label("Not before").fill(f"{until}")
    page.get_by_role("button", name="Keep it for me").click()
    expect(page.get_by_role("heading", name="It is kept for you")).to_be_visible()
    visit.check("kept")
    visit.go(
        link_in(
            EmailMessage.objects.get(kind="referrals/kept", to="robin@example.com"), "introduced"
        )
    )
    visit.check()
    page.get_by_label("No trace before").fill(f"{until + timedelta(days=9)}")
    page.get_by_role("button", name="Change the day").click()
    expect(page.get_by_role("status")).to_contain_text("Nobody learns of it before")
    visit.check("changed")
    referral = Referral.objects.get(friend__contact_points__canonical="robin@example.com")
    assert referral.surprise_until == until + timedelta(days=9)
    assert list(Touch.objects.filter(referrals=referral).values_list("channel", flat=True)) == [
        "qr"
    ]
