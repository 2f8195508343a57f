"""Store credit: granted in lots, held for a sale, captured or released; the ledger that says what the house owes whom.

Promise: nobody spends credit that is not there, from however many tills at once. Whoever changes an account locks its row
first and reads then; each change is a transaction of entries with a key of its own, so that the same change asked for twice
is made once; entries move amounts between buckets, so that none can fail to balance; balances follow from entries by a trigger
and are refused below zero by a constraint. A merged customer's accounts count as one, wherever each lot lies.

Limits: credit is of one currency and never converted, pays for merchandise at full price alone (`referrals.full_price`), and
is never paid out. Days end by the house's clock (HOUSE_TIME_ZONE). Prose: docs/algorithms/credit.md.
"""

from referrals.credit.checking import StillDiffers, check, look_again
from referrals.credit.exporting import exported
from referrals.credit.granting import (
    AlreadyReversed,
    NoReason,
    OwnCredit,
    Reversed,
    expire,
    grant,
    reverse,
)
from referrals.credit.holding import (
    AccountBlocked,
    HoldClosed,
    InsufficientCredit,
    NotFullPrice,
    NothingToHold,
    NotUnreported,
    OtherAmount,
    UnknownHold,
    capture,
    find,
    give_back,
    hold,
    release,
    release_lapsed,
    return_unreported,
    unreported,
)
from referrals.credit.ledger import Balance, KeyReused, balance, last_day

__all__ = [
    "AccountBlocked",
    "AlreadyReversed",
    "Balance",
    "HoldClosed",
    "InsufficientCredit",
    "KeyReused",
    "NoReason",
    "NotFullPrice",
    "NotUnreported",
    "NothingToHold",
    "OtherAmount",
    "OwnCredit",
    "Reversed",
    "StillDiffers",
    "UnknownHold",
    "balance",
    "capture",
    "check",
    "expire",
    "exported",
    "find",
    "give_back",
    "grant",
    "hold",
    "last_day",
    "look_again",
    "release",
    "release_lapsed",
    "return_unreported",
    "reverse",
    "unreported",
]
