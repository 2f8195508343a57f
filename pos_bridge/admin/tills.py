"""The tills in the back office: ways in, what came, what is unclear, and what came back."""

import json
from copy import deepcopy
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.html import format_html

from jeweler import audit, sales
from jeweler.access import find_member, stores_of
from jeweler.backoffice import MANAGERS, SELLERS, HouseAdmin, has_role, user_of
from jeweler.models import SaleEvidence, Store
from pos_bridge import devices, inbound, inventory
from pos_bridge.models import InboxEvent, ReturnedStone, TillDevice


class ReasonFilter(SimpleListFilter):
    title = "reason"
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        reasons = InboxEvent.objects.exclude(reason="").order_by("reason")
        found = reasons.values_list("reason", flat=True).distinct()
        return [(reason, reason.replace("_", " ")) for reason in found]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[InboxEvent]
    ) -> QuerySet[InboxEvent]:
        return queryset.filter(reason=self.value()) if self.value() else queryset


class StoreFilter(SimpleListFilter):
    """The connection's store, or the one that the event names."""

    title = "store"
    parameter_name = "store"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        member = find_member(request)
        stores = stores_of(member) if member else Store.objects.all()
        return [(store.code, store.name) for store in stores.order_by("name")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[InboxEvent]
    ) -> QuerySet[InboxEvent]:
        if not self.value():
            return queryset
        return queryset.filter(
            Q(connection__store__code=self.value()) | Q(body__store=self.value())
        )


@admin.register(InboxEvent)
class InboxEventAdmin(HouseAdmin[InboxEvent]):
    seen_by = MANAGERS
    list_display = [
        "received_at", "type", "connection", "sale_external_id", "state", "reason", "attempts",
    ]  # fmt: skip
    list_filter = ["state", ReasonFilter, StoreFilter, "connection"]
    search_fields = ["sale_external_id__exact", "delivery_key__exact"]
    search_help_text = "The sale's whole id, or the delivery's"
    ordering = ["-id"]
    list_select_related = ["connection"]
    actions = ["replay"]
    fields = [
        "received_at", "connection", "delivery_key", "type", "sale_external_id", "state", "reason",
        "waits_for", "attempts", "next_attempt_at", "finished_at", "last_error", "said",
    ]  # fmt: skip
    readonly_fields = ["said"]

    def in_stores(
        self, rows: QuerySet[InboxEvent], *, stores: QuerySet[Store], request: HttpRequest
    ) -> QuerySet[InboxEvent]:
        codes = list(stores.values_list("code", flat=True))
        of_till = Q(connection__store__in=stores)
        return rows.filter(of_till | Q(connection__store=None, body__store__in=codes))

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @admin.display(description="What it said")
    def said(self, event: InboxEvent) -> str:
        """Without card data, which was never kept, and without who it is about."""
        body = deepcopy(event.body)
        if isinstance(body, dict) and isinstance(body.get("customer"), dict):
            body["customer"] = {name: "…" for name, value in body["customer"].items() if value}
        text = json.dumps(body, indent=2, ensure_ascii=False)
        return format_html("<pre>{}</pre>", text)

    @admin.action(description="Try again", permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[InboxEvent]) -> None:
        now, replayed = timezone.now(), 0
        for event in queryset:
            try:
                inbound.replay(event=event, by=user_of(request), now=now)
            except inbound.CannotBeReplayed as refusal:
                messages.warning(request, f"{refusal}.")
            else:
                replayed += 1
        if replayed:
            messages.success(request, f"{replayed} will be tried again within seconds.")


@admin.register(SaleEvidence)
class UnclearSaleAdmin(HouseAdmin[SaleEvidence]):
    """Sales that several people may have made, with what speaks for each of them."""

    seen_by = MANAGERS
    list_display = ["sale", "placed_at", "customer", "kind", "grade", "found_at"]
    ordering = ["-sale__placed_at", "sale", "grade"]
    list_select_related = ["sale", "customer"]
    actions = ["assign"]
    fields = ["sale", "customer", "kind", "value", "grade", "found_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[SaleEvidence]:
        return super().get_queryset(request).filter(sale__customer=None)

    def in_stores(
        self, rows: QuerySet[SaleEvidence], *, stores: QuerySet[Store], request: HttpRequest
    ) -> QuerySet[SaleEvidence]:
        return rows.filter(sale__store__in=stores)

    def has_assign_permission(self, request: HttpRequest) -> bool:
        return has_role(request, MANAGERS)

    @admin.display(description="Placed", ordering="sale__placed_at")
    def placed_at(self, evidence: SaleEvidence) -> Any:
        return evidence.sale.placed_at

    @admin.action(description="The sale is this customer's", permissions=["assign"])
    def assign(self, request: HttpRequest, queryset: QuerySet[SaleEvidence]) -> None:
        chosen = list(queryset.select_related("sale__store", "customer"))
        if len({evidence.sale_id for evidence in chosen}) != len(chosen):
            messages.error(request, "Choose one customer for each sale.")
            return
        now = timezone.now()
        for evidence in chosen:
            with transaction.atomic():
                sales.assign(sale=evidence.sale, customer=evidence.customer, evidence=[], now=now)
                audit.record(
                    action="sale.assigned",
                    subject=evidence.sale,
                    actor=user_of(request),
                    store=evidence.sale.store,
                    detail={"customer": evidence.customer_id},
                    now=now,
                )
        messages.success(request, f"{len(chosen)} given to whom you chose.")


@admin.register(ReturnedStone)
class ReturnedStoneAdmin(HouseAdmin[ReturnedStone]):
    seen_by = SELLERS
    list_display = ["stone", "sale", "reason", "returned_at", "checked_at"]
    list_filter = ["reason", ("checked_at", admin.EmptyFieldListFilter)]
    ordering = ["-returned_at"]
    list_select_related = ["stone", "sale"]
    actions = ["offer_again"]
    fields = ["stone", "sale", "reason", "returned_at", "checked_at", "checked_by"]

    def in_stores(
        self, rows: QuerySet[ReturnedStone], *, stores: QuerySet[Store], request: HttpRequest
    ) -> QuerySet[ReturnedStone]:
        return rows.filter(sale__store__in=stores)

    def has_offer_permission(self, request: HttpRequest) -> bool:
        return has_role(request, MANAGERS)

    @admin.action(description="Looked at: offer it again", permissions=["offer"])
    def offer_again(self, request: HttpRequest, queryset: QuerySet[ReturnedStone]) -> None:
        for returned in queryset:
            try:
                inventory.offer_again(returned=returned, by=user_of(request), now=timezone.now())
            except (inventory.AlreadyChecked, inventory.StoneNotSold) as refusal:
                messages.error(request, f"{refusal}.")
            else:
                messages.success(request, f"{returned.stone} is offered again.")


class EnrollForm(ModelForm):  # type: ignore[type-arg]  # is not generic at run time
    """Two tills of a store with one name could not be told apart when one is lost."""

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        store = self.cleaned_data.get("store")
        if store and TillDevice.objects.filter(store=store, name=name, revoked_at=None).exists():
            raise ValidationError(str(devices.NameTaken(name=name, store=store)))
        return name


@admin.register(TillDevice)
class TillDeviceAdmin(HouseAdmin[TillDevice]):
    """A store's manager enrolls its tills; the key is shown once, on the page that answers it."""

    seen_by = changed_by = MANAGERS
    can_be_added = True
    form = EnrollForm
    list_display = ["name", "store", "last_used_at", "token_ends_at", "revoked_at"]
    list_filter = [("revoked_at", admin.EmptyFieldListFilter)]
    ordering = ["store__name", "name"]
    list_select_related = ["store"]
    actions = ["revoke"]
    fields = ["store", "name"]
    facts = ["enrolled_at", "enrolled_by", "last_used_at", "token_ends_at", "revoked_at"]

    def get_fields(self, request: HttpRequest, obj: TillDevice | None = None) -> list[str]:
        return self.fields if obj is None else [*self.fields, *self.facts]

    def get_readonly_fields(self, request: HttpRequest, obj: TillDevice | None = None) -> list[str]:
        return [] if obj is None else [*self.fields, *self.facts]

    def in_stores(
        self, rows: QuerySet[TillDevice], *, stores: QuerySet[Store], request: HttpRequest
    ) -> QuerySet[TillDevice]:
        return rows.filter(store__in=stores)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "store":
            member = find_member(request)
            kwargs["queryset"] = stores_of(member) if member else Store.objects.all()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: TillDevice, form: "ModelForm[TillDevice]", change: bool
    ) -> None:
        if change:
            return  # nothing of it can be changed; a lost one is revoked
        enrolled = devices.enroll(
            store=obj.store, name=obj.name, by=user_of(request), now=timezone.now()
        )
        obj.pk = enrolled.device.pk
        vars(obj)["key"] = enrolled.key  # for `response_add`, the next step of this request

    def response_add(
        self, request: HttpRequest, obj: TillDevice, post_url_continue: str | None = None
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"{obj}: copy this now",
            "key": vars(obj)["key"],
        }
        response = render(request, "pos_bridge/till_key.html", context)
        add_never_cache_headers(response)
        return response

    @admin.action(description="Revoke: it was lost, or is not used", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[TillDevice]) -> None:
        for device in queryset.select_related("store"):
            try:
                devices.revoke(device=device, by=user_of(request), now=timezone.now())
            except devices.AlreadyRevoked as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(request, f"{device} opens nothing any more.")
