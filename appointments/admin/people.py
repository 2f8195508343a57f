"""Who receives visitors: what she does, when she works where, and the calendars that go with her."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from appointments import calendar_feed
from appointments.admin.guard import GuardedAdmin
from appointments.models import Associate, Shift, ShiftChange
from jeweler import audit
from jeweler.access import find_member, stores_of
from jeweler.backoffice import EVERYBODY, MANAGERS, has_role, user_of
from jeweler.models import StaffMember, Store


class WorkInline(TabularInline):  # type: ignore[misc]  # unfold has no types
    """When she works. A manager writes down what concerns her own stores, and reads the rest."""

    extra = 0
    tab = False
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("store")  # type: ignore[no-any-return]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        member = find_member(request)
        if db_field.related_model is Store and member is not None and not member.sees_all_stores:
            # Where she works elsewhere stays a choice, so that the row can be sent back as it is.
            elsewhere = Store.objects.filter(shifts__isnull=False)
            kwargs["queryset"] = (stores_of(member) | elsewhere).distinct()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request, EVERYBODY)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request, MANAGERS)

    has_add_permission = has_delete_permission = has_change_permission


class ShiftInline(WorkInline):
    model = Shift
    verbose_name_plural = "Her week"


class ShiftChangeInline(WorkInline):
    model = ShiftChange
    verbose_name_plural = "Single days, in place of her week. Without a store she is away"


@admin.register(Associate)
class AssociateAdmin(GuardedAdmin[Associate]):
    seen_by = EVERYBODY
    changed_by = MANAGERS
    can_be_added = True
    list_display = ["name", "staff", "is_bookable", "has_calendar", "outside"]
    list_select_related = ["staff__user"]
    list_filter = ["is_bookable", "services"]
    search_fields = ["name"]
    inlines = [ShiftInline, ShiftChangeInline]
    actions = ["issue_calendar", "end_calendar"]
    readonly_fields = ["has_calendar", "outside"]

    def in_stores(
        self, rows: QuerySet[Associate], *, stores: QuerySet[Store], request: HttpRequest
    ) -> QuerySet[Associate]:
        return rows.filter(staff__stores__in=stores).distinct()

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "languages":
            kwargs["widget"] = UnfoldAdminTextInputWidget()
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["widget"] = UnfoldAdminCheckboxSelectMultipleWidget()
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        member = find_member(request)
        if db_field.name == "staff" and member is not None and not member.sees_all_stores:
            colleagues = StaffMember.objects.filter(stores__in=stores_of(member))
            kwargs["queryset"] = colleagues.select_related("user").distinct()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description="Calendar address", boolean=True)
    def has_calendar(self, associate: Associate) -> bool:
        return bool(associate.feed_token_hash)

    @admin.display(description="Outside calendar")
    def outside(self, associate: Associate) -> str:
        if not associate.outside_calendar_url:
            return "–"
        if associate.outside_error:
            return f"not read: {associate.outside_error}"
        polled_at = associate.outside_polled_at
        return f"read {timezone.localtime(polled_at):%-d %b %H:%M}" if polled_at else "to be read"

    @admin.action(description="Issue a calendar address (ends the one before)", permissions=["change"])  # fmt: skip
    def issue_calendar(
        self, request: HttpRequest, queryset: QuerySet[Associate]
    ) -> HttpResponseBase | None:
        chosen = queryset.first()
        if chosen is None or queryset.count() != 1:
            messages.error(request, "Choose exactly one associate: an address is shown once.")
            return None
        token = calendar_feed.issue(associate=chosen)
        self._note(request, "calendar.issued", chosen)
        address = request.build_absolute_uri(reverse("floor:calendar", args=[token]))
        context = {
            **self.admin_site.each_context(request),
            "title": f"{chosen}: copy this now",
            "address": address,
        }
        response: HttpResponse = render(request, "appointments/staff/shown_once.html", context)
        add_never_cache_headers(response)
        return response

    @admin.action(description="End the calendar address", permissions=["change"])
    def end_calendar(self, request: HttpRequest, queryset: QuerySet[Associate]) -> None:
        for associate in queryset:
            if calendar_feed.revoke(associate=associate):
                self._note(request, "calendar.ended", associate)
        messages.success(request, "Their addresses open nothing any more.")

    def _note(self, request: HttpRequest, action: str, associate: Associate) -> None:
        audit.record(action=action, subject=associate, actor=user_of(request), now=timezone.now())
