"""The ways to look at the stones: all, natural, lab-grown, or fancy colors, each with filters of its own.

A look is an address: going to another one keeps what the other cannot use (letters of color; hue and intensity), so that
coming back finds it again. What lies dormant is not asked for.
"""

from dataclasses import dataclass

from django.http import QueryDict

from builder import gemology
from builder.models import Growth

FANCY = "fancy"
OF_LETTERS = ("color",)
OF_FANCY = ("fancy_hue", "fancy_intensity")
ELSEWHERE = ("open", "page", "after", "before", "number")


@dataclass(frozen=True, kw_only=True)
class Look:
    label: str
    address: str
    is_present: bool


def present(params: QueryDict) -> str:
    """ "", natural, lab or fancy. An address that asks for hues alone, such as the API's, looks at fancy colors."""
    asks_for_hues = any(name in params for name in OF_FANCY)
    if params.get("look") == FANCY or (asks_for_hues and "look" not in params):
        return FANCY
    growths = {value for text in params.getlist("growth") for value in text.split(",")}
    return growths.pop() if len(growths) == 1 and growths <= set(Growth.values) else ""


def asked(params: QueryDict) -> QueryDict:
    """What the stone list is asked for: without what lies dormant, and fancy colors by any hue."""
    query = params.copy()
    is_fancy = present(params) == FANCY
    for name in dormant(params):
        query.pop(name, None)
    if is_fancy and "fancy_hue" not in query:
        query["fancy_hue"] = ",".join(gemology.HUES)
    return query


def dormant(params: QueryDict) -> list[str]:
    """The filters of the other looks that the address keeps."""
    names = OF_LETTERS if present(params) == FANCY else OF_FANCY
    return [name for name in names if name in params]


def looks(params: QueryDict) -> list[Look]:
    now = present(params)
    kinds = (
        ("", "All"),
        *((value, label) for value, label in Growth.choices),
        (FANCY, "Fancy color"),
    )
    return [
        Look(label=label, address=_address(params, kind), is_present=kind == now)
        for kind, label in kinds
    ]


def _address(params: QueryDict, kind: str) -> str:
    """The list's query when it is looked at this way; a look other than fancy says so where hues are kept."""
    query = params.copy()
    for name in (*ELSEWHERE, "look", "growth"):
        query.pop(name, None)
    if kind == FANCY:
        query["look"] = FANCY
    elif any(name in query for name in OF_FANCY):
        query["look"] = "letters"
    if kind in Growth.values:
        query["growth"] = kind
    return f"?{query.urlencode()}" if query else "?"
