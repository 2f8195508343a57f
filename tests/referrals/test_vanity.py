"""A word of her own: asked for, approved, and hers alone."""

from datetime import timedelta

import pytest
from django.test import Client

from jeweler.access import Role
from referrals import referring, vanity
from referrals.models import Advocate, VanityCode
from tests.factories import introductions as friends
from tests.factories.jeweler import NOW, StaffMemberFactory, UserFactory

pytestmark = pytest.mark.django_db


def approved(advocate: Advocate, text: str = "Ada-Ring") -> VanityCode:
    word = vanity.ask(advocate=advocate, text=text, now=NOW)
    vanity.decide(word=word, is_approved=True, by=UserFactory(), now=NOW)
    return word


def test_a_word_leads_to_her_once_it_is_approved() -> None:
    ada = friends.advocate()
    word = vanity.ask(advocate=ada, text="Ada-Ring", now=NOW)
    with pytest.raises(referring.CodeRefused):
        referring.advocate_of("adaring", now=NOW)
    vanity.decide(word=word, is_approved=True, by=UserFactory(), now=NOW)
    assert referring.advocate_of("ada ring", now=NOW) == ada
    with pytest.raises(vanity.AlreadyDecided):
        vanity.decide(word=word, is_approved=False, by=UserFactory(), now=NOW)


def test_she_has_one_at_a_time_and_nobody_else_has_hers() -> None:
    ada, cleo = friends.advocate(), friends.advocate(email="cleo@example.com")
    approved(ada)
    with pytest.raises(vanity.HasOne):
        vanity.ask(advocate=ada, text="RINGOFADA", now=NOW)
    with pytest.raises(vanity.WordTaken):
        vanity.ask(advocate=cleo, text="adaring", now=NOW)


def test_a_word_given_up_leads_nowhere_and_is_free_after_24_months() -> None:
    ada, cleo = friends.advocate(), friends.advocate(email="cleo@example.com")
    approved(ada)
    vanity.give_up(advocate=ada, now=NOW)
    with pytest.raises(referring.CodeRefused):
        referring.advocate_of("ADARING", now=NOW)
    late = NOW + timedelta(days=730)
    assert vanity.release(now=late) == 0
    with pytest.raises(vanity.WordTaken):
        vanity.ask(advocate=cleo, text="ADARING", now=late)
    later = NOW + timedelta(days=731)
    assert vanity.release(now=later) == 1
    assert vanity.ask(advocate=cleo, text="ADARING", now=later).text == "ADARING"


def test_of_a_forgotten_guest_the_word_goes_and_is_still_not_given_away() -> None:
    ada, cleo = friends.advocate(), friends.advocate(email="cleo@example.com")
    approved(ada)
    vanity.forget(advocate=ada, now=NOW)
    assert not VanityCode.objects.filter(text="ADARING").exists()
    with pytest.raises(vanity.WordTaken):
        vanity.ask(advocate=cleo, text="ADARING", now=NOW)


def test_a_manager_approves_in_the_back_office_and_an_associate_does_not(client: Client) -> None:
    word = vanity.ask(advocate=friends.advocate(), text="ADARING", now=NOW)
    there = "/admin/referrals/vanitycode/"
    said = {"action": "approve", "_selected_action": [word.pk]}
    client.force_login(StaffMemberFactory(role=Role.ASSOCIATE).user)
    assert client.post(there, said).status_code == 403
    client.force_login(StaffMemberFactory(role=Role.MANAGER).user)
    assert (
        "ADARING stands for her code now" in client.post(there, said, follow=True).content.decode()
    )
    word.refresh_from_db()
    assert (word.state, word.decided_by is not None) == ("approved", True)
