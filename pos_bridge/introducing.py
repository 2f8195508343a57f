"""Who sent her, written on a ticket: once per form, whoever else has it open."""

from django.db import transaction

from jeweler import customers
from pos_bridge import tickets
from pos_bridge.models import CounterAct, CounterTicket
from referrals import introducing
from referrals.introducing import Introduction
from referrals.models import Advocate, Touch


@transaction.atomic
def introduce(
    *, ticket: CounterTicket, advocate: Advocate, channel: Touch.Channel, reason: str = "",
    act: tickets.Act,
) -> Introduction | None:  # fmt: skip
    """What came of it; None when this form was answered before.

    Raises tickets.NotNow while nobody is on the ticket, introducing.CannotIntroduce, referring.CodeRefused, referring.ProgramPaused.
    """
    held = tickets.opened(ticket, act)
    if held is None:
        return None
    if held.customer is None:
        raise tickets.NotNow("Say whose ticket it is first; then who sent her.")
    came_of_it = introducing.introduce(
        advocate=advocate, friend=customers.resolve(held.customer), channel=channel, by=act.by,
        sale=held.sale, store=held.store, reason=reason, now=act.now,
    )  # fmt: skip
    tickets.written(held, act, kind=CounterAct.Kind.FRIEND, said=came_of_it.said)
    return came_of_it
