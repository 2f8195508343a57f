"""Each sign is seen where it is, and not where it only seems to be."""

import pytest

from builder.models import DesignLink, Hint
from jeweler.access import Role
from jeweler.models import Store
from referrals import introducing, referring, signs
from referrals.models import Advocate, Referral, Touch
from referrals.scoring import Sign
from tests.factories import friends
from tests.factories import pos_bridge as tills
from tests.factories.friends import on
from tests.factories.jeweler import EmailMessageFactory

pytestmark = pytest.mark.django_db
HOME = {"network_hash": "n" * 64, "agent_hash": "a" * 64}


@pytest.fixture
def store(settings: object) -> Store:
    settings.HOUSE_TIME_ZONE = "Europe/London"  # type: ignore[attr-defined]
    return friends.london()


@pytest.fixture
def ada(store: Store) -> Advocate:
    return friends.ada()


def seen(referral: Referral) -> set[Sign]:
    return signs.seen(signs._pair(referral))


def test_one_family_name_at_one_network_is_a_household_and_a_stores_network_is_none(
    ada: Advocate, store: Store
) -> None:
    referring.touch(advocate=ada, channel=Touch.Channel.LINK, customer=ada.customer, at=on(1, 5), **HOME)  # type: ignore[arg-type]  # fmt: skip
    sister = friends.friend(last_name="OKAFOR")
    at_home = friends.brought(ada, at=on(2, 1), whom=sister, **HOME)
    assert seen(at_home) == {Sign.HOUSEHOLD, Sign.SAME_NETWORK}
    assert at_home.reviews.get().score == 50

    stranger = friends.brought(ada, at=on(2, 3), network_hash="n" * 64, agent_hash="b" * 64)
    in_store = friends.brought(ada, at=on(2, 5), store=store, **HOME)
    assert seen(stranger) == seen(in_store) == set()


def test_a_hint_between_the_two_says_that_they_may_be_a_couple(ada: Advocate) -> None:
    bea = friends.friend("bea@example.com")
    design = tills.saved_design(customer=ada.customer)
    link = DesignLink.objects.create(design=design, token_hash="h" * 64, purpose="hint", has_price=False, created_at=on(1, 1), expires_at=on(12, 1))  # fmt: skip
    Hint.objects.create(
        design=design, link=link, from_name="A.", sent_at=on(1, 1),
        mail=EmailMessageFactory(to="bea@example.com"),
    )  # fmt: skip
    referral = friends.brought(ada, at=on(2, 1), whom=bea)
    assert seen(referral) == {Sign.PARTNER_OF_ADVOCATE}
    assert referral.reason == "PARTNER_OF_ADVOCATE"


def test_a_guest_who_was_unknown_until_the_code_came_is_a_small_sign(
    ada: Advocate, store: Store
) -> None:
    marisol = friends.member(store, Role.ASSOCIATE)
    known = friends.friend()
    new = friends.friend(created_at=on(3, 1, 11, 55))
    for whom, expected in ((known, set()), (new, {Sign.COLD_POS_APPLY})):
        introducing.introduce(advocate=ada, friend=whom, channel=Touch.Channel.COUNTER, by=marisol, store=store, now=on(3, 1))  # fmt: skip
        assert seen(Referral.objects.get(friend=whom)) == expected
