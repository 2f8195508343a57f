"""The figures of the marketer's pages: one function per table, each over a period by the house's clock."""

from referrals.reports.cohorts import Cohorts, Step, cohorts
from referrals.reports.costs import BENCHMARK, Costs, Ledger, Liability, costs, ledger, liability
from referrals.reports.integrity import Integrity, integrity
from referrals.reports.rows import TITLES, Asked, Listing, listed
from referrals.reports.taking_part import Arm, Part, arms, taking_part
from referrals.reports.using import Use, use_of

__all__ = [
    "BENCHMARK",
    "TITLES",
    "Arm",
    "Asked",
    "Cohorts",
    "Costs",
    "Integrity",
    "Ledger",
    "Liability",
    "Listing",
    "Part",
    "Step",
    "Use",
    "arms",
    "cohorts",
    "costs",
    "integrity",
    "ledger",
    "liability",
    "listed",
    "taking_part",
    "use_of",
]
