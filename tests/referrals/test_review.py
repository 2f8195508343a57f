"""Scenarios 47 to 58 of the guardrails, and what a reviewer may and may not do."""

import pytest
from django.db import IntegrityError, transaction

from jeweler.access import Role, stores_of
from jeweler.models import AuditEntry, EmailMessage, IdentityEdge, StaffMember, Store
from referrals import changing, review
from referrals.models import Advocate, Referral, ReferralChange, Review, Reward, Touch
from referrals.review import Decision
from tests.factories import friends
from tests.factories.friends import on
from tests.factories.referrals import AdvocateFactory

pytestmark = pytest.mark.django_db
State = Referral.State
CARD = "c" * 64


@pytest.fixture
def store(settings: object) -> Store:
    settings.HOUSE_TIME_ZONE = "Europe/London"  # type: ignore[attr-defined]
    return friends.london()


@pytest.fixture
def ada(store: Store) -> Advocate:
    return friends.ada()


@pytest.fixture
def daniel(store: Store) -> StaffMember:
    return friends.member(store, Role.MANAGER)


def yes(by: StaffMember, note: str = "Two sisters; both spoke to me") -> Decision:
    return Decision(is_approved=True, note=note, by=by.user)


def no(by: StaffMember, **more: bool) -> Decision:
    return Decision(is_approved=False, note="One person twice", by=by.user, **more)


def of_one_card(ada: Advocate, store: Store) -> Referral:
    """She paid with the advocate's card."""
    friends.buy(ada.customer, store=store, at=on(1, 10, year=2025), card_hash=CARD)
    referral = friends.brought(ada, at=on(2, 20))
    friends.buy(referral.friend, store=store, at=on(3, 10), card_hash=CARD)
    referral.refresh_from_db()
    return referral


def test_case_51_the_same_card_is_held_past_its_day_and_a_wallet_is_no_sign(
    ada: Advocate, store: Store, daniel: StaffMember
) -> None:
    held, wallet = of_one_card(ada, store), friends.brought(ada, at=on(2, 21))
    friends.buy(wallet.friend, store=store, at=on(3, 10), card_hash="w" * 64)
    friends.sweep(on(6, 1))

    held.refresh_from_db()
    wallet.refresh_from_db()
    assert (held.state, held.reason) == (State.ON_HOLD, "SAME_CARD")
    assert wallet.state == State.REWARDED
    assert not held.rewards.filter(rule="credit").exists()

    waits = held.reviews.get()
    assert waits.signals[0]["words"] == "Both paid with the same card."
    review.decide(review=waits, decision=yes(daniel), now=on(6, 2))
    held.refresh_from_db()
    assert held.state == State.REWARDED  # approved once, it is not held for the same again
    assert held.reviews.count() == 1


def test_case_54_the_sixth_friend_of_a_day_is_held_and_the_first_five_are_not(
    ada: Advocate,
) -> None:
    made = [friends.brought(ada, at=on(3, 1, 9, minute)) for minute in range(6)]
    assert [each.state for each in made] == [State.IDENTIFIED] * 5 + [State.ON_HOLD]
    assert made[-1].reason == "VELOCITY"
    assert friends.brought(ada, at=on(3, 4)).state == State.IDENTIFIED


def test_case_53_a_ring_ends_at_an_existing_customer_and_is_written_down(
    ada: Advocate, store: Store
) -> None:
    friends.buy(ada.customer, store=store, at=on(1, 5, year=2025))
    brought = friends.brought(ada, at=on(2, 1))
    bea = AdvocateFactory(customer=brought.friend, joined_at=on(2, 2))
    further = friends.brought(bea, at=on(2, 3))
    fay = AdvocateFactory(customer=further.friend, joined_at=on(2, 4))

    back = friends.brought(fay, at=on(2, 5), whom=ada.customer)

    assert (back.state, back.reason) == (State.REJECTED, "EXISTING_CUSTOMER")
    assert back.events.filter(kind="noted", data__code="RING").exists()
    assert AuditEntry.objects.filter(action="referral.ring_noticed").exists()


def test_what_one_group_lets_go_of_another_still_holds(
    ada: Advocate, store: Store, daniel: StaffMember
) -> None:
    referral = of_one_card(ada, store)
    review.suspend(advocate=ada, reason="Calls to come", by=daniel.user, now=on(3, 11))
    review.reinstate(advocate=ada, reason="It was nothing", by=daniel.user, now=on(3, 12))
    friends.sweep(on(6, 1))

    referral.refresh_from_db()
    ada.refresh_from_db()
    assert ada.suspended_at is None
    assert (referral.state, referral.reason) == (State.ON_HOLD, "SAME_CARD")


def test_who_sold_it_entered_it_or_is_near_them_decides_nothing(
    ada: Advocate, store: Store, daniel: StaffMember
) -> None:
    referral = of_one_card(ada, store)
    waits = referral.reviews.get()
    referral.sale.sold_by = daniel.user  # type: ignore[union-attr]
    referral.sale.save()  # type: ignore[union-attr]
    near = friends.member(store, Role.MANAGER, email="A.da+work@googlemail.com")
    for member in (daniel, near):
        with pytest.raises(review.IsInvolved):
            review.decide(review=waits, decision=yes(member), now=on(3, 12))
    other = friends.member(store, Role.MANAGER)
    with pytest.raises(review.NoteMissing):
        review.decide(review=waits, decision=yes(other, note="  "), now=on(3, 12))
    review.decide(review=waits, decision=yes(other), now=on(3, 12))
    with pytest.raises(review.AlreadyDecided):
        review.decide(review=waits, decision=no(other), now=on(3, 12))


def test_case_58_a_decline_tells_the_advocate_nothing_of_whom_how_much_or_why(
    ada: Advocate, store: Store, daniel: StaffMember
) -> None:
    referral = of_one_card(ada, store)
    review.decide(review=referral.reviews.get(), decision=no(daniel, tells_advocate=True), now=on(3, 12))  # fmt: skip

    referral.refresh_from_db()
    assert (referral.state, referral.reason) == (State.REJECTED, "SAME_CARD")
    assert set(referral.rewards.values_list("state", flat=True)) == {Reward.State.REVOKED}
    told = EmailMessage.objects.get(kind="referrals/not_counted")
    assert told.to == "ada@gmail.com"
    said = f"{told.subject} {told.text} {told.html}"
    for secret in ("Bea", "Quist", "4200", "4,200", "SAME_CARD", "card", "One person twice"):
        assert secret not in said


def test_a_surprise_is_not_given_away_by_a_decline(
    ada: Advocate, store: Store, daniel: StaffMember
) -> None:
    referral = of_one_card(ada, store)
    Referral.objects.filter(pk=referral.pk).update(surprise_until=on(12, 24).date())
    waits = referral.reviews.get()
    with pytest.raises(review.StillASurprise):
        review.decide(review=waits, decision=no(daniel, tells_advocate=True), now=on(3, 12))
    review.decide(review=waits, decision=no(daniel), now=on(3, 12))
    assert not EmailMessage.objects.filter(kind="referrals/not_counted").exists()


def test_what_waits_too_long_is_escalated_once_and_stays_held(
    ada: Advocate, store: Store, daniel: StaffMember
) -> None:
    referral = of_one_card(ada, store)
    assert review.escalate(now=on(3, 16)) == 0
    assert review.escalate(now=on(3, 18)) == 1
    assert review.escalate(now=on(4, 30)) == 0
    assert EmailMessage.objects.get(kind="referrals/review_due").to == daniel.user.email
    friends.sweep(on(12, 31))
    referral.refresh_from_db()
    assert referral.state == State.ON_HOLD


def test_a_browser_of_both_is_a_sign_and_a_showrooms_tablet_is_none(ada: Advocate) -> None:
    for is_store_device, expected in ((True, State.IDENTIFIED), (False, State.ON_HOLD)):
        bea = friends.friend()
        shared = friends.VisitorFactory(is_store_device=is_store_device)
        for whose in (ada.customer, bea):
            IdentityEdge.objects.create(visitor=shared, customer=whose, evidence="saved_design", created_at=on(1, 1))  # fmt: skip
        assert friends.brought(ada, at=on(3, 1), whom=bea).state == expected


def test_small_signs_add_up(ada: Advocate) -> None:
    bea = friends.friend("bea@mailinator.com")
    referral = friends.brought(ada, at=on(3, 1), whom=bea, is_broadcast=True)
    waits = Review.objects.get(referral=referral)
    assert (waits.reason, waits.score) == ("SEVERAL_SIGNS", 55)
    assert {each["code"] for each in waits.signals} == {"DISPOSABLE_EMAIL", "BROADCAST"}


def test_the_same_hands_again_and_again_are_told_to_the_managers_at_once(
    ada: Advocate, store: Store, daniel: StaffMember
) -> None:
    marisol = friends.member(store, Role.ASSOCIATE)
    for day in range(1, 5):
        referral = friends.brought(ada, at=on(3, day), staff=marisol.user, store=store, channel=Touch.Channel.COUNTER)  # fmt: skip
    assert (referral.state, referral.reason) == (State.ON_HOLD, "STAFF_PATTERN")
    assert review.escalate(now=on(3, 4)) == 1


def test_a_manager_sees_what_is_her_stores_or_nobodys_yet(ada: Advocate, store: Store) -> None:
    of_one_card(ada, store)
    elsewhere = friends.member(friends.StoreFactory(code="york"), Role.MANAGER)
    here = friends.member(store, Role.MANAGER)
    assert review.waiting(here, stores_of(here)).count() == 1
    assert review.waiting(elsewhere, stores_of(elsewhere)).count() == 0


class TestWhatNeedsTwo:
    def test_a_friend_is_given_to_another_advocate_by_two_managers(
        self, ada: Advocate, store: Store, daniel: StaffMember
    ) -> None:
        cleo = AdvocateFactory(code="9HJ3TW5P9", joined_at=friends.MADE)
        referral = friends.brought(ada, at=on(2, 20))
        friends.buy(referral.friend, store=store, at=on(3, 10))
        asked = changing.ask_reassign(referral=referral, to=cleo, reason="She named Cleo", by=daniel.user, now=on(3, 11))  # fmt: skip
        with pytest.raises(changing.NeedsSomebodyElse):
            changing.decide(change=asked, is_approved=True, note="", by=daniel.user, now=on(3, 11))
        with pytest.raises(IntegrityError), transaction.atomic():  # nor by any other way
            ReferralChange.objects.filter(pk=asked.pk).update(
                state="approved", decided_by=daniel.user, decided_at=on(3, 11)
            )
        ines = friends.member(store, Role.MANAGER)
        new = changing.decide(change=asked, is_approved=True, note="", by=ines.user, now=on(3, 12))
        friends.sweep(on(6, 1))

        referral.refresh_from_db()
        assert new is not None
        new.refresh_from_db()
        assert (referral.state, referral.reason) == (State.SUPERSEDED, "REASSIGNED")
        assert (new.state, new.advocate, new.locked_at) == (State.REWARDED, cleo, on(2, 20))
        assert new.friend.rewards.count() == 1  # the perk that she was given, and no second
        with pytest.raises(changing.CannotChange, match="qualified"):
            changing.ask_reassign(referral=new, to=ada, reason="Back", by=daniel.user, now=on(6, 2))

    def test_a_hard_rule_is_passed_by_permission_a_reason_and_a_second_person(
        self, ada: Advocate, store: Store, daniel: StaffMember
    ) -> None:
        bea = friends.friend()
        friends.buy(bea, store=store, at=on(1, 5, year=2023))
        referral = friends.brought(ada, at=on(2, 20), whom=bea)
        assert referral.reason == "EXISTING_CUSTOMER"
        friends.buy(bea, store=store, at=on(3, 10))
        with pytest.raises(changing.NotPermitted):
            changing.ask_override(referral=referral, reason="A gift then", by=daniel.user, now=on(3, 11))  # fmt: skip
        owner = friends.member(store, Role.OWNER)
        with pytest.raises(review.NoteMissing):
            changing.ask_override(referral=referral, reason=" ", by=owner.user, now=on(3, 11))
        asked = changing.ask_override(referral=referral, reason="A gift then", by=owner.user, now=on(3, 11))  # fmt: skip
        new = changing.decide(change=asked, is_approved=True, note="", by=daniel.user, now=on(3, 12))  # fmt: skip
        friends.sweep(on(6, 1))

        assert new is not None
        new.refresh_from_db()
        referral.refresh_from_db()
        assert new.state == State.REWARDED
        assert referral.state == State.REJECTED  # what was closed stays so
