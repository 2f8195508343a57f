"""A shopper's ring in the making: begun, chosen piece by piece, complete. `saving` keeps it by e-mail.

Everything is kept on the server and everything may be repeated: a double click, a second tab or a retried request
changes nothing that the first did not. A refusal names the way out and leaves the design as it was.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypedDict, Unpack

from django.db import connection, transaction
from django.db.models import QuerySet

from builder import book, codes, compatibility, engraving, quotes, sizes, steps, variation
from builder.engraving import BadEngraving as BadEngraving
from builder.events import BuilderCompleted
from builder.models import Band, Design, DesignDevice, DesignStep, Metal, Setting, Stone
from builder.quotes import Quote as Quote
from builder.quotes import quote as quote
from builder.variation import NotOffered as NotOffered
from jeweler import outbox, tokens
from jeweler.models import Visitor

INTENT_LENGTH = 16
OTHERS_NAMED = 3
PARTS = ("setting", "metal", "stone", "customer", "store", "band")
COPIED = (*quotes.STATE, "band_id", "budget", "style", "timeline")


class DoesNotFit(Exception):
    """`fit` says why, in millimeters, and the way out; `others` are settings that hold the stone at the size."""

    def __init__(self, *, fit: compatibility.Fit, others: Sequence[book.Setting] = ()) -> None:
        named = ", ".join(each.name for each in others[:OTHERS_NAMED])
        yours = f"Settings that would hold it: {named}." if named else ""
        super().__init__(" ".join(filter(None, [fit.reason, str(fit.fix or ""), yours])))
        self.fit, self.others = fit, others

    @property
    def is_size(self) -> bool:
        """Whether it is the ring's size that it is not made in, and not the stone."""
        return self.fit.is_size


class StoneGone(Exception):
    """The stone can no longer be had. The design keeps everything else, and the stone's measures."""

    def __init__(self, *, stone: Stone) -> None:
        super().__init__(
            f"This {stone.carat} ct {stone.shape} was sold or withdrawn. Your ring is kept; "
            "choose another stone for it."
        )
        self.stone = stone


class BadSize(ValueError):
    """Not a size that rings are made in."""


class BadMetal(ValueError):
    """The setting is not made in this metal."""


class BadIntent(ValueError):
    """An answer that is not a short word."""


class NoLongerMade(Exception):
    """The house changed its catalog under the ring; the message names what, and the way out."""


class Choices(TypedDict, total=False):
    """What can be chosen; a name that is not given stays as it is, None takes a choice back."""

    setting: Setting | None
    metal: Metal | None
    stone: Stone | None
    ring_size: Decimal | None
    engraving: str
    width_mm: Decimal | None
    accents: str
    band: Band | None
    budget: str
    style: str
    timeline: str


_CURRENT = """
    SELECT design.id
    FROM builder_design design
    LEFT JOIN builder_designdevice here ON here.design_id = design.id AND here.visitor_id = %(visitor)s
    WHERE design.removed_at IS NULL AND design.id IN (
        SELECT id FROM builder_design WHERE visitor_id = %(visitor)s
        UNION ALL
        SELECT design_id FROM builder_designdevice WHERE visitor_id = %(visitor)s)
    ORDER BY greatest(design.updated_at, here.opened_at) DESC, design.id DESC
    LIMIT 1
"""


def within_reach(*, visitor: Visitor) -> QuerySet[Design]:
    """The designs that were begun in this browser, and those that were taken up in it from her mail or her list."""
    begun = Design.objects.filter(visitor=visitor).values("pk")
    taken_up = DesignDevice.objects.filter(visitor=visitor).values("design")
    return Design.objects.filter(pk__in=begun.union(taken_up), removed_at=None).select_related(
        *PARTS
    )


def current(*, visitor: Visitor) -> Design | None:
    """The design she touched last, here or on another of her devices."""
    with connection.cursor() as cursor:
        cursor.execute(_CURRENT, {"visitor": visitor.pk})
        found = cursor.fetchone()
    # Without its parts nothing of it can be shown, and joined from the start the search would plan for all of them.
    return Design.objects.select_related(*PARTS).filter(pk=found[0]).first() if found else None


def go_on(*, design: Design, visitor: Visitor, now: datetime) -> None:
    """Make it the design that this browser is at; wherever else it is gone on with, it stays."""
    DesignDevice.objects.update_or_create(
        design=design, visitor=visitor, defaults={"opened_at": now}
    )


def start(*, visitor: Visitor, now: datetime) -> Design:
    """A new design; an untouched one of hers is used again, so that two tabs begin the same ring."""
    with transaction.atomic():
        Visitor.objects.select_for_update(no_key=True).get(pk=visitor.pk)
        found = current(visitor=visitor)
        if (
            found
            and found.saved_at is None
            and not any(getattr(found, name) for name in quotes.STATE)
        ):
            return found
        return Design.objects.create(
            code=new_code(), visitor=visitor, created_at=now, updated_at=now
        )


def choose(*, design: Design, now: datetime, **choices: Unpack[Choices]) -> Design:
    """Put choices into the design and return it as it then is.

    Locks the design's row: of two tabs, each changes only what it chose. All choices hold or none does.
    """
    with transaction.atomic():
        locked = lock(design)
        for name, value in choices.items():
            setattr(locked, name, value)
        if "setting" in choices:
            _keep_metal_if_offered(locked)
        else:
            _refuse_band(locked.setting, choices)
        _keep_band_if_offered(locked)
        _refuse(locked, choices)
        locked.updated_at = now
        locked.save(update_fields=[*choices, "metal", "width_mm", "accents", "updated_at"])
    return locked


def adopt(*, visitor: Visitor, parts: Choices, now: datetime, **choices: Unpack[Choices]) -> Design:
    """Go on with the ring that an address names, whole, and with what was chosen besides.

    It goes onto her own unsaved design where that has the setting or the stone (she went back), else onto a new one: nothing of
    hers is lost. A stone that her design has already may have been sold meanwhile.
    """
    with transaction.atomic():
        mine = current(visitor=visitor)
        if mine is None or mine.saved_at is not None or not _shares(mine, parts):
            mine = start(visitor=visitor, now=now)
        whole = parts.copy()
        whole.update(choices)
        _refuse_band(whole.get("setting"), choices)
        if "stone" in whole and whole["stone"] == mine.stone:
            del whole["stone"]
        return choose(design=mine, now=now, **whole)


def complete(*, design: Design, visitor: Visitor, now: datetime) -> None:
    """She reached the summary of a whole ring: announced once for a design and a browser."""
    if design.completed_at and steps.is_reached(
        design=design, visitor=visitor, step=steps.Step.SUMMARY
    ):
        return  # most summaries are looked at again, and need no lock
    with transaction.atomic():
        locked = lock(design)
        if quotes.missing(locked):
            return
        if locked.completed_at is None:
            locked.completed_at = now
            locked.save(update_fields=["completed_at"])
        if steps.reached(design=locked, visitor=visitor, step=steps.Step.SUMMARY, now=now):
            outbox.publish(BuilderCompleted(design_id=locked.pk, visitor_id=visitor.pk), at=now)


def copied(
    design: Design,
    *,
    visitor: Visitor | None,
    now: datetime,
    entry: DesignStep.Entry | None = None,
    name: str = "",
    once: str = "",
) -> Design:
    """The same ring as a design of its own, begun now in this browser: nobody's yet, and saved nowhere.

    `entry`: how its browser came to it. Its summary is still to be reached. `once`: the key of the form that asked for it;
    posted again, the form leads to the design that it made, also in a browser that was not known yet and so is two visitors.
    """
    state = {name: getattr(design, name) for name in COPIED}
    values = {
        **state,
        "code": new_code(),
        "name": name,
        "visitor": visitor,
        "store_id": design.store_id,
        "created_at": now,
        "updated_at": now,
    }
    if not once:
        made, is_new = Design.objects.create(**values), True
    else:
        form_hash = tokens.hashed(f"{design.pk} {once}")
        made, is_new = Design.objects.get_or_create(form_hash=form_hash, defaults=values)
    if not is_new and visitor is not None:
        go_on(design=made, visitor=visitor, now=now)
    elif visitor is not None:
        names = ("setting", "stone", "ring_size")
        steps.chosen(design=made, visitor=visitor, names=names, entry=entry, now=now)
    return made


def new_code() -> str:
    """A code that no design has; at a billion of them a second try is rare."""
    while Design.objects.filter(code=(code := codes.new())).exists():
        continue
    return code


def lock(design: Design) -> Design:
    """The design as it is now, kept from everybody else until the transaction ends.

    Read anew after the lock: a row that was waited for is joined to what was there before the wait.
    """
    Design.objects.select_for_update(no_key=True).only("pk").get(pk=design.pk)
    return Design.objects.select_related(*PARTS).get(pk=design.pk)


# Choosing.


def _keep_metal_if_offered(design: Design) -> None:
    """The metal stays where the new setting is made in it; else the setting's first one."""
    if design.setting is None:
        return
    offered = list(design.setting.metals.order_by("position", "id"))
    if design.metal not in offered:
        design.metal = offered[0] if offered else None


def _shares(design: Design, parts: Choices) -> bool:
    setting, stone = parts.get("setting"), parts.get("stone")
    return (setting is not None and design.setting == setting) or (
        stone is not None and design.stone == stone
    )


def _keep_band_if_offered(design: Design) -> None:
    """Width and accents stay where the setting is made with them; else they are as it is shown."""
    if design.setting is not None:
        variety = design.setting.variety
        design.width_mm, design.accents = variety.kept(quotes.band_chosen(design))


def _refuse_band(setting: Setting | None, choices: Choices) -> None:
    if setting is not None and {"width_mm", "accents"} & choices.keys():
        width, accents = choices.get("width_mm"), choices.get("accents", "")
        setting.variety.checked(variation.Choice(width, accents))


def _refuse(design: Design, choices: Choices) -> None:
    """Raise what is wrong with the design as it would be."""
    for name in ("budget", "style", "timeline"):
        _refuse_intent(name, getattr(design, name))
    if chosen := choices.get("stone"):
        _refuse_gone(chosen)
    if "ring_size" in choices:
        _refuse_size(design)
    if "metal" in choices and design.setting and design.metal:
        _refuse_metal(design.setting, design.metal)
    if {"engraving", "setting", "ring_size"} & choices.keys():
        rules = design.setting.engraving_rules if design.setting else engraving.Rules()
        engraving.check(design.engraving, rules=rules, size=design.ring_size)
    fit = quotes.fit_of(design) if {"setting", "stone", "ring_size"} & choices.keys() else None
    if fit is None and design.setting and {"setting", "ring_size"} & choices.keys():
        fit = compatibility.wrong_size(setting=design.setting.rules, size=design.ring_size)
    if fit and not fit.fits:
        raise DoesNotFit(fit=fit, others=quotes.settings_that_hold(design))


def _refuse_intent(name: str, text: str) -> None:
    if len(text) > INTENT_LENGTH or not text.isprintable():
        raise BadIntent(f"The {name} is no short word; use up to {INTENT_LENGTH} letters.")


def _refuse_gone(stone: Stone) -> None:
    """Asks the table, for the caller's row may be older than the sale."""
    if not Stone.objects.filter(pk=stone.pk, status=Stone.Status.AVAILABLE).exists():
        raise StoneGone(stone=stone)


def _refuse_size(design: Design) -> None:
    size = design.ring_size
    if size is not None and (size * 2 % 1 or not sizes.SMALLEST <= size <= sizes.LARGEST):
        raise BadSize(f"{size} is no ring size we make; use a US size from 3 to 13 in halves.")


def _refuse_metal(setting: Setting, metal: Metal) -> None:
    offered = [each.name for each in setting.metals.order_by("position", "id")]
    if metal.name not in offered:
        raise BadMetal(f"{setting.name} is not made in {metal.name}; choose {', '.join(offered)}.")
