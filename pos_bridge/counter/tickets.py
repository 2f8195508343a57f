"""A ticket's pages: the list of open ones, the ticket itself, what is done to it, and its receipt.

Every act is a POST with a form key, and one call of the domain. What was refused is shown again as it was typed, with the reason.
"""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from builder.models import Design
from builder.pages import once_of
from jeweler import customers, money, sales
from jeweler.access import Role, StaffRequest, staff_only, store_here, stores_of
from jeweler.models import Payment, SaleLine, StaffMember
from pos_bridge import introducing, receipts, reserving, selling, taking, tickets
from pos_bridge.counter import desk, friends, ticket_showing
from pos_bridge.models import CounterTicket, Tender
from pos_bridge.tickets import Act
from referrals import credit, naming
from referrals.introducing import CannotIntroduce

SELLERS = (Role.ASSOCIATE, Role.MANAGER, Role.OWNER)
REFUSALS = (
    tickets.CannotSell, tickets.NotNow, tickets.NeedsManager, tickets.CardNumberTyped,
    receipts.NothingToMail, sales.OverRefund, sales.RefundBeforePayment, credit.InsufficientCredit,
    credit.NotFullPrice, customers.BadEmail, customers.BadPhone, customers.AmbiguousCustomer,
    customers.NothingToIdentify, CannotIntroduce, friends.Unclear, *friends.REFUSALS,
)  # fmt: skip
ASKED = {"void", "refund"}  # what cannot be taken back is asked once more


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked before money goes back: what, what to do first, and the words of the yes."""

    asked: str
    first: str
    yes: str


@staff_only(*SELLERS)
@require_http_methods(["GET", "HEAD", "POST"])
def listed(request: StaffRequest) -> HttpResponse:
    """The store's open tickets; a POST begins an empty one."""
    store = store_here(request, member=request.member)
    if store is None:
        return redirect("counter")
    if request.method == "POST":
        ticket = selling.start(store=store, act=_act(request))
        return redirect("counter-ticket", ticket.uid)
    with timezone.override(store.zone):
        context = ticket_showing.listed(store, now=timezone.now())
        return render(request, "pos_bridge/tickets.html", {**context, "store": store})


@staff_only(*SELLERS)
@require_POST
def sell(request: StaffRequest, code: str) -> HttpResponse:
    """A new ticket from the design that she has open."""
    now = timezone.now()
    store = store_here(request, member=request.member)
    design = Design.objects.filter(code=code).first()
    if (
        store is None
        or design is None
        or not desk.was_lately_opened(design=design, member=request.member, store=store, now=now)
    ):
        return redirect("counter-design", code)
    try:
        ticket = selling.start(store=store, design=design, act=_act(request))
    except tickets.CannotSell as refusal:
        messages.error(request, str(refusal))
        return redirect("counter-design", code)
    return redirect("counter-ticket", ticket.uid)


@staff_only(*SELLERS)
@require_safe
def ticket(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """How it stands, and what can be done next."""
    return _page(request, _ticket(request, uid))


@staff_only(*SELLERS)
@require_POST
def act(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """One thing is done to it."""
    found = _ticket(request, uid)
    do = ACTS.get(request.POST.get("do", ""))
    if do is None:
        messages.error(request, "That is nothing a ticket knows. Load the page again.")
        return redirect("counter-ticket", uid)
    is_tried = request.POST["do"] in ASKED and request.POST.get("sure") != "yes"
    try:
        if is_tried:
            _try(do, request, found)
        else:
            do(request, found)
    except REFUSALS as refusal:
        return _page(request, _ticket(request, uid), refusal=refusal)
    if is_tried:  # it would be done: asked once more first
        return _page(request, _ticket(request, uid), question=_question(request, found))
    return redirect("counter-ticket", uid)


@staff_only(*SELLERS)
@require_safe
def receipt(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """To be printed."""
    found = _ticket(request, uid)
    if found.sale is None:
        messages.error(request, "Nothing was paid yet, so there is no receipt.")
        return redirect("counter-ticket", uid)
    with timezone.override(found.store.zone):
        return render(
            request, "pos_bridge/receipt.html", {"ticket": found, **receipts.written(found)}
        )


# What can be done.


def _design(request: StaffRequest, found: CounterTicket) -> None:
    now = timezone.now()
    text = request.POST.get("code", "").strip()
    known = desk.design_of(text, member=request.member, store=found.store, now=now)
    if known is None:
        raise tickets.CannotSell(
            "No design of your stores has this code. Check it letter by letter."
        )
    selling.add_design(ticket=found, design=known, act=_act(request))


def _band(request: StaffRequest, found: CounterTicket) -> None:
    line = found.lines.filter(design__code=request.POST.get("code", "")).select_related("design__band").first()  # fmt: skip
    if line is None or line.design is None:
        raise tickets.NotNow("That design is not on the ticket any more.")
    selling.add_band(ticket=found, design=line.design, act=_act(request))


def _line(request: StaffRequest, found: CounterTicket) -> None:
    kind = request.POST.get("kind", "")
    if kind not in SaleLine.Kind.values:
        raise tickets.CannotSell("Choose what kind of thing it is.")
    quantity = request.POST.get("quantity", "1")
    selling.add_line(
        ticket=found,
        kind=SaleLine.Kind(kind),
        description=request.POST.get("description", ""),
        quantity=int(quantity) if re.fullmatch(r"[1-9]\d{0,2}", quantity) else 0,
        price=_amount(request, "price"),
        report_number=request.POST.get("report_number", ""),
        act=_act(request),
    )


def _off(request: StaffRequest, found: CounterTicket) -> None:
    selling.take_off(
        ticket=found, line_id=_number(request, "line"), reason=request.POST.get("reason", ""),
        act=_act(request),
    )  # fmt: skip


def _discount(request: StaffRequest, found: CounterTicket) -> None:
    reason = request.POST.get("reason", "")
    selling.discount(ticket=found, amount=_amount(request), reason=reason, act=_act(request))


def _tax(request: StaffRequest, found: CounterTicket) -> None:
    selling.type_tax(ticket=found, amount=_amount(request), act=_act(request))


def _tie(request: StaffRequest, found: CounterTicket) -> None:
    text = request.POST.get("reach", "").strip()[:254]
    is_email = "@" in text
    selling.tie(
        ticket=found, email=text if is_email else "", phone="" if is_email else text,
        name=request.POST.get("name", ""), act=_act(request),
    )  # fmt: skip


def _take(request: StaffRequest, found: CounterTicket) -> None:
    taking.take(
        ticket=found, tender=_tender(request), amount=_amount(request),
        reference=request.POST.get("reference", ""), act=_act(request),
    )  # fmt: skip


def _keep_credit(request: StaffRequest, found: CounterTicket) -> None:
    reserving.keep(ticket=found, amount=_amount(request), act=_act(request))


def _free_credit(request: StaffRequest, found: CounterTicket) -> None:
    reserving.let_go(ticket=found, act=_act(request))


def _void(request: StaffRequest, found: CounterTicket) -> None:
    taking.void(ticket=found, payment_id=_number(request, "payment"), act=_act(request))


def _refund(request: StaffRequest, found: CounterTicket) -> None:
    taking.refund(
        ticket=found, tender=_tender(request), amount=_amount(request),
        reason=request.POST.get("reason", ""), act=_act(request),
    )  # fmt: skip


def _hand_over(request: StaffRequest, found: CounterTicket) -> None:
    taking.hand_over(ticket=found, act=_act(request))


def _call_off(request: StaffRequest, found: CounterTicket) -> None:
    taking.call_off(ticket=found, act=_act(request))


def _mail(request: StaffRequest, found: CounterTicket) -> None:
    receipts.mail_it(ticket=found, act=_act(request))
    messages.info(request, "The receipt is on its way to her.")


def _friend(request: StaffRequest, found: CounterTicket) -> None:
    advocate, channel = friends.asked(request, store=found.store, now=timezone.now())
    came_of_it = introducing.introduce(
        ticket=found, advocate=advocate, channel=channel, reason=request.POST.get("reason", ""),
        act=_act(request),
    )  # fmt: skip
    if came_of_it is not None:
        messages.info(request, came_of_it.said)


ACTS: dict[str, Callable[[StaffRequest, CounterTicket], None]] = {
    "design": _design, "band": _band, "line": _line, "off": _off, "discount": _discount,
    "tax": _tax, "tie": _tie, "take": _take, "keep": _keep_credit, "free": _free_credit, "void": _void, "refund": _refund,
    "hand_over": _hand_over, "call_off": _call_off, "mail": _mail, "friend": _friend,
}  # fmt: skip


# Inside.


def _page(
    request: StaffRequest,
    found: CounterTicket,
    *,
    refusal: Exception | None = None,
    question: Question | None = None,
) -> HttpResponse:
    with timezone.override(found.store.zone):
        context = ticket_showing.shown(
            found, is_manager=request.member.role in tickets.MANAGERS, now=timezone.now()
        )
        context["refusal"] = str(refusal) if refusal else ""
        context["question"] = question
        context["may_go_on"] = isinstance(refusal, tickets.Promised) and context["is_manager"]
        # A card's number is not even shown again.
        is_kept = refusal is not None and not isinstance(refusal, tickets.CardNumberTyped)
        context["typed"] = request.POST if is_kept or question else {}
        context["candidates"] = getattr(refusal, "candidates", [])
        status = 429 if isinstance(refusal, naming.TooManyGuesses) else 409 if refusal else 200
        return render(request, "pos_bridge/ticket.html", context, status=status)


def _try(
    do: Callable[[StaffRequest, CounterTicket], None], request: StaffRequest, found: CounterTicket
) -> None:
    """Do it, and take it back: what would be refused is refused now, and not after the question."""
    with transaction.atomic():
        do(request, found)
        transaction.set_rollback(True)


def _question(request: StaffRequest, found: CounterTicket) -> Question:
    """Of what is about to go back, with its amount and its tender."""
    if request.POST["do"] == "refund":
        tender, amount = _tender(request), _amount(request)
        words = money.in_words(amount, currency=found.currency)
        return Question(
            asked=f"Give {words} back, by {tender.label.lower()}?",
            first="Give it to her first, on the terminal or from the drawer. Then write it down.",
            yes=f"{words} is given back",
        )
    payment = Payment.objects.get(pk=_number(request, "payment"), sale=found.sale_id)
    words = money.in_words(payment.amount, currency=found.currency)
    return Question(
        asked=f"Void {words}, {Tender(payment.tender).label.lower()}?",
        first="Void it on the terminal first, or lay the money back. Then write it down.",
        yes=f"{words} is void",
    )


def _ticket(request: StaffRequest, uid: uuid.UUID) -> CounterTicket:
    """Raises Http404 for a ticket of a store that is none of hers."""
    known = CounterTicket.objects.filter(uid=uid, store__in=stores_of(request.member))
    found = known.select_related("store", "customer__merged_into", "sale").first()
    if found is None:
        raise Http404("There is no such ticket in your stores.")
    return found


def _act(request: StaffRequest) -> Act:
    member: StaffMember = request.member
    return Act(
        by=member,
        key=once_of(request) or uuid.uuid4().hex,
        now=timezone.now(),
        despite=request.POST.get("despite") == "yes",
    )


def _amount(request: HttpRequest, name: str = "amount") -> Decimal:
    """An amount as it is written here: 1500, 1,500.00. Raises CannotSell, CardNumberTyped."""
    text = request.POST.get(name, "").strip().lstrip("$€£")
    tickets.refuse_card_numbers(text)
    plain = re.sub(r",(?=\d{3}(?:\D|$))", "", text)
    if not re.fullmatch(r"\d{1,9}(\.\d{1,3})?", plain):
        raise tickets.CannotSell("Type an amount such as 1500 or 1500.00.")
    try:
        return Decimal(plain)
    except InvalidOperation as error:  # such as digits of another script
        raise tickets.CannotSell("Type an amount such as 1500 or 1500.00.") from error


def _tender(request: HttpRequest) -> Tender:
    text = request.POST.get("tender", "")
    if text not in Tender.values:
        raise tickets.CannotSell("Choose how it was paid.")
    return Tender(text)


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    return int(text) if re.fullmatch(r"[0-9]{1,12}", text) else 0
