"""Working days: Monday to Friday, without the house's holidays. Days in, days out."""

import functools
from datetime import date, timedelta


@functools.lru_cache(maxsize=512)  # of one day and the ways a ring is made
def after(day: date, *, days: int) -> date:
    """The day on which so many working days have passed; `day` itself when none are asked for."""
    weeks, rest = divmod(days, 5)
    # Of a weekend the next Monday is the first, so whole weeks are counted from the Friday before it.
    reached = day - timedelta(days=max(0, day.weekday() - 4)) if days else day
    reached += timedelta(weeks=weeks)
    for _ in range(rest):
        reached += timedelta(days=3 if reached.weekday() == 4 else 1)
    return reached


def before(day: date, *, days: int) -> date:
    """The last working day from which so many working days end by `day`."""
    reached = day - timedelta(days=max(0, day.weekday() - 4))
    weeks, rest = divmod(days, 5)
    reached -= timedelta(weeks=weeks)
    for _ in range(rest):
        reached -= timedelta(days=3 if reached.weekday() == 0 else 1)
    return reached


def until(day: date, *, today: date) -> int:
    """The most working days after which it is not yet later than `day`; negative when it has passed."""
    if day < today:
        return -1
    weeks, rest = divmod((day - today).days, 7)
    passed = (today + timedelta(days=number) for number in range(1, rest + 1))
    return 5 * weeks + sum(each.weekday() < 5 for each in passed)
