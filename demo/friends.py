"""Customers of the sample house who brought friends: each friend came by a link, told who she was, and was followed from there."""

import random
from datetime import datetime, timedelta

from demo import program
from demo.bulk import insert
from demo.history import Thread
from jeweler.models import Customer, OutboxDelivery, Sale, Store
from referrals import codes, following, log, referring, vanity
from referrals.models import Advocate, Referral, Touch

ODD = 2  # of the latest friends
NOTES = [
    "They took their time with us, and the ring sits as if it had always been there.",
    "Ask for the oval on the tray. You will see.",
    "No hurry, no fuss, and they remembered what we had said.",
]


WORDS = ["Rose-Gold", "By-The-Sea"]  # asked for, and waiting for a manager


def write(
    threads: list[Thread], *, stores: dict[str, Store], dice: random.Random, now: datetime
) -> None:
    """A third of the buyers became advocates; one buyer in nine had been brought by an earlier one."""
    sales = {
        sale.customer_id: sale
        for sale in Sale.objects.exclude(customer=None).order_by("-placed_at")
    }
    buyers = sorted(
        (t for t in threads if t.customer is not None and t.customer.pk in sales),
        key=lambda thread: sales[thread.customer.pk if thread.customer else 0].placed_at,
    )
    begins_at = min(thread.journey.touches[0].at for thread in buyers)
    program.write(stores=stores, begins_at=begins_at, now=now)
    advocates: list[Advocate] = []
    brought: list[tuple[Thread, Advocate]] = []
    for thread in buyers:
        if thread.customer is None or thread.journey.saved_at is None:
            continue
        earlier = [a for a in advocates if a.joined_at < thread.journey.touches[0].at]
        if earlier and dice.random() < 1 / 9:
            brought.append((thread, dice.choice(earlier)))
        if dice.random() < 1 / 3:
            advocates.append(
                Advocate(
                    customer=thread.customer,
                    code=_code(dice.getrandbits(36)),
                    joined_at=min(now, sales[thread.customer.pk].placed_at),
                    shows_first_name=len(advocates) % 2 == 0,
                    note=NOTES[len(advocates) % len(NOTES)] if len(advocates) % 2 == 0 else "",
                )
            )
    insert(Advocate, advocates)
    for advocate, word in zip(Advocate.objects.order_by("pk"), WORDS, strict=False):
        vanity.ask(advocate=advocate, text=word, now=now)
    for number, (thread, advocate) in enumerate(brought, 1):
        is_odd = number > len(brought) - ODD
        _follow(thread, advocate=advocate, is_odd=is_odd, now=now)
    _were_told_then(now=now)


def _follow(thread: Thread, *, advocate: Advocate, is_odd: bool, now: datetime) -> None:
    """She came by the link, saved her design, bought, and after the return window her friend was thanked.

    An odd one came by an advertisement from the advocate's own network, and is held for a manager to look at.
    """
    friend, saved_at = thread.customer, thread.journey.saved_at
    if not isinstance(friend, Customer) or saved_at is None:
        return
    came_at = thread.journey.touches[0].at
    near = f"near {friend.pk}" if is_odd else ""
    if is_odd:
        referring.touch(
            advocate=advocate, channel=Touch.Channel.LINK, customer=advocate.customer,
            network_hash=near, agent_hash=near, at=came_at,
        )  # fmt: skip
    referring.touch(
        advocate=advocate, channel=Touch.Channel.LINK, customer=friend, network_hash=near,
        agent_hash=near, is_broadcast=is_odd, at=came_at,
    )  # fmt: skip
    referring.recognize(customer=friend, at=saved_at, now=saved_at)
    referral = Referral.objects.filter(friend=friend).first()
    while referral is not None and referral.look_at is not None and referral.look_at <= now:
        seen, at = referral.look_at, referral.look_at
        following.look(log.locked(referral.pk), now=at)
        referral.refresh_from_db()
        if referral.look_at == seen:
            break


def _were_told_then(*, now: datetime) -> None:
    """Whoever was thanked in these two years was written to at the time, and not on the day on which the house opens."""
    past = OutboxDelivery.objects.filter(
        delivered_at=None, event__occurred_at__lt=now - timedelta(days=1)
    )
    past.update(delivered_at=now)


def _code(lot: int) -> str:
    body = "".join(codes.ALPHABET[lot >> 5 * place & 31] for place in reversed(range(8)))
    return codes.checked(body)
