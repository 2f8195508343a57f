"""The catalog and the designs in the back office. Stones, versions and look-ups are facts and only shown."""

import json
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from builder import codes, lookup, pricing, sheets, showroom, stills
from builder.admin import amounts
from builder.models import (
    Design,
    DesignLookup,
    DesignVersion,
    Metal,
    Stone,
    StoneOffer,
)
from jeweler import audit, customers, money
from jeweler.access import find_member, store_here
from jeweler.backoffice import (
    EVERYBODY,
    MANAGERS,
    OWNER,
    FactsInline,
    HouseAdmin,
    user_of,
)
from jeweler.models import StaffMember, Store


class MetalForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs alone
    class Meta:
        model = Metal
        fields = ["code", "name", "family", "density", "waste_pct", "position"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        amounts.refuse(self, positive=("density",), not_negative=("waste_pct",))
        return cleaned


@admin.register(Metal)
class MetalAdmin(HouseAdmin[Metal]):
    form = MetalForm
    seen_by = EVERYBODY
    changed_by = OWNER
    can_be_added = True
    list_display = ["name", "family", "density", "waste_pct", "position"]
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
        "number", "picture", "setting", "metal", "stone", "ring_size", "engraving", "price",
        "price_until_date", "priced_at", "made_from", "saved_at", "sheet",
    ]  # fmt: skip

    @admin.display(description="Picture")
    def picture(self, version: DesignVersion) -> SafeString | str:
        address = stills.picture_url(version.design, version.picture_hash, width=300)
        if not address:
            return "–"
        return format_html(
            '<img src="{}" width="160" height="120" alt="The ring of version {}">',
            address,
            version.number,
        )

    @admin.display(description="Workshop")
    def sheet(self, version: DesignVersion) -> SafeString | str:
        if version.setting_id is None:
            return "–"
        address = reverse("admin:builder_design_sheet", args=[version.design_id, version.number])
        return format_html('<a href="{}">Design sheet</a>', address)

    @admin.display(description="Made from")
    def made_from(self, version: DesignVersion) -> SafeString:
        """The inputs of its price (docs/algorithms/pricing.md)."""
        return format_html(
            "<details><summary>inputs</summary><pre>{}</pre></details>",
            json.dumps(version.price_inputs, indent=2),
        )


@admin.register(Design)
class DesignAdmin(HouseAdmin[Design]):
    """For a manager's questions, by a whole key alone; a design that was looked up counts as opened in her store.

    Associates look designs up at the counter.
    """

    seen_by = MANAGERS
    list_display = ["code", "setting", "metal", "worth", "store", "saved_at", "updated_at"]
    list_filter = ["store", "setting"]
    list_select_related = ["setting", "metal", "store"]
    search_fields = ["=code"]
    search_help_text = "A whole design code, e-mail address or phone number, or the link of a mail"
    ordering = ["-updated_at"]
    inlines = [DesignVersionInline]
    exclude = ["visitor"]
    change_form_outer_before_template = "admin/builder/design/facts.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Design]:
        return super().get_queryset(request).prefetch_related("versions")

    def in_stores(
        self, rows: QuerySet[Design], *, stores: QuerySet[Store], request: HttpRequest
    ) -> QuerySet[Design]:
        return rows.filter(Q(store=None) | Q(store__in=stores))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Design], search_term: str
    ) -> tuple[QuerySet[Design], bool]:
        """As at the counter: whole keys, noted, within the limits of an hour."""
        member, wanted = find_member(request), search_term.strip()
        if not wanted or member is None:
            code = Q(code=_code(wanted)) if wanted else Q()
            return queryset.filter(code), False
        try:
            found = lookup.find(text=wanted, member=member, now=timezone.now())
        except lookup.TooMany as limit:
            messages.error(request, _slow_down(limit))
        except (lookup.NothingToLookFor, customers.BadEmail, customers.BadPhone) as problem:
            messages.warning(request, str(problem))
        else:
            return queryset.filter(pk__in=[design.pk for design in found]), False
        return queryset.none(), False

    def get_urls(self) -> list[URLPattern]:
        usual: list[URLPattern] = super().get_urls()
        sheet = self.admin_site.admin_view(self.sheet)
        return [path("<int:pk>/sheet/<int:number>/", sheet, name="builder_design_sheet"), *usual]

    def sheet(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """The workshop's sheet of one version, for whoever may see the design; it is kept who took it."""
        design = self.get_object(request, str(pk))
        if design is None or not self.has_view_permission(request, design):
            raise Http404
        version = design.versions.filter(number=number).first()
        try:
            file = sheets.sheet(version) if version else None
        except sheets.NothingToMake:
            file = None
        if file is None:
            raise Http404
        audit.record(
            action="design.sheet", subject=design, actor=user_of(request), now=timezone.now()
        )
        name = f"{design.code}-{number}.pdf"
        return HttpResponse(
            file,
            content_type="application/pdf",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        design = self.get_object(request, object_id)
        context = dict(extra_context or {})
        if design is not None and self.has_view_permission(request, design):
            now, member = timezone.now(), find_member(request)
            store = store_here(request, member=member) if member else None
            audit.record(action="design.viewed", subject=design, actor=user_of(request), now=now)
            try:
                self._note_look_up(request, design, member=member, store=store, now=now)
            except lookup.TooMany as limit:
                messages.error(request, _slow_down(limit))
                return redirect("admin:builder_design_changelist")
            number = request.GET.get("version", "")
            context["facts"] = showroom.facts(design=design, number=number, store=store, now=now)
        response: HttpResponseBase = super().change_view(request, object_id, form_url, context)
        return response

    def _note_look_up(
        self,
        request: HttpRequest,
        design: Design,
        *,
        member: StaffMember | None,
        store: Store | None,
        now: datetime,
    ) -> None:
        """Opened out of a search by a whole key, it counts as looked up where the member is."""
        listed = parse_qs(request.GET.get("_changelist_filters", ""))
        wanted = listed.get("q", [""])[0]
        if member is None or not wanted:
            return
        try:
            key = lookup.key_of(wanted)
        except lookup.NothingToLookFor:
            return
        if store is None:
            messages.info(
                request,
                "This counts as no look-up while you are in no store: say at the counter where you are.",
            )
            return
        lookup.open_design(design=design, member=member, store=store, key=key, now=now)

    @admin.display(description="Last saved at")
    def worth(self, design: Design) -> str:
        versions = sorted(design.versions.all(), key=lambda each: each.number)
        price = versions[-1].price if versions else None
        return "–" if price is None else money.in_words(price, currency=pricing.CURRENCY)


def _code(text: str) -> str:
    try:
        return codes.read(text)
    except codes.NotACode:
        return ""


def _slow_down(limit: lookup.TooMany) -> str:
    again_at = timezone.localtime(limit.again_at)
    return f"That were {limit.limit} {limit.what} in one hour. The next is possible at {again_at:%H:%M}."


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
