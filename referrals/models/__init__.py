"""Friends who bring friends, and the store credit that the house owes its customers."""

from referrals.models.credit import (
    CreditAccount,
    CreditEntry,
    CreditHold,
    CreditLot,
    CreditMismatch,
    CreditTransaction,
)
from referrals.models.friends import Advocate, Referral

__all__ = [
    "Advocate",
    "CreditAccount",
    "CreditEntry",
    "CreditHold",
    "CreditLot",
    "CreditMismatch",
    "CreditTransaction",
    "Referral",
]
