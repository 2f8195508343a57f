"""Visits and the promises of stones as tables to look things up in; what changes them is the store's day."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from appointments.admin.hours import StoreFilter
from appointments.models import Appointment, PieceHold
from jeweler.backoffice import SELLERS, HouseAdmin
from jeweler.models import Store


@admin.register(Appointment)
class AppointmentAdmin(HouseAdmin[Appointment]):
    seen_by = SELLERS
    list_display = ["starts_at", "store", "customer", "service", "associate", "status", "outcome"]
    list_filter = ["status", StoreFilter, "service", "source"]
    list_select_related = ["store", "customer", "service", "associate"]
    ordering = ["-starts_at"]
    fields = [
        "store", "service", "associate", "customer", "status", "source", "starts_at", "ends_at",
        "booked_at", "sequence", "flag", "outcome", "lost_reason", "lookbook_opened_at",
    ]  # fmt: skip

    def in_stores(
        self, rows: QuerySet[Appointment], *, stores: QuerySet[Store], request: HttpRequest
    ) -> QuerySet[Appointment]:
        return rows.filter(store__in=stores)


@admin.register(PieceHold)
class PieceHoldAdmin(HouseAdmin[PieceHold]):
    """The ledger of what was promised, kept, let go and broken."""

    seen_by = SELLERS
    list_display = ["stone", "store", "during", "state", "sent_at", "brought_at", "why"]
    list_filter = ["state", StoreFilter]
    list_select_related = ["stone", "store"]
    search_fields = ["stone__report_number__exact"]
    ordering = ["-id"]
    fields = [
        "stone", "store", "appointment", "during", "occupied", "state", "created_at", "ended_at",
        "sent_at", "brought_at", "replaced_by", "why",
    ]  # fmt: skip

    def in_stores(
        self, rows: QuerySet[PieceHold], *, stores: QuerySet[Store], request: HttpRequest
    ) -> QuerySet[PieceHold]:
        return rows.filter(store__in=stores)
