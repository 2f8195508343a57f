"""What the owner of a saved design is to be told of it, by rules alone (docs/algorithms/living.md).

Values in, a kind or nothing out: no query, no clock. At most one thing is told at a time, the one that matters most.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

GONE, DEARER, ENDING, CHEAPER, PAUSE = ORDER = ("gone", "dearer", "ending", "cheaper", "pause")
# What matters less leaves one of the week's mails to what may still come and matters more.
LEAVES = {GONE: 0, DEARER: 0, ENDING: 1, CHEAPER: 1, PAUSE: 1}
# Decided by day only: by the morning it may no longer be so.
BY_DAY = {ENDING, CHEAPER, PAUSE}
PAUSE_LASTS = timedelta(days=14)  # then it is no pause any more, and she is left alone

_HUNDRED = Decimal(100)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The house's own: from what change on a price is news, and how many days an ending and a pause are."""

    news_pct: Decimal
    news_amount: Decimal
    ending_days: int
    pause_days: int


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A saved design and its last version, as they stand. `today` is the day where its store is.

    `price` and `until` are the version's, None while it is not whole; `price_now` is what the same ring would cost now,
    None where no figure is told. `told` are the kinds that were told of this version.
    """

    now: datetime
    today: date
    saved_at: datetime
    acted_at: datetime
    rested_at: datetime | None = None
    is_gone: bool = False
    is_bought: bool = False
    price: Decimal | None = None
    until: date | None = None
    price_now: Decimal | None = None
    told: frozenset[str] = frozenset()
    was_paused: bool = False

    @property
    def is_rested(self) -> bool:
        """She booked or bought since she last saved it."""
        return self.rested_at is not None and self.rested_at >= self.saved_at


def due(standing: Standing, *, limits: Limits) -> str | None:
    """The kind that is to be told now, if any."""
    if standing.is_bought or GONE in standing.told:
        return None
    if standing.is_gone:
        return GONE
    return next(
        (
            kind
            for kind, is_due in (
                (DEARER, _dearer(standing, limits)),
                (CHEAPER, _cheaper(standing, limits)),
                (ENDING, _ending(standing, limits)),
                (PAUSE, _pause(standing, limits)),
            )
            if is_due and kind not in standing.told
        ),
        None,
    )


def is_news(before: Decimal, after: Decimal, *, limits: Limits) -> bool:
    """Whether a price moved by a percent or by $50, whichever is less."""
    change = abs(after - before)
    return change > 0 and (
        change >= limits.news_amount or change * _HUNDRED >= limits.news_pct * before
    )


def _moved(standing: Standing, limits: Limits) -> Decimal:
    """By how much the price is another one than the version's; 0 where that is no news."""
    if standing.price is None or standing.price_now is None:
        return Decimal(0)
    if not is_news(standing.price, standing.price_now, limits=limits):
        return Decimal(0)
    return standing.price_now - standing.price


def _dearer(standing: Standing, limits: Limits) -> bool:
    """Only once the promise has ended: until then the price stands."""
    is_over = standing.until is not None and standing.until < standing.today
    return is_over and _moved(standing, limits) > 0


def _cheaper(standing: Standing, limits: Limits) -> bool:
    return not standing.is_rested and _moved(standing, limits) < 0


def _ending(standing: Standing, limits: Limits) -> bool:
    """Not while a lower price is hers anyway, and not on the day she saved it."""
    if standing.until is None or standing.is_rested or CHEAPER in standing.told:
        return False
    left = (standing.until - standing.today).days
    return 0 <= left <= limits.ending_days and standing.now - standing.saved_at >= timedelta(days=1)


def _pause(standing: Standing, limits: Limits) -> bool:
    """Once for a design, and not after anything else was told of it as it is."""
    if standing.was_paused or standing.is_rested or standing.told:
        return False
    idle = standing.now - max(standing.acted_at, standing.saved_at)
    pause = timedelta(days=limits.pause_days)
    return pause <= idle < pause + PAUSE_LASTS
