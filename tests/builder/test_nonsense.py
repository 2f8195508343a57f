"""Every public address of the builder, asked with nonsense: a page in answer, never a fault, and what was kept stays."""

from typing import Any
from urllib.parse import quote as quoted_in_url

import pytest
from django.test import Client
from django.urls import URLPattern

from builder import quotes
from builder.models import Design, DesignVersion
from builder.urls import urlpatterns
from tests.builder.test_views_saving import save, whole_ring

pytestmark = pytest.mark.django_db

NONSENSE = [
    "",
    "nonsense",
    "x" * 10_000,
    "a\x00b",
    "💍" * 40,
    "\u202ea\u0301\ufdd0",
    "9" * 18,
    "9" * 40,
    "-1",
    "0",
    "1e999",
    "NaN",
    "٣",
    "²",
    "<script>alert(1)</script>",
    "//evil.example/\r\nX-Evil: 1",
    "../../etc/passwd",
    "%00%ff&=;#?",
    "a/b",
]
# Every name that a page or a form of the shop reads.
FIELDS = [
    *("setting", "metal", "stone", "size", "width", "accents", "engraving", "band", "design"),
    *("ring_size", "size_said", "size_system", "from", "back", "next", "removed", "number", "link"),
    *(
        "name",
        "think",
        "style",
        "fits",
        "shape",
        "sort",
        "cursor",
        "page",
        "lab",
        "color",
        "clarity",
    ),
    *("carat_min", "carat_max", "price_min", "price_max", "ready_by", "open", "view", "compare"),
    *("only", "over", "w", "hash", "still", "budget", "timeline", "email", "is_discreet", "to"),
    *("from_name", "note", "wanted_date", "has_size", "has_price", "do", "again"),
    *("once", "reply_to", "look"),
]
SHOP = [each for each in urlpatterns if not str(each.pattern).startswith("admin/")]


def address(pattern: URLPattern, said: str) -> str:
    """With `said` where the address has a part of its own."""
    before, opened, rest = str(pattern.pattern).partition("<")
    kind, _, after = rest.partition(">")
    part = "9" * 18 if kind.startswith("int:") else quoted_in_url(said, safe="")
    return f"/{before}{part}{after}" if opened else f"/{before}"


def kept(design: Design) -> list[Any]:
    """Her ring as it is now."""
    now = Design.objects.get(pk=design.pk)
    return [getattr(now, name) for name in (*quotes.STATE, "band_id", "name", "code", "saved_at")]


def said_by_fields(turn: int) -> dict[str, str]:
    """Over all turns every field says everything once."""
    return {name: NONSENSE[(turn + place) % len(NONSENSE)] for place, name in enumerate(FIELDS)}


@pytest.mark.parametrize("pattern", SHOP, ids=lambda each: str(each.name))
def test_nonsense_is_answered_by_a_page_and_takes_nothing_away(pattern: URLPattern) -> None:
    client = Client(raise_request_exception=False)
    design = whole_ring(client)
    save(client)
    versions = DesignVersion.objects.filter(design=design).values()
    ring, saved = kept(design), list(versions)
    for ask in (client.get, client.post):
        for turn, said in enumerate(NONSENSE):
            fields = said_by_fields(turn)
            doubled = {name: [said, value] for name, value in fields.items()}
            answer = ask(address(pattern, said), doubled if turn % 2 else fields)
            assert answer.status_code < 500, (turn, said[:40])
            assert "evil.example" not in answer.headers.get("Location", "")
        assert ask == client.post or kept(design) == ring  # a form may say something by chance
        assert list(versions) == saved
