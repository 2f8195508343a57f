"""How far a ring came, step by step: each is written once for a design and a browser, when it is first reached there.

What is written stays: a choice taken back, or a ring that is begun anew, takes no step away. `funnel` reports them.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import connection

from builder.models import Design, DesignStep
from jeweler.models import Visitor

Step, Entry = DesignStep.Step, DesignStep.Entry

# The way she came in by is that of the first step in this browser. The database says who was first, so that two tabs and
# a retried request write it once.
REACH = """
    INSERT INTO builder_designstep (design_id, visitor_id, step, entry, device, reached_at)
    VALUES (%(design)s, %(visitor)s, %(step)s, coalesce((
        SELECT entry FROM builder_designstep
        WHERE design_id = %(design)s AND visitor_id = %(visitor)s ORDER BY reached_at, id LIMIT 1
    ), %(entry)s), %(device)s, %(now)s)
    ON CONFLICT (design_id, visitor_id, step) DO NOTHING
"""
BY_STEP = {Step.SETTING: Entry.SETTING, Step.STONE: Entry.STONE}


def reached(
    *,
    design: Design,
    visitor: Visitor,
    step: DesignStep.Step,
    now: datetime,
    entry: DesignStep.Entry | None = None,
    device: str | None = None,
) -> bool:
    """Whether the step is new in this browser. `entry` counts for the browser's first step; as it looks, when not given."""
    said: dict[str, int | str | datetime] = {
        "design": design.pk,
        "visitor": visitor.pk,
        "step": step.value,
        "entry": (entry or _entry(design, step)).value,
        "device": device or visitor.device,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(REACH, said)
        return bool(cursor.rowcount == 1)


def is_reached(*, design: Design, visitor: Visitor, step: DesignStep.Step) -> bool:
    return DesignStep.objects.filter(design=design, visitor=visitor, step=step).exists()


def chosen(
    *,
    design: Design,
    visitor: Visitor,
    names: Collection[str],
    now: datetime,
    entry: DesignStep.Entry | None = None,
) -> None:
    """The steps that choices of these names brought the design to, as it is now."""
    has_ring = design.metal_id is not None and design.ring_size is not None
    stands = {
        Step.SETTING: design.setting_id is not None and "setting" in names,
        Step.STONE: design.stone_id is not None and "stone" in names,
        Step.RING: has_ring and not {"setting", "metal", "ring_size"}.isdisjoint(names),
    }
    for step, is_reached in stands.items():
        if is_reached:
            reached(design=design, visitor=visitor, step=step, entry=entry, now=now)


def _entry(design: Design, step: DesignStep.Step) -> DesignStep.Entry:
    """A browser that goes on with a saved design came from her mail; with another one, by the ring's own address."""
    if design.saved_at is not None and step != Step.SAVED:
        return Entry.MAIL
    return BY_STEP.get(step, Entry.LINK)
