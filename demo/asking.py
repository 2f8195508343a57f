"""Around the friends of the sample house: who only opened a link, who told who she is and did not buy, who was invited, or by lot was not."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from demo.bulk import insert
from demo.history import Thread
from jeweler.models import Sale
from referrals import referring
from referrals.models import Advocate, FollowOn, Invitation, Perk, Program, Referral, Share, Touch

SEED = 77
PASSERS_BY, UNDECIDED = 220, 45
# Occasion, years, perk.
TIERS = [
    ("wedding", 0, "engraving"),
    ("anniversary", 1, "cleaning"),
    ("anniversary", 5, "polishing"),
    ("anniversary", 10, "private-viewing"),
    ("birth", 0, "engraving"),
    ("upgrade", 0, "private-viewing"),
]


def write(threads: Sequence[Thread], *, now: datetime) -> None:
    dice = random.Random(SEED)
    program = Program.objects.get()
    advocates = list(Advocate.objects.order_by("joined_at"))
    bound = set(Referral.objects.values_list("friend_id", flat=True))
    buyers = dict(Sale.objects.exclude(customer=None).values_list("customer_id", "placed_at"))
    _pass_by([t for t in threads if t.customer is None and t.visitors], advocates, dice=dice)
    hesitant = [
        t for t in threads
        if t.customer and t.journey.saved_at and t.customer.pk not in bound | buyers.keys()
    ]  # fmt: skip
    _hesitate(hesitant, advocates, dice=dice)
    insert(Share, _shares(advocates, dice=dice, now=now))
    insert(Invitation, _invitations(program, buyers, advocates, dice=dice, now=now))
    perks = {perk.code: perk for perk in Perk.objects.all()}
    FollowOn.objects.bulk_create(
        FollowOn(program=program, occasion=occasion, years=years, perk=perks[code])
        for occasion, years, code in TIERS
    )


def _pass_by(
    strangers: Sequence[Thread], advocates: Sequence[Advocate], *, dice: random.Random
) -> None:
    found = []
    for thread in dice.sample(strangers, min(PASSERS_BY, len(strangers))):
        at = thread.journey.touches[0].at
        earlier = [each for each in advocates if each.joined_at < at]
        if earlier:
            channel = dice.choice([Touch.Channel.LINK, Touch.Channel.LINK, Touch.Channel.QR])
            advocate = dice.choice(earlier)
            found.append(
                Touch(advocate=advocate, channel=channel, visitor=thread.visitors[0], at=at)
            )
    insert(Touch, found)  # fmt: skip


def _hesitate(
    threads: Sequence[Thread], advocates: Sequence[Advocate], *, dice: random.Random
) -> None:
    for thread in dice.sample(threads, min(UNDECIDED, len(threads))):
        at, saved_at = thread.journey.touches[0].at, thread.journey.saved_at
        earlier = [each for each in advocates if each.joined_at < at]
        if thread.customer is None or saved_at is None or not earlier:
            continue
        referring.touch(
            advocate=dice.choice(earlier), channel=Touch.Channel.LINK, customer=thread.customer, at=at
        )  # fmt: skip
        referring.recognize(customer=thread.customer, at=saved_at, now=saved_at)


def _shares(advocates: Sequence[Advocate], *, dice: random.Random, now: datetime) -> list[Share]:
    return [
        Share(advocate=each, way=dice.choice(Share.Way.values), at=at)
        for each in advocates
        if dice.random() < 0.6
        for _ in range(dice.randint(1, 3))
        if (at := each.joined_at + timedelta(days=dice.randint(1, 120))) < now
    ]


def _invitations(
    program: Program,
    buyers: dict[int, datetime],
    advocates: Sequence[Advocate],
    *,
    dice: random.Random,
    now: datetime,
) -> list[Invitation]:
    """Some weeks after the purchase; whoever became an advocate was invited when she did."""
    joined = {each.customer_id: each.joined_at for each in advocates}
    return [
        Invitation(
            program=program,
            customer_id=pk,
            is_held_out=pk not in joined and dice.random() < 0.16,
            decided_at=joined.get(pk, placed_at + timedelta(days=34)),
        )
        for pk, placed_at in sorted(buyers.items())
        if joined.get(pk, placed_at + timedelta(days=34)) < now
    ]
