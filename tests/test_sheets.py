"""Every rule of the storefront's styles that could hold on a page is in the sheets that the page names.

Read from the files: the classes and ids of a template, of what it includes and of what its tags write, against what each rule asks
for. A rule that asks for a class which another page alone has is none of this page's. What `:not`, `:is` and `:has` say is left out,
so that rather too much is asked of a page than too little.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = ROOT / "templates"
STYLES = ROOT / "frontend" / "styles"
TAGS = {path.stem: path.read_text() for path in (ROOT / "builder" / "templatetags").glob("*.py")}
BY_TAG = {"instead": "components/gone.html"}
LATE = {"data-lazy": "appointments/_seen.html"}  # fetched when it comes into sight
BY_SCRIPT = {"busy", "in"}
BASE = "store/base.html"
OF_ONE_TAG = {"inside": "engraving_drawing"}  # what one tag of a library writes, and no other


def _templates() -> list[str]:
    return sorted(
        str(path.relative_to(TEMPLATES))
        for path in TEMPLATES.rglob("*.html")
        if f'extends "{BASE}"' in path.read_text()
    )


def _source(name: str, seen: set[str]) -> str:
    if name in seen or not (TEMPLATES / name).exists():
        return ""
    seen.add(name)
    text = (TEMPLATES / name).read_text()
    others = re.findall(r'{%\s*(?:include|extends)\s+"([^"]+)"', text)
    others += [other for tag, other in BY_TAG.items() if re.search(rf"{{%\s*{tag}\b", text)]
    others += [other for mark, other in LATE.items() if mark in text]
    return text + "".join(_source(other, seen) for other in others)


@cache
def _has(page: str) -> tuple[frozenset[str], frozenset[str]]:
    """The classes and the ids of a page."""
    written = text = _source(page, set())
    libraries = set(" ".join(re.findall(r"{%\s*load\s+([^%]+)%}", text)).split())
    text += "".join(TAGS.get(library, "") for library in libraries)
    classes = set(BY_SCRIPT)
    for said in re.findall(r'class="((?:[^"{]|{%.*?%}|{{.*?}}|{\w*})*)"', text, re.DOTALL):
        classes |= set(re.sub(r"{%.*?%}|{{.*?}}|{\w*}", " ", said).split())
    classes -= {each for each, tag in OF_ONE_TAG.items() if f"{{% {tag} " not in written}
    return frozenset(classes), frozenset(re.findall(r'id="([\w-]+)"', text))


def _selectors(css: str) -> Iterator[str]:
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    at = 0
    while (opens := css.find("{", at)) >= 0:
        depth, end = 1, opens + 1
        while depth:
            depth += {"{": 1, "}": -1}.get(css[end], 0)
            end += 1
        head = css[at:opens].strip()
        if head.startswith(("@media", "@supports")):
            yield from _selectors(css[opens + 1 : end - 1])
        elif not head.startswith("@"):
            yield from (each.strip() for each in re.split(r",(?![^(]*\))", head))
        at = end


def _asked(selector: str) -> tuple[set[str], set[str]]:
    plain = re.sub(r":(?:not|is|where|has)\((?:[^()]|\([^()]*\))*\)", "", selector)
    return set(re.findall(r"\.([A-Za-z][\w-]*)", plain)), set(
        re.findall(r"#([A-Za-z][\w-]*)", plain)
    )


@cache
def _parts(sheet: str) -> tuple[str, ...]:
    return tuple(re.findall(r'@import "\./site/(\w+)\.css"', (STYLES / f"{sheet}.css").read_text()))


def _sheets(page: str) -> list[str]:
    text = (TEMPLATES / page).read_text() + (TEMPLATES / BASE).read_text()
    return re.findall(r'"(\w+)"', " ".join(re.findall(r"{% sheets ([^%]+)%}", text)))


def _wanted(page: str) -> dict[str, list[str]]:
    """The rules of each part that could hold on the page."""
    classes, ids = _has(page)
    found: dict[str, list[str]] = {}
    for path in sorted((STYLES / "site").glob("*.css")):
        for selector in _selectors(path.read_text()):
            asked, marks = _asked(selector)
            if (asked or marks) and asked <= classes and marks <= ids:
                found.setdefault(path.stem, []).append(selector)
    return found


@pytest.mark.parametrize("page", _templates())
def test_a_page_has_every_rule_that_could_hold_on_it(page: str) -> None:
    parts = {part for sheet in _sheets(page) for part in _parts(sheet)}
    missing = {part: rules for part, rules in _wanted(page).items() if part not in parts}
    assert not missing


@pytest.mark.parametrize("page", _templates())
def test_a_page_names_no_sheet_that_says_nothing_of_it(page: str) -> None:
    wanted = _wanted(page)
    idle = [name for name in _sheets(page) if not set(_parts(name)) & set(wanted)]
    assert not idle


def test_every_part_is_in_some_sheet() -> None:
    written = {path.stem for path in (STYLES / "site").glob("*.css")}
    bundled = {part for path in STYLES.glob("*.css") for part in _parts(path.stem)}
    assert bundled == written
