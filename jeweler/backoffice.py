"""What every page of the admin stands on: who may see and change what, and the way around.

An admin class of any room extends `HouseAdmin` and names the roles that see and change its rows. A
superuser without a role keeps Django's own rights here, and sees no staff page; everybody else has
the rights of her role, in the stores that are hers (`in_stores`), and nothing beyond.
"""

from typing import Any, ClassVar, Generic, TypeVar

from django.contrib import admin
from django.contrib.auth.models import User
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.admin import ModelAdmin, TabularInline

from jeweler.access import Role, find_member, stores_of
from jeweler.models import StaffMember, Store

Row = TypeVar("Row", bound=models.Model)
Roles = frozenset[StaffMember.Role]

NOBODY: Roles = frozenset()
OWNER: Roles = frozenset({Role.OWNER})
MANAGERS: Roles = frozenset({Role.MANAGER, Role.OWNER})
SELLERS: Roles = frozenset({Role.ASSOCIATE, Role.MANAGER, Role.OWNER})
EVERYBODY: Roles = frozenset(Role)

# The rooms beside the admin's own tables, with who may open them.
ROOMS = [
    ("Counter", "/admin/counter/", "point_of_sale", SELLERS),
    ("Visits", "/admin/visits/", "event", SELLERS),
    ("Tills", "/admin/tills/inbox/", "sync_alt", MANAGERS),
    ("Friends", "/admin/friends/", "diversity_1", MANAGERS),
    ("Attribution", "/admin/attribution/", "insights", frozenset({Role.MARKETER}) | MANAGERS),
    (
        "What friends bring",
        "/admin/friends/figures/",
        "group",
        frozenset({Role.MARKETER, Role.OWNER}),
    ),
    ("Ring builder", "/admin/builder/funnel/", "filter_alt", frozenset({Role.MARKETER}) | MANAGERS),
]
GROUPS = [
    ("House", ("jeweler", "auth")),
    ("Designs and stones", ("builder",)),
    ("Visits", ("appointments",)),
    ("Friends", ("referrals",)),
    ("Attribution", ("attribution",)),
    ("Tills", ("pos_bridge",)),
]


class HouseAdmin(ModelAdmin, Generic[Row]):  # type: ignore[misc]  # unfold has no types
    """An admin of rows that some roles see and some change. Nothing is deleted, unless said."""

    seen_by: ClassVar[Roles] = OWNER
    changed_by: ClassVar[Roles] = NOBODY
    can_be_added: ClassVar[bool] = False
    can_be_deleted: ClassVar[bool] = False
    compressed_fields = True
    list_filter_submit = False
    show_full_result_count = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request, self.seen_by | self.changed_by)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.changed_by) and has_role(request, self.changed_by)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.can_be_added and self.has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.can_be_deleted and self.has_change_permission(request)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A filter that PostgreSQL could not even read (NUL) is dropped, as Django drops unknown ones."""
        if any("\0" in value for values in request.GET.lists() for value in values[1]):
            return HttpResponseRedirect(f"{request.path}?e=1")
        listed: HttpResponse = super().changelist_view(request, extra_context)
        return listed

    def get_queryset(self, request: HttpRequest) -> QuerySet[Row]:
        """Rows that are not hers do not exist for her: lists, pages and actions all ask here."""
        rows: QuerySet[Row] = super().get_queryset(request)
        member = find_member(request)
        if member is None:
            return rows if is_plain_superuser(request) else rows.none()
        if member.sees_all_stores:
            return rows
        return self.in_stores(rows, stores=stores_of(member), request=request)

    def in_stores(
        self, rows: QuerySet[Row], *, stores: QuerySet[Store], request: HttpRequest
    ) -> QuerySet[Row]:
        """The rows that belong to these stores. Says nothing of stores: every row."""
        return rows


class FactsInline(TabularInline):  # type: ignore[misc]  # unfold has no types
    """Rows shown beneath another row, and never changed there."""

    extra = 0
    can_delete = False
    show_change_link = False
    hide_title = True
    tab = False
    seen_by: ClassVar[Roles] = EVERYBODY

    @classmethod
    def can_be_seen(cls, request: HttpRequest) -> bool:
        return has_role(request, cls.seen_by)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.can_be_seen(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def is_plain_superuser(request: HttpRequest) -> bool:
    """A log-in for the machine room: a superuser who is no member of the staff."""
    user = request.user
    return bool(user.is_active and user.is_superuser) and find_member(request) is None


def has_role(request: HttpRequest, roles: Roles) -> bool:
    member = find_member(request)
    return is_plain_superuser(request) if member is None else member.role in roles


def user_of(request: HttpRequest) -> User:
    """Whose log-in it is; the admin lets in nobody without one."""
    assert isinstance(request.user, User)
    return request.user


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar: the rooms of her role, and the tables that she may see."""
    member = find_member(request)
    rooms = [
        {"title": title, "link": link, "icon": icon}
        for title, link, icon, roles in ROOMS
        if member is not None and member.role in roles
    ]
    groups: list[dict[str, Any]] = [{"title": "", "items": rooms}] if rooms else []
    for title, labels in GROUPS:
        items = [item for label in labels for item in _tables(label, request)]
        if items:
            groups.append({"title": title, "separator": True, "items": items})
    return groups


def _tables(app_label: str, request: HttpRequest) -> list[dict[str, Any]]:
    return [
        {
            "title": str(model._meta.verbose_name_plural).capitalize(),
            "link": reverse(f"admin:{app_label}_{model._meta.model_name}_changelist"),
        }
        for model, model_admin in admin.site._registry.items()
        if model._meta.app_label == app_label and model_admin.has_view_permission(request)
    ]
