"""Several facets in one whole number for each stone, so that few passes over some stones count the values of all of them.

A bitmap for each value counts many stones quickest; of some ten thousand and fewer, looking at each stone takes a fraction of the
time. A stone's number of a mix is its values' numbers, each of its facet's base, one after another.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from builder.search.facets import FACETS

Numbers = NDArray[np.integer[Any]]

MOST = 8192  # numbers of one mix: each pass counts as many


def _mixes() -> Iterator[dict[str, int]]:
    mix: dict[str, int] = {}
    for name, facet in FACETS.items():
        base = len(facet.labels) + 1
        if prod([*mix.values(), base]) > MOST:
            yield mix
            mix = {}
        mix[name] = base
    yield mix


MIXES = tuple(_mixes())  # facets and their bases
_MIX_OF = {name: number for number, mix in enumerate(MIXES) for name in mix}


def mixed(values: Mapping[str, Numbers]) -> list[Numbers]:
    """For each mix the stones' numbers, made of those of their facets' values."""
    return [_mixed(mix, values) for mix in MIXES]


def _mixed(mix: Mapping[str, int], values: Mapping[str, Numbers]) -> Numbers:
    number = np.zeros(len(next(iter(values.values()))), np.uint16)
    for name, base in mix.items():
        number *= np.uint16(base)
        number += values[name].astype(np.uint16)
    return number


def passes(facets: Collection[str]) -> int:
    """How many times the stones must be looked at."""
    return len({_MIX_OF[name] for name in facets})


def counted(
    numbers: Sequence[Numbers], places: Numbers, *, facets: Collection[str]
) -> dict[str, list[int]]:
    """How many of the stones at these places have each value of these facets, by the values' numbers."""
    counts = {}
    places = places.astype(np.intp)  # once, and not by each mix
    for mix, column in zip(MIXES, numbers, strict=True):
        wanted = [name for name in mix if name in facets]
        if wanted:
            found = np.bincount(column.take(places, mode="clip"), minlength=prod(mix.values()))
            by_facet = found.reshape(tuple(mix.values()))
            for name in wanted:
                others = tuple(axis for axis, other in enumerate(mix) if other != name)
                counts[name] = np.add.reduce(by_facet, axis=others).tolist()
    return counts
