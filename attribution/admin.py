"""The back office's pages for touches, conversions and ad spend: facts, to be looked at."""

from django.contrib import admin

from attribution.models import AdSpend, Conversion, Credit, Touchpoint
from jeweler.access import Role
from jeweler.backoffice import FactsInline, HouseAdmin

MARKETING = frozenset({Role.MARKETER, Role.OWNER})


@admin.register(Touchpoint)
class TouchpointAdmin(HouseAdmin[Touchpoint]):
    seen_by = MARKETING
    list_display = ["occurred_at", "channel", "source", "medium", "campaign", "term"]
    list_filter = ["channel", "is_opted_out"]
    search_fields = ["source", "campaign", "term"]
    date_hierarchy = "occurred_at"
    ordering = ["-occurred_at"]


class CreditInline(FactsInline):
    model = Credit
    seen_by = MARKETING
    fields = ["model", "touchpoint", "refund", "amount", "local_date"]


@admin.register(Conversion)
class ConversionAdmin(HouseAdmin[Conversion]):
    seen_by = MARKETING
    list_display = ["key", "kind", "occurred_at", "store", "design_code", "value", "currency"]
    list_filter = ["kind", "store"]
    search_fields = ["key", "design_code"]
    ordering = ["-occurred_at"]
    list_select_related = ["store"]
    inlines = [CreditInline]


@admin.register(AdSpend)
class AdSpendAdmin(HouseAdmin[AdSpend]):
    seen_by = MARKETING
    list_display = ["date", "channel", "source", "campaign", "term", "clicks", "amount", "currency"]
    list_filter = ["channel", "source"]
    search_fields = ["campaign", "term"]
    date_hierarchy = "date"
    ordering = ["-date", "campaign", "term"]
