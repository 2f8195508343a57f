"""She designs a ring, saves it by e-mail, and goes on with it on another device: no script, only forms."""

import re

import pytest

from builder.models import Design, DesignVersion
from jeweler.models import EmailMessage, IdentityEdge
from tests.factories.builder import MetalFactory, SettingFactory, StoneFactory
from tests.journeys.browsers import Shopper

pytestmark = pytest.mark.django_db


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
