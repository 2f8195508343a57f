"""What failures of an endpoint come to: a pause, a mail to the owner, and at last an end.

Any success makes it sound again. One that has failed for a day is told to the owner, one that has failed for three, which is as
long as a message is tried, is sent to no more; so is one that says 410, at once. Its messages go on being numbered and kept, so
that nothing is missing when it is switched on again or reads what it missed.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q

from jeweler import mail
from jeweler.models import StaffMember
from pos_bridge.models import WebhookEndpoint

WARN_AFTER = timedelta(days=1)
DISABLE_AFTER = timedelta(days=3)
# Who answers slowly rests for a multiple of it, so that nobody has the workers to itself.
SLOW, REST = timedelta(seconds=1), 3
FIRST_PAUSE, MOST_PAUSE = timedelta(seconds=5), timedelta(minutes=1)


def took(*, endpoint_id: int, lasted: timedelta, now: datetime) -> None:
    """It took a message. Nothing is written to an endpoint that was sound before and answers quickly."""
    endpoints = WebhookEndpoint.objects.filter(pk=endpoint_id)
    rest = now + REST * lasted if lasted >= SLOW else None
    if rest is None:
        endpoints = endpoints.filter(Q(failures__gt=0) | Q(paused_until__isnull=False))
    endpoints.update(failures=0, failing_since=None, warned_at=None, paused_until=rest)


def failed(
    *, endpoint_id: int, why: str, is_gone: bool, pause: timedelta | None, now: datetime
) -> None:
    """One more failure. Must run in a transaction."""
    endpoint = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint_id)
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or now
    own = min(FIRST_PAUSE * 2 ** min(endpoint.failures - 1, 10), MOST_PAUSE)
    endpoint.paused_until = now + max(own, pause or timedelta())
    lasts = now - endpoint.failing_since
    if endpoint.disabled_at is None:
        if is_gone or lasts >= DISABLE_AFTER:
            _disable(endpoint, why="It answered 410: gone for good" if is_gone else why, now=now)
        elif lasts >= WARN_AFTER and endpoint.warned_at is None:
            endpoint.warned_at = now
            _write("endpoint_failing", f"Webhooks to {endpoint} fail", endpoint, why=why, now=now)
    endpoint.save(
        update_fields=[
            "failures", "failing_since", "paused_until", "warned_at", "disabled_at", "disabled_why",
        ]
    )  # fmt: skip


def _disable(endpoint: WebhookEndpoint, *, why: str, now: datetime) -> None:
    endpoint.disabled_at = now
    endpoint.disabled_why = why[:300] or "It failed"
    _write("endpoint_disabled", f"Webhooks to {endpoint} have stopped", endpoint, why=why, now=now)


def _write(
    template: str, subject: str, endpoint: WebhookEndpoint, *, why: str, now: datetime
) -> None:
    """To every owner who has an address, once for each time that it fails."""
    assert endpoint.failing_since is not None
    zone = ZoneInfo(settings.HOUSE_TIME_ZONE)
    owners = StaffMember.objects.filter(role=StaffMember.Role.OWNER, user__is_active=True)
    for owner in owners.exclude(user__email="").select_related("user").order_by("pk"):
        mail.queue(
            key=f"{template}:{endpoint.pk}:{endpoint.failing_since.timestamp():.0f}:{owner.pk}",
            template=f"pos_bridge/{template}",
            to=owner.user.email,
            subject=subject[:200],
            context={
                "endpoint": endpoint,
                "why": why,
                "since": endpoint.failing_since.astimezone(zone),
                "ends": (endpoint.failing_since + DISABLE_AFTER).astimezone(zone),
                "keep_days": settings.WEBHOOK_KEEP_DAYS,
                "log_url": f"{settings.SITE_URL}/admin/pos_bridge/webhookendpoint/{endpoint.pk}/change/",
            },
            now=now,
        )
