"""The shop's faces, cut down to what its pages set: a tenth of a second on a slow phone for each 20 kB.

The serif is set light and large, so one weight and one optical size of it are kept; the sans has the weights of text. Reads the
packages' variable fonts, writes static/dist/fonts/. Run after build.mjs, which empties that folder.
"""

from pathlib import Path

from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

ROOT = Path(__file__).resolve().parent.parent
FAMILIES = ROOT / "node_modules" / "@fontsource-variable"
OUT = ROOT / "static" / "dist" / "fonts"
Axes = dict[str, float | tuple[float, float]]

CUTS: dict[str, tuple[str, Axes]] = {
    "newsreader-display": (
        "newsreader/files/newsreader-latin-opsz-normal",
        {"wght": 300, "opsz": 36},
    ),
    "newsreader-display-italic": ("newsreader/files/newsreader-latin-wght-italic", {"wght": 300}),
    "hanken-grotesk-text": (
        "hanken-grotesk/files/hanken-grotesk-latin-wght-normal",
        {"wght": (400, 500)},
    ),
}


def cut(source: Path, *, axes: Axes, to: Path) -> None:
    font = instancer.instantiateVariableFont(TTFont(source), axes)
    font.flavor = "woff2"
    font.save(to)


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    for name, (source, axes) in CUTS.items():
        cut(FAMILIES / f"{source}.woff2", axes=axes, to=OUT / f"{name}.woff2")
