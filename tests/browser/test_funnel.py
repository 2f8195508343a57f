"""The funnel is read, another period chosen, and a figure opened to its rings, at both widths and by axe."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from builder import designs
from builder.models import DesignStep
from jeweler.models import StaffMember
from tests.browser.conftest import Visit
from tests.factories.builder import DesignFactory
from tests.factories.jeweler import StaffMemberFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def funnel(visit: Visit) -> Visit:
    """Ines of marketing, before three rings, one of which is whole."""
    ines = StaffMemberFactory(role=StaffMember.Role.MARKETER, sees_all_stores=True)
    client = Client()
    client.force_login(ines.user)
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": visit.shop}
    visit.page.context.add_cookies([session])
    began = timezone.now() - timedelta(days=2)
    for number, chosen in enumerate((["setting"], ["stone"], ["stone", "setting", "ring"])):
        design = DesignFactory()
        for step in chosen:
            design.steps.create(
                visitor=design.visitor, step=step, entry=chosen[0], device="phone",
                reached_at=began + timedelta(minutes=number),
            )  # fmt: skip
        if "ring" in chosen:
            designs.complete(design=design, visitor=design.visitor, now=began + timedelta(hours=1))
    assert DesignStep.objects.count() == 6
    visit.go("/admin/builder/funnel/")
    return visit


def test_a_figure_opens_to_its_rings(funnel: Visit) -> None:
    page = funnel.page
    expect(page.get_by_role("heading", name="How far rings come")).to_be_visible()
    expect(page.get_by_text("33 %").first).to_be_visible()
    funnel.check("funnel")
    page.get_by_role("row", name="A stone, no setting yet").get_by_role("link").click()
    expect(page.get_by_role("heading", name="1 ring", exact=True)).to_be_visible()
    funnel.check("funnel-rings")


def test_a_period_without_a_ring_says_so(funnel: Visit) -> None:
    funnel.go("/admin/builder/funnel/?begun_from=2020-01-01&begun_to=2020-01-31")
    expect(funnel.page.get_by_role("heading", name="No ring was begun")).to_be_visible()
    funnel.check("funnel-empty")
