"""What a search answers with, whichever engine found it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from builder.models import Stone
from builder.search.facets import FACETS
from builder.search.keys import Key
from builder.search.query import StoneQuery

Counts = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, kw_only=True)
class Found:
    """An engine's answer: how many, how many of each facet's value, and the page's stones by their keys.

    `page` is the one that is given, None when it was named by a key.
    """

    total: int
    counts: Counts
    keys: list[Key]
    page: int | None
    has_previous: bool
    has_next: bool

    @property
    def ids(self) -> list[int]:
        return [abs(key.id) for key in self.keys]


@dataclass(frozen=True, kw_only=True)
class Beside:
    """The nearest whole numbers of a measure, below and above what was asked for, that some stone has."""

    below: int | None
    below_count: int
    above: int | None
    above_count: int


class Engine(Protocol):
    @property
    def name(self) -> str: ...

    def find(self, query: StoneQuery, *, among: frozenset[int] | None) -> Found:
        """`among`: only these stones, by their ids."""

    def count(self, query: StoneQuery, *, among: frozenset[int] | None) -> int: ...

    def beside(self, query: StoneQuery, measure: str, *, among: frozenset[int] | None) -> Beside:
        """Of the stones that hold to all but this measure."""


@dataclass(slots=True)
class FacetValue:
    """Not frozen, which would take four times as long to make: every answer has eighty."""

    value: str
    label: str
    count: int
    selected: bool


@dataclass(frozen=True, kw_only=True)
class Nearest:
    """What to change so that something is found. `changes`: parameter to its new text, "" to leave it out."""

    label: str
    changes: Mapping[str, str]
    count: int


@dataclass(frozen=True, kw_only=True)
class Listing:
    """`page` is the one that is given: the last when a later one was asked for, None when a cursor named it.

    `note` says what became of a stone whose number was asked for. `nearest` is filled when nothing is found.
    """

    ids: list[int]
    total: int
    facets: dict[str, list[FacetValue]]
    page: int | None
    pages: int
    next_cursor: str | None
    previous_cursor: str | None
    engine: str
    note: str = ""
    nearest: list[Nearest] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Results(Listing):
    """With the stones themselves."""

    stones: list[Stone]


def facet_values(query: StoneQuery, counts: Counts) -> dict[str, list[FacetValue]]:
    """Those that some stone has, that are always shown, or that are chosen; in the trade's order."""
    facets = {}
    for name in query.counted:
        facet = FACETS[name]
        chosen = query.chosen.get(name, ())
        found = counts.get(name, {})
        facets[name] = [
            FacetValue(value, label, found.get(value, 0), value in chosen)
            for value, label in facet.labels.items()
            if value in found or value in facet.always or value in chosen
        ]
    return facets
