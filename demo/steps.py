"""How far the sample house's rings came: the steps that the builder would have written, and where the others rest.

The lots are drawn apart from the journeys', so that those stay as they are whatever is drawn here.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from builder.models import Design, DesignStep
from demo.bulk import insert
from demo.market import Journey
from jeweler.models import Visitor

Step, Entry = DesignStep.Step, DesignStep.Entry
SEED = 29
ENTRIES = {Entry.SETTING: 0.57, Entry.STONE: 0.34, Entry.LINK: 0.09}
RESTS = {1: 0.5, 2: 0.28, 3: 0.22}  # how many of the three choices a ring has that came no further
GO_ON_FROM_MAIL = 0.6

Choices = Sequence[DesignStep.Step]


class Lots:
    """What a journey chose, and in which order."""

    def __init__(self) -> None:
        self.dice = random.Random(SEED)

    def way_in(self) -> DesignStep.Entry:
        return self.dice.choices(list(ENTRIES), weights=list(ENTRIES.values()))[0]

    def choices(self, *, entry: DesignStep.Entry, is_complete: bool) -> Choices:
        """A whole ring has all three; a ring's own address brings all three at once."""
        first, second = Step.SETTING, Step.STONE
        if entry == Entry.STONE:
            first, second = second, first
        if is_complete or entry == Entry.LINK:
            return (first, second, Step.RING)
        many = self.dice.choices(list(RESTS), weights=list(RESTS.values()))[0]
        return (first, second, Step.RING)[:many]

    def steps(
        self,
        *,
        journey: Journey,
        design: Design,
        visitors: Sequence[Visitor],
        entry: DesignStep.Entry,
        choices: Choices,
    ) -> Iterator[DesignStep]:
        """Each a row; one who goes on from her mail sees the summary on her other device too."""
        if journey.started_at is None:
            return
        times = self._times(journey, entry=entry, many=len(choices))
        taken: list[tuple[DesignStep.Step, datetime]] = list(zip(choices, times, strict=True))
        if journey.completed_at is not None:
            taken.append((Step.SUMMARY, journey.completed_at))
        if journey.saved_at is not None:
            taken.append((Step.SAVED, journey.saved_at))
        for step, at in taken:
            yield _row(design, visitors[0], step, entry, at)
        again = [touch.at for touch in journey.touches if touch.device == 1]
        if again and len(visitors) > 1 and self.dice.random() < GO_ON_FROM_MAIL:
            at = again[0] + timedelta(minutes=self.dice.uniform(1, 9))
            yield _row(design, visitors[1], Step.SUMMARY, Entry.MAIL, at)

    def _times(self, journey: Journey, *, entry: DesignStep.Entry, many: int) -> list[datetime]:
        start = journey.started_at
        assert start is not None
        if entry == Entry.LINK:
            return [start] * many
        until = journey.completed_at or start + timedelta(minutes=self.dice.uniform(3, 25))
        parts = sorted(self.dice.uniform(0.12, 0.95) for _ in range(many - 1))
        return [start, *(start + (until - start) * part for part in parts)]


def write(rows: Sequence[DesignStep], *, now: datetime) -> None:
    """What would lie ahead was not done yet."""
    insert(DesignStep, [row for row in rows if row.reached_at < now])


def _row(
    design: Design,
    visitor: Visitor,
    step: DesignStep.Step,
    entry: DesignStep.Entry,
    at: datetime,
) -> DesignStep:
    return DesignStep(
        design=design, visitor=visitor, step=step, entry=entry, device=visitor.device, reached_at=at
    )
