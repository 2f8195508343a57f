"""What to change when nothing is found: each filter alone, the one that changes least first.

A measure is moved to the nearest value that some stone has, a grade to the nearest that is there, any other filter is left
out. Only what finds a stone is offered. When no single change does, all filters are left out.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from builder.search.facets import FACETS, MEASURES, TITLES, Measure
from builder.search.query import StoneQuery
from builder.search.results import Counts, Engine, Nearest

MOST = 6


class _Change(NamedTuple):
    """`cost` orders what is offered: the share by which a measure moves, a fifth for each grade, 1 for a filter."""

    cost: float
    nearest: Nearest


def nearest(
    query: StoneQuery, counts: Counts, *, engine: Engine, among: frozenset[int] | None
) -> list[Nearest]:
    if query.crossed:
        return [_swapped(query, engine=engine, among=among)]
    changes = sorted(
        _changes(query, counts, engine=engine, among=among), key=lambda each: each.cost
    )
    if changes:
        return [change.nearest for change in changes[:MOST]]
    return _anything(query, engine=engine)


def _changes(
    query: StoneQuery, counts: Counts, *, engine: Engine, among: frozenset[int] | None
) -> Iterator[_Change]:
    for name in query.filters:
        if name in FACETS:
            yield from _other_value(query, name, counts)
        elif name in MEASURES:
            yield from _moved(query, name, engine=engine, among=among)
        else:
            still_among = None if name == "number" else among
            count = engine.count(query.without(name), among=still_among)
            if count:
                yield _Change(
                    1.0, Nearest(label=f"Without “{TITLES[name]}”", changes={name: ""}, count=count)
                )


def _other_value(query: StoneQuery, name: str, counts: Counts) -> Iterator[_Change]:
    """The facet's counts heed all but itself, so they say what is there."""
    facet, found = FACETS[name], counts.get(name, {})
    if not found:
        return
    values = list(facet.labels)
    wanted = [values.index(value) for value in query.chosen[name]]

    def steps(value: str) -> int:
        return min(abs(values.index(value) - place) for place in wanted)

    if facet.is_graded:
        value = min(found, key=lambda each: (steps(each), -found[each]))
        cost = steps(value) / 5
    else:
        value = max(found, key=lambda each: found[each])
        cost = 1.0
    changes = {name: ",".join([*query.chosen[name], value])}
    yield _Change(
        cost,
        Nearest(
            label=f"{facet.title}: also {facet.labels[value]}", changes=changes, count=found[value]
        ),
    )


def _moved(
    query: StoneQuery, name: str, *, engine: Engine, among: frozenset[int] | None
) -> Iterator[_Change]:
    beside, measure = engine.beside(query, name, among=among), MEASURES[name]
    ends = (("min", beside.below, beside.below_count), ("max", beside.above, beside.above_count))
    for end, value, count in ends:
        if value is None:
            continue
        amount, asked = measure.amount(value), query.ranges[f"{name}_{end}"]
        yield _Change(
            _share(asked, amount),
            Nearest(
                label=f"{TITLES[f'{name}_{end}']} {measure.said(amount)}",
                changes={f"{name}_{end}": measure.written(amount)},
                count=count,
            ),
        )


def _share(asked: Decimal, amount: Decimal) -> float:
    return float(abs(amount - asked) / max(asked, Decimal("0.01")))


def _swapped(query: StoneQuery, *, engine: Engine, among: frozenset[int] | None) -> Nearest:
    """From and up to, the right way round."""
    ranges = dict(query.ranges)
    changes: dict[str, str] = {}
    labels = []
    for name in query.crossed:
        measure: Measure = MEASURES[name]
        low, high = sorted((ranges[f"{name}_min"], ranges[f"{name}_max"]))
        ranges |= {f"{name}_min": low, f"{name}_max": high}
        changes |= {f"{name}_min": measure.written(low), f"{name}_max": measure.written(high)}
        labels.append(f"{measure.title} {measure.said(low)} to {measure.said(high)}")
    straight = query.with_ranges(ranges)
    return Nearest(
        label=" and ".join(labels), changes=changes, count=engine.count(straight, among=among)
    )


def _anything(query: StoneQuery, *, engine: Engine) -> list[Nearest]:
    count = engine.count(StoneQuery(), among=None)
    if not (count and query.filters):
        return []
    changes = {
        parameter: ""
        for name in query.filters
        for parameter in ((f"{name}_min", f"{name}_max") if name in MEASURES else (name,))
        if name not in MEASURES or parameter in query.ranges
    }
    return [Nearest(label="Without any filter", changes=changes, count=count)]
