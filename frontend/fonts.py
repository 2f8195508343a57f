"""The house's faces, cut down to what is set in them: a tenth of a second on a slow phone for each 20 kB.

The serif is set light and large, so one weight and one optical size of it are kept; the sans has the weights of text. Reads the
packages' variable fonts, writes static/dist/fonts/. Run after build.mjs, which empties that folder. What is printed on paper
gets faces of one weight each, since cutting one while somebody waits for her sheet takes a second.
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
PRINTED: dict[str, tuple[str, Axes]] = {
    "print-serif": ("newsreader/files/newsreader-latin-opsz-normal", {"wght": 400, "opsz": 36}),
    "print-plain": ("hanken-grotesk/files/hanken-grotesk-latin-wght-normal", {"wght": 400}),
    "print-strong": ("hanken-grotesk/files/hanken-grotesk-latin-wght-normal", {"wght": 600}),
}


def cut(source: Path, *, axes: Axes, to: Path) -> None:
    font = instancer.instantiateVariableFont(TTFont(source), axes)
    font.flavor = "woff2" if to.suffix == ".woff2" else None
    font.save(to)


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    for name, (source, axes) in CUTS.items():
        cut(FAMILIES / f"{source}.woff2", axes=axes, to=OUT / f"{name}.woff2")
    for name, (source, axes) in PRINTED.items():
        cut(FAMILIES / f"{source}.woff2", axes=axes, to=OUT / f"{name}.ttf")
