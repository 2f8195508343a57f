"""Other terms over the same history: the present ones give exactly what was given, and a proposal says who would lose out."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jeweler.models import Store
from referrals import log, perks, what_if
from referrals.models import Advocate, Campaign, Milestone, Program, Referral, Reward, Terms
from referrals.qualification import Fact, Kind
from referrals.what_if import history, replay
from referrals.what_if.replay import End
from tests.factories.jeweler import CustomerFactory, StoreFactory
from tests.factories.referrals import AdvocateFactory, PerkFactory, a_program
from tests.referrals.test_scenarios import brought, buy, clicked, of, on, order, pay, refund, sweep

pytestmark = pytest.mark.django_db
NOW = on(11, 30)


@pytest.fixture
def store() -> Store:
    return StoreFactory(code="london", time_zone="Europe/London", currency="GBP", region="GB")


@pytest.fixture
def program(settings: object) -> Program:
    settings.HOUSE_TIME_ZONE = "Europe/London"  # type: ignore[attr-defined]
    return a_program(cap=3)


@pytest.fixture
def ada(program: Program) -> Advocate:
    return AdvocateFactory(joined_at=on(1, 1, year=2024))


@pytest.fixture
def lived(program: Program, ada: Advocate, store: Store) -> list[Referral]:
    """A year with every kind of end: thanked, capped, a surprise, given back before and after, held, too little, never paid, nothing."""
    season = Campaign.objects.create(program=program, name="Spring", starts_at=on(3, 1), ends_at=on(6, 1), settles_until=on(11, 28))  # fmt: skip
    Milestone.objects.create(campaign=season, count=1, perk=PerkFactory(code="early", cost=Decimal(5)))  # fmt: skip
    Milestone.objects.create(campaign=season, count=4, perk=PerkFactory(code="polish", cost=Decimal(31)))  # fmt: skip
    friends = [CustomerFactory() for _ in range(9)]
    for number, friend in enumerate(friends):
        brought(ada, at=on(2, 20, 12, number), friend=friend)
    for friend in friends[:4]:  # the fourth is beyond her cap
        buy(friend, "4200.00", store=store, at=on(3, 10, 10 + friends.index(friend)))
    Referral.objects.filter(friend=friends[1]).update(surprise_until=date(2026, 6, 1))
    back = buy(friends[4], "900.00", store=store, at=on(3, 12))
    refund(back, "500.00", at=on(3, 20))
    buy(friends[5], "499.00", store=store, at=on(3, 12))
    pay(order(friends[6], "2000.00", store=store, at=on(3, 12)), "400.00", at=on(3, 12))
    held = of(friends[7])
    log.add(held, [Fact(kind=Kind.HELD, key="review:1:held", at=on(3, 1), data={"review": 1, "reason": "VELOCITY"})], now=on(3, 1))  # fmt: skip
    buy(friends[7], "3000.00", store=store, at=on(3, 13))
    sweep(on(4, 11))
    refund(Referral.objects.get(friend=friends[0]).sale, "4200.00", at=on(5, 15))  # type: ignore[arg-type]
    for day in (on(6, 1, 1), on(7, 1), NOW):
        sweep(day)
    return [of(friend) for friend in friends]


def given() -> dict[int, Decimal]:
    standing = Reward.objects.filter(rule="credit", state__in=["issued", "redeemed"])
    return {each.referral_id or 0: each.face_value for each in standing}


def preview(program: Program, now: datetime = NOW, **changed: object) -> what_if.Beside:
    proposal = replace(what_if.pinned(program.terms.get()), **changed)  # type: ignore[arg-type]
    return what_if.compared(program=program, proposal=proposal, currency="GBP", now=now)


def test_the_present_terms_give_exactly_what_was_given(
    program: Program, lived: list[Referral]
) -> None:
    kept = history.read(program=program)
    lives = replay.live(kept, terms_of=lambda thread: thread.terms, now=NOW)

    thanked = {life.thread.referral: life.amount for life in lives if life.end == End.GIVEN}
    assert thanked == given()
    assert len(thanked) == 2
    ends = {"rewarded": End.GIVEN, "unrewarded": End.UNREWARDED, "clawed_back": End.TAKEN_BACK}
    for life, referral in zip(lives, lived, strict=True):
        other = End.NOTHING if referral.closed_at else End.PENDING
        assert (life.thread.referral, life.end) == (referral.pk, ends.get(referral.state, other))
    assert {life.end for life in lives} == set(End)
    reached = Reward.objects.filter(rule="milestone", state__in=["issued", "redeemed"])
    assert [cost for cost, _ in replay.milestones(lives, history=kept)] == [each.cost for each in reached]  # fmt: skip

    same = preview(program)
    assert (same.lost, same.less, same.more, same.gained) == (0, 0, 0, 0)
    assert same.was == same.would


def test_a_proposal_says_what_it_would_have_cost_and_who_would_lose_out(
    program: Program, lived: list[Referral]
) -> None:
    present = program.terms.get().amounts.get()
    stricter = preview(program, amounts={"GBP": what_if.Amount(minimum=Decimal(4500), reward=Decimal(50))})  # fmt: skip
    assert [(each.why, each.count) for each in stricter.losing] == [("BELOW_MIN", 2)]
    assert stricter.would.thanked == 0

    generous = preview(program, cap=9, amounts={"GBP": what_if.Amount(minimum=present.minimum, reward=Decimal(150))})  # fmt: skip
    assert (generous.lost, generous.more, generous.gained) == (0, 2, 1)
    assert generous.would.cost.credit_face == Decimal(450)
    assert generous.would.cost.credit == Decimal(225)  # goods cost half of their price
    # Three orders of 4,200 that stand, 10 % to either side.
    assert generous.would.benchmark == Decimal(2520)
    assert generous.would.protected == Decimal(2520) - generous.would.cost.total

    slower = preview(program, on(4, 20), return_days=60)
    assert slower.lost == slower.was.thanked
    assert slower.would.thanked == 0


def test_a_longer_click_window_brings_in_who_came_too_early_for_the_present_one(
    program: Program, ada: Advocate, store: Store
) -> None:
    late = CustomerFactory()
    visitor = clicked(ada, on(1, 5))
    visitor.customer = late
    visitor.save()
    buy(late, "4200.00", store=store, at=on(4, 20))
    assert not Referral.objects.exists()

    assert preview(program).would.thanked == 0
    longer = preview(program, click_days=120)
    assert (longer.gained, longer.would.thanked, longer.would.bound) == (1, 1, 1)


def test_who_had_bought_before_she_came_is_brought_in_by_no_window(
    program: Program, ada: Advocate, store: Store
) -> None:
    regular = CustomerFactory()
    for day in (on(1, 2), on(4, 20), on(5, 20)):
        buy(regular, "900.00", store=store, at=day)
    visitor = clicked(ada, on(1, 5))
    visitor.customer = regular
    visitor.save()
    longer = preview(program, click_days=365)
    assert (longer.gained, longer.would.bound) == (0, 0)


def test_a_later_lock_counts_what_she_ordered_after_the_present_one_had_ended(
    program: Program, ada: Advocate, store: Store
) -> None:
    referral = brought(ada, at=on(1, 10))
    sweep(on(1, 11, 1, year=2027))
    buy(referral.friend, store=store, at=on(1, 20, year=2027))
    now = on(6, 1, year=2027)
    assert preview(program, now).would.thanked == 0
    assert preview(program, now, lock_days=400).gained == 1


def test_each_was_judged_by_its_own_version_and_the_history_is_read_by_a_fixed_number_of_questions(
    program: Program, lived: list[Referral], ada: Advocate, store: Store
) -> None:
    first = program.terms.get()
    newer = Terms.objects.create(program=program, version=2, in_force_from=on(9, 1), cap=9, disclosure="I may be thanked.", created_at=on(8, 1))  # fmt: skip
    newer.amounts.create(currency="GBP", minimum=Decimal(100), reward=Decimal(70))
    with CaptureQueriesContext(connection) as before:
        what_if.compared(program=program, proposal=what_if.pinned(first), currency="GBP", now=NOW)
    friend = brought(ada, at=on(9, 2)).friend
    buy(friend, "300.00", store=store, at=on(9, 3))
    sweep(on(10, 10))
    with CaptureQueriesContext(connection) as after:
        beside = what_if.compared(program=program, proposal=what_if.pinned(first), currency="GBP", now=NOW)  # fmt: skip
    assert beside.was.cost.credit_face == sum(given().values())
    assert Decimal(70) in given().values()
    assert beside.lost == 1
    assert len(after) <= len(before)  # one more friend, not one more question


def test_perks_cost_as_much_as_of_them_is_used(program: Program, lived: list[Referral], store: Store) -> None:  # fmt: skip
    perk = Reward.objects.filter(rule="perk", state="issued").first()
    assert perk is not None
    perks.reserve(reward=perk, customer=perk.customer, store=store, day=date(2026, 12, 1), now=NOW)
    perks.consume(reward=perk, now=NOW)
    assert preview(program).was.cost.friend_perks == 8 * 22  # too few have ended to say more
