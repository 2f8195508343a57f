"""Links that open one design for one purpose until a time: to go on with it, to look at it, to take a hint.

Whoever holds a link has what it gives, so it is long and random, stored only as a hash, and can be taken back.
An unknown, a withdrawn and an expired link are answered alike.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.crypto import salted_hmac

from builder.models import Design, DesignLink
from jeweler import tokens


class LinkGone(Exception):
    """The link is unknown, withdrawn or expired: one answer for all three."""

    def __init__(self) -> None:
        super().__init__("This link no longer opens a design. Ask for a new one by e-mail.")


def issue(
    *,
    design: Design,
    purpose: DesignLink.Purpose,
    now: datetime,
    has_price: bool = True,
    days: int | None = None,
    once: str = "",
) -> str:
    """The token of a new link, which nobody can read again. `days`: as the settings say, when not given.

    `once`: the key of the form that asks for it. Its link's token follows from it and from a secret of ours, so that the
    form posted again, or twice at the same moment, finds the link that it made. Once that is taken back, another is made.
    """
    values = {
        "design": design,
        "purpose": purpose,
        "has_price": has_price,
        "created_at": now,
        "expires_at": now + timedelta(days=settings.DESIGN_LINK_DAYS if days is None else days),
    }
    if once:
        token = _token_of(once, design=design, purpose=purpose, has_price=has_price)
        made, _ = DesignLink.objects.get_or_create(token_hash=tokens.hashed(token), defaults=values)
        if made.revoked_at is None and made.expires_at > now:
            return token
    token, token_hash = tokens.issue()
    DesignLink.objects.create(token_hash=token_hash, **values)
    return token


def _token_of(once: str, *, design: Design, purpose: str, has_price: bool) -> str:
    said = f"{design.pk} {purpose} {has_price} {once}"
    return salted_hmac("builder.links", said, algorithm="sha256").hexdigest()


def opened(
    token: str, *, now: datetime, purposes: Collection[DesignLink.Purpose] | None = None
) -> DesignLink:
    """The link with its design. Raises LinkGone, also for a link of another purpose than those asked for."""
    link = (
        DesignLink.objects.filter(token_hash=tokens.hashed(token))
        .select_related(
            "design__setting", "design__metal", "design__stone", "design__customer", "design__store"
        )
        .first()
    )
    if link is None or link.revoked_at is not None or link.expires_at <= now:
        raise LinkGone
    if link.purpose != DesignLink.Purpose.RESUME and link.design.removed_at is not None:
        raise LinkGone  # what she took off her list she shows to nobody; it opens again with the design
    if purposes is not None and link.purpose not in purposes:
        raise LinkGone
    return link


def revoke(*, link: DesignLink, now: datetime) -> None:
    """Take the link back. Doing it again changes nothing."""
    DesignLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=now)
