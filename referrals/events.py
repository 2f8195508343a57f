"""The facts about friends and credit that cross rooms. Amounts are texts of decimals in major units."""

from dataclasses import dataclass

from jeweler.outbox import Event


@dataclass(frozen=True, kw_only=True)
class CreditGranted(Event):
    customer_id: int
    lot_id: int
    amount: str
    currency: str


@dataclass(frozen=True, kw_only=True)
class CreditHeld(Event):
    customer_id: int
    hold_id: int
    amount: str
    currency: str


@dataclass(frozen=True, kw_only=True)
class CreditCaptured(Event):
    """`amount` was spent; what was held beyond it is available again."""

    customer_id: int
    hold_id: int
    amount: str
    currency: str


@dataclass(frozen=True, kw_only=True)
class CreditReleased(Event):
    """The whole hold is available again: it was given up, or ran out."""

    customer_id: int
    hold_id: int
    amount: str
    currency: str


@dataclass(frozen=True, kw_only=True)
class ReferralQualified(Event):
    """`customer_id` is the advocate's. Whom she brought is not said: it may be a secret."""

    referral_id: int
    customer_id: int


@dataclass(frozen=True, kw_only=True)
class RewardIssued(Event):
    """`beneficiary` is advocate or friend, `kind` credit or perk, `amount` its face value."""

    reward_id: int
    customer_id: int
    beneficiary: str
    kind: str
    amount: str
    currency: str


@dataclass(frozen=True, kw_only=True)
class RewardClawedBack(Event):
    reward_id: int
    customer_id: int
