"""The facts that cross rooms. Past tense, frozen, ids and plain values only."""

from dataclasses import dataclass, field

from jeweler.outbox import Event


@dataclass(frozen=True, kw_only=True)
class CustomersMerged(Event):
    kept_id: int
    absorbed_id: int


@dataclass(frozen=True, kw_only=True)
class CustomersUnmerged(Event):
    kept_id: int
    absorbed_id: int


@dataclass(frozen=True, kw_only=True)
class CustomerForgotten(Event):
    """`visitor_ids` are the browsers that were hers; nothing else tells that any more."""

    customer_id: int
    visitor_ids: list[int] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class MailCameBack(Event):
    """Its provider could not deliver it: who was to read it knows nothing of what it says."""

    mail_id: int


@dataclass(frozen=True, kw_only=True)
class SaleRecorded(Event):
    """A sale was reported for the first time, or reported anew with other lines or another owner."""

    sale_id: int


@dataclass(frozen=True, kw_only=True)
class PaymentCaptured(Event):
    sale_id: int
    payment_id: int


@dataclass(frozen=True, kw_only=True)
class PaymentVoided(Event):
    """It was taken or authorized, and was taken back before the day's settlement."""

    sale_id: int
    payment_id: int


@dataclass(frozen=True, kw_only=True)
class SaleHandedOver(Event):
    sale_id: int


@dataclass(frozen=True, kw_only=True)
class RefundRecorded(Event):
    sale_id: int
    refund_id: int


@dataclass(frozen=True, kw_only=True)
class SaleVoided(Event):
    sale_id: int
