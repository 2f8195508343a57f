"""Fancy colors as suppliers write them: in three columns, in one, in words or in RapNet's letters."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from builder import gemology


@dataclass(frozen=True, kw_only=True)
class Fancy:
    """A fancy color as its report words it: `hue` is the last hue, which is the dominant one; `intensity` may be ""."""

    words: str
    hue: str
    intensity: str


_HUE_WORDS = {hue: hue for hue in gemology.HUES} | {"grey": "gray"}
_HUE_CODES = {
    "y": "yellow", "yl": "yellow", "yw": "yellow", "o": "orange", "or": "orange", "p": "pink", "pk": "pink", "r": "red", "rd": "red",
    "pu": "purple", "pl": "purple", "v": "violet", "vi": "violet", "b": "blue", "bl": "blue", "bu": "blue", "g": "green", "gn": "green",
    "gr": "green", "bn": "brown", "br": "brown", "brn": "brown", "gy": "gray", "bk": "black", "w": "white",
}  # fmt: skip
# What is no code letter by letter: top light brown.
_CODES = {"tlb": "light brown", "champagne": "brown", "cognac": "brown"}
# D is read as deep: dark, which labs say of brown stones as well, has its own DK.
_INTENSITY_CODES = {
    "f": "fancy", "fc": "fancy", "fncy": "fancy", "fcy": "fancy", "fcl": "fancy light", "fl": "fancy light", "fi": "fancy intense",
    "fci": "fancy intense", "fv": "fancy vivid", "fcv": "fancy vivid", "fd": "fancy deep", "fcd": "fancy deep", "fdk": "fancy dark",
    "fcdk": "fancy dark", "fnt": "faint", "vl": "very light", "l": "light", "lt": "light", "i": "fancy intense",
    "int": "fancy intense", "v": "fancy vivid", "viv": "fancy vivid", "d": "fancy deep", "dp": "fancy deep", "dk": "fancy dark",
}  # fmt: skip
_LETTER_BEFORE = re.compile(r"^[d-z]\s*[-,]\s*(?=(?:faint|very|light|fancy)\b)")


def read(*, intensity: str, overtone: str, color: str) -> Fancy:
    """From three columns or one: "Fancy Deep", "Yellowish", "Brown"; "VIVID FANCY YELLOW"; "FIY"; "K-FAINT BROWN".

    Takes `spelled` text; raises `UnknownWord` where no hue is named.
    """
    said = " ".join(
        part
        for part in (
            _INTENSITY_CODES.get(intensity, intensity),
            overtone,
            _in_words(_LETTER_BEFORE.sub("", color)),
        )
        if part
    )
    tokens = re.split(r"[\s\-/,]+", said)
    hue = _HUE_WORDS.get(tokens[-1])
    if hue is None:
        raise gemology.UnknownWord(field="fancy_color", text=said[:48])
    return Fancy(words=said[:48], hue=hue, intensity=_intensity(tokens))


def _in_words(code: str) -> str:
    """ "fiy" is fancy intense yellow; whatever is no such code stays as it is."""
    if whole := _CODES.get(code) or _HUE_CODES.get(code):
        return whole
    for cut in range(len(code) - 1, 0, -1):
        intensity, hue = _INTENSITY_CODES.get(code[:cut]), _HUE_CODES.get(code[cut:])
        if intensity and hue and len(code) <= 6:
            return f"{intensity} {hue}"
    return code


def _intensity(tokens: Sequence[str]) -> str:
    """Of "vivid fancy" as of "fancy vivid"; "" where the words name none."""
    said = set(tokens)
    for word in ("vivid", "deep", "intense", "dark"):
        if word in said:
            return f"fancy_{word}"
    if "fancy" in said:
        return "fancy_light" if "light" in said else "fancy"
    if "light" in said:
        return "very_light" if "very" in said else "light"
    return "faint" if "faint" in said else ""
