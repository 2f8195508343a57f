"""When showrooms are open, how many rooms they have, how long stones travel to them, and what can be had there."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from appointments.admin.guard import GuardedAdmin
from appointments.models import OpeningHours, Service, Showroom, SpecialHours, TransferTime
from jeweler.access import find_member, stores_of
from jeweler.backoffice import EVERYBODY, MANAGERS, OWNER, HouseAdmin
from jeweler.models import Store


class StoreFilter(SimpleListFilter):
    """Of the stores that are hers."""

    title = "store"
    parameter_name = "store"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        member = find_member(request)
        stores = stores_of(member) if member else Store.objects.all()
        return [(store.code, store.name) for store in stores.order_by("name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(store__code=self.value()) if self.value() else queryset


class OfStores:
    """Rows of a store: of hers alone, in lists and in what she may choose."""

    def in_stores(
        self, rows: QuerySet[Any], *, stores: QuerySet[Store], request: HttpRequest
    ) -> QuerySet[Any]:
        return rows.filter(store__in=stores)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        member = find_member(request)
        if db_field.related_model is Store and member is not None:
            kwargs["queryset"] = stores_of(member)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]


@admin.register(Showroom)
class ShowroomAdmin(OfStores, GuardedAdmin[Showroom]):
    seen_by = EVERYBODY
    changed_by = MANAGERS
    can_be_added = True
    list_display = ["store", "rooms", "handling_minutes", "transfer_minutes"]
    list_select_related = ["store"]
    ordering = ["store__name"]


@admin.register(OpeningHours)
class OpeningHoursAdmin(OfStores, GuardedAdmin[OpeningHours]):
    seen_by = EVERYBODY
    changed_by = MANAGERS
    can_be_added = can_be_deleted = True
    list_display = ["store", "weekday", "opens", "closes"]
    list_filter = [StoreFilter, "weekday"]
    list_select_related = ["store"]


@admin.register(SpecialHours)
class SpecialHoursAdmin(OfStores, GuardedAdmin[SpecialHours]):
    """Closures, holidays, late nights. What holds for every store is the owner's to change."""

    seen_by = EVERYBODY
    changed_by = MANAGERS
    can_be_added = can_be_deleted = True
    list_display = ["day", "store_or_all", "opens", "closes", "reason"]
    list_filter = [StoreFilter]
    list_select_related = ["store"]
    ordering = ["-day", "opens"]

    def in_stores(
        self, rows: QuerySet[Any], *, stores: QuerySet[Store], request: HttpRequest
    ) -> QuerySet[Any]:
        return rows.filter(Q(store__in=stores) | Q(store=None))

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, **kwargs)
        if "store" in form.base_fields and not _is_of_house(request):
            form.base_fields["store"].required = True
        return form

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_hers = obj is None or obj.store_id is not None or _is_of_house(request)
        return is_hers and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    @admin.display(description="Store", ordering="store__name")
    def store_or_all(self, hours: SpecialHours) -> str:
        return hours.store.name if hours.store else "Every store"


@admin.register(TransferTime)
class TransferTimeAdmin(HouseAdmin[TransferTime]):
    """Promises already made keep the way they were made with until they are settled anew."""

    seen_by = EVERYBODY
    changed_by = OWNER
    can_be_added = can_be_deleted = True
    list_display = ["from_store", "to_store", "minutes"]
    list_select_related = ["from_store", "to_store"]
    ordering = ["from_store__name", "to_store__name"]


@admin.register(Service)
class ServiceAdmin(GuardedAdmin[Service]):
    """Another length holds for what is booked from then on; visits that are booked keep theirs, or are named where a store is taken away."""

    seen_by = EVERYBODY
    changed_by = OWNER
    can_be_added = True
    list_display = ["name", "place", "minutes", "after_minutes", "lead_minutes", "is_offered"]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["widget"] = UnfoldAdminCheckboxSelectMultipleWidget()
        return super().formfield_for_manytomany(db_field, request, **kwargs)


def _is_of_house(request: HttpRequest) -> bool:
    """Whether she speaks for every store."""
    member = find_member(request)
    return member is None or member.sees_all_stores
