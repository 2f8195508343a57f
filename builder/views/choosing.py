"""Every choice that is made on the way: taken, refused with the way out, or said what it changed besides."""

from datetime import datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from builder import designs, forms, keeping, states, steps, variation
from builder.models import Design
from builder.pages import meant
from builder.templatetags.ways import carried
from jeweler import visitors
from jeweler.models import Visitor

LONGEST_TYPED = 200
REFUSALS = (
    designs.DoesNotFit,
    designs.StoneGone,
    designs.BadEngraving,
    designs.BadSize,
    designs.BadMetal,
    designs.BadIntent,
    designs.NotOffered,
    forms.Unreadable,
    keeping.NotHers,
)


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Take any choices and go on to the next open step; a refusal goes back and says why."""
    now = timezone.now()
    visitor = visitors.ensure(request, now=now)
    if "another" in request.POST:
        designs.start(visitor=visitor, now=now)
        return redirect("builder:rings")
    try:
        read = forms.choices(request.POST)
        before, chosen = taken(request, read, visitor=visitor, now=now)
    except REFUSALS as refusal:
        messages.error(request, told(refusal), extra_tags=way_out(refusal, request.POST))
        return back(request)
    for words in changed(before=before, after=chosen, read=read):
        messages.info(request, words)
    return next_step(chosen, read, request.POST)


@require_POST
def intent(request: HttpRequest) -> HttpResponse:
    """What she has in mind, when she cares to say: kept with the ring that the form stood beside."""
    now = timezone.now()
    visitor = visitors.ensure(request, now=now)
    try:
        taken(request, forms.intent(request.POST), visitor=visitor, now=now)
    except REFUSALS as refusal:
        messages.error(request, str(refusal))
        return back(request)
    messages.success(request, "Thank you. We keep it with your ring, and nowhere else.")
    return back(request)


def taken(
    request: HttpRequest, read: designs.Choices, *, visitor: Visitor, now: datetime
) -> tuple[Design | None, Design]:
    """The choices, put into the ring that their form stood beside: as it was, and as it is now. Raises REFUSALS."""
    source = source_of(request)
    if source:
        parts = forms.parts(source)
        before: Design | None = source.design(store=None)
        chosen = designs.adopt(visitor=visitor, parts=parts, now=now, **read)
    else:
        parts = {}
        before = meant(request, now=now)
        design = before or designs.start(visitor=visitor, now=now)
        chosen = designs.choose(design=design, now=now, **read)
    steps.chosen(
        design=chosen,
        visitor=visitor,
        names={*read, *parts},
        entry=steps.Entry.LINK if source else None,
        now=now,
    )
    return before, chosen


def source_of(request: HttpRequest) -> states.State | None:
    """The ring of the page that the form stood on, where that was not the one she was last at."""
    said = request.POST.get("from", "")
    if not said:
        return None
    if len(said) > states.LONGEST_QUERY:
        raise forms.Unreadable("This page's ring is too long to be read. Choose it anew.")
    state = states.read(QueryDict(said))
    if state.setting is None and state.stone is None:
        raise forms.Unreadable("This page's ring cannot be had any more. Choose it anew.")
    return state


def changed(*, before: Design | None, after: Design, read: designs.Choices) -> list[str]:
    """What another setting changed besides: the metal, the band's width, its diamonds."""
    if before is None or after.setting is None or before.setting == after.setting:
        return []
    name, said = after.setting.name, []
    if "metal" not in read and before.metal and before.metal != after.metal:
        now_in = f"yours is in {after.metal.name} now" if after.metal else "choose another setting"
        said.append(f"{name} is not made in {before.metal.name}; {now_in}.")
    own = after.setting.mounting
    if before.width_mm and after.width_mm is None and own.shank_width_mm != before.width_mm:
        was, now_is = variation.said(before.width_mm), variation.said(own.shank_width_mm)
        said.append(f"{name} is not made {was} wide; yours is {now_is} now.")
    if before.accents and not after.accents and own.accents != before.accents:
        said.append(
            f"{name} does not have the diamonds you chose along its band; it is as it is shown now."
        )
    return said


def told(refusal: Exception) -> str:
    """Where the settings that hold her stone stand as buttons below, they are not listed again."""
    if isinstance(refusal, designs.DoesNotFit) and refusal.others:
        return f"{refusal.fit.reason} {refusal.fit.fix or ''}".strip()
    return str(refusal)


def way_out(refusal: Exception, posted: QueryDict) -> str:
    """What the refusal's word carries along to the page it is said on, as a query: what could be chosen, and what was typed."""
    if isinstance(refusal, designs.BadEngraving):
        return urlencode({"typed": posted.get("engraving", "")[:LONGEST_TYPED]})
    if not isinstance(refusal, designs.DoesNotFit):
        return ""
    kept = {
        name: posted[name]
        for name in ("stone", "ring_size", "size_said", "from")
        if posted.get(name) and len(posted[name]) <= states.LONGEST_QUERY
    }
    others = [each.code for each in refusal.others[: designs.OTHERS_NAMED]]
    taken = posted.get("setting", "")[: states.LONGEST]
    given_back = "ring_size" if refusal.is_size else "stone"
    said = [*kept.items(), *(("other", code) for code in others)]
    return urlencode([*said, ("taken", taken), ("given_back", given_back)])


def typed(request: HttpRequest) -> str | None:
    """The engraving that was refused, as she typed it; None: none was."""
    found = [carried(message).get("typed") for message in messages.get_messages(request)]
    return next((each[0] for each in found if each), None)


def back(request: HttpRequest) -> HttpResponseRedirect:
    """To the page the form stood on, if it is one of ours."""
    came_from = request.POST.get("back", "")
    if url_has_allowed_host_and_scheme(came_from, allowed_hosts=None) and came_from[:1] == "/":
        return HttpResponseRedirect(came_from)
    return redirect("builder:ring")


def next_step(design: Design, read: designs.Choices, posted: QueryDict) -> HttpResponseRedirect:
    if read.get("setting") and design.setting and design.stone is None:
        address = redirect("builder:diamonds").url
        return redirect(f"{address}?{urlencode({'fits': design.setting.code})}")
    if design.setting is None:
        return redirect("builder:rings")
    page = "builder:summary" if posted.get("next") == "summary" else "builder:ring"
    return redirect(states.address(design, page=page))
