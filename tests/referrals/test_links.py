"""Links open one page for one person, and none opens another's."""

from datetime import timedelta

import pytest

from jeweler import privacy
from referrals import links
from referrals.models import AdvocateLink
from tests.factories import introductions as friends
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db


def test_her_link_opens_her_page_until_it_ends_and_only_its_hash_is_kept() -> None:
    ada = friends.advocate()
    token = links.issue(advocate=ada, now=NOW)
    assert links.opened(token, now=NOW) == ada
    assert token not in str(AdvocateLink.objects.values_list())
    with pytest.raises(links.LinkEnded):
        links.opened(token, now=NOW + links.LASTS)
    renewed = links.issue(advocate=ada, now=NOW + links.LASTS)
    assert links.opened(renewed, now=NOW + links.LASTS) == ada
    assert AdvocateLink.objects.count() == 1, "what has ended is cleared away"


def test_no_link_opens_a_page_that_it_was_not_made_for() -> None:
    friends.program()
    ada = friends.advocate()
    referral = friends.brought(ada, at=NOW)
    hers = links.issue(advocate=ada, now=NOW)
    joining = links.join_url(ada.customer).split("/")[-2]
    friend = links.friend_url(referral).split("/")[-2]
    assert links.friends(friend, now=NOW) == referral
    assert links.invited(joining) == ada.customer
    for wrong in (joining, friend):
        with pytest.raises(links.LinkEnded):
            links.opened(wrong, now=NOW)
    for wrong in (hers, friend):
        with pytest.raises(links.LinkEnded):
            links.invited(wrong)
    for wrong in (hers, joining, str(referral.pk), f"{friend}x"):
        with pytest.raises(links.LinkEnded):
            links.friends(wrong, now=NOW)


def test_no_link_opens_anything_of_whoever_was_forgotten() -> None:
    friends.program()
    ada = friends.advocate()
    referral = friends.brought(ada, at=NOW)
    token, friend = links.issue(advocate=ada, now=NOW), links.friend_url(referral).split("/")[-2]
    privacy.forget(customer=ada.customer, now=NOW)
    privacy.forget(customer=referral.friend, now=NOW)
    with pytest.raises(links.LinkEnded):
        links.opened(token, now=NOW)
    with pytest.raises(links.LinkEnded):
        links.friends(friend, now=NOW + timedelta(days=1))
