"""The mails to those who bring friends and to those who were brought.

Neutral on purpose: an advocate's mail names no friend, no piece, no purchase and no day of one, whatever it is about, for somebody who
shares her inbox may be the one whom a ring is kept from. A friend's mail does not even name the house. What a mail opens is opened by a
link of its reader's own.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from jeweler import customers, mail, money, tokens
from jeweler.models import ContactPoint, Customer, EmailMessage
from referrals import advocates, links
from referrals.models import Advocate, Referral, Reward

TOPIC = "friends"


def address_of(customer: Customer) -> str:
    """The address that she gave first; "" when she gave none."""
    points = ContactPoint.objects.filter(
        customer__in=customers.ids_of(customer), kind=ContactPoint.Kind.EMAIL
    )
    return points.order_by("created_at", "pk").values_list("canonical", flat=True).first() or ""


def link(
    *, to: str, pages: Sequence[tuple[str, str]], join: str, customer: Customer | None, now: datetime
) -> EmailMessage:  # fmt: skip
    """What was asked for by an address: a link for each (name, address) who brings friends under it, else how to begin, else that there is nothing."""
    minute = now.replace(second=0, microsecond=0)
    return mail.queue(
        key=f"friends-link:{tokens.hashed(to)[:32]}:{minute:%Y%m%d%H%M}",
        template="referrals/link", to=to, subject="The link you asked for", customer=customer,
        context={"pages": pages, "join": join, "days": links.LASTS.days}, now=now,
    )  # fmt: skip


def invite(
    *, customer: Customer, to: str, program_id: int, zone: ZoneInfo, now: datetime
) -> EmailMessage | None:
    """None when she must not be written to, or not yet."""
    return mail.nudge(
        key=f"friends-invitation:{program_id}:{customer.pk}", template="referrals/invitation",
        to=to, subject=f"If you would tell somebody about {settings.SITE_NAME}", customer=customer,
        context={"link": links.join_url(customer)}, topic=TOPIC, zone=zone, now=now,
    )  # fmt: skip


def thank(*, reward: Reward, now: datetime) -> EmailMessage | None:
    """What is hers now, and until when; None where there is nobody to write to."""
    return _to_advocate(
        reward, template="referrals/thank_you", key=f"thank-you:{reward.pk}",
        subject="A thank-you is yours", now=now,
    )  # fmt: skip


def take_back(*, reward: Reward, now: datetime) -> EmailMessage | None:
    """What is hers no more. Why is not said: it would say whose it was."""
    return _to_advocate(
        reward, template="referrals/taken_back", key=f"thank-you-back:{reward.pk}",
        subject="A change to your thank-yous", now=now,
    )  # fmt: skip


def keep_for_friend(
    *, referral: Referral, once_more: bool = False, now: datetime
) -> EmailMessage | None:
    """The friend's own page, with her perk; one mail, or one an hour when she asks for it again."""
    to = address_of(referral.friend)
    if not to:
        return None
    perk = referral.rewards.filter(
        beneficiary=Reward.Beneficiary.FRIEND, state=Reward.State.ISSUED
    ).first()
    return mail.queue(
        key=f"introduced:{referral.pk}" + (f":{now:%Y%m%d%H}" if once_more else ""),
        template="referrals/kept", to=to, subject="A small thing is kept for you",
        customer=customers.resolve(referral.friend), sender=settings.DISCREET_FROM_EMAIL,
        context={"link": links.friend_url(referral), "last_date": perk.last_date if perk else None},
        now=now,
    )  # fmt: skip


def _to_advocate(
    reward: Reward, *, template: str, key: str, subject: str, now: datetime
) -> EmailMessage | None:
    customer = customers.resolve(reward.customer)
    to, advocate = address_of(customer), advocates.of(customer)
    if not to or advocate is None or customer.forgotten_at is not None:
        return None
    if (sent := EmailMessage.objects.filter(key=key).first()) is not None:
        return sent
    return mail.queue(
        key=key, template=template, to=to, subject=subject, customer=customer,
        context=_context(reward, advocate=advocate, now=now),
        not_before=mail.by_day(now, zone=ZoneInfo(settings.HOUSE_TIME_ZONE)), now=now,
    )  # fmt: skip


def _context(reward: Reward, *, advocate: Advocate, now: datetime) -> dict[str, Any]:
    return {
        "is_credit": reward.kind == Reward.Kind.CREDIT,
        "what": (
            money.in_words(reward.face_value, currency=reward.currency)
            if reward.perk is None
            else reward.perk.name
        ),
        "last_date": reward.last_date,
        "is_used": reward.loss > 0,
        "link": links.page_url(links.issue(advocate=advocate, now=now)),
    }
