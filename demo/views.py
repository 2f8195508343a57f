"""The guided tour: one page that hands a stranger everything she needs to follow one ring.

Installed only with DEMO=True. It logs people in without a password and shows everybody's mail, which
is the point of a sample house and unthinkable anywhere else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import get_user_model, login
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from builder import alike, codes, versions
from builder.models import Design
from demo import house, till
from jeweler import visitors
from jeweler.middleware import policy
from jeweler.models import EmailMessage, Visitor
from referrals import links
from referrals.models import Advocate, CreditLot

MAILS_SHOWN = 40
SOON = timedelta(minutes=5)  # a mail that is not due before then waits for the morning


@dataclass(frozen=True, kw_only=True)
class Ad:
    """An ad as she would see it, and the address behind it."""

    place: str
    words: str
    tags: dict[str, str]

    @property
    def url(self) -> str:
        return f"{reverse('builder:home')}?{urlencode(self.tags)}"


ADS = (
    Ad(
        place="Google, “oval engagement ring nyc”",
        words="Oval engagement rings, made in New York",
        tags={
            "utm_source": "google",
            "utm_medium": "cpc",
            "utm_campaign": "Engagement rings, New York",
            "utm_term": "oval engagement ring nyc",
            "gclid": "tour-oval-engagement-ring-nyc",
        },
    ),
    Ad(
        place="Instagram, a film",
        words="The oval, three ways",
        tags={
            "utm_source": "instagram",
            "utm_medium": "paid_social",
            "utm_campaign": "Autumn film",
            "utm_term": "the oval, three ways",
            "fbclid": "tour-autumn-film",
        },
    ),
    Ad(
        place="Our letter",
        words="The month at the bench",
        tags={
            "utm_source": "letter",
            "utm_medium": "email",
            "utm_campaign": "The month at the bench",
        },
    ),
)

DESKS = {
    "marisol": ("The counter", "/admin/counter/"),
    "daniel": ("His stores", "/admin/"),
    "ines": ("What the advertising returned", "/admin/attribution/"),
    "owner": ("Everything", "/admin/"),
}
# Where a log-in of the tour may lead besides the person's own desk.
DOORS = {"funnel": "builder:funnel"}


@require_safe
def tour(request: HttpRequest) -> HttpResponse:
    saved = _saved(visitors.current(request))
    design = saved.select_related("customer").order_by("-saved_at").first()
    people = [{"person": person, "desk": DESKS[person.username][0]} for person in house.PEOPLE]
    said = list(messages.get_messages(request))
    context = {
        "saved_count": saved.count(),
        "cities": [city for city, *_ in house.STORES.values()],
        "mail": _mail_of(design),
        "ads": ADS,
        "people": people,
        "password": house.PASSWORD,
        "design": design,
        "email": _email_of(design),
        "stores": house.STORES,
        "kinds": till.KINDS,
        "elsewhere": house.STORES[till.ELSEWHERE][0],
        "said_by_till": [each for each in said if each.extra_tags == "till"],
        "said_elsewhere": [each for each in said if each.extra_tags == "thinking"],
        # What belongs to a section is said there, and not at the top of the page as well.
        "messages": [each for each in said if not each.extra_tags],
        "advocate": _advocate(),
        **_saved_last(design),
    }
    return render(request, "demo/tour.html", context)


@require_POST
def begin_anew(request: HttpRequest) -> HttpResponse:
    """Forget this browser's cookie: the next ad click is somebody else's first."""
    response = redirect("demo:tour")
    response.delete_cookie(visitors.COOKIE)
    return response


@require_POST
def log_in(request: HttpRequest) -> HttpResponse:
    username = request.POST.get("username", "")
    if username not in {person.username for person in house.PEOPLE}:
        raise Http404("Nobody of this name works here; choose one of the log-ins on the tour.")
    person = get_object_or_404(get_user_model(), username=username)
    login(request, person, backend="django.contrib.auth.backends.ModelBackend")
    if door := DOORS.get(request.POST.get("door", "")):
        return redirect(door)
    return redirect(_scanned(request.POST.get("code", "")) or DESKS[person.get_username()][1])


@require_POST
def ring_up(request: HttpRequest) -> HttpResponse:
    """Have the sample till send really signed webhooks to this very site."""
    return _reported(
        request,
        "till",
        lambda: till.ring_up_design(
            code=request.POST.get("code", ""),
            email=request.POST.get("email", ""),
            store=request.POST.get("store", ""),
            kind=request.POST.get("kind", ""),
            site=request.build_absolute_uri("/"),
            now=timezone.now(),
        ),
    )


@require_POST
def sell_elsewhere(request: HttpRequest) -> HttpResponse:
    """Her stone is sold to another customer, as the till of another store reports it."""
    return _reported(
        request,
        "thinking",
        lambda: till.sell_stone_elsewhere(
            code=request.POST.get("code", ""),
            site=request.build_absolute_uri("/"),
            now=timezone.now(),
        ),
    )


@require_POST
def be_an_advocate(request: HttpRequest) -> HttpResponse:
    """Her own page, by a link such as her mail has."""
    advocate = _advocate()
    if advocate is None:
        raise Http404("Nobody brings friends in this house yet; write its history first.")
    return redirect("referrals:hers", links.issue(advocate=advocate, now=timezone.now()))


def _reported(
    request: HttpRequest, section: str, report: Callable[[], list[till.Answer]]
) -> HttpResponse:
    """Have the till report, and say in that section of the tour what the site answered."""
    try:
        for answer in report():
            words = f"{answer.what}: the site answered {answer.status}."
            messages.success(request, words, extra_tags=section)
    except till.CannotRingUp as error:
        messages.error(request, str(error), extra_tags=section)
    return redirect(f"{reverse('demo:tour')}#{section}")


@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    mails = EmailMessage.objects.order_by("-queued_at")[:MAILS_SHOWN]
    return render(request, "demo/mailbox.html", {"mails": mails, "soon": timezone.now() + SOON})


@require_safe
def mail(request: HttpRequest, mail_id: int) -> HttpResponse:
    """The mail as a mail program shows it: its own inline styles, no script at all."""
    message = get_object_or_404(EmailMessage, pk=mail_id)
    if request.GET.get("as") == "text":
        return HttpResponse(message.text, content_type="text/plain; charset=utf-8")
    if request.GET.get("as") == "calendar" and message.calendar:
        kind = f"text/calendar; method={message.calendar_method}; charset=utf-8"
        file = {"Content-Disposition": 'attachment; filename="invite.ics"'}
        return HttpResponse(message.calendar, content_type=kind, headers=file)
    response = HttpResponse(message.html)
    response["Content-Security-Policy"] = policy(script="'none'", style="'unsafe-inline'")
    return response


def _advocate() -> Advocate | None:
    """One who was thanked and has not spent it all, and shows her name."""
    rows = Advocate.objects.filter(ends_at=None, suspended_at=None).select_related("customer")
    left = CreditLot.objects.filter(available__gt=0, last_date__gte=timezone.localdate())
    thanked = rows.filter(customer__in=left.values("account__customer"))
    return thanked.order_by("-shows_first_name", "pk").first() or rows.order_by("pk").first()


def _saved(visitor: Visitor | None) -> QuerySet[Design]:
    """The designs that this browser has saved and that are on her list."""
    mine = Design.objects.filter(visitor=visitor, saved_at__isnull=False, removed_at=None)
    return mine if visitor else mine.none()


def _scanned(code: str) -> str:
    """Where scanning the code leads; "" when it is none."""
    try:
        return codes.scanned_address(code=codes.read(code), site="")
    except codes.NotACode:
        return ""


def _saved_last(design: Design | None) -> dict[str, object]:
    """What the last save says, what became of its stone, and what its owner was told."""
    if design is None:
        return {}
    parts = design.versions.select_related("setting", "metal", "stone")
    version = parts.order_by("-number").first()
    return {
        "version": version,
        "in_words": versions.in_words(version) if version else "",
        "is_gone": version is not None and alike.is_gone(version.stone),
        "told": design.notices.select_related("mail").order_by("-created_at"),
    }


def _mail_of(design: Design | None) -> EmailMessage | None:
    """The last mail that a save of the design sent."""
    if design is None or design.customer is None:
        return None
    mails = EmailMessage.objects.filter(
        customer=design.customer, kind="builder/design_saved", html__contains=design.code
    )
    return mails.order_by("-queued_at").first()


def _email_of(design: Design | None) -> str:
    point = (
        design.customer.contact_points.filter(kind="email").order_by("pk").first()
        if design and design.customer
        else None
    )
    return point.value if point else ""
