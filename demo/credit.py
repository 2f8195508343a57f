"""What advocates of the sample house did with what they were thanked with: some of it is spent, some has ended, and of the last
the till never told what for.

And a till at each front desk. Nobody has its key: to try the till's API, enroll another one in the admin.
"""

import random
from datetime import datetime, timedelta
from decimal import Decimal

from django.contrib.auth.models import User

from demo.tills import INITIALS, TAX
from jeweler import money
from jeweler.models import Payment, Sale, SaleLine, Store
from pos_bridge import devices
from referrals import credit, full_price, tender
from referrals.models import CreditHold, Reward

SEED = 31
PRICE = Decimal(480)


def write(*, stores: dict[str, Store], now: datetime) -> int:
    """A third of the thanked spend some of it; returns how many were."""
    dice = random.Random(SEED)
    thanked = Reward.objects.filter(kind=Reward.Kind.CREDIT).select_related("referral", "customer")
    spent = [reward for reward in thanked.order_by("issued_at", "pk") if dice.random() < 1 / 3]
    for reward in spent:
        store = dice.choice(list(stores.values()))
        kept = _spend(reward, store=store, amount=Decimal(dice.choice([40, 60, 85, 100])))
        if reward != spent[-1]:
            _sell(kept, store=store)
    credit.expire(now=now)
    owner = User.objects.filter(username="owner").first()
    for store in stores.values():
        devices.enroll(store=store, name="Front desk", by=owner, now=now)
    return thanked.count()


def _spend(reward: Reward, *, store: Store, amount: Decimal) -> CreditHold:
    """On earrings, as the till says."""
    earrings = full_price.Asked(list_price=PRICE, net_total=PRICE)
    at = reward.issued_at + timedelta(minutes=5)
    kept = credit.hold(
        customer=reward.customer, amount=amount, currency="USD",
        sale_reference=f"R{reward.pk}", lines=[earrings], store=store, now=at,
    )  # fmt: skip
    return credit.capture(uid=kept.uid, now=at)


def _sell(kept: CreditHold, *, store: Store) -> None:
    """The ticket that the credit helped to pay, in the books as its till reported it."""
    at, source = kept.held_at, f"till:{store.code}"
    tax = money.rounded(PRICE * TAX[store.code], currency="USD")
    sale = Sale.objects.create(
        source=source, external_id=kept.sale_reference, version=1, channel=Sale.Channel.STORE, store=store,
        number=f"{INITIALS[store.code]} {kept.sale_reference}", currency="USD", total=PRICE + tax, tax=tax,
        placed_at=at, handed_over_at=at, recorded_at=at, customer=kept.customer,
    )  # fmt: skip
    SaleLine.objects.create(
        sale=sale, position=1, description="Pearl studs", list_price=PRICE, net_total=PRICE
    )
    paid = {"store_credit": kept.captured_amount, "card": sale.total - kept.captured_amount}
    for number, (by, amount) in enumerate(paid.items(), start=1):
        Payment.objects.create(
            source=source, external_id=f"{sale.external_id}-P{number}", sale=sale, tender=by, amount=amount,
            status=Payment.Status.CAPTURED, paid_at=at, recorded_at=at,
            reference=tender.reference_to(kept) if by == tender.TENDER else "",
        )  # fmt: skip
    tender.settle(sale_id=sale.pk, now=at)
