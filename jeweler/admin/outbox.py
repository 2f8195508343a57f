"""What is owed to whom, what was given up, and owing it anew."""

import json
from contextlib import suppress

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html

from jeweler import audit, outbox
from jeweler.backoffice import OWNER, HouseAdmin, user_of
from jeweler.models import OutboxDelivery


class StateFilter(SimpleListFilter):
    title = "state"
    parameter_name = "state"
    done = "delivered_at"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("owed", "Owed"), ("dead", "Given up"), ("done", "Done")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[OutboxDelivery]
    ) -> QuerySet[OutboxDelivery]:
        wanted = {
            "owed": {f"{self.done}__isnull": True, "dead_at__isnull": True},
            "dead": {"dead_at__isnull": False},
            "done": {f"{self.done}__isnull": False},
        }
        return queryset.filter(**wanted.get(self.value() or "", {}))


@admin.register(OutboxDelivery)
class OutboxDeliveryAdmin(HouseAdmin[OutboxDelivery]):
    seen_by = OWNER
    list_display = ["event", "subscriber", "state", "attempts", "next_attempt_at"]
    list_filter = [StateFilter]
    search_fields = ["event__name", "subscriber"]
    ordering = ["-id"]
    list_select_related = ["event"]
    actions = ["replay"]
    fields = [
        "event", "payload", "subscriber", "state", "attempts", "next_attempt_at", "delivered_at",
        "dead_at", "last_error",
    ]  # fmt: skip
    readonly_fields = ["payload", "state"]

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @admin.display(description="State")
    def state(self, delivery: OutboxDelivery) -> str:
        if delivery.delivered_at:
            return "done"
        return "given up" if delivery.dead_at else "owed"

    @admin.display(description="What happened")
    def payload(self, delivery: OutboxDelivery) -> str:
        return format_html("<pre>{}</pre>", json.dumps(delivery.event.payload, indent=2))

    @admin.action(description="Deliver once more", permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[OutboxDelivery]) -> None:
        now, replayed = timezone.now(), 0
        for delivery in queryset.filter(delivered_at=None):
            with suppress(outbox.AlreadyDelivered), transaction.atomic():
                outbox.replay(delivery=delivery, now=now)
                audit.record(
                    action="delivery.replayed", subject=delivery, actor=user_of(request), now=now
                )
                replayed += 1
        self.message_user(request, replayed_in_words(replayed, "delivery", "deliveries"))


def replayed_in_words(count: int, one: str, many: str) -> str:
    if count == 0:
        return "Nothing of this is owed: it was done before."
    return f"{count} {one if count == 1 else many} will be tried again within seconds."
