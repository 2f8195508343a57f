"""A program with its terms, and friends who came, ordered and kept what they bought."""

from datetime import datetime, timedelta
from decimal import Decimal

from jeweler.models import Customer, Sale, SaleLine, Store
from referrals import following, referring
from referrals.models import Advocate, Perk, Program, Referral, Terms, TermsAmount, Touch
from tests.factories.jeweler import (
    NOW,
    PaymentFactory,
    SaleFactory,
    SaleLineFactory,
    StoreFactory,
    customer_with,
)
from tests.factories.referrals import AdvocateFactory

BEGAN = NOW - timedelta(days=900)
DISCLOSURE = "I may receive a thank-you from Osmere if you buy."


def program(**changes: object) -> Program:
    """$100 for the advocate, an engraving for the friend, 30 days to give back."""
    made = Program.objects.create(code="house", name="Friends", begins_at=BEGAN, **changes)
    engraving = Perk.objects.create(
        code="engraving", name="A complimentary engraving", kind="engraving", face_value=95, cost=22,
        currency="USD",
    )  # fmt: skip
    terms = Terms.objects.create(
        program=made, version=1, in_force_from=BEGAN, friend_perk=engraving, disclosure=DISCLOSURE,
        created_at=BEGAN,
    )  # fmt: skip
    TermsAmount.objects.create(terms=terms, currency="USD", minimum=500, reward=100)
    return made


def advocate(*, email: str = "ada@example.com", **changes: object) -> Advocate:
    made: Advocate = AdvocateFactory(
        customer=customer_with(email=email), joined_at=BEGAN, **changes
    )
    return made


def bought(
    customer: Customer, *, at: datetime, store: Store | None = None, total: str = "4200.00"
) -> Sale:
    """A ring that was paid and handed over at that moment."""
    sale: Sale = SaleFactory(
        customer=customer, total=Decimal(total), tax=0, placed_at=at, handed_over_at=at,
        store=store or StoreFactory(code="nyc"),
    )  # fmt: skip
    SaleLineFactory(
        sale=sale, kind=SaleLine.Kind.MERCHANDISE, list_price=total, net_total=Decimal(total),
        description="The Juniper, oval 1.52 ct",
    )  # fmt: skip
    PaymentFactory(sale=sale, paid_at=at)
    return sale


def brought(by: Advocate, *, at: datetime, email: str = "bo@example.com") -> Referral:
    """A friend who came by the link and said who she is."""
    friend = customer_with(email=email)
    referring.touch(advocate=by, channel=Touch.Channel.LINK, customer=friend, at=at)
    referral = referring.recognize(customer=friend, at=at, now=at)
    assert referral is not None
    return referral


def ordered(referral: Referral, *, at: datetime) -> Sale:
    """Her first purchase, as far as the clock of that moment knows."""
    sale = bought(referral.friend, at=at)
    following.follow(sale_id=sale.pk, now=at)
    referral.refresh_from_db()
    return sale
