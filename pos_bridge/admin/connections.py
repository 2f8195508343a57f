"""Ways in for tills in the back office: opened, named places, and given new secrets and tokens, which are never shown again."""

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminPasswordWidget

from jeweler import audit
from jeweler.backoffice import OWNER, HouseAdmin, has_role, user_of
from pos_bridge import connections
from pos_bridge.models import Connection, Place

# Whose secret the vendor issues; the others sign, or are told, with one of ours.
_ISSUED_BY_THE_VENDOR = {
    Connection.Provider.SHOPIFY,
    Connection.Provider.SQUARE,
    Connection.Provider.LIGHTSPEED,
    Connection.Provider.STRIPE,
}


class ConnectionForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs alone
    """What is typed as a secret is kept encrypted, and no page shows it again."""

    vendor_secret = forms.CharField(
        required=False,
        strip=True,
        max_length=500,
        label="The vendor's secret",
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="Shopify and Lightspeed: client secret. Square: signature key. Stripe: signing secret. Otherwise empty: we make "
        "one. A new one is good beside the old, until that is retired.",
    )
    api_url = forms.URLField(
        required=False, assume_scheme="https", label="API address", help_text="Where we ask"
    )
    new_api_token = forms.CharField(
        required=False,
        strip=True,
        max_length=2000,
        label="API token",
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="With it we ask for what did not come. Empty: stays as it is.",
    )

    class Meta:
        model = Connection
        fields = ["code", "provider", "store", "currency", "api_url", "is_active"]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        is_new = self.instance.pk is None
        if is_new and given.get("provider") in _ISSUED_BY_THE_VENDOR and not given["vendor_secret"]:
            raise ValidationError(
                {"vendor_secret": "This vendor signs with a secret of its own: copy it from there."}
            )
        if given.get("new_api_token") and not given.get("api_url"):
            raise ValidationError({"api_url": "An API token needs the API's address beside it."})
        if not is_new and given.get("vendor_secret") and len(self.instance.secrets) > 1:
            raise ValidationError(
                {"vendor_secret": str(connections.OldSecretStillThere(self.instance))}
            )
        return given


class PlaceInline(TabularInline):  # type: ignore[misc]  # unfold has no types
    """What the vendor calls each of our stores: a location, an outlet or a register."""

    model = Place
    extra = 1
    verbose_name_plural = "Places: the vendor's id of each of our stores"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request, OWNER)

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


@admin.register(Connection)
class ConnectionAdmin(HouseAdmin[Connection]):
    """Its address and secret are shown once, on the page that answers its making."""

    seen_by = changed_by = OWNER
    can_be_added = True
    form = ConnectionForm
    inlines = [PlaceInline]
    list_display = [
        "code",
        "provider",
        "store",
        "currency",
        "is_active",
        "last_came",
        "secret_count",
        "refusals",
    ]
    ordering = ["code"]
    list_select_related = ["store"]
    actions = ["rotate", "retire"]
    fields = [
        "code",
        "provider",
        "store",
        "currency",
        "is_active",
        "vendor_secret",
        "api_url",
        "new_api_token",
        "has_token",
        "secret_count",
        "last_came",
        "pulled_until",
        "refusals",
        "last_refusal_at",
    ]
    readonly_fields = [
        "has_token",
        "secret_count",
        "last_came",
        "pulled_until",
        "refusals",
        "last_refusal_at",
    ]

    def get_fields(self, request: HttpRequest, obj: Connection | None = None) -> list[str]:
        if obj is not None:
            return self.fields
        return [
            "code",
            "provider",
            "store",
            "currency",
            "vendor_secret",
            "api_url",
            "new_api_token",
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Connection | None = None) -> list[str]:
        """A code signs facts, a provider reads them and a currency judges them: none changes under them."""
        fixed = ["code", "provider", "currency"]
        return self.readonly_fields if obj is None else [*self.readonly_fields, *fixed]

    def get_inlines(
        self, request: HttpRequest, obj: Connection | None
    ) -> list[type[TabularInline]]:
        return [] if obj is None else self.inlines

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        return super().get_queryset(request).annotate(came_at=Max("inbox__received_at"))

    def save_model(
        self,
        request: HttpRequest,
        obj: Connection,
        form: "forms.ModelForm[Connection]",
        change: bool,
    ) -> None:
        secret = form.cleaned_data.get("vendor_secret", "")
        token = form.cleaned_data.get("new_api_token", "")
        if change:
            super().save_model(request, obj, form, change)
            self._note(request, "connection.changed", obj)
            if secret:
                connections.rotate(connection=obj, secret=secret)
                self._note(request, "connection.rotated", obj)
            if token:
                connections.keep_api_token(connection=obj, token=token)
                self._note(request, "connection.token_changed", obj)
            return
        opened = connections.open_connection(
            code=obj.code,
            provider=Connection.Provider(obj.provider),
            store=obj.store,
            currency=obj.currency,
            secret=secret,
            api_url=obj.api_url,
            api_token=token,
            now=timezone.now(),
        )
        obj.pk = opened.connection.pk
        vars(obj)["opened"] = opened  # for `response_add`, the next step of this request
        self._note(request, "connection.opened", obj)

    def response_add(
        self, request: HttpRequest, obj: Connection, post_url_continue: str | None = None
    ) -> HttpResponse:
        opened = vars(obj)["opened"]
        is_theirs = obj.provider in _ISSUED_BY_THE_VENDOR
        return self._show_once(
            request,
            obj,
            secret="" if is_theirs else opened.secret,
            address=f"{settings.SITE_URL}{opened.path}",
        )

    @admin.display(description="Last came", ordering="came_at")
    def last_came(self, connection: Connection) -> datetime | None:
        came_at: datetime | None = vars(connection).get("came_at")
        return came_at

    @admin.display(description="API token there", boolean=True)
    def has_token(self, connection: Connection) -> bool:
        return bool(connection.api_token)

    @admin.display(description="Secrets")
    def secret_count(self, connection: Connection) -> str:
        return {0: "none: accepts nothing", 1: "one"}.get(len(connection.secrets), "two: changing")

    @admin.action(description="Rotate the secret: make a second one", permissions=["change"])
    def rotate(
        self, request: HttpRequest, queryset: QuerySet[Connection]
    ) -> HttpResponseBase | None:
        chosen = queryset.first()
        if chosen is None or queryset.count() != 1:
            messages.error(request, "Choose exactly one connection to rotate.")
            return None
        if chosen.provider in _ISSUED_BY_THE_VENDOR:
            messages.error(
                request,
                f"{chosen} is signed by its vendor: type the vendor's new secret on its page.",
            )
            return None
        try:
            secret = connections.rotate(connection=chosen)
        except connections.OldSecretStillThere as refusal:
            messages.error(request, str(refusal))
            return None
        self._note(request, "connection.rotated", chosen)
        return self._show_once(request, chosen, secret=secret, address="")

    @admin.action(description="Retire the old secret", permissions=["change"])
    def retire(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        for connection in queryset:
            try:
                connections.retire_old(connection=connection)
            except connections.NoOldSecret as refusal:
                messages.error(request, str(refusal))
            else:
                self._note(request, "connection.old_secret_retired", connection)
                messages.success(request, f"From now on only {connection}'s newest secret is good.")

    def _show_once(
        self, request: HttpRequest, connection: Connection, *, secret: str, address: str
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"{connection}: copy this now",
            "connection": connection,
            "secret": secret,
            "address": address,
        }
        response = render(request, "pos_bridge/shown_once.html", context)
        add_never_cache_headers(response)
        return response

    def _note(self, request: HttpRequest, action: str, connection: Connection) -> None:
        audit.record(
            action=action,
            subject=connection,
            actor=user_of(request),
            store=connection.store,
            now=timezone.now(),
        )
