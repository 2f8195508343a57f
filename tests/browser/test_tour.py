"""The guided tour: an ad link that is a stranger's first click, and her stone, sold to somebody else by one press."""

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer
from pytest_playwright import CreateContextCallback

from attribution.models import Touchpoint
from builder import living, saving
from builder.models import DesignNotice
from demo import house
from jeweler import outbox
from tests.browser.conftest import Visit
from tests.factories.builder import SettingFactory
from tests.factories.pos_bridge import work_off
from tests.journeys.browsers import BROWSER

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_click_on_the_tours_ad_is_remembered_as_the_ads(
    new_context: CreateContextCallback, live_server: LiveServer
) -> None:
    house.open_stores()
    SettingFactory()
    page = new_context(user_agent=BROWSER).new_page()
    page.goto(f"{live_server.url}/demo/")

    page.get_by_role("link", name="Oval engagement rings, made in New York").click()
    page.wait_for_url("**/?utm_source=google**")
    page.wait_for_load_state("networkidle")  # a touch is written once the page is sent

    touch = Touchpoint.objects.latest("pk")
    assert (touch.channel, touch.campaign) == ("paid_search", "Engagement rings, New York")
    assert touch.click_id_kind == "gclid"


def test_her_stone_is_sold_to_somebody_else_and_the_tour_leads_to_what_comes_nearest(
    visit: Visit,
) -> None:
    house.hire(stores=house.open_stores())
    design = visit.take_up()
    saving.save(
        design=design, email="ada@example.com", visitor=design.visitor, is_discreet=False,
        now=timezone.now(),
    )  # fmt: skip
    visit.go("/demo/")
    visit.check("saved")

    visit.page.get_by_role("button", name="Sell this stone to somebody else").click()
    visit.page.get_by_text("sale.recorded: the site answered 200.").wait_for()
    work_off()
    outbox.deliver_due(now=timezone.now())
    living.watch(now=timezone.now())
    visit.go("/demo/")

    assert visit.page.get_by_role("link", name=DesignNotice.objects.get().mail.subject).is_visible()
    visit.check("sold")
    visit.page.get_by_role("link", name="See what comes nearest").click()
    visit.page.get_by_role("button", name="Set the").first.click()
    visit.page.wait_for_url("**/ring/?**")
    design.refresh_from_db()
    assert design.stone.status == "available"
