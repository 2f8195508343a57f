"""Which of our events are told to others, under which type, and what a message says of each.

Every event of the house stands in one of the two tables; a test refuses one that stands in none, so that whoever adds an event
decides whether the world learns of it. What is told are ids and codes alone: neither names nor amounts.
"""

from collections.abc import Callable
from typing import Any

from appointments.events import (
    AppointmentAttended,
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentMissed,
    AppointmentRescheduled,
)
from appointments.models import Appointment
from builder.events import (
    BuilderCompleted,
    DesignLookedUp,
    DesignSaved,
    SavedStonesWithdrawn,
    StoneSold,
)
from builder.models import DesignVersion
from jeweler.events import (
    CustomerForgotten,
    CustomersMerged,
    CustomersUnmerged,
    MailCameBack,
    PaymentCaptured,
    PaymentVoided,
    RefundRecorded,
    SaleHandedOver,
    SaleRecorded,
    SaleVoided,
)
from jeweler.models import Sale
from jeweler.outbox import Event
from referrals.events import (
    CreditCaptured,
    CreditGranted,
    CreditHeld,
    CreditReleased,
    ReferralQualified,
    RewardClawedBack,
    RewardIssued,
)
from referrals.models import CreditHold

PING = "endpoint.ping"  # a test that the owner asked for; every endpoint takes it

Data = dict[str, Any]

TOLD: dict[type[Event], str] = {
    DesignSaved: "design.saved",
    AppointmentBooked: "appointment.booked",
    AppointmentRescheduled: "appointment.moved",
    AppointmentCancelled: "appointment.cancelled",
    AppointmentAttended: "appointment.attended",
    AppointmentMissed: "appointment.missed",
    SaleRecorded: "sale.recorded",
    PaymentCaptured: "sale.paid",
    PaymentVoided: "sale.payment_voided",
    SaleHandedOver: "sale.handed_over",
    RefundRecorded: "sale.refunded",
    SaleVoided: "sale.voided",
    CreditGranted: "credit.granted",
    CreditHeld: "credit.held",
    CreditCaptured: "credit.captured",
    CreditReleased: "credit.released",
    ReferralQualified: "referral.qualified",
    RewardIssued: "referral.reward_issued",
    RewardClawedBack: "referral.reward_taken_back",
    # Whoever was told of her has to know that she is another one now, or nobody.
    CustomersMerged: "customer.merged",
    CustomersUnmerged: "customer.unmerged",
    CustomerForgotten: "customer.forgotten",
}
KEPT_TO_OURSELVES: dict[type[Event], str] = {
    BuilderCompleted: "She has not told us who she is, and promised nothing",
    DesignLookedUp: "What our staff look at is between them and the house",
    StoneSold: "sale.recorded says it, with the stone on its line",
    SavedStonesWithdrawn: "Our stock is not theirs to know",
    MailCameBack: "Whether her address works is hers to tell",
}
TYPES = sorted(TOLD.values())


def type_of(event: Event) -> str:
    return TOLD[type(event)]


def said_of(event: Event) -> Data:
    """Ids and codes of what the event is about."""
    kind = type_of(event).partition(".")[0]
    return _SAID[kind](event)


def _design(event: Any) -> Data:
    versions = DesignVersion.objects.filter(pk=event.version_id, design_id=event.design_id)
    found: Data = dict(versions.values("design__code", "number").first() or {})
    return {"design": found.get("design__code"), "version": found.get("number")}


def _visit(event: Any) -> Data:
    visits = Appointment.objects.filter(pk=event.appointment_id)
    found: Data = dict(visits.values("uid", "store__code").first() or {})
    return {
        "visit": str(found["uid"]) if found else None,
        "store": found.get("store__code"),
    }


def _sale(event: Any) -> Data:
    sales = Sale.objects.filter(pk=event.sale_id)
    found: Data = dict(sales.values("number", "store__code").first() or {})
    more = {
        name: getattr(event, f"{name}_id")
        for name in ("payment", "refund")
        if hasattr(event, f"{name}_id")
    }
    return {
        "sale": event.sale_id,
        "number": found.get("number", ""),
        "store": found.get("store__code"),
        **more,
    }


def _credit(event: Any) -> Data:
    if isinstance(event, CreditGranted):
        return {"lot": event.lot_id}
    holds = CreditHold.objects.filter(pk=event.hold_id)
    uid = holds.values_list("uid", flat=True).first()
    return {"hold": str(uid) if uid else None}


def _referral(event: Any) -> Data:
    """Whom it thanks, never whom she brought."""
    if isinstance(event, ReferralQualified):
        return {"referral": event.referral_id, "customer": event.customer_id}
    return {"reward": event.reward_id, "customer": event.customer_id}


def _customer(event: Any) -> Data:
    if isinstance(event, CustomerForgotten):
        return {"customer": event.customer_id}
    return {"customer": event.kept_id, "other": event.absorbed_id}


_SAID: dict[str, Callable[[Any], Data]] = {
    "design": _design,
    "appointment": _visit,
    "sale": _sale,
    "credit": _credit,
    "referral": _referral,
    "customer": _customer,
}
