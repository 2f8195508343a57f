"""What advocates of the sample house did with what they were thanked with: some of it is spent, some has ended.

And a till at each front desk. Nobody has its key: to try the till's API, enroll another one in the admin.
"""

import random
from datetime import datetime, timedelta
from decimal import Decimal

from django.contrib.auth.models import User

from jeweler.models import Store
from pos_bridge import devices
from referrals import credit, full_price
from referrals.models import Reward

SEED = 31


def write(*, stores: dict[str, Store], now: datetime) -> int:
    """A third of the thanked spend some of it; returns how many were."""
    dice = random.Random(SEED)
    thanked = Reward.objects.filter(kind=Reward.Kind.CREDIT).select_related("referral", "customer")
    for reward in thanked.order_by("pk"):
        if dice.random() < 1 / 3:
            _spend(reward, store=dice.choice(list(stores.values())), dice=dice)
    credit.expire(now=now)
    owner = User.objects.filter(username="owner").first()
    for store in stores.values():
        devices.enroll(store=store, name="Front desk", by=owner, now=now)
    return thanked.count()


def _spend(reward: Reward, *, store: Store, dice: random.Random) -> None:
    """On earrings, say, some weeks later."""
    amount = Decimal(dice.choice([40, 60, 85, 100]))
    earrings = full_price.Asked(list_price=Decimal(480), net_total=Decimal(480))
    at = reward.issued_at + timedelta(minutes=5)
    kept = credit.hold(
        customer=reward.customer, amount=amount, currency="USD",
        sale_reference=f"R{reward.pk}", lines=[earrings], store=store, now=at,
    )  # fmt: skip
    credit.capture(uid=kept.uid, now=at)
