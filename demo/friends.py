"""Customers of the sample house who brought friends."""

import random
from datetime import datetime

from demo.bulk import insert
from demo.history import Thread
from jeweler.models import Sale
from referrals import codes
from referrals.models import Advocate, Referral


def write(threads: list[Thread], *, dice: random.Random, now: datetime) -> None:
    """A third of the buyers became advocates; one buyer in nine had been brought by an earlier one."""
    sales = {
        sale.customer_id: sale
        for sale in Sale.objects.exclude(customer=None).order_by("-placed_at")
    }
    buyers = sorted(
        (t for t in threads if t.customer is not None and t.customer.pk in sales),
        key=lambda thread: sales[thread.customer.pk if thread.customer else 0].placed_at,
    )
    advocates: list[Advocate] = []
    referrals: list[Referral] = []
    for thread in buyers:
        if thread.customer is None or thread.journey.saved_at is None:
            continue
        sale = sales[thread.customer.pk]
        earlier = [a for a in advocates if a.joined_at < thread.journey.touches[0].at]
        if earlier and dice.random() < 1 / 9:
            referrals.append(
                Referral(
                    advocate=dice.choice(earlier),
                    friend=thread.customer,
                    locked_at=thread.journey.touches[0].at,
                    sale=sale,
                )
            )
        if dice.random() < 1 / 3:
            advocates.append(
                Advocate(
                    customer=thread.customer,
                    code=_code(dice.getrandbits(36)),
                    joined_at=min(now, sale.placed_at),
                )
            )
    insert(Advocate, advocates)
    insert(Referral, referrals)


def _code(lot: int) -> str:
    body = "".join(codes.ALPHABET[lot >> 5 * place & 31] for place in reversed(range(8)))
    return codes.checked(body)
