"""The ring in an address: every state has its own, to be shared, reloaded and gone back to.

`address` says only what is chosen, in one order and under the names of `/api/v1/ring/`. `read` takes what it can of any query: a part
that says nothing, or that the house no longer makes, is left out with a word. A stone that was sold stays, for its twins are
known by it. Nothing is written.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import urlencode

from django.urls import reverse

from builder import engraving, sizes, variation
from builder.models import Band, Design, Metal, Setting, Stone
from jeweler.models import Store

LONGEST = 64  # of a value
LONGEST_QUERY = 1024
_CODE = re.compile(r"[-\w]{1,50}", re.ASCII)


@dataclass(kw_only=True)
class State:
    """A ring as an address names it. `words` says of each part that was left out why."""

    setting: Setting | None = None
    metal: Metal | None = None
    stone: Stone | None = None
    ring_size: Decimal | None = None
    width_mm: Decimal | None = None
    accents: str = ""
    engraving: str = ""
    band: Band | None = None
    words: list[str] = field(default_factory=list)

    def design(self, *, store: Store | None) -> Design:
        """As a design that is not kept; prices are told as this store tells them."""
        return Design(
            setting=self.setting,
            metal=self.metal,
            stone=self.stone,
            ring_size=self.ring_size,
            width_mm=self.width_mm,
            accents=self.accents,
            engraving=self.engraving,
            band=self.band,
            store=store,
        )


def query(design: Design) -> dict[str, str]:
    """What is chosen, as an address names it."""
    said = {
        "setting": design.setting.code if design.setting else "",
        "metal": design.metal.code if design.metal else "",
        "stone": str(design.stone_id or ""),
        "size": _number(design.ring_size),
        "width": _number(design.width_mm),
        "accents": design.accents,
        "engraving": design.engraving,
        "band": design.band.code if design.band else "",
    }
    return {name: value for name, value in said.items() if value}


def address(design: Design, *, page: str = "builder:ring") -> str:
    """The page of exactly this ring."""
    said = urlencode(query(design))
    return f"{reverse(page)}?{said}" if said else reverse(page)


def said_in(params: Mapping[str, str]) -> dict[str, str]:
    """What of a query names a ring's parts."""
    return {name: params[name] for name in _READERS if params.get(name)}


def read(params: Mapping[str, str]) -> State:
    """The ring of a query, with a word for each part that cannot be had."""
    state = State()
    for name, value in said_in(params).items():
        if len(value) > LONGEST:
            state.words.append(f"The {name} in this address is too long to be one; it is left out.")
        else:
            _READERS[name](state, value)
    return state


def _number(value: Decimal | None) -> str:
    """ "6.5" and "6", however many places the column has."""
    return "" if value is None else f"{value.normalize():f}"


def _setting(state: State, code: str) -> None:
    """With the metal that it is shown in, until another is named."""
    offered = Setting.objects.filter(is_offered=True, heads__isnull=False).distinct()
    state.setting = offered.filter(code=code).first() if _CODE.fullmatch(code) else None
    if state.setting is None:
        state.words.append("We no longer make the setting in this address. Choose another one.")
    else:
        state.metal = state.setting.metals.order_by("position", "id").first()


def _metal(state: State, code: str) -> None:
    made_in = state.setting.metals if state.setting else Metal.objects
    found = made_in.filter(code=code).first() if _CODE.fullmatch(code) else None
    if found:
        state.metal = found
    elif state.setting and state.metal:
        state.words.append(
            f"{state.setting.name} is not made in the metal of this address; it is shown in {state.metal.name}."
        )
    else:
        state.words.append("We do not work in the metal of this address; it is left out.")


def _stone(state: State, key: str) -> None:
    is_key = key.isascii() and key.isdigit() and len(key) < 19
    state.stone = Stone.objects.filter(pk=key).first() if is_key else None
    if state.stone is None:
        state.words.append("We do not know the stone of this address. Choose another one.")


def _size(state: State, text: str) -> None:
    try:
        size = sizes.read(text)
    except sizes.Unreadable as error:
        state.words.append(str(error))
    else:
        state.ring_size = size


def _width(state: State, text: str) -> None:
    width = variation.read_width(text)
    if width is None:
        state.words.append("The width in this address is none that a band has; it is left out.")
    else:
        _vary(state, variation.Choice(width, ""))


def _accents(state: State, text: str) -> None:
    _vary(state, variation.Choice(None, text))


def _vary(state: State, choice: variation.Choice) -> None:
    """Of a setting alone: without one it says nothing."""
    if state.setting is None:
        return
    try:
        kept = state.setting.variety.checked(choice)
    except variation.NotOffered as error:
        state.words.append(str(error))
    else:
        state.width_mm = kept.width_mm or state.width_mm
        state.accents = kept.accents or state.accents


def _engraving(state: State, text: str) -> None:
    tidied = engraving.tidied(text)
    rules = state.setting.engraving_rules if state.setting else engraving.Rules()
    try:
        engraving.check(tidied, rules=rules, size=state.ring_size)
    except engraving.BadEngraving as error:
        state.words.append(str(error))
    else:
        state.engraving = tidied


def _band(state: State, code: str) -> None:
    state.band = Band.objects.filter(code=code).first() if _CODE.fullmatch(code) else None
    if state.band is None:
        state.words.append("We no longer make the wedding band in this address; it is left out.")


_READERS: dict[str, Callable[[State, str], None]] = {
    "setting": _setting,
    "metal": _metal,
    "stone": _stone,
    "size": _size,
    "width": _width,
    "accents": _accents,
    "engraving": _engraving,
    "band": _band,
}
