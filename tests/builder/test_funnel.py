"""The funnel's figures are those of a plain recount, and each opens to the rings that it counts."""

from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st
from pytest_django import Settings

from builder import funnel
from builder.funnel import Period, Rate, Reach, Rest, Slice
from builder.models import Design, DesignStep
from jeweler.models import StaffMember, Store
from tests.factories.builder import DesignFactory
from tests.factories.jeweler import (
    CustomerFactory,
    StaffMemberFactory,
    StoreFactory,
    VisitorFactory,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MARCH = Period(start_date=date(2026, 3, 1), end_date=date(2026, 3, 31))
PAGE, RINGS = "/admin/builder/funnel/", "/admin/builder/funnel/rings/"
Step, Entry = DesignStep.Step, DesignStep.Entry
Role = StaffMember.Role

pytestmark = pytest.mark.django_db


def ring(
    *steps: str, at: datetime = NOON, device: str = "phone", entry: str = "", **more: object
) -> Design:
    """A design whose steps were taken a minute apart in its own browser."""
    design: Design = DesignFactory(visitor=VisitorFactory(device=device), **more)
    for number, step in enumerate(steps):
        DesignStep.objects.create(
            design=design,
            visitor=design.visitor,
            step=step,
            entry=entry or ("stone" if steps[0] == "stone" else "setting"),
            device=device,
            reached_at=at + timedelta(minutes=number),
        )
    return design


def counts(found: funnel.Funnel) -> dict[str, int]:
    return {stage.reach.value: stage.count for stage in found.stages}


def rests(found: funnel.Funnel) -> dict[str, int]:
    return {each.rest.value: each.count for each in found.resting if each.count}


def test_whoever_begins_with_the_stone_is_not_lost_before_the_setting() -> None:
    ring("stone", "setting", "ring", "summary", "saved")
    ring("setting", "ring", "stone", "summary")
    ring("stone")
    found = funnel.counted(period=MARCH)
    assert counts(found) == {
        "begun": 3, "setting": 2, "stone": 3, "both": 2, "ring": 2, "summary": 2, "saved": 1,
    }  # fmt: skip
    assert rests(found) == {"saved": 1, "summary": 1, "stone": 1}
    assert {part.value: part.begun for part in found.entries if part.begun} == {
        "setting": 1,
        "stone": 2,
    }


def test_a_ring_begun_before_the_period_is_not_of_it_and_one_that_goes_on_after_it_is() -> None:
    ring("setting", at=NOON - timedelta(days=1))
    early = ring("setting", at=NOON - timedelta(hours=20))
    steps = {"visitor": early.visitor, "entry": "setting", "device": "phone"}
    early.steps.create(step="stone", reached_at=NOON, **steps)
    late = ring("stone", at=NOON + timedelta(days=20))
    steps = {"visitor": late.visitor, "entry": "stone", "device": "phone"}
    late.steps.create(step="saved", reached_at=NOON + timedelta(days=90), **steps)
    found = funnel.counted(period=MARCH)
    assert (found.begun, counts(found)["saved"]) == (1, 1)


def test_what_a_store_s_own_tablet_began_is_left_out() -> None:
    design = ring("setting", device="tablet")
    design.visitor.is_store_device = True  # type: ignore[union-attr]
    design.visitor.save(update_fields=["is_store_device"])  # type: ignore[union-attr]
    assert funnel.counted(period=MARCH).begun == 0


def test_a_ring_counts_once_by_the_device_that_it_was_begun_on() -> None:
    design = ring("setting", "stone", device="phone")
    at_home = VisitorFactory(device="computer")
    for number, step in enumerate(("stone", "ring", "summary")):
        design.steps.create(
            visitor=at_home, step=step, entry="mail", device="computer",
            reached_at=NOON + timedelta(days=1, minutes=number),
        )  # fmt: skip
    found = funnel.counted(period=MARCH)
    assert found.begun == 1
    assert [(p.value, p.begun, p.completed.part) for p in found.devices if p.begun] == [
        ("phone", 1, 1)
    ]
    assert [part.value for part in found.entries if part.begun] == ["setting"]


journeys = st.lists(
    st.fixed_dictionaries(
        {
            "day": st.integers(0, 40),
            "device": st.sampled_from(["phone", "tablet", "computer"]),
            "entry": st.sampled_from(list(Entry.values)),
            "steps": st.dictionaries(
                st.sampled_from(list(Step.values)), st.integers(0, 5000), min_size=1
            ),
        }
    ),
    max_size=7,
)


def take(person: dict[str, Any]) -> Design:
    design: Design = DesignFactory(visitor=VisitorFactory(device=person["device"]))
    begun = NOON + timedelta(days=person["day"])
    DesignStep.objects.bulk_create(
        DesignStep(
            design=design,
            visitor=design.visitor,
            step=step,
            entry=person["entry"],
            device=person["device"],
            reached_at=begun + timedelta(seconds=after),
        )
        for step, after in person["steps"].items()
    )
    return design


@pytest.mark.parametrize(
    ("at", "is_in_march"),
    [
        (datetime(2026, 2, 28, 14, 59, tzinfo=UTC), False),
        (datetime(2026, 2, 28, 15, 1, tzinfo=UTC), True),  # March has begun in Tokyo
        (datetime(2026, 3, 31, 14, 50, tzinfo=UTC), True),
        (datetime(2026, 3, 31, 15, 1, tzinfo=UTC), False),
    ],
)
def test_a_period_begins_and_ends_with_the_houses_own_days(
    at: datetime, is_in_march: bool, settings: Settings
) -> None:
    settings.HOUSE_TIME_ZONE = "Asia/Tokyo"
    ring("setting", at=at)
    assert funnel.counted(period=MARCH).begun == int(is_in_march)


def test_the_page_ends_with_the_houses_today_and_tells_its_hours(settings: Settings) -> None:
    settings.HOUSE_TIME_ZONE = "America/New_York"
    ring("setting", at=datetime(2026, 3, 1, 2, 30, tzinfo=UTC))
    with time_machine.travel(datetime(2026, 3, 1, 3, tzinfo=UTC), tick=True):
        client = log_in(Role.OWNER)
        page, rings = client.get(PAGE), client.get(RINGS)
    assert page.context["period"].end_date == date(2026, 2, 28)
    assert "28 Feb 2026, 21:30" in rings.content.decode()


def is_of_march(person: dict[str, Any]) -> bool:
    first = NOON + timedelta(days=person["day"], seconds=min(person["steps"].values()))
    bounds = MARCH.bounds
    return bounds["start"] <= first < bounds["end"]


def kept_by(person: dict[str, Any]) -> dict[str, bool]:
    has = set(person["steps"])
    return {
        "begun": True,
        "setting": "setting" in has,
        "stone": "stone" in has,
        "both": has >= {"setting", "stone"},
        "ring": has >= {"setting", "stone", "ring"},
        "summary": "summary" in has,
        "saved": "saved" in has,
    }


def rest_of(person: dict[str, Any]) -> str:
    kept = kept_by(person)
    return next((n for n in ("saved", "summary", "ring", "both", "stone") if kept[n]), "setting")


def waits_of(people: list[dict[str, Any]], step: str) -> list[int]:
    """Since the last step that was taken before it; at one stroke is no wait."""
    found = []
    for taken in (person["steps"] for person in people if step in person["steps"]):
        earlier = [at for at in taken.values() if at < taken[step]]
        found += [taken[step] - max(earlier)] if earlier else []
    return found


@tried(max_examples=25, deadline=None)
@given(journeys)
def test_every_figure_is_that_of_a_plain_recount(people: list[dict[str, Any]]) -> None:
    with transaction.atomic():
        made = [(take(person), person) for person in people]
        ours = [person for _, person in made if is_of_march(person)]
        found = funnel.counted(period=MARCH)
        for stage in found.stages:
            name = stage.reach.value
            assert stage.count == sum(kept_by(person)[name] for person in ours)
            waits = waits_of(ours, name)
            assert stage.wait == (timedelta(seconds=median(waits)) if waits else None)
        for kind, parts in (("device", found.devices), ("entry", found.entries)):
            for part in parts:
                theirs = [person for person in ours if person[kind] == part.value]
                assert part.begun == len(theirs)
                assert part.completed.part == sum(kept_by(each)["summary"] for each in theirs)
        for each in found.resting:
            assert each.count == sum(rest_of(person) == each.rest for person in ours)
            rows, total = funnel.listed(period=MARCH, part=Slice(rest=each.rest), limit=50)
            assert len(rows) == total == each.count
        rows, _ = funnel.listed(period=MARCH, part=Slice(), limit=50)
        mine = {design.pk for design, person in made if is_of_march(person)}
        assert {row.design.pk for row in rows} == mine
        transaction.set_rollback(True)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_share_and_both_ends_solve_wilson_s_equation(
    drawn: tuple[int, int],
) -> None:
    rate = Rate(part=drawn[0], whole=drawn[1])
    assert rate.share is not None
    assert 0 <= rate.low <= rate.share + 1e-12
    assert rate.share - 1e-12 <= rate.high <= 1
    for end in (rate.low, rate.high):
        off = (rate.share - end) ** 2 - funnel.Z**2 * end * (1 - end) / rate.whole
        assert abs(off) < 1e-9


def test_the_figures_take_two_queries_whatever_was_done() -> None:
    for _ in range(4):
        ring("setting", "stone", "ring", "summary")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        funnel.counted(period=MARCH)
    assert len(asked) == 2


# The pages.


def log_in(role: StaffMember.Role, *, stores: list[Store] | None = None) -> Client:
    member = StaffMemberFactory(role=role, sees_all_stores=not stores, stores=stores or [])
    client = Client()
    client.force_login(member.user)
    return client


@pytest.mark.parametrize("page", [PAGE, RINGS])
def test_the_figures_are_not_for_an_associate_and_not_for_strangers(page: str) -> None:
    assert log_in(Role.ASSOCIATE).get(page).status_code == 403
    assert Client().get(page).status_code == 302
    for role in (Role.MARKETER, Role.MANAGER, Role.OWNER):
        assert log_in(role).get(page).status_code == 200


@time_machine.travel(NOON + timedelta(days=10), tick=True)
def test_the_page_shows_the_rate_with_its_interval_and_each_figure_opens() -> None:
    for _ in range(3):
        ring("stone", "setting", "ring", "summary", "saved")
    ring("setting", device="computer")
    owner = log_in(Role.OWNER)
    page = owner.get(PAGE).content.decode()
    for words in ("75 %", "36 to 94 %", "By device", "A setting, no stone yet", "60 s"):
        assert words in page, words
    listed = owner.get(RINGS, {"rest": "setting"}).content.decode()
    assert "1 ring<" in listed
    assert "The Alba in 18 k yellow gold" in listed
    assert "2 rings" not in listed


@time_machine.travel(NOON + timedelta(days=10), tick=True)
def test_a_manager_opens_the_rings_of_her_stores_and_a_marketer_none() -> None:
    nyc, boston = StoreFactory(code="nyc"), StoreFactory(code="boston")
    ours, theirs = ring("setting", store=nyc), ring("setting", store=boston)
    page = log_in(Role.MANAGER, stores=[nyc]).get(RINGS).content.decode()
    assert f"/admin/builder/design/{ours.pk}/change/" in page
    assert f"/admin/builder/design/{theirs.pk}/change/" not in page
    assert theirs.code in page
    assert "/builder/design/" not in log_in(Role.MARKETER).get(RINGS).content.decode()


@pytest.mark.parametrize(
    "asked",
    [
        {"begun_from": "yesterday"},
        {"begun_from": "2026-04-02", "begun_to": "2026-04-01"},
        {"begun_from": "1999-01-01"},
        {"begun_from": "9999-12-01", "begun_to": "9999-12-31"},
    ],
)
def test_days_that_are_none_are_refused_in_words_and_the_usual_are_shown(
    asked: dict[str, str],
) -> None:
    page = log_in(Role.OWNER).get(PAGE, asked)
    assert page.status_code == 200
    assert "the usual days instead" in page.content.decode()


@pytest.mark.parametrize(
    "asked",
    [
        {"reach": "moon"}, {"rest": "\0"}, {"device": "x" * 10_000}, {"page": "-1"},
        {"page": "9" * 400}, {"page": "²"}, {"entry": "'; DROP TABLE"}, {"begun_from": "\0"},
    ],
)  # fmt: skip
def test_nonsense_in_the_address_narrows_nothing(asked: dict[str, str]) -> None:
    ring("setting", at=datetime.now(tz=UTC) - timedelta(days=1))
    assert log_in(Role.OWNER).get(RINGS, asked).status_code == 200


@time_machine.travel(NOON + timedelta(days=10), tick=True)
def test_the_list_tells_nothing_of_whose_a_ring_is() -> None:
    ring("setting", customer=CustomerFactory(last_name="Whitcombe"))
    assert "Whitcombe" not in log_in(Role.OWNER).get(RINGS).content.decode()


def test_every_ring_rests_somewhere_and_no_reach_is_without_words() -> None:
    assert set(funnel.HAS) == set(Reach)
    assert all(rest.label for rest in Rest)
