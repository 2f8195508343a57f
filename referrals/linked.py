"""Whether a log-in of the staff and a customer are one person, or near each other.

Nothing ties a log-in to a customer but what both gave: the log-in's e-mail address. Limit: a member of the staff who is a customer by
another address is not known to be one.
"""

from django.contrib.auth.models import User
from django.db.models import QuerySet

from jeweler import customers
from jeweler.models import ContactPoint, Customer, Sale
from referrals import eligibility, mailboxes
from referrals.models import Referral
from referrals.qualification import Kind


def is_linked(user: User, customer: Customer) -> bool:
    """It is herself, or somebody who shares an address or a number with her."""
    if not user.email:
        return False
    mine = mailboxes.mailbox(user.email.strip().lower())
    if mine in {mailboxes.mailbox(email) for email in customers.emails_of(customer)}:
        return True
    hers = customers.ids_of(customer)
    own = [customers.ids_of(each) for each in _herself(user)]
    return any(set(ids) & set(hers) or eligibility.share_a_contact(ids, hers) for ids in own)


def has_sold(user: User, referral: Referral) -> bool:
    """She rang up the order, or entered the code."""
    sale: Sale | None = referral.sale
    return (
        (sale is not None and sale.sold_by_id == user.pk)
        or (referral.touch is not None and referral.touch.staff_id == user.pk)
        or referral.events.filter(kind=Kind.APPLIED, by=user).exists()
    )


def _herself(user: User) -> QuerySet[Customer]:
    known = ContactPoint.objects.filter(
        kind=ContactPoint.Kind.EMAIL, canonical=user.email.strip().lower()
    )
    return Customer.objects.filter(pk__in=known.values("customer")).select_related("merged_into")
