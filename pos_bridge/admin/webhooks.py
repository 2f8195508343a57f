"""Whom we tell, what each was told and how it went, for the owner: made, tested, mended, and sent again."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from jeweler import audit, outward
from jeweler.backoffice import OWNER, FactsInline, HouseAdmin, user_of
from pos_bridge import outgoing
from pos_bridge.connections import NoOldSecret, OldSecretStillThere
from pos_bridge.models import WebhookAttempt, WebhookEndpoint, WebhookMessage


class EndpointForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs alone
    types = forms.MultipleChoiceField(
        choices=[(each, each) for each in outgoing.TYPES],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        label="What it is told of",
    )

    class Meta:
        model = WebhookEndpoint
        fields = ["description", "address", "types", "is_active"]

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"]
        try:
            outward.check(address=address)
        except outward.Refused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return address


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(HouseAdmin[WebhookEndpoint]):
    """Its secret and token are shown once, on the page that answers their making."""

    seen_by = changed_by = OWNER
    can_be_added = True
    form = EndpointForm
    list_display = ["description", "host", "state", "secret_count", "last_seq", "not_delivered"]
    ordering = ["description"]
    actions = ["ping", "switch_on", "rotate", "retire", "issue_token"]
    fields = [
        "description", "address", "types", "is_active", "state", "secret_count", "last_seq", "not_delivered", "log",
    ]  # fmt: skip
    readonly_fields = ["state", "secret_count", "last_seq", "not_delivered", "log"]

    def get_fields(self, request: HttpRequest, obj: WebhookEndpoint | None = None) -> list[str]:
        return ["description", "address", "types"] if obj is None else self.fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookEndpoint]:
        open_ = ~Q(messages__state=WebhookMessage.State.DELIVERED)
        return super().get_queryset(request).annotate(open=Count("messages", filter=open_))

    def save_model(
        self, request: HttpRequest, obj: WebhookEndpoint, form: Any, change: bool
    ) -> None:
        if change:
            obj.save(update_fields=["description", "address", "types", "is_active"])
            self._note(request, "endpoint.changed", obj, fields=form.changed_data)
            return
        opened = outgoing.add(
            address=obj.address, description=obj.description, types=obj.types, now=timezone.now()
        )
        obj.pk = opened.endpoint.pk
        vars(obj)["opened"] = opened  # for `response_add`, the next step of this request
        self._note(request, "endpoint.added", obj, fields=["address", "types"])

    def response_add(
        self, request: HttpRequest, obj: WebhookEndpoint, post_url_continue: str | None = None
    ) -> HttpResponse:
        opened = vars(obj)["opened"]
        return self._show_once(request, obj, secret=opened.secret, token=opened.token)

    @admin.display(description="Host")
    def host(self, endpoint: WebhookEndpoint) -> str:
        return urlsplit(endpoint.address).hostname or "–"

    @admin.display(description="State")
    def state(self, endpoint: WebhookEndpoint) -> str:
        if not endpoint.is_active:
            return "off: nothing is numbered or sent"
        if endpoint.disabled_at is not None:
            return f"stopped {_told(endpoint.disabled_at)}: {endpoint.disabled_why}"
        if endpoint.failing_since is not None:
            return f"fails since {_told(endpoint.failing_since)}, is tried again"
        return "sends"

    @admin.display(description="Secrets")
    def secret_count(self, endpoint: WebhookEndpoint) -> str:
        return {0: "none: nothing is sent", 1: "one"}.get(len(endpoint.secrets), "two: changing")

    @admin.display(description="Not delivered")
    def not_delivered(self, endpoint: WebhookEndpoint) -> int:
        count: int = vars(endpoint)["open"]
        return count

    @admin.display(description="Delivery log")
    def log(self, endpoint: WebhookEndpoint) -> str:
        url = reverse("admin:pos_bridge_webhookmessage_changelist")
        return format_html(
            '<a class="text-primary-600 underline" href="{}?endpoint__id__exact={}">What it was told</a>',
            url,
            endpoint.pk,
        )

    @admin.action(description="Send a test", permissions=["change"])
    def ping(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        for endpoint in queryset:
            with transaction.atomic():
                outgoing.ping(endpoint=endpoint, now=timezone.now())
                self._note(request, "endpoint.pinged", endpoint)
            messages.success(
                request, f"A test goes to {endpoint} within seconds; the log says how it went."
            )

    @admin.action(description="Switch on again what has stopped", permissions=["change"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        self._do_each(
            request, queryset, outgoing.switch_on, "endpoint.switched_on",
            said="is sent to again, beginning with what has waited.",
        )  # fmt: skip

    @admin.action(description="Rotate the secret: make a second one", permissions=["change"])
    def rotate(
        self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]
    ) -> HttpResponseBase | None:
        chosen = self._only_one(request, queryset)
        if chosen is None:
            return None
        try:
            secret = outgoing.rotate(endpoint=chosen)
        except OldSecretStillThere as refusal:
            messages.error(request, str(refusal))
            return None
        self._note(request, "endpoint.rotated", chosen)
        return self._show_once(request, chosen, secret=secret)

    @admin.action(description="Retire the old secret", permissions=["change"])
    def retire(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        self._do_each(
            request, queryset, outgoing.retire_old, "endpoint.old_secret_retired",
            said="is signed for with the newest secret alone from now on.",
        )  # fmt: skip

    @admin.action(description="Issue a new token (ends the one before)", permissions=["change"])
    def issue_token(
        self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]
    ) -> HttpResponseBase | None:
        chosen = self._only_one(request, queryset)
        if chosen is None:
            return None
        token = outgoing.new_token(endpoint=chosen)
        self._note(request, "endpoint.token_issued", chosen)
        return self._show_once(request, chosen, token=token)

    def _only_one(
        self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]
    ) -> WebhookEndpoint | None:
        chosen = list(queryset[:2])
        if len(chosen) == 1:
            return chosen[0]
        messages.error(request, "Choose exactly one endpoint: what is made is shown once.")
        return None

    def _do_each(
        self,
        request: HttpRequest,
        queryset: QuerySet[WebhookEndpoint],
        act: Callable[..., None],
        action: str,
        *,
        said: str,
    ) -> None:
        for endpoint in queryset:
            try:
                act(endpoint=endpoint)
            except (NoOldSecret, outgoing.NotDisabled) as refusal:
                messages.error(request, str(refusal))
            else:
                self._note(request, action, endpoint)
                messages.success(request, f"{endpoint} {said}")

    def _show_once(
        self, request: HttpRequest, endpoint: WebhookEndpoint, *, secret: str = "", token: str = ""
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"{endpoint}: copy this now",
            "secret": secret,
            "token": token,
            "has_old": bool(secret) and not token,
        }
        response = render(request, "pos_bridge/endpoint_shown_once.html", context)
        add_never_cache_headers(response)
        return response

    def _note(
        self, request: HttpRequest, action: str, endpoint: WebhookEndpoint, **detail: Any
    ) -> None:
        audit.record(
            action=action, subject=endpoint, actor=user_of(request), detail=detail, now=timezone.now()
        )  # fmt: skip


class AttemptInline(FactsInline):
    model = WebhookAttempt
    fields = ["at", "status", "duration_ms", "error", "excerpt"]
    readonly_fields = fields
    ordering = ["-id"]
    seen_by = OWNER


@admin.register(WebhookMessage)
class WebhookMessageAdmin(HouseAdmin[WebhookMessage]):
    seen_by = OWNER
    list_display = ["seq", "endpoint", "type", "happened", "state", "attempts", "last_answer", "next_try"]  # fmt: skip
    list_filter = ["state", "endpoint", "type"]
    ordering = ["-id"]
    list_select_related = ["endpoint"]
    actions = ["replay"]
    inlines = [AttemptInline]
    fields = [
        "endpoint", "seq", "key", "type", "said", "occurred_at", "state", "attempts", "delivered_at", "next_try",
    ]  # fmt: skip
    readonly_fields = ["key", "said", "next_try"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookMessage]:
        return super().get_queryset(request).prefetch_related("calls")

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @admin.display(description="Webhook-id")
    def key(self, message: WebhookMessage) -> str:
        return message.key

    @admin.display(description="What it says")
    def said(self, message: WebhookMessage) -> str:
        text = json.dumps(outgoing.said(message), indent=2, ensure_ascii=False)
        return format_html("<pre>{}</pre>", text)

    @admin.display(description="Happened", ordering="occurred_at")
    def happened(self, message: WebhookMessage) -> str:
        return _told(message.occurred_at)

    @admin.display(description="Last answer")
    def last_answer(self, message: WebhookMessage) -> str:
        calls = sorted(message.calls.all(), key=lambda call: call.pk)
        if not calls:
            return "–"
        return str(calls[-1].status) if calls[-1].status else calls[-1].error

    @admin.display(description="Next try")
    def next_try(self, message: WebhookMessage) -> str:
        if message.state != WebhookMessage.State.WAITING:
            return "–"
        endpoint = message.endpoint
        if not endpoint.is_active or endpoint.disabled_at is not None:
            return "once it is on again"
        later = max(message.next_attempt_at, endpoint.paused_until or message.next_attempt_at)
        return _told(later) if later > timezone.now() else "now"

    @admin.action(description="Send again", permissions=["replay"])
    def replay(
        self, request: HttpRequest, queryset: QuerySet[WebhookMessage]
    ) -> HttpResponse | None:
        """Asks why first: the page's own form posts here again, with the reason."""
        ids = list(queryset.order_by("pk").values_list("pk", flat=True)[: outgoing.MOST_AT_ONCE + 1])  # fmt: skip
        if "why" not in request.POST:
            context = {
                **self.admin_site.each_context(request),
                "title": "Send again",
                "ids": ids,
                "most": outgoing.MOST_AT_ONCE,
            }
            return render(request, "pos_bridge/webhooks_again.html", context)
        try:
            count = outgoing.replay(
                ids=ids, by=user_of(request), why=request.POST["why"], now=timezone.now()
            )
        except (outgoing.TooMany, outgoing.NoReason) as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"{count} go out again within seconds, under their old ids.")
        return None


def _told(at: Any) -> str:
    return f"{timezone.localtime(at):%-d %b %H:%M}"
