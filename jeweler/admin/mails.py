"""Mails that were sent, are owed or were given up, and how they look."""

import re
from contextlib import suppress

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html

from jeweler import audit, mail
from jeweler.admin.outbox import StateFilter, replayed_in_words
from jeweler.backoffice import OWNER, HouseAdmin, user_of
from jeweler.models import EmailMessage

# A token in an address opens what it belongs to; the name of a picture opens nothing.
SECRET = re.compile(r"(?<=/)[A-Za-z0-9_-]{32,}(?!\.png|[A-Za-z0-9_-])")


class MailStateFilter(StateFilter):
    done = "sent_at"


@admin.register(EmailMessage)
class EmailMessageAdmin(HouseAdmin[EmailMessage]):
    seen_by = OWNER
    list_display = ["queued_at", "to", "subject", "state", "attempts"]
    list_filter = [MailStateFilter, "kind"]
    search_fields = ["to__exact", "key__exact"]
    ordering = ["-queued_at", "-id"]
    actions = ["replay"]
    fields = [
        "to", "subject", "kind", "state", "queued_at", "sent_at", "attempts", "next_attempt_at",
        "last_error", "look", "words",
    ]  # fmt: skip
    readonly_fields = ["state", "look", "words"]

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @admin.display(description="State")
    def state(self, message: EmailMessage) -> str:
        if message.sent_at:
            return "sent"
        return "given up" if message.dead_at else "owed"

    @admin.display(description="How it looks")
    def look(self, message: EmailMessage) -> str:
        """In a sandbox without scripts or links that lead anywhere, and without its secrets."""
        return format_html(
            '<iframe class="mail-look" sandbox title="The mail as she sees it" srcdoc="{}"></iframe>',
            SECRET.sub("…", message.html),
        )

    @admin.display(description="Its text")
    def words(self, message: EmailMessage) -> str:
        return format_html('<pre class="mail-words">{}</pre>', SECRET.sub("…", message.text))

    @admin.action(description="Send once more what was given up", permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[EmailMessage]) -> None:
        now, replayed = timezone.now(), 0
        for message in queryset.filter(dead_at__isnull=False):
            with suppress(mail.NotGivenUp), transaction.atomic():
                mail.replay(message=message, now=now)
                audit.record(
                    action="mail.replayed", subject=message, actor=user_of(request), now=now
                )
                replayed += 1
        self.message_user(request, replayed_in_words(replayed, "mail", "mails"))
