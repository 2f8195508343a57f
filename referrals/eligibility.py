"""The hard rules: who can be a friend, and whose. No score and no wish outweighs them.

The same for every door: a link, the counter, the till, an invoice. They are asked again before a reward is given, since two
customers may have been found to be one person meanwhile.
"""

from datetime import datetime

from django.db.models import F, Q, Sum

from jeweler import customers
from jeweler.models import ContactPoint, Customer, Sale, SaleLine
from referrals import mailboxes
from referrals.models import Advocate

SELF_REFERRAL = "SELF_REFERRAL"
EXISTING_CUSTOMER = "EXISTING_CUSTOMER"
ADVOCATE_BLOCKED = "ADVOCATE_BLOCKED"


def why_not(
    *, advocate: Advocate, friend: Customer, before: datetime, except_sale: int | None = None
) -> str:
    """The reason code of the hard rule that forbids it, "" when none does. What she bought from `before` on is no hindrance."""
    hers, theirs = customers.ids_of(advocate.customer), customers.ids_of(friend)
    if set(hers) & set(theirs) or share_a_contact(hers, theirs):
        return SELF_REFERRAL
    if has_bought(theirs, before=before, except_sale=except_sale):
        return EXISTING_CUSTOMER
    return ""


def share_a_contact(hers: list[int], theirs: list[int]) -> bool:
    """A mailbox or a phone number is of both."""
    points = ContactPoint.objects.filter(customer__in=[*hers, *theirs])
    sides: tuple[set[str], set[str]] = (set(), set())
    for owner, kind, canonical in points.values_list("customer_id", "kind", "canonical"):
        is_email = kind == ContactPoint.Kind.EMAIL
        sides[owner in theirs].add(mailboxes.mailbox(canonical) if is_email else canonical)
    return bool(sides[0] & sides[1])


def has_bought(ids: list[int], *, before: datetime, except_sale: int | None = None) -> bool:
    """Merchandise that was kept. Repairs and what was wholly given back make nobody a customer."""
    kept = (
        Sale.objects.filter(customer__in=ids, placed_at__lt=before, voided_at=None)
        .exclude(pk=except_sale or 0)
        .filter(lines__kind=SaleLine.Kind.MERCHANDISE, lines__net_total__gt=0)
        .annotate(given_back=Sum("refunds__amount", distinct=True))
        .filter(Q(given_back=None) | Q(given_back__lt=F("total")))
    )
    return kept.exists()
