"""The figures of the marketer's pages: one function per table, each over one `Scope`."""

from attribution.reports.balance import Balance, balance
from attribution.reports.journeys import Missing, Slice, journey_rows, missing_threads, total_of
from attribution.reports.people import Stage, stages
from attribution.reports.returns import Node, Returns, returns
from attribution.reports.scope import Scope
from attribution.reports.sharing import Panel, panels
from attribution.reports.weeks import Lags, Week, lags, weeks

__all__ = [
    "Balance",
    "Lags",
    "Missing",
    "Node",
    "Panel",
    "Returns",
    "Scope",
    "Slice",
    "Stage",
    "Week",
    "balance",
    "journey_rows",
    "lags",
    "missing_threads",
    "panels",
    "returns",
    "stages",
    "total_of",
    "weeks",
]
