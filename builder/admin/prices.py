"""What metals and small stones cost. A price of a metal is added and never changed; what lacks a price is said above the lists."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from builder import pricebook
from builder.admin import amounts
from builder.book import gaps
from builder.models import MeleePrice, MetalPrice
from jeweler.backoffice import EVERYBODY, OWNER, HouseAdmin, Row


class PriceAdmin(HouseAdmin[Row]):
    """Prices that rings are made from. Each list begins with what of the catalog lacks one."""

    seen_by = EVERYBODY
    changed_by = OWNER
    can_be_added = True

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method == "GET":
            for gap in gaps(pricebook.fresh(), now=timezone.now()):
                messages.warning(request, gap)
        return super().changelist_view(request, extra_context)


class MetalPriceForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs alone
    class Meta:
        model = MetalPrice
        fields = ["metal", "price_per_gram", "since_at"]

    since_at = forms.SplitDateTimeField(
        required=False,
        help_text="Empty: from now on. A moment ahead: it takes effect then, by itself",
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        amounts.refuse(self, positive=("price_per_gram",))
        return cleaned

    def clean_since_at(self) -> datetime:
        now = timezone.now()
        since_at: datetime = self.cleaned_data["since_at"] or now
        if since_at < now:
            raise forms.ValidationError(
                "What was quoted stays as it was: leave it empty for now, or choose a moment ahead."
            )
        return since_at


@admin.register(MetalPrice)
class MetalPriceAdmin(PriceAdmin[MetalPrice]):
    form = MetalPriceForm
    list_display = ["metal", "price_per_gram", "since_at", "holds"]
    list_filter = ["metal"]
    list_select_related = ["metal"]
    ordering = ["metal__position", "-since_at"]

    def has_change_permission(self, request: HttpRequest, obj: MetalPrice | None = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    @admin.display(description="")
    def holds(self, price: MetalPrice) -> str:
        now = timezone.now()
        if price.since_at > now:
            return "ahead"
        metal = pricebook.current().metals.get(price.metal_id)
        present = metal.price_at(now) if metal else None
        return "now" if present and present.since_at == price.since_at else ""


class MeleePriceForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs alone
    class Meta:
        model = MeleePrice
        fields = ["from_mm", "below_mm", "stone_price", "setting_fee"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        amounts.refuse(self, not_negative=("from_mm", "stone_price", "setting_fee"))
        low, high = cleaned.get("from_mm"), cleaned.get("below_mm")
        if low is None or high is None:
            return cleaned
        if low >= high:
            self.add_error("below_mm", f"It must be more than {low} mm.")
            return cleaned
        others = MeleePrice.objects.exclude(pk=self.instance.pk)
        if met := others.filter(from_mm__lt=high, below_mm__gt=low).first():
            self.add_error("from_mm", f"{met} has a price already; the two would overlap.")
        elif lost := pricebook.lost(self.instance, from_mm=low, below_mm=high):
            self.add_error("below_mm", f"Then {', '.join(lost)} would have no price.")
        return cleaned


@admin.register(MeleePrice)
class MeleePriceAdmin(PriceAdmin[MeleePrice]):
    form = MeleePriceForm
    list_display = ["from_mm", "below_mm", "stone_price", "setting_fee"]
    ordering = ["from_mm"]
