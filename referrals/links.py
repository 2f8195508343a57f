"""Links that open one page for one person: the advocate's own, an invitation to be one, a friend's own.

An advocate's link is long and random and only its hash is kept (AdvocateLink); it opens her page and nothing else, and ends. An invitation and
a friend's link name their row under our signature, each for its own purpose, so that neither opens the other's page. What they open
changes nothing by being looked at, for scanners follow every link in a mail. An unknown, an ended and a forged one are answered alike.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.db.models import Q

from jeweler import customers, tokens
from jeweler.models import Customer
from referrals.models import Advocate, AdvocateLink, Referral

LASTS = timedelta(days=90)
AFTER_ITS_END = timedelta(days=30)
_JOIN, _FRIEND = "referrals.join", "referrals.friend"


class LinkEnded(Exception):
    """One answer for all that does not open."""

    def __init__(self) -> None:
        super().__init__("This link no longer opens. Ask for a new one by e-mail.")


def issue(*, advocate: Advocate | None, now: datetime) -> str:
    """The token of a new link to her page. For nobody it asks the database the same and gives a token that opens nothing."""
    token, token_hash = tokens.issue()
    AdvocateLink.objects.filter(advocate=advocate, ends_at__lte=now).delete()
    if advocate is None:
        AdvocateLink.objects.filter(token_hash=token_hash).exists()
    else:
        AdvocateLink.objects.create(
            advocate=advocate, token_hash=token_hash, made_at=now, ends_at=now + LASTS
        )
    return token


def opened(token: str, *, now: datetime) -> Advocate:
    """Whose page it is. Raises LinkEnded."""
    link = (
        AdvocateLink.objects.filter(token_hash=tokens.hashed(token), ends_at__gt=now)
        .filter(Q(advocate__ends_at=None) | Q(advocate__ends_at__gt=now))
        .select_related("advocate__customer__merged_into")
        .first()
    )
    if link is None or customers.resolve(link.advocate.customer).forgotten_at is not None:
        raise LinkEnded
    return link.advocate


def page_url(token: str) -> str:
    """Her own page."""
    return f"{settings.SITE_URL}/friends/{token}/"


def join_url(customer: Customer) -> str:
    """Where a customer begins to bring friends, if she likes."""
    return f"{settings.SITE_URL}/friends/join/{signing.dumps(customer.pk, salt=_JOIN)}/"


def invited(token: str) -> Customer:
    """Who may begin. Raises LinkEnded."""
    try:
        customer_id = signing.loads(token, salt=_JOIN, max_age=LASTS)
    except (signing.BadSignature, ValueError) as error:
        raise LinkEnded from error
    customer = Customer.objects.filter(pk=customer_id).select_related("merged_into").first()
    if customer is None or customers.resolve(customer).forgotten_at is not None:
        raise LinkEnded
    return customers.resolve(customer)


def friend_url(referral: Referral) -> str:
    """A friend's own page: what is kept for her, and until when nobody is to know."""
    signed = signing.Signer(salt=_FRIEND, sep=".").sign(str(referral.pk))
    return f"{settings.SITE_URL}/introduced/{signed}/"


def friends(token: str, *, now: datetime) -> Referral:
    """Raises LinkEnded, also some weeks after the referral has ended."""
    try:
        referral_id = int(signing.Signer(salt=_FRIEND, sep=".").unsign(token))
    except (signing.BadSignature, ValueError) as error:
        raise LinkEnded from error
    referral = (
        Referral.objects.filter(pk=referral_id).select_related("friend__merged_into", "terms__friend_perk").first()
    )  # fmt: skip
    if referral is None or customers.resolve(referral.friend).forgotten_at is not None:
        raise LinkEnded
    if referral.closed_at is not None and referral.closed_at + AFTER_ITS_END <= now:
        raise LinkEnded
    return referral


def landing_url(code: str) -> str:
    """What she passes on: by her code, or by a word of her own."""
    return f"{settings.SITE_URL}/r/{code}"


def scanned_url(code: str) -> str:
    """What her QR holds: in capitals alone, so that it needs few dots, and at an address of its own, so that we know it was scanned."""
    return f"{settings.SITE_URL}/Q/{code}".upper()
