"""What other terms would have cost: the house's real history, lived through once more under a proposal.

Promise: every touch, referral and fact of the log is taken as it is kept, in the order in which it was told, and judged by the
same fold, the same windows, caps and surprises as when it happened; under the terms that each referral was pinned to, the replay
gives exactly what was given (a test holds it to that). Nothing is written.

Limits: nobody would have acted otherwise. Whoever would have lost her place is not bound to another's code later; a code that was
refused while the program was paused stays refused; and hard rules, holds and decisions stand as they were taken.
"""

from referrals.what_if.beside import Beside, Cost, Losing, Side, compared
from referrals.what_if.proposals import Amount, Proposal, pinned

__all__ = ["Amount", "Beside", "Cost", "Losing", "Proposal", "Side", "compared", "pinned"]
