"""What the sample house owes its advocates: a hundred dollars for each friend whose ring was paid, some of it spent, some ended.

And a till at each front desk. Nobody has its key: to try the till's API, enroll another one in the admin.
"""

import random
from datetime import datetime, timedelta
from decimal import Decimal

from django.contrib.auth.models import User

from jeweler.models import Store
from pos_bridge import devices
from referrals import credit, full_price
from referrals.models import Referral

SEED = 31
REWARD = Decimal("100.00")
QUALIFIES_AFTER, LASTS = timedelta(days=45), timedelta(days=365)


def write(*, stores: dict[str, Store], now: datetime) -> int:
    """Grants as they came about; returns how many. A third of those who could have spent some of theirs."""
    dice = random.Random(SEED)
    brought = Referral.objects.exclude(sale=None).select_related("advocate__customer", "sale")
    granted = 0
    for referral in brought.order_by("pk"):
        at = referral.sale.placed_at + QUALIFIES_AFTER if referral.sale else now
        if at > now:
            continue
        credit.grant(
            customer=referral.advocate.customer, amount=REWARD, currency="USD",
            last_date=credit.last_day(at + LASTS), reason="A friend bought her ring",
            key=f"reward:{referral.pk}", pays_debt=True, now=at,
        )  # fmt: skip
        granted += 1
        if dice.random() < 1 / 3:
            _spend(referral, store=dice.choice(list(stores.values())), dice=dice, now=at)
    credit.expire(now=now)
    owner = User.objects.filter(username="owner").first()
    for store in stores.values():
        devices.enroll(store=store, name="Front desk", by=owner, now=now)
    return granted


def _spend(referral: Referral, *, store: Store, dice: random.Random, now: datetime) -> None:
    """On earrings, say, some weeks later."""
    amount = Decimal(dice.choice([40, 60, 85, 100]))
    earrings = full_price.Asked(list_price=Decimal(480), net_total=Decimal(480))
    at = now + timedelta(minutes=5)
    kept = credit.hold(
        customer=referral.advocate.customer, amount=amount, currency="USD",
        sale_reference=f"R{referral.pk}", lines=[earrings], store=store, now=at,
    )  # fmt: skip
    credit.capture(uid=kept.uid, now=at)
