"""Which stones a setting holds and by when they can be set, as limits that both engines filter by.

They are made of `compatibility.envelopes`, the very limits that `compatibility.check` judges by.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import reduce
from operator import or_

from django.db.models import Q

from builder import compatibility
from builder.models import Setting


@dataclass(frozen=True, kw_only=True)
class Limits:
    """One envelope in hundredths of a millimeter; `deepest` are pairs of shape and depth."""

    min_width: int
    max_width: int
    min_length: int
    max_length: int
    deepest: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class HeadLimits:
    """A stone within any of `limits` sits in this head. `days`: what the head adds to the setting's making."""

    limits: tuple[Limits, ...]
    days: int


def heads_of(rules: compatibility.SettingRules) -> tuple[HeadLimits, ...]:
    """In the order in which `check` prefers them: a stone is set in the first that holds it."""
    found: tuple[HeadLimits, ...] | None = rules.kept.get(heads_of)
    if found is None:
        found = rules.kept[heads_of] = _heads_of(rules)
    return found


def _heads_of(rules: compatibility.SettingRules) -> tuple[HeadLimits, ...]:
    return tuple(
        HeadLimits(
            limits=_limits(replace(rules, heads=(head,))),
            days=head.extra_days if place else 0,
        )
        for place, head in enumerate(compatibility.in_order(setting=rules))
    )


def _limits(rules: compatibility.SettingRules) -> tuple[Limits, ...]:
    return tuple(
        Limits(
            min_width=_hundredths(each.min_width_mm),
            max_width=_hundredths(each.max_width_mm),
            min_length=_hundredths(each.min_length_mm),
            max_length=_hundredths(each.max_length_mm),
            deepest=tuple((shape, _hundredths(mm)) for shape, mm in each.max_depth_mm.items()),
        )
        for each in compatibility.envelopes(setting=rules)
    )


def _hundredths(length: Decimal) -> int:
    """Exact: heads and what the setter can do are given to the hundredth."""
    return int(length * 100)


def fitting(rules: compatibility.SettingRules) -> Q:
    """The stones that `compatibility.check` finds to fit this setting at any size, as a filter."""
    return any_of(within(limits) for head in heads_of(rules) for limits in head.limits)


def within(limits: Limits) -> Q:
    shapes_by_depth: dict[int, list[str]] = {}
    for shape, deepest in limits.deepest:
        shapes_by_depth.setdefault(deepest, []).append(shape)
    shallow_enough = any_of(
        Q(shape__in=shapes, depth_hundredths__lte=deepest)
        for deepest, shapes in shapes_by_depth.items()
    )
    return shallow_enough & Q(
        width_hundredths__gte=limits.min_width,
        width_hundredths__lte=limits.max_width,
        length_hundredths__gte=limits.min_length,
        length_hundredths__lte=limits.max_length,
    )


def any_of(conditions: Iterable[Q]) -> Q:
    """Of no conditions: nothing."""
    return reduce(or_, conditions, Q(pk__in=[]))


@dataclass(frozen=True, kw_only=True)
class Promptness:
    """Stones that this head holds and none before it are ready when they come within `days`."""

    head: HeadLimits
    before: tuple[HeadLimits, ...]
    days: int


def promptness(setting: Setting, *, days_left: int) -> list[Promptness]:
    """How soon a stone must lie on the bench, head by head, to be set within so many working days."""
    heads = heads_of(setting.rules)
    return [
        Promptness(
            head=head,
            before=heads[:place],
            days=days_left - setting.lead_days - head.days,
        )
        for place, head in enumerate(heads)
    ]
