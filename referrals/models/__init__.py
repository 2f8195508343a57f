"""Friends who bring friends, and the store credit that the house owes its customers."""

from referrals.models.credit import (
    CreditAccount,
    CreditEntry,
    CreditHold,
    CreditLot,
    CreditMismatch,
    CreditTransaction,
)
from referrals.models.friends import (
    Advocate,
    AdvocateLink,
    Invitation,
    Referral,
    ReferralChange,
    ReferralEvent,
    Review,
    Share,
    Touch,
    VanityCode,
)
from referrals.models.life import FollowOn, LifeEvent, LifeReminder, Occasion
from referrals.models.program import (
    BenchWeek,
    Campaign,
    Milestone,
    Perk,
    Program,
    Terms,
    TermsAmount,
)
from referrals.models.rewards import PerkUse, Reward

__all__ = [
    "Advocate",
    "AdvocateLink",
    "BenchWeek",
    "Campaign",
    "CreditAccount",
    "CreditEntry",
    "CreditHold",
    "CreditLot",
    "CreditMismatch",
    "CreditTransaction",
    "FollowOn",
    "Invitation",
    "LifeEvent",
    "LifeReminder",
    "Milestone",
    "Occasion",
    "Perk",
    "PerkUse",
    "Program",
    "Referral",
    "ReferralChange",
    "ReferralEvent",
    "Review",
    "Reward",
    "Share",
    "Terms",
    "TermsAmount",
    "Touch",
    "VanityCode",
]
