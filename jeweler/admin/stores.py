"""Showrooms, the people who work there, and what was written down about it."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from jeweler import visitors
from jeweler.backoffice import (
    EVERYBODY,
    MANAGERS,
    OWNER,
    HouseAdmin,
    is_plain_superuser,
)
from jeweler.models import AuditEntry, StaffMember, Store, Visitor

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(Store)
class StoreAdmin(HouseAdmin[Store]):
    seen_by = EVERYBODY
    changed_by = OWNER
    can_be_added = True
    list_display = ["name", "code", "city", "time_zone", "currency", "is_open"]
    search_fields = ["name", "code", "city"]


@admin.register(StaffMember)
class StaffMemberAdmin(HouseAdmin[StaffMember]):
    seen_by = MANAGERS
    changed_by = OWNER
    can_be_added = True
    can_be_deleted = True
    list_display = ["user", "role", "stores_in_words", "sees_all_stores"]
    list_filter = ["role", "stores"]
    search_fields = ["user__username", "user__first_name", "user__last_name"]
    autocomplete_fields = ["user"]
    filter_horizontal = ["stores"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[StaffMember]:
        rows = super().get_queryset(request)
        return rows.select_related("user").prefetch_related("stores")

    def in_stores(
        self, rows: QuerySet[StaffMember], *, stores: QuerySet[Store], request: HttpRequest
    ) -> QuerySet[StaffMember]:
        return rows.filter(stores__in=stores).distinct()

    @admin.display(description="Stores")
    def stores_in_words(self, member: StaffMember) -> str:
        return ", ".join(store.name for store in member.stores.all()) or "–"


@admin.register(User)
class LogInAdmin(HouseAdmin[User], UserAdmin):  # type: ignore[type-arg]  # generic in the stubs alone
    """Log-ins. What one may see is the business of its staff member; an owner makes no superuser."""

    seen_by = OWNER
    changed_by = OWNER
    can_be_added = True
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "first_name", "last_name", "is_active", "last_login"]
    list_filter = ["is_active"]
    readonly_fields = ["last_login", "date_joined"]
    filter_horizontal = []
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Person", {"fields": ["first_name", "last_name", "email"]}),
        ("Log-in", {"fields": ["is_active", "is_staff", "last_login", "date_joined"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        rows = super().get_queryset(request)
        return rows if is_plain_superuser(request) else rows.filter(is_superuser=False)


@admin.register(Visitor)
class VisitorAdmin(HouseAdmin[Visitor]):
    """Browsers. A showroom's own tablet is marked here, from that tablet."""

    seen_by = MANAGERS
    changed_by = MANAGERS
    list_display = ["__str__", "device", "is_this_browser", "is_store_device", "last_seen_at"]
    list_filter = ["is_store_device", "device"]
    ordering = ["-last_seen_at"]
    fields = ["device", "is_store_device", "first_seen_at", "last_seen_at"]
    readonly_fields = ["device", "first_seen_at", "last_seen_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Visitor]:
        here = visitors.current(request)
        self._here = here.pk if here else None
        return super().get_queryset(request)

    @admin.display(description="This browser", boolean=True)
    def is_this_browser(self, visitor: Visitor) -> bool:
        return visitor.pk == self._here


@admin.register(AuditEntry)
class AuditEntryAdmin(HouseAdmin[AuditEntry]):
    seen_by = MANAGERS
    list_display = ["at", "actor", "store", "action", "subject"]
    list_filter = ["action", "store"]
    search_fields = ["subject__exact", "actor__username__exact"]
    ordering = ["-at", "-id"]
    list_select_related = ["actor", "store"]

    def in_stores(
        self, rows: QuerySet[AuditEntry], *, stores: QuerySet[Store], request: HttpRequest
    ) -> QuerySet[AuditEntry]:
        colleagues = Q(actor__staff_member__stores__in=stores, store=None)
        return rows.filter(Q(store__in=stores) | colleagues).distinct()
