"""The managers' pages: what they show covered, and to whom."""

import html

import pytest
from django.test import Client
from django.urls import reverse

from jeweler.access import Role
from jeweler.models import AuditEntry, StaffMember, Store
from referrals import patterns
from referrals.models import Advocate, Referral, ReferralChange, Touch
from tests.factories import friends
from tests.factories.friends import on
from tests.factories.referrals import AdvocateFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(settings: object) -> Store:
    settings.HOUSE_TIME_ZONE = "Europe/London"  # type: ignore[attr-defined]
    return friends.london()


@pytest.fixture
def ada(store: Store) -> Advocate:
    return friends.ada()


@pytest.fixture
def held(ada: Advocate, store: Store) -> Referral:
    marisol = friends.member(store, Role.ASSOCIATE)
    friends.buy(ada.customer, store=store, at=on(1, 10, year=2025), card_hash="c" * 64)
    referral = friends.brought(ada, at=on(2, 20))
    friends.buy(
        referral.friend, store=store, at=on(3, 10), card_hash="c" * 64, sold_by=marisol.user
    )
    referral.refresh_from_db()
    return referral


def desk(member: StaffMember) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def read(client: Client, address: str, **said: object) -> str:
    answer = client.post(address, said, follow=True) if said else client.get(address)
    return html.unescape(answer.content.decode())


def test_a_manager_reads_the_signs_covered_and_decides_in_one_form(
    held: Referral, store: Store
) -> None:
    client = desk(friends.member(store, Role.MANAGER))
    page = read(client, reverse("friends:reviews"))
    for part in ("Both paid with the same card", "£100", "ad…@…ail.com", "B. Q."):
        assert part in page
    for secret in ("ada@gmail.com", "Quist", held.friend.contact_points.get().value):
        assert secret not in page
    waits = held.reviews.get()
    assert "Say in a few words why" in read(client, reverse("friends:decide"), review=waits.pk, verdict="approve", note=" ")  # fmt: skip
    done = read(client, reverse("friends:decide"), review=waits.pk, verdict="approve", note="Sisters")  # fmt: skip
    assert "let go of" in done
    assert "Nothing waits" in done
    held.refresh_from_db()
    assert held.state != Referral.State.ON_HOLD


def test_another_stores_manager_finds_neither_the_queue_nor_the_referral(held: Referral) -> None:
    client = desk(friends.member(friends.StoreFactory(code="york"), Role.MANAGER))
    assert "Nothing waits" in read(client, reverse("friends:reviews"))
    assert client.get(reverse("friends:referral", args=[held.pk])).status_code == 404
    read(client, reverse("friends:decide"), review=held.reviews.get().pk, verdict="approve", note="x")  # fmt: skip
    assert held.reviews.get().state == "open"


def test_the_story_opens_and_is_written_down(held: Referral, store: Store) -> None:
    client = desk(friends.member(store, Role.MANAGER))
    page = read(client, reverse("friends:referral", args=[held.pk]))
    assert "What the advocate may be told" in page
    assert "£4,200 was paid" in page
    assert AuditEntry.objects.filter(action="referral.viewed").count() == 1


def test_another_advocate_is_asked_for_by_one_and_approved_by_another(
    ada: Advocate, store: Store
) -> None:
    AdvocateFactory(code="9HJ3TW5P9", joined_at=friends.MADE)
    referral = friends.brought(ada, at=on(2, 20))
    act = reverse("friends:act", args=[referral.pk])
    daniel, ines = (desk(friends.member(store, Role.MANAGER)) for _ in range(2))
    assert "not one of ours" in read(daniel, act, do="reassign", code="000", reason="She said so")
    assert "second" not in read(daniel, act, do="reassign", code="9hj 3tw 5p9", reason="She said so").partition("Asked.")[0]  # fmt: skip
    assert "another manager has to decide" in read(daniel, act, do="change", verdict="approve")
    assert "It is done" in read(ines, act, do="change", verdict="approve")
    assert ReferralChange.objects.get().state == "approved"
    assert Referral.objects.filter(closed_at=None).get().advocate.code == "9HJ3TW5P9"


def test_the_staffs_figures_say_how_much_of_whom(ada: Advocate, store: Store) -> None:
    marisol = friends.member(store, Role.ASSOCIATE)
    for day in (1, 3):
        friends.brought(ada, at=on(3, day), staff=marisol.user, store=store, channel=Touch.Channel.COUNTER)  # fmt: skip
    for day in (4, 5, 6, 7):
        friends.order(friends.friend(), store=store, at=on(3, day), sold_by=marisol.user)
    row = patterns.report(stores=Store.objects.all(), now=on(3, 20))[0]
    assert (row.sales, row.entered, row.per_hundred, row.share) == (4, 2, 50, 100)
    client = desk(friends.member(store, Role.MANAGER))
    assert row.who in read(client, reverse("friends:staff"))
