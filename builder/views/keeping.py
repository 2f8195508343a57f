"""My designs: the list, and what each of its forms does to one of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from builder import (
    alike,
    codes,
    designs,
    gallery,
    keeping,
    links,
    pricing,
    quotes,
    sharing,
    versions,
)
from builder.models import Design, DesignLink, DesignVersion
from builder.pages import once_of, page, page_number
from builder.views.choosing import REFUSALS as CHOICES_REFUSED
from builder.views.saving import SENT, open_step
from jeweler import visitors
from jeweler.models import EmailMessage, Visitor


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """A version, with what the next one changed."""

    version: DesignVersion
    words: list[str]
    is_present: bool


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One of her designs as the list shows it."""

    design: Design
    quote: quotes.Quote
    title: str
    said: str
    open_parts: str
    is_gone: bool
    is_here: bool
    earlier: list[Earlier]
    links: list[DesignLink]
    saved_at_price: str
    promise_ended: date | None


@never_cache  # so that going back to it shows its forms anew
@require_safe
def saved(request: HttpRequest) -> HttpResponse:
    """Everything she can go on with in this browser, the last one first."""
    now = timezone.now()
    visitor = visitors.current(request)
    pages = keeping.pages(visitor=visitor) if visitor else 1
    number = min(page_number(request), pages)
    mine = keeping.listed(visitor=visitor, page=number) if visitor else []
    here = designs.current(visitor=visitor) if visitor else None
    kept = [_kept(design, here=here, now=now) for design in mine]
    shown = {each.quote.picture_hash: each.quote.description for each in kept}
    gallery.remember({key: value for key, value in shown.items() if key}, now=now)
    removed = _code(request.GET.get("removed", ""))
    first = kept[0] if kept else None
    return page(
        request,
        "builder/saved.html",
        {
            "kept": [each for each in kept if each.design.saved_at],
            "making": [each for each in kept if not each.design.saved_at],
            "sent": _sent(request),
            "removed": removed,
            "previous_page": number - 1 if number > 1 else None,
            "next_page": number + 1 if number < pages else None,
            "name_length": keeping.NAME_LENGTH,
        },
        design=first.design if first else None,
        quote=first.quote if first else None,
    )


def _sent(request: HttpRequest) -> dict[str, str] | None:
    """The ring that was saved just now, and where its mail goes: to the browser alone that saved it."""
    sent = request.session.get(SENT, {})
    if SENT not in request.GET or sent.get("code") != request.GET[SENT]:
        return None
    owed = EmailMessage.objects.filter(pk=sent.get("mail")).first()
    return {"to": owed.to, "code": sent["code"]} if owed else None


def _code(text: str) -> str:
    """The design code that an address names; empty: it names none."""
    try:
        return codes.read(text)
    except codes.NotACode:
        return ""


def _kept(design: Design, *, here: Design | None, now: datetime) -> Kept:
    written = list(design.versions.all())
    quote = quotes.quote(design, now=now)
    last = written[0] if written else None
    return Kept(
        design=design,
        quote=quote,
        title=design.name or (design.setting.name if design.setting else "A stone, not set yet"),
        said=versions.in_words(design) if design.name else versions.beside_its_name(design),
        open_parts=versions.open_parts(design),
        is_gone=alike.is_gone(design.stone),
        is_here=design == here,
        earlier=_earlier(design, written, mode=quote.mode),
        links=[
            each for each in design.links.all() if each.revoked_at is None and each.expires_at > now
        ],
        saved_at_price=pricing.told(last.price, mode=quote.mode) if last and last.price else "",
        promise_ended=last.price_until_date if last and not quote.is_promised else None,
    )


def _earlier(design: Design, written: list[DesignVersion], *, mode: str) -> list[Earlier]:
    """The newest first; each says what it changed from the one before it."""
    told = []
    for place, version in enumerate(written):
        before = written[place + 1] if place + 1 < len(written) else None
        words = (
            versions.changes(before, version, mode=mode) if before else [versions.in_words(version)]
        )
        told.append(
            Earlier(version=version, words=words, is_present=quotes.is_same(design, version))
        )
    return told


@require_POST
def change(request: HttpRequest, code: str) -> HttpResponse:
    """One form of one design: `do` says which."""
    now = timezone.now()
    visitor = visitors.ensure(request, now=now)
    do = request.POST.get("do", "")
    try:
        design = keeping.find(code=code, visitor=visitor, removed=do == "restore")
        return DONE.get(do, _open)(request, design, visitor, now)
    except keeping.NotHers as refusal:
        messages.error(request, str(refusal))
        return redirect("builder:saved")
    except (
        keeping.BadName,
        keeping.NoSuchVersion,
        designs.NoLongerMade,
        links.LinkGone,
    ) as refusal:
        messages.error(request, str(refusal))
    except designs.StoneGone as refusal:
        messages.error(request, _with_twins(refusal))
    except CHOICES_REFUSED as refusal:
        messages.error(request, str(refusal))
    return back(design, visitor)


def _open(request: HttpRequest, design: Design, visitor: Visitor, now: datetime) -> HttpResponse:
    designs.go_on(design=design, visitor=visitor, now=now)
    return redirect(open_step(design))


def _rename(request: HttpRequest, design: Design, visitor: Visitor, now: datetime) -> HttpResponse:
    name = keeping.rename(design=design, name=request.POST.get("name", ""))
    messages.success(request, f"It is called “{name}” now." if name else "Its name is taken away.")
    return back(design, visitor)


def _duplicate(
    request: HttpRequest, design: Design, visitor: Visitor, now: datetime
) -> HttpResponse:
    made = keeping.duplicate(design=design, visitor=visitor, once=once_of(request), now=now)
    messages.success(
        request, "There are two of it now. Change this one; the first stays as it was."
    )
    return redirect(open_step(made))


def _remove(request: HttpRequest, design: Design, visitor: Visitor, now: datetime) -> HttpResponse:
    keeping.remove(design=design, now=now)
    return redirect(f"{reverse('builder:saved')}?removed={design.code}")


def _restore(request: HttpRequest, design: Design, visitor: Visitor, now: datetime) -> HttpResponse:
    keeping.restore(design=design, now=now)
    messages.success(request, "It is back on your list, as it was.")
    return back(design, visitor)


def _go_back(request: HttpRequest, design: Design, visitor: Visitor, now: datetime) -> HttpResponse:
    number = request.POST.get("number", "")
    wanted = int(number) if number.isdecimal() and len(number) < 5 else 0
    design = keeping.go_back(design=design, number=wanted, visitor=visitor, now=now)
    messages.success(request, f"Your ring is as it was in version {wanted}. Save it to keep it so.")
    return back(design, visitor)


def _withdraw(
    request: HttpRequest, design: Design, visitor: Visitor, now: datetime
) -> HttpResponse:
    key = request.POST.get("link", "")
    sharing.withdraw(
        design=design, link_id=int(key) if key.isdecimal() and len(key) < 19 else 0, now=now
    )
    messages.success(request, "Nobody can open that link any more.")
    return back(design, visitor)


DONE: dict[str, Callable[[HttpRequest, Design, Visitor, datetime], HttpResponse]] = {
    "open": _open,
    "rename": _rename,
    "duplicate": _duplicate,
    "remove": _remove,
    "restore": _restore,
    "go_back": _go_back,
    "withdraw": _withdraw,
}


def back(design: Design, visitor: Visitor) -> HttpResponse:
    """To the design's place on her list, on whichever page that is."""
    number = keeping.page_of(design=design, visitor=visitor)
    query = f"?page={number}" if number > 1 else ""
    return redirect(f"{reverse('builder:saved')}{query}#{design.code}")


def _with_twins(refusal: designs.StoneGone) -> str:
    """The stone's own number leads to what is like it."""
    stone = refusal.stone
    return format_html(
        '{} <a href="{}?number={}">See what is like it</a>',
        str(refusal),
        reverse("builder:diamonds"),
        stone.report_number,
    )
