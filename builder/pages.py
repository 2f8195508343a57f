"""What the storefront's pages share: the shopper's ring, the four steps, and how a page is rendered."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from builder import (
    compatibility,
    designs,
    gallery,
    gemology,
    keeping,
    pricebook,
    pricing,
    quotes,
    states,
)
from builder.models import Design, Shape
from jeweler import visitors
from jeweler.models import Store

_ONCE = re.compile(r"[\w-]{22}", re.ASCII)  # as `{% once %}` writes it


@dataclass(frozen=True, kw_only=True)
class Step:
    name: str
    url: str
    answer: str
    is_present: bool


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The ring that an address names. `design` is not kept unless it is `hers`, the one she was last at.

    `words` says what the address names that cannot be had.
    """

    design: Design | None
    hers: Design | None
    words: list[str]

    @property
    def is_hers(self) -> bool:
        return self.design is None or self.design is self.hers

    @property
    def status(self) -> int:
        """An address of which nothing could be had was a bad one."""
        return 400 if self.words and self.design and not states.query(self.design) else 200

    @property
    def source(self) -> str:
        """What a choice on a page that shows another ring than hers carries: the whole of it."""
        return "" if self.design is None or self.is_hers else urlencode(states.query(self.design))


def seen(request: HttpRequest) -> Seen:
    """The ring of the address; hers where it names none. Nothing is written."""
    hers = design_of(request)
    said = states.said_in(request.GET)
    if not said or (hers and said == states.query(hers)):
        return Seen(design=hers, hers=hers, words=[])
    state = states.read(request.GET)
    shown = state.design(store=hers.store if hers else None)
    is_same = hers is not None and states.query(shown) == states.query(hers)
    return Seen(design=hers if is_same else shown, hers=hers, words=state.words)


def design_of(request: HttpRequest) -> Design | None:
    """The ring this browser is at; None for one we do not know."""
    visitor = visitors.current(request)
    return designs.current(visitor=visitor) if visitor else None


def meant(request: HttpRequest, *, now: datetime) -> Design | None:
    """The ring that the form stood beside, which this browser is at from now on; the one it is at where none is named.

    Another tab may have gone on to another ring meanwhile. Raises keeping.NotHers.
    """
    here, visitor = design_of(request), visitors.current(request)
    code = request.POST.get("design", "")
    if not code or visitor is None or (here is not None and here.code == code):
        return here
    found = keeping.find(code=code, visitor=visitor)
    designs.go_on(design=found, visitor=visitor, now=now)
    return found


def page_number(request: HttpRequest) -> int:
    """From 1 to what no list has."""
    said = request.GET.get("page", "")
    return min(max(int(said), 1), 10_000) if said.isdecimal() and len(said) < 9 else 1


def once_of(request: HttpRequest) -> str:
    """The key of the form that was posted; empty: it has none that we gave it, and is taken as it comes."""
    key = request.POST.get("once", "")
    return key if _ONCE.fullmatch(key) else ""


def page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    step: str = "",
    design: Design | None = None,
    quote: quotes.Quote | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render a page with what all of them show; `step` names the present one, empty: no steps."""
    visitor = visitors.current(request)
    shared = {
        "currency": pricing.CURRENCY,
        "price_mode": mode_for(design),
        "tax_display": tax_display_for(design),
        "promise_days": settings.PRICE_PROMISE_DAYS,
        "design": design,
        "quote": quote,
        "steps": steps(design, quote, present=step) if step else [],
        "ring_address": states.address(design) if design else reverse("builder:ring"),
        "summary_address": (
            states.address(design, page="builder:summary") if design else reverse("builder:summary")
        ),
        "saved_count": (
            designs.within_reach(visitor=visitor).filter(saved_at__isnull=False).count()
            if visitor
            else 0
        ),
        "cities": Store.objects.filter(is_open=True).values_list("city", flat=True).order_by("id"),
    }
    response = render(request, template, shared | (context or {}), status=status)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def mode_for(design: Design | None) -> str:
    """How this shopper is told prices of what is not in her ring yet."""
    return pricebook.telling(design.store if design else None).mode


def today_for(design: Design | None, *, now: datetime) -> date:
    """The day it is for this shopper: where her store is, else where the house is."""
    return quotes.day_of(design.store if design else None, now=now)


def tax_display_for(design: Design | None) -> str:
    """Whether her prices have the tax in them; empty where none is told."""
    telling = pricebook.telling(design.store if design else None)
    return "" if telling.mode == pricing.ON_REQUEST else telling.tax.display


def quoted(design: Design | None, *, now: datetime) -> quotes.Quote | None:
    """The design's quote, whose picture can be asked for from now on."""
    if design is None:
        return None
    quote = quotes.quote(design, now=now)
    if quote.picture_hash:
        gallery.remember({quote.picture_hash: quote.description}, now=now)
    return quote


def steps(design: Design | None, quote: quotes.Quote | None, *, present: str) -> list[Step]:
    """The four steps, each with its present answer."""
    setting = design.setting if design else None
    stone = design.stone if design else None
    answers = {
        "setting": f"{setting.name}{headed(quote.head if quote else None)}" if setting else "",
        "stone": f"{stone.carat:.2f} ct {Shape(stone.shape).label.lower()}" if stone else "",
        "ring": _ring_answer(design),
        "summary": quote.told if quote and quote.total else "",
    }
    fits = f"?{urlencode({'fits': setting.code})}" if setting and not stone else ""
    pages = {
        "setting": reverse("builder:rings"),
        "stone": reverse("builder:diamonds") + fits,
        "ring": states.address(design) if design else reverse("builder:ring"),
        "summary": states.address(design or Design(), page="builder:summary"),
    }
    return [
        Step(
            name=name.capitalize(),
            url=pages[name],
            answer=answer,
            is_present=name == present,
        )
        for name, answer in answers.items()
    ]


def headed(head: compatibility.Head | None) -> str:
    """How a setting holds its stone, as the steps say it: ", six prongs", ", bezel"."""
    if head is None:
        return ""
    if head.kind == "bezel":
        return ", bezel"
    return f", {compatibility.NUMBERS.get(head.prongs, head.prongs)} prongs"


def _ring_answer(design: Design | None) -> str:
    if design is None or design.setting is None or design.metal is None:
        return ""
    family = design.metal.get_family_display()
    if design.ring_size is None:
        return family
    return f"{family}, size {gemology.in_halves(design.ring_size)}"
