"""What is kept of a person among friends, for whoever asks for hers. Never a word of the other side.

Of whom she brought there are numbers alone, and none of a surprise. Her credit's own part is credit.exporting's.
"""

from datetime import datetime
from typing import Any

from django.utils import timezone

from jeweler import customers
from jeweler.models import Customer
from referrals import sharing
from referrals.models import Advocate, LifeEvent, Referral, Reward, Touch


def export(customer: Customer) -> dict[str, Any]:
    """As JSON values."""
    ids = customers.ids_of(customer)
    return {
        "as_an_advocate": [_as_advocate(each, ids=ids) for each in Advocate.objects.filter(customer__in=ids)],
        "as_a_friend": [_as_friend(each) for each in Referral.objects.filter(friend__in=ids).order_by("pk")],
        "links_opened": [
            {"at": each.at.isoformat(), "by": each.channel}
            for each in Touch.objects.filter(customer__in=ids).order_by("at", "pk")
        ],
        "days_to_remember": [
            _day(each) for each in LifeEvent.objects.filter(customer__in=ids).order_by("pk")
        ],
        "thank_yous": [_thank_you(each) for each in _rewards(ids)],
    }  # fmt: skip


def _as_advocate(advocate: Advocate, *, ids: list[int]) -> dict[str, Any]:
    return {
        "code": advocate.code,
        "since": advocate.joined_at.isoformat(),
        "until": _moment(advocate.ends_at),
        "note": advocate.note,
        "shows_first_name": advocate.shows_first_name,
        "words": [
            {"word": word.text, "state": word.state, "asked": word.asked_at.isoformat()}
            for word in advocate.vanity_codes.order_by("pk")
        ],
        "shared": [
            {"by": share.way, "at": share.at.isoformat()}
            for share in advocate.shares.order_by("at", "pk")
        ],
        "thank_yous_on_their_way": sharing.on_their_way(ids, now=timezone.now()),
    }


def _as_friend(referral: Referral) -> dict[str, Any]:
    return {
        "introduced": referral.locked_at.isoformat(),
        "until": referral.lock_ends_at.isoformat(),
        "surprise_until": referral.surprise_until.isoformat() if referral.surprise_until else None,
    }


def _day(event: LifeEvent) -> dict[str, Any]:
    return {
        "occasion": event.occasion,
        "day": event.date.isoformat(),
        "agreed": event.consented_at.isoformat(),
        "agreed_to": event.consented_to,
        "told": event.source,
        "stopped": _moment(event.stopped_at),
        "written": [each.isoformat() for each in event.reminders.order_by("written_at").values_list("written_at", flat=True)],
    }  # fmt: skip


def _rewards(ids: list[int]) -> list[Reward]:
    rows = Reward.objects.filter(customer__in=ids).select_related("perk")
    return list(rows.order_by("issued_at", "pk"))


def _thank_you(reward: Reward) -> dict[str, Any]:
    return {
        "what": reward.perk.name if reward.perk else "Store credit",
        "worth": str(reward.face_value),
        "currency": reward.currency,
        "given": reward.issued_at.isoformat(),
        "last_day": reward.last_date.isoformat() if reward.last_date else None,
        "state": reward.state,
    }


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
