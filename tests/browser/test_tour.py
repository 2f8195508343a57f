"""The guided tour hands out an ad link that is a stranger's first click, as from another site."""

import pytest
from pytest_django.live_server_helper import LiveServer
from pytest_playwright import CreateContextCallback

from attribution.models import Touchpoint
from demo import house
from tests.factories.builder import SettingFactory
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
