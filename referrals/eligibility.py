"""The hard rules: who can be a friend, and whose. No score and no wish outweighs them.

The same for every door: a link, the counter, the till, an invoice. They are asked again before a reward is given, since two
customers may have been found to be one person meanwhile.
"""

from datetime import datetime

from jeweler import customers, prepared
from jeweler.models import ContactPoint, Customer
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
    sides: tuple[set[str], set[str]] = (set(), set())
    for owner, kind, canonical in prepared.rows(_CONTACTS, {"ids": [*hers, *theirs]}):
        is_email = kind == ContactPoint.Kind.EMAIL
        sides[owner in theirs].add(mailboxes.mailbox(canonical) if is_email else canonical)
    return bool(sides[0] & sides[1])


def has_bought(ids: list[int], *, before: datetime, except_sale: int | None = None) -> bool:
    """Merchandise that was kept. Repairs and what was wholly given back make nobody a customer."""
    values = {"ids": ids, "before": before, "except_sale": except_sale or 0}
    ((is_there,),) = prepared.rows(_HAS_BOUGHT, values)
    return bool(is_there)


# Asked before every thank-you, so planned once.
_CONTACTS = (
    "select customer_id, kind, canonical from jeweler_contactpoint where customer_id = any(%(ids)s)"
)
_HAS_BOUGHT = """
select exists (
    select 1 from jeweler_sale sale
    where customer_id = any(%(ids)s) and placed_at < %(before)s and voided_at is null and id <> %(except_sale)s
      and exists (select 1 from jeweler_saleline where sale_id = sale.id and kind = 'merchandise' and net_total > 0)
      and coalesce((select sum(amount) from jeweler_refund where sale_id = sale.id), -1) < total)
"""
