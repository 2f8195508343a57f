"""A friend's code that staff enter, or a name that the guest gives: for her, and for the order in hand.

Promise: the same rules for a ticket, a sale, the till's API. Nobody enters her own code or that of somebody near her. A code that comes
more than a day after the first payment is a manager's to accept, with a reason that is kept; once the order has passed its return
window it is nobody's. That somebody else introduced her is said, never who.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction

from jeweler import audit, sales
from jeweler.models import Customer, Payment, Sale, StaffMember, Store
from referrals import following, linked, log, program, referring
from referrals.models import Advocate, Referral, Touch
from referrals.qualification import Fact, Kind, days_end

IN_TIME = timedelta(hours=24)
MANAGERS = frozenset({StaffMember.Role.MANAGER, StaffMember.Role.OWNER})


class CannotIntroduce(ValueError):
    """The code is not taken here and now; the text says what can be done."""


class OwnCode(CannotIntroduce):
    def __init__(self) -> None:
        super().__init__(
            "This code is yours, or belongs to somebody near you. A colleague has to enter it."
        )


class TooLate(CannotIntroduce):
    def __init__(self) -> None:
        super().__init__(
            "The first payment was more than a day ago. A manager can still enter the code, and says why."
        )


class ReasonMissing(CannotIntroduce):
    def __init__(self) -> None:
        super().__init__(
            "The first payment was more than a day ago: say why the code comes only now. It is kept."
        )


class TooLateForAll(CannotIntroduce):
    def __init__(self) -> None:
        super().__init__("This order’s return window is over. A code can no longer be added to it.")


class Outcome(StrEnum):
    INTRODUCED = "introduced"
    ALREADY = "already_introduced"
    REFUSED = "not_eligible"


SAID = {
    Outcome.INTRODUCED: "She is introduced. Whoever sent her is thanked once the order is hers to keep.",
    Outcome.ALREADY: "She was introduced already. Nothing changes.",
    Outcome.REFUSED: "This code cannot count for her: introductions are for guests who are new to the house.",
}


@dataclass(frozen=True, kw_only=True)
class Introduction:
    """What came of it. `referral` is the one that binds her; None where it cannot count."""

    outcome: Outcome
    referral: Referral | None = None

    @property
    def said(self) -> str:
        return SAID[self.outcome]


@transaction.atomic
def introduce(
    *, advocate: Advocate, friend: Customer, channel: Touch.Channel, by: StaffMember | None,
    sale: Sale | None = None, store: Store | None = None, reason: str = "", now: datetime,
) -> Introduction:  # fmt: skip
    """Raises the subclasses of CannotIntroduce, referring.CodeRefused, referring.ProgramPaused."""
    sale = Sale.objects.select_related("store").get(pk=sale.pk) if sale else None  # as it stands
    if by is not None and linked.is_linked(by.user, advocate.customer):
        audit.record(action="referral.own_code_refused", subject=advocate, actor=by.user, store=store, now=now)  # fmt: skip
        raise OwnCode
    is_late = sale is not None and _is_late(sale, by=by, reason=reason, now=now)
    before = following.of_friend(friend)
    referral = referring.apply(
        code=advocate.code, friend=friend, channel=channel, sale=sale, store=store,
        staff=by.user if by else None, now=now,
    )  # fmt: skip
    if referral is None:
        return Introduction(outcome=Outcome.REFUSED)
    if before is not None:
        return Introduction(outcome=Outcome.ALREADY, referral=referral)
    if is_late and sale is not None:
        _note_late(referral, sale=sale, by=by, reason=reason, now=now)
    return Introduction(outcome=Outcome.INTRODUCED, referral=referral)


def _is_late(sale: Sale, *, by: StaffMember | None, reason: str, now: datetime) -> bool:
    """Raises TooLateForAll, TooLate, ReasonMissing."""
    if _is_kept(sale, now=now):
        raise TooLateForAll
    captured = sale.payments.filter(status=Payment.Status.CAPTURED).order_by("paid_at")
    tendered_at = captured.values_list("paid_at", flat=True).first()
    if tendered_at is None or now <= tendered_at + IN_TIME:
        return False
    if by is None or by.role not in MANAGERS:
        raise TooLate
    if not reason.strip():
        raise ReasonMissing
    return True


def _is_kept(sale: Sale, *, now: datetime) -> bool:
    """Paid, handed over and past its return window: a referral would have qualified."""
    paid_at = sales.fully_paid_at(sale)
    current = program.in_force(now=now)
    terms = program.terms(current, at=min(now, sale.placed_at)) if current else None
    if paid_at is None or sale.handed_over_at is None or terms is None:
        return False
    zone = sale.store.zone if sale.store else referring.house_zone()
    return now >= days_end(max(paid_at, sale.handed_over_at), days=terms.return_days, zone=zone)


def _note_late(
    referral: Referral, *, sale: Sale, by: StaffMember | None, reason: str, now: datetime
) -> None:
    noted = {"code": "LATE_ATTRIBUTION", "sale": sale.pk, "words": reason.strip()[:200]}
    fact = Fact(kind=Kind.NOTED, key=f"noted:late:{sale.pk}", at=now, data=noted)
    log.add(referral, [fact], by=by.user if by else None, now=now)
    audit.record(
        action="referral.late_attribution", subject=referral, actor=by.user if by else None,
        store=sale.store, detail={"sale": sale.pk}, now=now,
    )  # fmt: skip
