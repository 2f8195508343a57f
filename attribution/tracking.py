"""Remember what brought a browser: one touchpoint per arrival from outside, none for a walk inside.

An address that carries tags or a click id is an arrival whenever it is new. A mere referrer, or none
at all, is one only when no visit is going on: thirty minutes without a sign of life end a visit.
Limits: an arrival whose cookie is refused is a new visitor each time; a person's browsers are
joined later, by `jeweler.visitors.recognize`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from attribution.channels import Origin
from attribution.models import Touchpoint
from jeweler.models import Visitor

VISIT_ENDS_AFTER = timedelta(minutes=30)


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A page asked for from outside."""

    origin: Origin
    path: str
    is_opted_out: bool  # Sec-GPC: never to be passed on to an ad network
    at: datetime


def is_touch(*, arrival: Arrival, known: Visitor | None) -> bool:
    """Whether this arrival of a visitor, None when he is new, begins something to remember."""
    if known is None:
        return True
    if known.is_store_device:
        return False
    origin = arrival.origin
    if origin.click_id:
        return not known.touchpoints.filter(
            click_id_kind=origin.click_id_kind, click_id=origin.click_id
        ).exists()
    latest = known.touchpoints.order_by("-occurred_at").first()
    if origin.is_tagged:
        return latest is None or _is_over(latest.occurred_at, arrival) or _differs(latest, origin)
    return latest is None or (
        _is_over(latest.occurred_at, arrival) and _is_over(known.last_seen_at, arrival)
    )


def record(*, arrival: Arrival, visitor: Visitor) -> None:
    """Write the touchpoint. The same click of the same visitor is written once, also in a race."""
    origin = arrival.origin
    touch = Touchpoint(
        visitor=visitor,
        occurred_at=arrival.at,
        channel=origin.channel,
        source=origin.source,
        medium=origin.medium,
        campaign=origin.campaign,
        term=origin.term,
        content=origin.content,
        click_id_kind=origin.click_id_kind,
        click_id=origin.click_id,
        referrer_host=origin.referrer_host,
        landing_path=arrival.path,
        is_opted_out=arrival.is_opted_out,
    )
    Touchpoint.objects.bulk_create([touch], ignore_conflicts=True)


def _is_over(sign_of_life: datetime, arrival: Arrival) -> bool:
    return arrival.at - sign_of_life >= VISIT_ENDS_AFTER


def _differs(touch: Touchpoint, origin: Origin) -> bool:
    """Another tag is another arrival; the same one again is a page loaded anew."""
    return any(
        getattr(touch, name) != getattr(origin, name)
        for name in ("source", "medium", "campaign", "term", "content", "click_id_kind")
    )
