"""The guided tour: one page that hands a stranger everything she needs to follow one ring.

Installed only with DEMO=True. It logs people in without a password and shows everybody's mail, which
is the point of a sample house and unthinkable anywhere else.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import get_user_model, login
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from builder import codes
from builder.models import Design
from demo import house, till
from jeweler import visitors
from jeweler.middleware import policy
from jeweler.models import EmailMessage, Visitor

MAILS_SHOWN = 40


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


@require_safe
def tour(request: HttpRequest) -> HttpResponse:
    visitor = visitors.current(request)
    saved = _saved(visitor)
    design = saved.select_related("customer", "setting", "stone").order_by("-saved_at").first()
    people = [{"person": person, "desk": DESKS[person.username][0]} for person in house.PEOPLE]
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
    return redirect(_scanned(request.POST.get("code", "")) or DESKS[person.get_username()][1])


@require_POST
def ring_up(request: HttpRequest) -> HttpResponse:
    """Have the sample till send really signed webhooks to this very site."""
    try:
        answers = till.ring_up_design(
            code=request.POST.get("code", ""),
            email=request.POST.get("email", ""),
            store=request.POST.get("store", ""),
            kind=request.POST.get("kind", ""),
            site=request.build_absolute_uri("/"),
            now=timezone.now(),
        )
    except till.CannotRingUp as error:
        messages.error(request, str(error))
    else:
        for answer in answers:
            messages.success(request, f"{answer.what}: the site answered {answer.status}.")
    return redirect(f"{reverse('demo:tour')}#till")


@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    mails = EmailMessage.objects.order_by("-queued_at")[:MAILS_SHOWN]
    return render(request, "demo/mailbox.html", {"mails": mails})


@require_safe
def mail(request: HttpRequest, mail_id: int) -> HttpResponse:
    """The mail as a mail program shows it: its own inline styles, no script at all."""
    message = get_object_or_404(EmailMessage, pk=mail_id)
    if request.GET.get("as") == "text":
        return HttpResponse(message.text, content_type="text/plain; charset=utf-8")
    response = HttpResponse(message.html)
    response["Content-Security-Policy"] = policy(script="'none'", style="'unsafe-inline'")
    return response


def _saved(visitor: Visitor | None) -> QuerySet[Design]:
    """The designs that this browser has saved."""
    mine = Design.objects.filter(visitor=visitor, saved_at__isnull=False)
    return mine if visitor else mine.none()


def _scanned(code: str) -> str:
    """Where scanning the code leads; "" when it is none."""
    try:
        return codes.scanned_address(code=codes.read(code), site="")
    except codes.NotACode:
        return ""


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
