"""The catalog and the designs in the back office. Stones, versions and look-ups are facts and only shown."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from unfold.admin import StackedInline

from builder import gemology, pricing
from builder.models import (
    Band,
    Design,
    DesignLookup,
    DesignVersion,
    Head,
    Metal,
    Setting,
    Stone,
    StoneLocation,
    StoneOffer,
)
from jeweler import audit, money
from jeweler.backoffice import (
    EVERYBODY,
    MANAGERS,
    OWNER,
    FactsInline,
    HouseAdmin,
    has_role,
    user_of,
)
from jeweler.models import Store


@admin.register(Metal)
class MetalAdmin(HouseAdmin[Metal]):
    seen_by = EVERYBODY
    changed_by = OWNER
    can_be_added = True
    list_display = ["name", "family", "density", "waste_pct", "position"]
    ordering = ["position"]


class SettingForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs alone
    """A wrong word here would break every fit and picture, so each is checked."""

    profile = forms.ChoiceField(
        choices=[("round", "Round"), ("flat", "Flat"), ("knife", "Knife edge")]
    )

    class Meta:
        model = Setting
        fields = "__all__"  # noqa: DJ007  everything about a setting is the owner's


class HeadForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs alone
    shapes = forms.MultipleChoiceField(
        choices=[(shape, shape) for shape in gemology.SHAPES],
        widget=forms.CheckboxSelectMultiple,
        help_text="Shapes it takes",
    )

    class Meta:
        model = Head
        fields = "__all__"  # noqa: DJ007  everything about a head is the owner's


class LocationForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs alone
    shape = forms.ChoiceField(choices=[(shape, shape) for shape in gemology.SHAPES])

    class Meta:
        model = StoneLocation
        fields = "__all__"  # noqa: DJ007  everything about a location is the owner's


class PartInline(StackedInline):  # type: ignore[misc]  # unfold has no types
    """A part of a setting, seen and changed by whoever sees and changes the setting."""

    extra = 0
    tab = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request, EVERYBODY)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request, OWNER)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request, OWNER)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request, OWNER)


class HeadInline(PartInline):
    model = Head
    form = HeadForm
    min_num = 1
    ordering = ["position"]


class LocationInline(PartInline):
    model = StoneLocation
    form = LocationForm
    ordering = ["number"]


@admin.register(Setting)
class SettingAdmin(HouseAdmin[Setting]):
    seen_by = EVERYBODY
    changed_by = OWNER
    can_be_added = True
    form = SettingForm
    list_display = ["name", "code", "style", "takes", "labor_price", "lead_days", "is_offered"]
    list_filter = ["style", "is_offered"]
    filter_horizontal = ["metals"]
    ordering = ["position", "name"]
    inlines = [HeadInline, LocationInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Setting]:
        return super().get_queryset(request).prefetch_related("heads")

    @admin.display(description="Takes")
    def takes(self, setting: Setting) -> str:
        return "; ".join(
            f"{head.min_width_mm} to {head.max_width_mm} mm: {', '.join(head.shapes)}"
            for head in setting.rules.heads
        )


@admin.register(Band)
class BandAdmin(HouseAdmin[Band]):
    seen_by = EVERYBODY
    changed_by = OWNER
    can_be_added = True
    list_display = ["name", "width_mm", "profile", "accent_kind", "labor_price"]
    ordering = ["position"]


class StoneOfferInline(FactsInline):
    model = StoneOffer
    seen_by = MANAGERS
    fields = readonly_fields = [
        "supplier", "stock_number", "cost", "price", "seen_at", "withdrawn_at",
    ]  # fmt: skip


@admin.register(Stone)
class StoneAdmin(HouseAdmin[Stone]):
    seen_by = EVERYBODY
    list_display = [
        "report", "shape", "carat", "color", "clarity", "growth", "price", "status", "store",
    ]  # fmt: skip
    list_filter = ["status", "shape", "growth", "store"]
    list_select_related = ["store"]
    search_fields = ["=report_number"]
    search_help_text = "The whole report number"
    readonly_fields = ["report_url"]
    ordering = ["-id"]
    inlines = [StoneOfferInline]

    @admin.display(description="Report")
    def report(self, stone: Stone) -> str:
        return f"{stone.lab} {stone.report_number}"


class DesignVersionInline(FactsInline):
    model = DesignVersion
    fields = readonly_fields = [
        "number", "setting", "metal", "stone", "ring_size", "engraving", "price",
        "price_until_date", "saved_at",
    ]  # fmt: skip


@admin.register(Design)
class DesignAdmin(HouseAdmin[Design]):
    """For a manager's questions; associates open designs at the counter, where it counts as a look-up."""

    seen_by = MANAGERS
    list_display = ["code", "setting", "metal", "worth", "store", "saved_at", "updated_at"]
    list_filter = ["store", "setting"]
    list_select_related = ["setting", "metal", "store"]
    search_fields = ["=code"]
    search_help_text = "The whole design code"
    ordering = ["-updated_at"]
    inlines = [DesignVersionInline]
    exclude = ["visitor"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Design]:
        return super().get_queryset(request).prefetch_related("versions")

    def in_stores(
        self, rows: QuerySet[Design], *, stores: QuerySet[Store], request: HttpRequest
    ) -> QuerySet[Design]:
        return rows.filter(Q(store=None) | Q(store__in=stores))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        design = self.get_object(request, object_id)
        if design is not None and self.has_view_permission(request, design):
            audit.record(
                action="design.viewed", subject=design, actor=user_of(request), now=timezone.now()
            )
        response: HttpResponseBase = super().change_view(
            request, object_id, form_url, extra_context
        )
        return response

    @admin.display(description="Last saved at")
    def worth(self, design: Design) -> str:
        versions = sorted(design.versions.all(), key=lambda each: each.number)
        return money.in_words(versions[-1].price, currency=pricing.CURRENCY) if versions else "–"


@admin.register(DesignLookup)
class DesignLookupAdmin(HouseAdmin[DesignLookup]):
    seen_by = MANAGERS
    list_display = ["opened_at", "design", "store", "staff", "key"]
    list_filter = ["store", "key"]
    list_select_related = ["design", "store", "staff__user"]
    ordering = ["-opened_at"]

    def in_stores(
        self, rows: QuerySet[DesignLookup], *, stores: QuerySet[Store], request: HttpRequest
    ) -> QuerySet[DesignLookup]:
        return rows.filter(store__in=stores)
