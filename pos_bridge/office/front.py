"""What the back office's front page says of the tills."""

from typing import Any

from django.http import HttpRequest

from jeweler.access import Role, find_member, stores_of
from pos_bridge.models import Alarm

MOST = 12


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The open alarms: all of them for the owner, those of her stores' tills for a manager."""
    member = find_member(request)
    alarms = Alarm.objects.none()
    if member is not None and member.role in {Role.MANAGER, Role.OWNER}:
        alarms = Alarm.objects.filter(cleared_at=None).select_related("connection")
        if member.role != Role.OWNER:
            alarms = alarms.filter(connection__store__in=stores_of(member))
    return {**context, "alarms": alarms.order_by("-raised_at")[:MOST]}
