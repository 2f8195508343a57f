"""Asking a happy customer, once, whether she would tell somebody; and the link that an advocate asks for.

Happy is who paid in full, has what she bought, could have given it back and did not: her return window is over and nothing of any purchase of
hers was refunded or called off. Not asked is who asked us to be discreet, whose own surprise lies ahead, who is of the staff, and who
wants no such mails. One in ten, by a lot that falls the same whenever it is drawn, is not asked either: what the program adds is seen
beside them. They may still begin by themselves.

Limit: the house keeps no record of complaints; one that led to no refund is not known here.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils.crypto import salted_hmac

from appointments.models import Appointment
from builder.models import Design
from jeweler import customers, locking, subscriptions
from jeweler.models import Customer, EmailMessage, Sale, SaleLine
from referrals import advocates, eligibility, letters, links, program, referring, sharing
from referrals.models import Advocate, Invitation, Program, Referral
from referrals.qualification import days_end

ASKED_WITHIN = timedelta(days=60)  # after the window; an invitation that comes later is odd
AT_ONCE = 100
NOBODY = 0


@transaction.atomic
def send_link(*, email: str, now: datetime) -> EmailMessage:
    """Mail whoever has this address the link to her page. Raises customers.BadEmail.

    Known or not, the same is asked of the database and a mail goes out; only what it says differs.
    """
    address = customers.canonical_email(email)
    found = customers.find(email=address)
    pks = [each.pk for each in found] or [NOBODY]
    rows = Customer.objects.filter(Q(pk__in=pks) | Q(merged_into__in=pks))
    ids = [*rows.values_list("pk", flat=True)] or [NOBODY]
    hers: list[Advocate] = list(
        Advocate.objects.filter(customer__in=ids, ends_at=None).select_related(
            "customer__merged_into"
        )
    )
    askers: list[Advocate | None] = [*hers] or [None]
    tokens = [links.issue(advocate=each, now=now) for each in askers]
    is_open, has_bought = sharing.terms_now(now=now), eligibility.has_bought(ids, before=now)
    may_join = is_open is not None and has_bought
    return letters.link(
        to=address,
        pages=[
            (customers.resolve(each.customer).first_name, links.page_url(token))
            for each, token in zip(hers, tokens, strict=False)
        ],
        join=links.join_url(found[0]) if may_join and not hers else "",
        customer=found[0] if found else None,
        now=now,
    )


def sweep(*, now: datetime, limit: int = AT_ONCE) -> int:
    """Ask those who are due, each in a transaction of its own; how many were decided on."""
    current = program.in_force(now=now)
    if current is None or sharing.terms_now(now=now) is None:
        return 0
    decided = 0
    for customer in _due(current, now=now):
        decided += invite(program=current, customer=customer, now=now)
        if decided >= limit:
            break
    return decided


@transaction.atomic
def invite(*, program: Program, customer: Customer, now: datetime) -> bool:
    """Decide on her once: ask her, or by lot leave her out. False: not now, or not her."""
    customer = customers.resolve_anew(customer)
    locking.hold(f"invitation of {customer.pk}")
    ids = customers.ids_of(customer)
    if Invitation.objects.filter(program=program, customer__in=ids).exists():
        return False
    to = letters.address_of(customer)
    if not to or not _is_happy(customer, ids=ids, to=to, now=now):
        return False
    is_held_out = in_hold_out(program, customer)
    if not is_held_out and not letters.invite(
        customer=customer, to=to, program_id=program.pk, zone=_zone_of(ids), now=now
    ):
        return False
    Invitation.objects.create(
        program=program, customer=customer, is_held_out=is_held_out, decided_at=now
    )
    return True


def in_hold_out(program: Program, customer: Customer) -> bool:
    """The lot: the same for the same customer, whenever it is drawn."""
    drawn = salted_hmac("referrals.hold-out", f"{program.pk}:{customer.pk}", algorithm="sha256")
    return int(drawn.hexdigest(), 16) % 100 < program.holdout_percent


def _due(current: Program, *, now: datetime) -> Iterator[Customer]:
    """Whose purchase was handed over long enough ago, and not too long, and on whom nothing was decided."""
    days = _return_days(now=now)
    first = now - timedelta(days=days) - ASKED_WITHIN
    bought = (
        Sale.objects.filter(voided_at=None, handed_over_at__gt=first, handed_over_at__lt=now - timedelta(days=days))
        .filter(lines__kind=SaleLine.Kind.MERCHANDISE, customer__forgotten_at=None)
        .exclude(customer=None)
        .exclude(customer__invitations__program=current)
        .exclude(customer__in=Advocate.objects.values("customer"))
    )  # fmt: skip
    seen = bought.order_by("customer").values_list("customer", flat=True).distinct()
    yield from (Customer.objects.get(pk=each) for each in list(seen))


def _is_happy(customer: Customer, *, ids: list[int], to: str, now: datetime) -> bool:
    return (
        customer.forgotten_at is None
        and advocates.of(customer) is None
        and not subscriptions.is_refused(address=to, topic=letters.TOPIC)
        and not User.objects.filter(email__in=customers.emails_of(customer), is_staff=True).exists()
        and not _keeps_a_secret(ids, now=now)
        and _kept_what_she_bought(ids, now=now)
    )


def _kept_what_she_bought(ids: list[int], *, now: datetime) -> bool:
    """All that she ordered is paid, is hers, and may no longer be given back; nothing of it ever was."""
    sales = list(
        Sale.objects.filter(customer__in=ids).prefetch_related("lines", "payments", "refunds")
    )
    return any(
        line.kind == SaleLine.Kind.MERCHANDISE for sale in sales for line in sale.lines.all()
    ) and all(_is_over(sale, now=now) for sale in sales)  # fmt: skip


def _is_over(sale: Sale, *, now: datetime) -> bool:
    if sale.voided_at is not None or sale.handed_over_at is None or sale.refunds.all():
        return False
    paid = [each for each in sale.payments.all() if each.status == each.Status.CAPTURED]
    if sum(each.amount for each in paid) < sale.total:
        return False
    last = max([sale.handed_over_at, *(each.paid_at for each in paid)])
    zone = sale.store.zone if sale.store else referring.house_zone()
    return days_end(last, days=_return_days(now=now), zone=zone) <= now


def _keeps_a_secret(ids: list[int], *, now: datetime) -> bool:
    """Somebody may read her mail who is not to know of a ring."""
    today = now.astimezone(referring.house_zone()).date()
    visits = Appointment.objects.filter(customer__in=ids, is_surprise=True)
    return (
        Design.objects.filter(customer__in=ids, is_discreet=True).exists()
        or visits.filter(Q(occasion_date=None) | Q(occasion_date__gte=today)).exists()
        or Referral.objects.filter(friend__in=ids, surprise_until__gt=today).exists()
    )


def _return_days(*, now: datetime) -> int:
    terms = sharing.terms_now(now=now)
    return terms.return_days if terms else 0


def _zone_of(ids: list[int]) -> ZoneInfo:
    """Where she bought last."""
    last = Sale.objects.filter(customer__in=ids).exclude(store=None).order_by("-placed_at").first()
    return last.store.zone if last and last.store else referring.house_zone()
