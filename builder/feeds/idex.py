"""IDEX Online's XML: one `<item>` a stone, everything in its attributes; `mk` is the cut, `ap` the price per carat."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError  # parsed below without entities and DTDs

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from builder.feeds.rows import Format, Own, Rows, constants
from builder.feeds.source import Source, UnreadableFile, expect, without_mark

DEEPEST = 10
ATTRIBUTES = {
    "stock_number": "sr",
    "shape": "cut",
    "carat": "ct",
    "color": "col",
    "clarity": "cl",
    "cut": "mk",
    "polish": "pol",
    "symmetry": "sym",
    "fluorescence": "fl",
    "measurements": "mes",
    "lab": "lab",
    "report_number": "cn",
    "report_url": "cp",
    "price_total": "tp",
    "price_per_carat": "ap",
    "depth_pct": "dp",
    "table_pct": "tb",
}


def read(source: Source, own: Own) -> Rows:
    told = {"growth": "natural", **constants(own)}
    number = 0
    for number, item in enumerate(_items(source), start=1):
        yield number, _row(item) | told
    if not number:
        raise UnreadableFile("The XML has no <item> as IDEX sends; choose the format it has.")


def _row(item: Element) -> dict[str, str]:
    return {name: item.get(attribute, "") for name, attribute in ATTRIBUTES.items()}


def _items(source: Source) -> Iterator[Element]:
    """Each item; what was read is thrown away, so that the tree never grows."""
    expect("XML", start=source.start)
    without_mark(source)
    source.guard()
    above: list[Element] = []
    events = iterparse(source, events=("start", "end"), forbid_dtd=True)
    try:
        for event, element in events:
            source.told()
            if event == "start":
                above.append(element)
                if len(above) > DEEPEST:
                    raise UnreadableFile(f"The XML is nested deeper than {DEEPEST}; no feed is.")
                continue
            above.pop()
            if element.tag == "item":
                yield element
            if above:
                above[-1].remove(element)
    except DefusedXmlException as error:
        raise UnreadableFile("The XML declares a DTD or entities; no feed needs them.") from error
    except UnreadableFile:
        raise
    except (ParseError, ValueError, LookupError) as error:
        raise UnreadableFile(
            f"The XML is broken or cut off: {error}. Export the feed again."
        ) from error


FORMAT = Format(code="idex", name="IDEX (XML)", read=read, place="stone")
