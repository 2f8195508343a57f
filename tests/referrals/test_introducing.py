"""Scenarios 56 and 59: codes and names at the counter."""

from datetime import timedelta

import pytest

from jeweler.access import Role
from jeweler.models import AuditEntry, StaffMember, Store
from referrals import introducing, naming, referring
from referrals.introducing import Outcome
from referrals.models import Advocate, Referral, Touch
from tests.factories import friends
from tests.factories.friends import on
from tests.factories.jeweler import customer_with
from tests.factories.referrals import AdvocateFactory

pytestmark = pytest.mark.django_db
COUNTER = Touch.Channel.COUNTER


@pytest.fixture
def store(settings: object) -> Store:
    settings.HOUSE_TIME_ZONE = "Europe/London"  # type: ignore[attr-defined]
    return friends.london()


@pytest.fixture
def ada(store: Store) -> Advocate:
    return friends.ada()


@pytest.fixture
def marisol(store: Store) -> StaffMember:
    return friends.member(store, Role.ASSOCIATE)


def test_case_59_a_day_after_the_payment_a_code_is_the_managers_and_later_nobodys(
    ada: Advocate, store: Store, marisol: StaffMember
) -> None:
    daniel = friends.member(store, Role.MANAGER)
    bea = friends.friend()
    sale = friends.buy(bea, store=store, at=on(3, 10))
    later = {"advocate": ada, "friend": bea, "channel": COUNTER, "sale": sale, "store": store}
    at = on(3, 10) + timedelta(hours=25)

    with pytest.raises(introducing.TooLate):
        introducing.introduce(by=marisol, now=at, **later)  # type: ignore[arg-type]
    with pytest.raises(introducing.TooLate):  # a till knows no manager
        introducing.introduce(by=None, now=at, **later)  # type: ignore[arg-type]
    with pytest.raises(introducing.ReasonMissing):
        introducing.introduce(by=daniel, now=at, **later)  # type: ignore[arg-type]
    with pytest.raises(introducing.TooLateForAll):
        introducing.introduce(by=daniel, reason="Forgot", now=on(4, 10, 0), **later)  # type: ignore[arg-type]
    assert not Referral.objects.exists()

    made = introducing.introduce(by=daniel, reason="She had the card in her bag", now=at, **later)  # type: ignore[arg-type]
    assert made.outcome == Outcome.INTRODUCED
    referral = Referral.objects.get()
    noted = referral.events.get(kind="noted")
    assert (noted.data["code"], noted.by) == ("LATE_ATTRIBUTION", daniel.user)
    friends.sweep(on(6, 1))
    referral.refresh_from_db()
    assert referral.state == Referral.State.REWARDED


def test_staff_enter_neither_their_own_code_nor_that_of_somebody_near(
    ada: Advocate, store: Store
) -> None:
    herself = friends.member(store, Role.ASSOCIATE, email="Ada@GoogleMail.com")
    sister = friends.member(store, Role.ASSOCIATE, email="sister@osmere.example")
    customer_with(email="sister@osmere.example", phone="+447911123456")  # they share a telephone
    bea = friends.friend()
    for member in (herself, sister):
        with pytest.raises(introducing.OwnCode):
            introducing.introduce(
                advocate=ada, friend=bea, channel=COUNTER, by=member, now=on(3, 1)
            )
    assert not Referral.objects.exists()


def test_that_another_introduced_her_is_said_without_whose(
    ada: Advocate, store: Store, marisol: StaffMember
) -> None:
    cleo = AdvocateFactory(code="9HJ3TW5P9", joined_at=friends.MADE)
    referral = friends.brought(ada, at=on(2, 20))
    told = introducing.introduce(advocate=cleo, friend=referral.friend, channel=COUNTER, by=marisol, now=on(3, 1))  # fmt: skip
    assert told.outcome == Outcome.ALREADY
    assert "Ada" not in told.said
    assert told.referral == referral


def test_a_customer_of_old_is_told_so_and_bound_to_nobody(
    ada: Advocate, store: Store, marisol: StaffMember
) -> None:
    bea = friends.friend()
    friends.buy(bea, store=store, at=on(1, 5, year=2023))
    told = introducing.introduce(advocate=ada, friend=bea, channel=COUNTER, by=marisol, now=on(3, 1))  # fmt: skip
    assert (told.outcome, told.referral) == (Outcome.REFUSED, None)


def ask(text: str, member: StaffMember, now: object) -> naming.Found:
    return naming.by_code(text=text, member=member, store=None, now=now)  # type: ignore[arg-type]


def test_case_56_twenty_that_found_nothing_shut_one_log_in_and_no_other(
    ada: Advocate, store: Store, marisol: StaffMember
) -> None:
    gone = AdvocateFactory(code="9HJ3TW5P9", joined_at=friends.MADE, ends_at=on(1, 1))
    at = on(3, 1)
    for number in range(20):
        text = gone.code if number % 2 else "C4R-B0N-81V"
        assert ask(text, marisol, at + timedelta(seconds=number)) == naming.Found()
    with pytest.raises(naming.TooManyGuesses):
        ask(ada.code, marisol, at + timedelta(minutes=15))
    assert ask(ada.code, friends.member(store, Role.ASSOCIATE), at).advocate == ada
    assert ask(ada.code, marisol, at + timedelta(minutes=15, seconds=20)).advocate == ada
    assert not any(ada.code in str(each.detail) for each in AuditEntry.objects.all())


def test_a_slip_of_the_eye_is_proposed_covered_and_taken_only_when_confirmed(
    ada: Advocate, marisol: StaffMember
) -> None:
    found = ask("7kq-Zm9-xdm", marisol, on(3, 1))
    assert found.advocate is None
    assert found.meant is not None
    assert (found.meant.initials, found.meant_code) == ("A. O.", "7KQ-2M9-XDM")
    assert "ada@gmail.com" not in str(found.meant)
    assert naming.chosen(found.meant.token, member=marisol, now=on(3, 1)) == ada
    assert ask("7KQ-2M9-XDN", marisol, on(3, 1)) == naming.Found()


def test_a_name_finds_a_few_to_choose_from_and_never_whom_somebody_else_was_shown(
    ada: Advocate, store: Store, marisol: StaffMember
) -> None:
    AdvocateFactory(joined_at=friends.MADE)  # of the same name
    named = naming.by_name(name="ada okafor", member=marisol, store=store, now=on(3, 1))
    assert len(named) == 2
    few = naming.by_name(name="Ada Okafor", ending="3456", member=marisol, store=store, now=on(3, 1))  # fmt: skip
    assert [each.contacts for each in few] == [("ad…@…ail.com", "…3456")]
    assert naming.by_name(name="Ada Okafur", member=marisol, store=store, now=on(3, 1))
    with pytest.raises(naming.NoName):
        naming.by_name(name="Ada", member=marisol, store=store, now=on(3, 1))
    with pytest.raises(referring.CodeRefused):
        naming.chosen(few[0].token, member=friends.member(store, Role.ASSOCIATE), now=on(3, 1))
