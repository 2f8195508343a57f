"""A friend wants to surprise somebody, and her advocate shares an inbox with that very person. Before the day there is no trace
of it anywhere that the two can look, and never a word of who, what, how much or when.

The proof compares: all that they can see at a moment, in a house where nothing of the kind ever happened and in one where it did.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client

from builder import saving
from builder.models import Design
from jeweler import outbox, privacy
from jeweler.models import Customer, EmailMessage, Store
from referrals import following, footprints, inviting, landing, links, referring, sharing
from referrals.models import Advocate, Campaign, Milestone, Perk, Referral, Touch
from tests.factories import introductions as friends
from tests.factories.builder import DesignFactory
from tests.factories.jeweler import (
    NOW,
    PaymentFactory,
    SaleFactory,
    SaleLineFactory,
    StoreFactory,
    customer_with,
)
from tests.factories.tills import Till
from tests.journeys.browsers import BROWSER

pytestmark = pytest.mark.django_db

HOME = "home@example.com"  # the advocate's, and that of her sister, whom the ring is for
DAY = NOW.date() + timedelta(days=120)
MOMENTS = [NOW + timedelta(days=days) for days in (1, 40, 75, 119)]
# Who, what, how much, when.
SECRETS = ["Robin", "Quist", "robin@", "Juniper", "4,217", "4217", "December 11", "2026-12-11"]


@dataclass
class House:
    ada: Advocate
    sister: Customer
    store: Store
    design: Design


@pytest.fixture
def house() -> House:
    season = Campaign.objects.create(
        program=friends.program(holdout_percent=0), name="Season", starts_at=NOW - timedelta(days=90),
        ends_at=NOW + timedelta(days=300), settles_until=NOW + timedelta(days=500),
    )  # fmt: skip
    Milestone.objects.create(campaign=season, count=1, perk=Perk.objects.get())
    store = StoreFactory(code="nyc")
    ada = friends.advocate(email=HOME, code="7KQ2M9XDM", shows_first_name=True, note="Go and see.")
    return House(ada=ada, sister=customer_with(email=HOME), store=store, design=DesignFactory())


def all_that_they_see(house: House, *, now: datetime) -> dict[str, str]:
    """Every page, file, mail, export and answer of the till's API about the two, by its name, without what is new each time."""
    seen: dict[str, str] = {}
    client = Client(headers={"user-agent": BROWSER})
    with time_machine.travel(now, tick=False):
        here = f"/friends/{links.issue(advocate=house.ada, now=now)}/"
        pages = {
            "her page": here, "card": f"{here}card/", "svg": f"{here}code.svg", "png": f"{here}code.png",
            "landing": f"/r/{house.ada.code}", "house": "/", "saved": "/ring/saved/",
        }  # fmt: skip
        for name, address in pages.items():
            seen[name] = client.get(address).content.decode(errors="replace")
        for name, customer in (("ada", house.ada.customer), ("sister", house.sister)):
            seen[f"export of {name}"] = json.dumps(privacy.export(customer), sort_keys=True)
        till = Till(house.store)
        people = till.post("customers/", {"email": HOME}).json()["customers"]
        seen["till: customers"] = json.dumps([each | {"customer": ""} for each in people])
        seen["till: code"] = till.get(f"referral-codes/{house.ada.code}/").content.decode()
        seen["till: credit"] = "".join(
            till.get("credit/", customer=each["customer"]).content.decode() for each in people
        )
        client.post("/friends/", {"email": HOME})
        mails = EmailMessage.objects.filter(to=HOME).order_by("pk")
        seen["mails"] = "\n".join(f"{each.subject}\n{each.text}\n{each.html}" for each in mails)
    return {
        name: re.sub(r'[\w-]{43}(?=/)|value="\w{64}"', "…", text) for name, text in seen.items()
    }


@contextmanager
def undone() -> Iterator[None]:
    """Whatever was looked at or asked for inside did not happen."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def propose(house: House) -> Referral:
    """Robin comes by the link, saves a ring in secret, and says until when nobody is to know."""
    friend = customer_with(email="robin@example.com", phone="+16505550199")
    Customer.objects.filter(pk=friend.pk).update(first_name="Robin", last_name="Quist")
    design = house.design
    arrival = landing.Arrival(
        channel=Touch.Channel.LINK,
        footprint=footprints.of(network="203.0.113.9", agent=BROWSER),
        is_broadcast=False,
        at=NOW,
    )
    landing.arrive(advocate=house.ada, visitor=design.visitor, arrival=arrival)
    saving.save(
        design=design, email="robin@example.com", visitor=design.visitor, is_discreet=True, now=NOW
    )
    landing.keep(
        advocate=house.ada, email="robin@example.com", phone="", region="US", surprise_until=DAY,
        visitor=design.visitor, now=NOW,
    )  # fmt: skip
    return Referral.objects.get()


def buy(house: House, referral: Referral) -> None:
    at = NOW + timedelta(days=20)  # December 11
    sale = SaleFactory(
        customer=referral.friend, total=Decimal("4217.35"), tax=0, placed_at=at, handed_over_at=at,
        store=house.store,
    )  # fmt: skip
    SaleLineFactory(
        sale=sale,
        kind="merchandise",
        description="The Juniper, engraved",
        list_price="4217.35",
        net_total="4217.35",
    )
    PaymentFactory(sale=sale, paid_at=at)
    referring.recognize_buyer(sale_id=sale.pk, now=at)
    following.follow(sale_id=sale.pk, now=at)


def work(*, now: datetime) -> None:
    """What the workers do at that moment."""
    following.sweep(now=now)
    outbox.deliver_due(now=now)
    inviting.sweep(now=now)


def test_before_the_day_nothing_differs_from_a_house_where_it_never_happened(house: House) -> None:
    without: list[dict[str, Any]] = []
    for moment in MOMENTS:
        work(now=moment)
        with undone():
            without.append(all_that_they_see(house, now=moment))
    referral = propose(house)
    for moment, expected in zip(MOMENTS, without, strict=True):
        if moment >= NOW + timedelta(days=20) and referral.friend.sales.count() == 0:
            buy(house, referral)
        work(now=moment)
        with undone():
            seen = all_that_they_see(house, now=moment)
        for name, text in seen.items():
            assert text == expected[name], f"{name} tells of it on {moment:%B %d}"
    referral.refresh_from_db()
    assert referral.state == "qualified", "it was earned long before the day, and kept back"


def test_from_the_day_on_she_is_thanked_and_still_reads_no_name_piece_amount_or_date(
    house: House,
) -> None:
    referral = propose(house)
    buy(house, referral)
    for days in (60, 120, 121, 160):
        work(now=NOW + timedelta(days=days))
        with undone():
            seen = all_that_they_see(house, now=NOW + timedelta(days=days))
        for name, text in seen.items():
            for secret in SECRETS:
                assert secret not in text, f"{name} says {secret} after {days} days"
    shown = sharing.thanks(house.ada, now=NOW + timedelta(days=160))
    assert [each.left for each in shown.credits] == ["$100"]
    assert [each.name for each in shown.perks] == ["A complimentary engraving"]
    kinds = EmailMessage.objects.filter(to=HOME).values_list("kind", flat=True)
    assert set(kinds) == {"referrals/thank_you"}
