import pytest

from jeweler.access import Role
from jeweler.models import Store
from referrals import explaining, review
from referrals.models import Advocate, Referral
from tests.factories import friends
from tests.factories.friends import on

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(settings: object) -> Store:
    settings.HOUSE_TIME_ZONE = "Europe/London"  # type: ignore[attr-defined]
    return friends.london()


@pytest.fixture
def ada(store: Store) -> Advocate:
    return friends.ada()


def told(referral: Referral, *, month: int, day: int) -> explaining.Explanation:
    return explaining.explain(Referral.objects.get(pk=referral.pk), now=on(month, day))


def test_the_clock_says_the_midnight_and_why(ada: Advocate, store: Store) -> None:
    referral = friends.brought(ada, at=on(2, 20))
    assert "until February 20, 2027 ends" in told(referral, month=2, day=21).clock
    sale = friends.order(referral.friend, store=store, at=on(3, 1))
    assert "stands still" in told(referral, month=3, day=2).clock
    friends.pay(sale, at=on(3, 10))
    friends.sales.hand_over(sale=sale, at=on(3, 10), now=on(3, 10))
    friends.deliver(on(3, 10))
    assert "midnight after April 9, 2026 (Europe/London)" in told(referral, month=3, day=11).clock


def test_a_story_has_each_fact_and_marks_what_the_advocate_must_not_learn(
    ada: Advocate, store: Store
) -> None:
    daniel = friends.member(store, Role.MANAGER)
    friends.buy(ada.customer, store=store, at=on(1, 10, year=2025), card_hash="c" * 64)
    referral = friends.brought(ada, at=on(2, 20))
    friends.buy(referral.friend, store=store, at=on(3, 10), card_hash="c" * 64)
    held = told(referral, month=3, day=11)
    assert held.stands == "Held for review: both paid with the same card."
    yes = review.Decision(is_approved=True, note="Sisters", by=daniel.user)
    review.decide(review=referral.reviews.get(), decision=yes, now=on(3, 12))
    friends.sweep(on(6, 1))

    said = told(referral, month=6, day=2)
    words = [line.words for line in said.lines]
    assert words[0] == "She came by the advocate’s link."
    for part in ("She ordered for £4,200", "£4,200 was paid (card)", "Held: both paid", "Sisters", "The advocate was given £100 of store credit", "Ledger: £100 from “issued by the house” to “available”"):  # fmt: skip
        assert any(part in each for each in words), part
    open_lines = " ".join(line.words for line in said.lines if not line.is_secret)
    for secret in ("ordered", "4,200", "card", "She"):
        assert secret not in open_lines
    assert (
        said.aloud
        == "Thank you for bringing a friend: £100 of store credit was added to your credit."
    )
    assert any("£500 or more" in rule for rule in said.rules)


def test_of_a_surprise_nothing_is_said_aloud(ada: Advocate, store: Store) -> None:
    referral = friends.brought(ada, at=on(2, 20))
    Referral.objects.filter(pk=referral.pk).update(surprise_until=on(12, 24).date())
    assert told(referral, month=12, day=23).aloud.startswith("Nothing")
    assert "thank-you may be on its way" in told(referral, month=12, day=25).aloud
