from hypothesis import given, settings
from hypothesis import strategies as st

from referrals import scoring
from referrals.scoring import Sign

ALONE = {Sign.SAME_CARD, Sign.SAME_DEVICE, Sign.VELOCITY, Sign.RING, Sign.PARTNER_OF_ADVOCATE, Sign.STAFF_PATTERN}  # fmt: skip


def test_a_household_alone_passes_and_with_a_disposable_address_is_held() -> None:
    assert not scoring.judge({Sign.HOUSEHOLD}).reasons
    together = scoring.judge({Sign.HOUSEHOLD, Sign.DISPOSABLE_EMAIL})
    assert (together.score, together.reasons) == (60, (scoring.SEVERAL,))
    assert not together.is_premarked


def test_two_of_the_same_card_and_browser_are_proposed_to_be_declined() -> None:
    verdict = scoring.judge({Sign.SAME_CARD, Sign.SAME_DEVICE})
    assert verdict.reasons == ("SAME_CARD", "SAME_DEVICE")  # each is decided by itself
    assert verdict.is_premarked


@settings(max_examples=50)
@given(seen=st.sets(st.sampled_from(Sign)), more=st.sets(st.sampled_from(Sign)))
def test_more_signs_never_look_better(seen: set[Sign], more: set[Sign]) -> None:
    one, both = scoring.judge(seen), scoring.judge(seen | more)
    assert both.score >= one.score
    assert bool(both.reasons) >= bool(one.reasons)
    assert set(both.reasons) >= set(one.reasons) - {scoring.SEVERAL}
    assert bool(one.reasons) == (bool(seen & ALONE) or one.score >= 40)


def test_a_relay_is_not_disposable_and_a_sub_domain_of_one_is() -> None:
    assert scoring.is_disposable("x@mailinator.com")
    assert scoring.is_disposable("x@eu.mailinator.com")
    assert not scoring.is_disposable("k3v9@privaterelay.appleid.com")
    assert not scoring.is_disposable("ada@gmail.com")


def test_alike_is_a_name_and_an_address_that_are_nearly_the_same() -> None:
    emails = ({"clara.whitcombe@gmail.com"}, {"clara.whitcomb@outlook.com"})
    assert scoring.are_alike(names=("Clara Whitcombe", "Clara Whitcomb"), emails=emails)
    assert not scoring.are_alike(names=("Clara Whitcombe", "Bea Quist"), emails=emails)
    assert not scoring.are_alike(names=("", ""), emails=emails)
