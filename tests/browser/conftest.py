"""A shop with a little of everything, and a page that reports what its console says."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.urls import Resolver404, resolve, reverse
from playwright.sync_api import ConsoleMessage, Page
from pytest_django.live_server_helper import LiveServer
from pytest_playwright import CreateContextCallback

from builder.models import Band, Design, Stone
from builder.views import histograms
from jeweler import visitors
from tests.conftest import PATIENCE_MS
from tests.factories.builder import MetalFactory, SettingFactory, StoneFactory
from tests.factories.jeweler import StoreFactory
from tests.journeys.browsers import BROWSER

# Chromium logs each refused request by itself, and complains of slow drawing on a machine without a GPU.
EXPECTED = ("the server responded with a status of 4", "GPU stall due to ReadPixels")


# As where there is no WebGL: the picture stays. Without a GPU the scene costs seconds a page, and tests of it are enough.
WITHOUT_SCENE = """
  delete HTMLCanvasElement.prototype.transferControlToOffscreen;
  const real = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, ...said) {
    return kind === "webgl2" ? null : real.call(this, kind, ...said);
  };
"""

SCREENSHOTS = Path(__file__).resolve().parents[2] / ".local" / "screenshots"


@dataclass
class Visit:
    """One shopper's page at the shop."""

    page: Page
    shop: str
    heard: list[str] = field(default_factory=list)

    def go(self, address: str) -> None:
        self.page.goto(self.shop + address, wait_until="load")

    def take_up(self, **choices: object) -> Design:
        """A ring of this browser's own, chosen as its pages' forms would, without opening them.

        Nothing said: the Alba with the first round stone, in size 6.
        """
        said = choices or {"setting": "alba", "stone": rounds()[0].pk, "ring_size": "6"}
        client = Client(headers={"user-agent": BROWSER})
        client.cookies.load({each["name"]: each["value"] for each in self.page.context.cookies()})
        assert client.post(reverse("builder:choose"), said).status_code == 302
        token = client.cookies[visitors.COOKIE].value
        cookie = {"name": visitors.COOKIE, "value": token, "url": self.shop}
        self.page.context.add_cookies([cookie])
        return Design.objects.latest("id")

    def pick(self, name: str, *, exact: bool = False) -> None:
        """Choose one of several by the keyboard: the browser brings it into sight, past the bar of the price."""
        self.page.get_by_role("radio", name=name, exact=exact).press("Space")

    def check(self, state: str = "") -> None:
        """No violation of the accessibility rules, nothing wider than the screen, nothing in the console.

        Leaves a picture of the page to look at; `state` tells two of the same page apart.
        """
        self.picture(state)
        found = Axe().run(self.page)
        assert found.violations_count == 0, found.generate_report()
        wider = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wider <= 0, f"{self.page.url} is {wider} px wider than its screen"
        assert self.heard == []

    def picture(self, state: str = "") -> None:
        """The whole page as .local/screenshots/<page>-<width>.png, the page by its address's name."""
        try:
            name = resolve(urlsplit(self.page.url).path).view_name
        except Resolver404:
            name = "no-such-page"
        stem = "-".join(part for part in (name.replace(":", "-"), state, self.width) if part)
        self.page.screenshot(path=SCREENSHOTS / f"{stem}.png", full_page=True)

    @property
    def width(self) -> str:
        size = self.page.viewport_size
        return str(size["width"]) if size else ""

    def hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(
            words in message.text for words in EXPECTED
        ):
            self.heard.append(message.text)


def rounds() -> list[Stone]:
    """The shop's round stones, the cheapest first: all of them fit both settings."""
    return list(Stone.objects.filter(shape="round").order_by("price"))


@pytest.fixture
def shop(live_server: LiveServer) -> str:
    """Two settings, five metals, thirty stones, three bands and two showrooms."""
    histograms.counted.cache_clear()
    boston = StoreFactory(city="Boston", street="121 Newbury Street", phone="+16175550177")
    StoreFactory(city="Chicago", street="57 East Oak Street", phone="+13125550119")
    metals = [MetalFactory(), MetalFactory(code="18k-rose", name="18 k rose gold", family="rose")]
    SettingFactory(name="The Alba", code="alba", head_metal_family="platinum", metals=metals)
    SettingFactory(
        name="The Lune", code="lune", style="pave", head_prongs=4, stones={"half_band": "1.40"},
        metals=metals,
    )  # fmt: skip
    for number in range(30):
        StoneFactory(
            color="DEFGH"[number % 5],
            price=9000 + 250 * number,
            store=boston if number % 3 == 0 else None,
        )
    StoneFactory(shape="oval", carat="1.80", width_mm="6.95", length_mm="7.65", depth_mm="4.30")
    for name, profile, kind in (
        ("Plain, 2.0 mm", "straight", "none"),
        ("Curved pavé, 1.8 mm", "curved", "half_pave"),
        ("Eternity, 3.0 mm", "straight", "full_pave"),
    ):
        Band.objects.create(
            code=kind, name=name, width_mm="2.00", thickness_mm="1.60", profile=profile,
            accent_kind=kind, labor_price="780",
        )  # fmt: skip
    return live_server.url


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A test of what a page does, and not of how it looks, is marked with the one width that it is done at."""
    left_out = [each for each in items if not _is_at_its_width(each)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [each for each in items if each not in left_out]


def _is_at_its_width(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("width")
    call = getattr(item, "callspec", None)
    return marker is None or call is None or call.params.get("visit") in (None, *marker.args)


@pytest.fixture(params=[390, 1280], ids=["phone", "desk"])
def visit(request: pytest.FixtureRequest, page: Page, shop: str) -> Iterator[Visit]:
    """Without the scene, but where the test is marked `scene`: everywhere, or at the width it names."""
    page.set_viewport_size({"width": request.param, "height": 844})
    scene = request.node.get_closest_marker("scene")
    if scene is None or scene.args not in ((), (request.param,)):
        page.add_init_script(WITHOUT_SCENE)
    yield visiting(page, shop)
    page.close()


@pytest.fixture
def elsewhere(visit: Visit, new_context: CreateContextCallback) -> Visit:
    """Another device, or another person: a browser that has never been here, as wide as the first."""
    context = new_context(viewport=visit.page.viewport_size)
    context.add_init_script(WITHOUT_SCENE)
    return visiting(context.new_page(), visit.shop)


def visiting(page: Page, shop: str) -> Visit:
    page.set_default_timeout(PATIENCE_MS)
    visit = Visit(page=page, shop=shop)
    page.on("console", visit.hear)
    page.on("pageerror", lambda error: visit.heard.append(str(error)))
    return visit
