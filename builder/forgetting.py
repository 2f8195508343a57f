"""What a customer who asked to be forgotten wrote into her rings, and all who could still look at them.

The rings stay, without a word of hers: setting, stone, size and price tell nobody who she is, and what was sold of them is in the
books. Of her own are those saved under her name, and those that were begun in her browsers and are nobody else's.

Limit: what she engraved stands in the price's inputs as a number of letters alone, and in her own browser's addresses.
"""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q, QuerySet

from builder.models import Design, DesignLink, DesignVersion, Hint, Still
from jeweler import mail

WORDS = ("name", "engraving", "budget", "style", "timeline")


def forget(*, customer_id: int, visitor_ids: Collection[int], now: datetime) -> None:
    """Doing it again changes nothing."""
    begun = Q(visitor__in=visitor_ids, customer=None)
    hers = Design.objects.filter(begun | Q(customer=customer_id))
    _forget_hints(Hint.objects.filter(design__in=hers), now=now)
    DesignLink.objects.filter(design__in=hers, revoked_at=None).update(revoked_at=now)
    Still.objects.filter(design__in=hers).delete()  # the engraving can be read in it
    for version in DesignVersion.objects.filter(design__in=hers).exclude(engraving=""):
        version.engraving = ""
        version.description = {**version.description, "engraving": ""}
        version.save(update_fields=["engraving", "description"])
    hers.update(next_watch_at=None, **dict.fromkeys(WORDS, ""))


def _forget_hints(hints: QuerySet[Hint], *, now: datetime) -> None:
    mail.forget(ids=hints.filter(mail__isnull=False).values_list("mail", flat=True), now=now)
    hints.update(from_name="", note="", wanted_date=None)
