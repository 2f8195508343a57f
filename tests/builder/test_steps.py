"""A step is written once for a ring and a browser, with the way she came in by."""

from datetime import timedelta
from decimal import Decimal
from threading import Thread

import pytest
from django.db import connection
from django.test import Client

from builder import designs, keeping, saving, sharing, steps
from builder.models import Design, DesignStep
from jeweler.models import OutboxEvent, Visitor
from tests.factories.builder import DesignFactory, SettingFactory, StoneFactory
from tests.factories.jeweler import NOW, VisitorFactory

Step, Entry = DesignStep.Step, DesignStep.Entry
LATER = NOW + timedelta(minutes=5)

pytestmark = pytest.mark.django_db


def written(design: Design) -> list[tuple[str, str]]:
    return list(
        DesignStep.objects.filter(design=design).order_by("pk").values_list("step", "entry")
    )


def test_a_step_is_new_once_in_a_browser_and_once_more_in_another() -> None:
    design, other = DesignFactory(), VisitorFactory()
    said = {"design": design, "step": Step.STONE}
    assert steps.reached(visitor=design.visitor, now=NOW, **said)
    assert not steps.reached(visitor=design.visitor, now=LATER, **said)
    assert steps.reached(visitor=other, now=LATER, **said)
    assert DesignStep.objects.get(visitor=design.visitor).reached_at == NOW


def test_the_way_she_came_in_by_is_that_of_her_first_step() -> None:
    design = DesignFactory()
    for step in (Step.STONE, Step.SETTING, Step.SUMMARY):
        steps.reached(design=design, visitor=design.visitor, step=step, now=NOW, entry=None)
    assert written(design) == [("stone", "stone"), ("setting", "stone"), ("summary", "stone")]


def test_whoever_goes_on_in_another_browser_came_out_of_her_mail() -> None:
    design, other = DesignFactory(saved_at=NOW), VisitorFactory(device="phone")
    steps.reached(design=design, visitor=other, step=Step.STONE, now=LATER)
    step = DesignStep.objects.get()
    assert (step.entry, step.device) == (Entry.MAIL, "phone")


def test_choices_bring_it_as_far_as_the_ring_is_whole() -> None:
    design = DesignFactory(stone=None, ring_size=None)
    design = designs.choose(design=design, ring_size=Decimal(7), now=NOW)
    steps.chosen(design=design, visitor=design.visitor, names=["ring_size"], now=NOW)
    assert written(design) == [("ring", "link")]
    design = designs.choose(design=design, stone=StoneFactory(), now=LATER)
    steps.chosen(design=design, visitor=design.visitor, names=["stone"], now=LATER)
    assert [step for step, _ in written(design)] == ["ring", "stone"]


def test_a_choice_that_is_taken_back_reaches_nothing() -> None:
    design = DesignFactory(setting=None, metal=None, stone=None)
    steps.chosen(design=design, visitor=design.visitor, names=["setting", "stone"], now=NOW)
    assert written(design) == []


def test_the_shopper_s_choices_and_save_are_written_as_she_makes_them(client: object) -> None:
    setting, stone = SettingFactory(), StoneFactory()
    agent = {"HTTP_USER_AGENT": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Mobile/15E148"}
    for choice in ({"stone": stone.pk}, {"setting": setting.code}, {"ring_size": "6"}):
        client.post("/ring/choose/", choice, **agent)  # type: ignore[attr-defined]
    design = Design.objects.get()
    assert written(design) == [("stone", "stone"), ("setting", "stone"), ("ring", "stone")]
    assert set(DesignStep.objects.values_list("device", flat=True)) == {"phone"}
    client.get("/ring/summary/", follow=True)  # type: ignore[attr-defined]
    saving.save(
        design=design, email="ada@example.com", visitor=design.visitor, is_discreet=False, now=LATER
    )
    assert [step for step, _ in written(design)][3:] == ["summary", "saved"]


def test_a_ring_out_of_a_shared_link_begins_with_all_it_has() -> None:
    visitor = VisitorFactory()
    token = sharing.share(design=DesignFactory(), has_price=False, now=NOW)
    copied = sharing.start_from(token=token, visitor=visitor, now=LATER)
    assert written(copied) == [("setting", "shared"), ("stone", "shared"), ("ring", "shared")]


def written_by(visitor: Visitor) -> list[tuple[str, str]]:
    steps_here = DesignStep.objects.filter(visitor=visitor).order_by("id")
    return list(steps_here.values_list("step", "entry"))


def test_a_stone_that_a_mail_offered_and_she_sets_by_its_button_is_a_step_like_any() -> None:
    design, twin = DesignFactory(), StoneFactory()
    kept = saving.save(
        design=design, email="ada@example.com", visitor=None, is_discreet=False, now=NOW
    )
    phone = Client(headers={"user-agent": "Mozilla/5.0 (iPhone) Mobile Safari/605"})
    phone.post(f"/d/{kept.token}/", {"stone": twin.pk})
    assert Design.objects.get().stone == twin
    assert written_by(Visitor.objects.latest("pk")) == [("stone", "mail")]


def test_going_back_to_a_version_is_as_many_steps_as_it_says() -> None:
    design, phone = DesignFactory(), VisitorFactory()
    saving.save(design=design, email="ada@example.com", visitor=None, is_discreet=False, now=NOW)
    keeping.go_back(design=design, number=1, visitor=phone, now=LATER)
    assert written_by(phone) == [("setting", "mail"), ("stone", "mail"), ("ring", "mail")]
    assert designs.current(visitor=phone) == design


@pytest.mark.django_db(transaction=True)
def test_eight_tabs_at_once_are_told_once_that_it_is_new() -> None:
    design, told = DesignFactory(), []

    def tab() -> None:
        designs.complete(design=design, visitor=design.visitor, now=NOW)
        told.append(steps.reached(design=design, visitor=design.visitor, step=Step.STONE, now=NOW))
        connection.close()

    tabs = [Thread(target=tab) for _ in range(8)]
    for each in tabs:
        each.start()
    for each in tabs:
        each.join()
    assert sorted(told) == [False] * 7 + [True]
    assert OutboxEvent.objects.filter(name="builder.BuilderCompleted").count() == 1
