"""She designs a ring, saves it by e-mail, and goes on with it on another device: no script, only forms."""

import re

import pytest
from django.test import Client

from builder.models import Design, DesignLink, DesignVersion
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


def test_a_stone_alone_is_thought_over_and_gone_on_with_on_two_devices() -> None:
    stone = StoneFactory()
    phone = Shopper().open("/diamonds/").send(to="/ring/choose/", stone=str(stone.pk))
    phone.open("/ring/save/?think=1").send(to="/ring/save/", email="ada@example.com")
    assert "Still open: the setting" in phone.page
    link = re.search(r"/d/[\w-]+/", EmailMessage.objects.get().text)
    assert link
    setting = SettingFactory()

    laptop = Shopper().open(link[0]).send(to=link[0])
    assert laptop.address == "/rings/"
    laptop.send(to="/ring/choose/", having=setting.code)
    laptop.send(to="/ring/choose/", ring_size="6.5")

    code = Design.objects.get().code
    for device in (phone, laptop):
        assert "Size 6½" in device.open("/ring/summary/").page
        assert code in device.open("/ring/saved/").page


def test_a_friend_looks_without_a_price_starts_her_own_and_the_link_is_taken_back() -> None:
    setting, stone = SettingFactory(), StoneFactory()
    shopper = Shopper().open("/rings/")
    shopper.send(to="/ring/choose/", having=setting.code)
    shopper.send(to="/ring/choose/", stone=str(stone.pk), ring_size="6")
    shopper.open("/ring/share/").send(to="/ring/share/")
    link = re.search(r"/d/[\w-]+/", shopper.page)
    assert link

    friend = Shopper().open(link[0])
    assert "$" not in friend.page
    friend.send(to=link[0])
    assert friend.address == "/ring/"
    assert Design.objects.count() == 2

    hers = Design.objects.earliest("pk").code
    link_id = DesignLink.objects.get().pk
    shopper.open("/ring/saved/").send(to=f"/ring/saved/{hers}/", having=str(link_id), do="withdraw")
    assert "Nobody can open that link any more." in shopper.page
    assert Client().get(link[0]).status_code == 410
