"""Write down what she did that is worth money, derived from the facts of the other rooms.

Everything here may be derived again at any time: the same facts give the same rows.
"""

from datetime import datetime

from attribution.conversions.designs import (
    rebuild_designs,
    record_completed,
    record_looked_up,
    record_saved,
)
from attribution.conversions.sales import rebuild, rebuild_of
from jeweler.models import Sale

__all__ = [
    "rebuild",
    "rebuild_all",
    "rebuild_of",
    "record_completed",
    "record_looked_up",
    "record_saved",
]


def rebuild_all(*, now: datetime) -> None:
    """Every conversion and every credit anew, as after a restored back-up."""
    rebuild_designs(now=now)
    rebuild(sale_ids=list(Sale.objects.values_list("pk", flat=True)), now=now)
