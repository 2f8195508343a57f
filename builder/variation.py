"""What can be chosen about a setting's band: its width at the palm, and the small stones along it. Values in, values out.

What is as the setting is shown is kept as nothing chosen (None and ""), so that one ring has one state and one content
hash. A setting that names no widths or accents is made in its own alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from builder import geometry

ACCENTS = {"none": "None", "half": "Half way", "full": "All around"}
NARROWEST, WIDEST = Decimal("1.2"), Decimal("6")  # what a shank holds, and what a hand wears
_HUNDREDTH = Decimal("0.01")
BESIDE_ACCENTS = Decimal("0.2")  # of metal that a band keeps beside its stones


class NotOffered(ValueError):
    """The setting is not made in this width or with these accents; the message names what it is made in."""


class Choice(NamedTuple):
    """What she chose: None and "" for as it is shown."""

    width_mm: Decimal | None = None
    accents: str = ""


AS_SHOWN = Choice()


@dataclass(frozen=True, kw_only=True)
class Variety:
    """Of one setting. Its own width and accents are always among what is offered."""

    name: str
    mounting: geometry.Mounting
    widths_mm: tuple[Decimal, ...] = ()
    accents: tuple[str, ...] = ()
    accent_mm: Decimal | None = None

    @property
    def widths(self) -> list[Decimal]:
        """To choose from, the narrowest first; its own alone where there is no choice."""
        return sorted({self.mounting.shank_width_mm, *self.widths_mm})

    @property
    def ways(self) -> list[str]:
        """The accents to choose from, from none to all around."""
        offered = {self.mounting.accents, *self.accents}
        return [each for each in ACCENTS if each in offered]

    def made(self, choice: Choice) -> geometry.Mounting:
        """The mounting as chosen."""
        if choice == AS_SHOWN:
            return self.mounting
        return self.mounting.varied(
            width_mm=choice.width_mm, accents=choice.accents, accent_mm=self.accent_mm
        )

    def checked(self, choice: Choice) -> Choice:
        """The choice as it is kept. Raises NotOffered, which names what can be had."""
        width, accents = choice
        if width is not None and width not in self.widths:
            raise NotOffered(
                f"{self.name} is not made {said(width)} wide; choose {listed(map(said, self.widths))}."
            )
        if accents and accents not in self.ways:
            offered = listed(ACCENTS[each].lower() for each in self.ways)
            raise NotOffered(
                f"{self.name} is not made with these diamonds along its band; choose {offered}."
            )
        return self.kept(choice)

    def kept(self, choice: Choice) -> Choice:
        """As much of a choice as this setting offers; its own width and accents are nothing chosen."""
        width, accents = choice
        is_wide = width in self.widths and width != self.mounting.shank_width_mm
        is_set = accents in self.ways and accents != self.mounting.accents
        kept = width.quantize(_HUNDREDTH) if width is not None and is_wide else None
        return Choice(kept, accents if is_set else "")


def read_width(text: str) -> Decimal | None:
    """Millimeters as they are written: "2.2", "2,2", "2.20 mm"; None for what is none."""
    try:
        width = Decimal(text.strip().lower().removesuffix("mm").strip().replace(",", "."))
    except InvalidOperation:
        return None
    return width if width.is_finite() and NARROWEST <= width <= WIDEST else None


def said(width: Decimal) -> str:
    """ "2.2 mm"; hundredths only where there are some."""
    tenths = width.quantize(Decimal("0.1"))
    return f"{tenths if tenths == width else width.quantize(_HUNDREDTH)} mm"


def listed(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last
