"""She designs a ring, saves it by e-mail, and goes on with it on another device: no script, only forms."""

import re
from html.parser import HTMLParser

import pytest
from django.test import Client

from builder.models import Design, DesignVersion
from jeweler.models import EmailMessage, IdentityEdge
from tests.factories.builder import MetalFactory, SettingFactory, StoneFactory

pytestmark = pytest.mark.django_db

BROWSER = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Mobile Safari"


class Form:
    """One form of a page as a browser would send it."""

    def __init__(self, attributes: dict[str, str | None]) -> None:
        self.action = attributes.get("action") or ""
        self.method = (attributes.get("method") or "get").lower()
        self.name = attributes.get("id") or ""
        self.fields: dict[str, str] = {}


class Forms(HTMLParser):
    """The forms of a page with what stands in their fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            self.found.append(Form(attributes))
        name = attributes.get("name")
        if tag != "input" or not name or not self.found:
            return
        picked = attributes.get("type") in ("radio", "checkbox")
        if not picked or "checked" in attributes:
            self.found[-1].fields[name] = attributes.get("value") or ""


class Shopper:
    """A browser without scripts that keeps its cookies and sends whole forms."""

    def __init__(self) -> None:
        self.client = Client(enforce_csrf_checks=True, headers={"user-agent": BROWSER})
        self.page = ""
        self.address = ""

    def open(self, address: str) -> "Shopper":
        return self._show(self.client.get(address, follow=True))

    def send(self, *, to: str, having: str = "", **fields: str) -> "Shopper":
        """Send the page's form that goes to this address, with these fields filled in.

        `having`: a value that one of its hidden fields must have, where several go to the same address.
        """
        found = [
            form
            for form in Forms(self.page).found
            if (form.action or self.address) == to
            and (not having or having in form.fields.values())
        ]
        assert found, f"{self.address} has no form to {to}"
        return self._show(self.client.post(to, {**found[0].fields, **fields}, follow=True))

    def _show(self, response: object) -> "Shopper":
        assert response.status_code == 200, response.status_code  # type: ignore[attr-defined]
        self.page = response.content.decode()  # type: ignore[attr-defined]
        self.address = response.request["PATH_INFO"]  # type: ignore[attr-defined]
        return self


def test_a_ring_is_designed_saved_and_opened_on_another_device() -> None:
    rose = MetalFactory(code="18k-rose", name="18 k rose gold", family="rose", position=2)
    setting = SettingFactory(name="The Alba", metals=[MetalFactory(), rose])
    stone = StoneFactory()
    StoneFactory(carat="4.00", width_mm="10.10", length_mm="10.20", depth_mm="6.10")
    phone = Shopper()

    phone.open("/rings/").send(to="/ring/choose/", having=setting.code)
    assert phone.address == "/diamonds/"
    assert "1 stone</b>" in phone.page  # the four carats do not fit
    phone.send(to="/ring/choose/", stone=str(stone.pk))
    assert phone.address == "/ring/"
    phone.send(to="/ring/choose/", metal="18k-rose", ring_size="6.5", engraving="Ever & always")
    phone.open("/ring/summary/")
    assert "Size 6½" in phone.page
    phone.open("/ring/save/").send(to="/ring/save/", email="Ada@Example.com")
    assert phone.address == "/ring/saved/"

    mailed = EmailMessage.objects.get()
    link = re.search(r"/d/[\w-]+/", mailed.text)
    assert link
    laptop = Shopper().open(link[0])
    design = Design.objects.get()
    assert design.code in laptop.page
    assert IdentityEdge.objects.count() == 1  # looking proves nothing

    laptop.send(to=link[0])

    assert laptop.address == "/ring/"
    assert "It is all here, just as you left it." in laptop.page
    assert "18 k rose gold" in laptop.page
    assert 'value="Ever &amp; always"' in laptop.page
    assert IdentityEdge.objects.count() == 2


def test_a_change_after_saving_makes_a_second_version_and_keeps_the_first() -> None:
    setting, stone = SettingFactory(), StoneFactory()
    shopper = Shopper().open("/rings/")
    shopper.send(to="/ring/choose/", having=setting.code)
    shopper.send(to="/ring/choose/", stone=str(stone.pk))
    shopper.send(to="/ring/choose/", ring_size="6")
    shopper.open("/ring/save/").send(to="/ring/save/", email="ada@example.com")

    shopper.open("/ring/").send(to="/ring/choose/", ring_size="7")
    shopper.open("/ring/save/").send(to="/ring/save/", email="ada@example.com")

    sizes = DesignVersion.objects.order_by("number").values_list("number", "ring_size")
    assert [(number, str(size)) for number, size in sizes] == [(1, "6.0"), (2, "7.0")]


def test_another_ring_is_begun_without_losing_the_saved_one() -> None:
    setting, stone = SettingFactory(), StoneFactory()
    shopper = Shopper().open("/rings/")
    shopper.send(to="/ring/choose/", having=setting.code)
    shopper.send(to="/ring/choose/", stone=str(stone.pk))
    shopper.send(to="/ring/choose/", ring_size="6")
    shopper.open("/ring/save/").send(to="/ring/save/", email="ada@example.com")

    shopper.send(to="/ring/choose/", another="1")

    assert shopper.address == "/rings/"
    assert "Nothing on the bench yet" in shopper.open("/ring/").page
    assert "Saved (1)" in shopper.page
