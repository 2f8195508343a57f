"""Links that open one design for one purpose until a time: to go on with it, to look at it, to take a hint.

Whoever holds a link has what it gives, so it is long and random, stored only as a hash, and can be taken back.
An unknown, a withdrawn and an expired link are answered alike.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings

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
) -> str:
    """The token of a new link, which nobody can read again. `days`: as the settings say, when not given."""
    token, token_hash = tokens.issue()
    DesignLink.objects.create(
        design=design,
        purpose=purpose,
        token_hash=token_hash,
        has_price=has_price,
        created_at=now,
        expires_at=now + timedelta(days=settings.DESIGN_LINK_DAYS if days is None else days),
    )
    return token


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
