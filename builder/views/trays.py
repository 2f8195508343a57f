"""The stones she puts side by side: up to four, named in the address and nowhere else.

So they outlast filters, pages, a reload and a shared link, and need no cookie. What the address names that cannot be had is
left out with a word.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from django.http import QueryDict
from django.urls import reverse

from builder.models import Stone
from builder.templatetags.ring import few
from builder.views.stones import KEY

NAME = "compare"  # in the list's address
COLUMN = "stone"  # in the address of the stones side by side
MOST = 4
MOST_READ = 24  # of an address that somebody made up
FULL = "Four stand side by side at the most. Take one out first, then put this one in."


@dataclass(frozen=True, kw_only=True)
class Tray:
    """`stones` in the order in which she chose them; `rest` is the list's query without them."""

    stones: list[Stone]
    rest: QueryDict
    words: list[str] = field(default_factory=list)

    @cached_property
    def keys(self) -> list[str]:
        return [str(stone.pk) for stone in self.stones]

    @property
    def address(self) -> QueryDict:
        """The list's whole query, with the stones that it could read."""
        query = self.rest.copy()
        if self.stones:
            query.setlist(NAME, self.keys)
        return query

    @property
    def side_by_side(self) -> str:
        """Where they are compared; the list's own query goes along, so that the way back is not lost."""
        return self.compared(self.keys)

    def compared(self, keys: Sequence[str]) -> str:
        query = QueryDict(mutable=True)
        query.setlist(COLUMN, list(keys))
        for name, values in self.rest.lists():
            query.setlist(name, values)
        return f"{reverse('builder:compare')}?{query.urlencode()}"

    def listed(self, keys: Sequence[str]) -> str:
        """The list with these in the tray."""
        query = self.rest.copy()
        query.setlist(NAME, list(keys))
        return f"?{query.urlencode()}"

    def toggled(self, key: str) -> str:
        """The list with this one put in, or taken out; a fifth is asked for all the same, and refused with a word."""
        if key in self.keys:
            return self.listed([each for each in self.keys if each != key])
        return f"{self._before_another}{NAME}={key}"

    @cached_property
    def _before_another(self) -> str:
        """Written once for all the rows of a page."""
        address = self.listed(self.keys)
        return address if address == "?" else f"{address}&"

    @property
    def items(self) -> list[tuple[Stone, str]]:
        """Each stone with the address of the list without it."""
        return [(stone, self.toggled(str(stone.pk))) for stone in self.stones]

    @property
    def room(self) -> range:
        return range(MOST - len(self.stones))


def read(params: QueryDict, *, name: str = NAME) -> Tray:
    """The stones that the address names, each once."""
    asked = list(dict.fromkeys(params.getlist(name)))
    rest = params.copy()
    rest.pop(name, None)
    if not asked:
        return Tray(stones=[], rest=rest)
    keys = [text for text in asked[:MOST_READ] if KEY.fullmatch(text)]
    known = Stone.objects.select_related("store").in_bulk([int(key) for key in keys])
    found = list(dict.fromkeys(known[int(key)] for key in keys if int(key) in known))
    unknown = [text for text in asked if not KEY.fullmatch(text) or int(text) not in known]
    words = [FULL] if len(found) > MOST else []
    if unknown and (left := _unknown(unknown)):
        words.append(left)
    return Tray(stones=found[:MOST], rest=rest, words=words)


def _unknown(texts: Sequence[str]) -> str:
    if len(texts) == 1:
        return f"We know no stone {texts[0][:20]!r}. We left it out."
    return f"We know {few(len(texts))} of these stones no more. We left them out."
