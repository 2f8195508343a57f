"""The hard rules: who can be a friend, and whose. No score and no wish outweighs them.

The same for every door: a link, the counter, the till, an invoice. They are asked again before a reward is given, since two
customers may have been found to be one person meanwhile.
"""

from datetime import datetime

from django.db.models import F, Q, Sum

from jeweler import customers
from jeweler.models import Customer, Sale, SaleLine
from referrals import mailboxes
from referrals.models import Advocate

SELF_REFERRAL = "SELF_REFERRAL"
EXISTING_CUSTOMER = "EXISTING_CUSTOMER"
ADVOCATE_BLOCKED = "ADVOCATE_BLOCKED"


def why_not(
    *, advocate: Advocate, friend: Customer, before: datetime, except_sale: int | None = None
) -> str:
    """The reason code of the hard rule that forbids it, "" when none does. What she bought from `before` on is no hindrance."""
    ids = customers.ids_of(friend)
    if advocate.customer_id in ids or shares_a_contact(advocate.customer, friend):
        return SELF_REFERRAL
    if has_bought(ids, before=before, except_sale=except_sale):
        return EXISTING_CUSTOMER
    return ""


def shares_a_contact(one: Customer, other: Customer) -> bool:
    """An e-mail address or a phone number is of both, in its one canonical form."""
    mine = _contacts(one)
    return bool(mine & _contacts(other))


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


def _contacts(customer: Customer) -> set[str]:
    mailboxes_of = {mailboxes.mailbox(each) for each in customers.emails_of(customer)}
    return mailboxes_of | customers.phones_of(customer)
