"""What the sample house pays and asks: metals with two years of gram prices, small stones by their millimeters, markups.

Pure. The orders of magnitude are the trade's; the walk of the gram prices is drawn by lot, always the same, and ends today at the
listed price.
"""

import math
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

SEED = 20261121
WEEKS = 108
CENT = Decimal("0.01")

# Code, name, family, density (g/cm³), a gram today, % lost in casting and polishing, part of it that is gold.
METALS = (
    ("18k-yellow", "18 k yellow gold", "yellow", "15.50", "118.00", "6", 0.97),
    ("18k-rose", "18 k rose gold", "rose", "15.10", "117.00", "6", 0.98),
    ("18k-white", "18 k white gold", "white", "15.20", "121.00", "7", 0.93),
    ("platinum", "platinum", "platinum", "20.70", "76.00", "8", 0.0),
    ("14k-yellow", "14 k yellow gold", "yellow", "13.10", "92.00", "5", 0.96),
    ("14k-rose", "14 k rose gold", "rose", "13.00", "91.00", "5", 0.97),
    ("14k-white", "14 k white gold", "white", "13.20", "95.00", "6", 0.91),
)

# From and below (mm), what we ask for one stone, and for setting it.
MELEE = (
    ("0.80", "1.00", "7", "9"), ("1.00", "1.15", "9", "9"), ("1.15", "1.30", "12", "10"), ("1.30", "1.50", "16", "11"),
    ("1.50", "1.70", "22", "12"), ("1.70", "1.90", "32", "13"), ("1.90", "2.20", "48", "14"), ("2.20", "2.50", "78", "16"),
    ("2.50", "2.80", "118", "18"), ("2.80", "3.10", "190", "22"), ("3.10", "3.40", "270", "26"),
    ("3.40", "3.70", "380", "30"), ("3.70", "4.10", "520", "34"),
)  # fmt: skip

# Growth, cost from and below, factor: the dearer the stone, the less is added.
MARKUPS = (
    ("natural", "0", "1000", "1.60"), ("natural", "1000", "2500", "1.52"), ("natural", "2500", "6000", "1.44"),
    ("natural", "6000", "15000", "1.36"), ("natural", "15000", "40000", "1.30"), ("natural", "40000", None, "1.25"),
    ("lab", "0", "500", "1.60"), ("lab", "500", "1500", "1.52"), ("lab", "1500", "4000", "1.44"),
    ("lab", "4000", None, "1.36"),
)  # fmt: skip


def gram_prices(*, now: datetime) -> Iterator[tuple[str, datetime, Decimal]]:
    """Code, moment and price of every week, the oldest first; the last one holds at `now`."""
    gold, platinum = _walk(0.0042, 0.016), _walk(0.0006, 0.021)
    monday = (now - timedelta(days=now.weekday())).astimezone(UTC)
    latest = monday.replace(hour=6, minute=0, second=0, microsecond=0)
    latest = latest if latest <= now else latest - timedelta(weeks=1)
    for code, _, _, _, today, _, share in METALS:
        for back in range(WEEKS, -1, -1):
            level = share * gold[back] + (1 - share) * (platinum[back] if not share else 1.0)
            price = (Decimal(today) * Decimal(str(round(level, 6)))).quantize(CENT)
            yield code, latest - timedelta(weeks=back), price


def _walk(drift: float, spread: float) -> list[float]:
    """Today's level is 1; the entry k is the level k weeks ago."""
    dice = random.Random(f"{SEED} {drift}")
    steps = [dice.gauss(drift, spread) for _ in range(WEEKS)]
    return [math.exp(-sum(steps[:back])) for back in range(WEEKS + 1)]
