"""Suppliers in the back office: their spellings, columns and markup, and the door for their feeds."""

from decimal import Decimal
from itertools import combinations
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.forms import BaseInlineFormSet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.admin import TabularInline
from unfold.decorators import action

from builder import catalog, imports, suppliers
from builder.admin import amounts
from builder.admin.mapping import ColumnsForm, SampleForm
from builder.feeds import applying, generic
from builder.feeds.formats import FORMATS
from builder.feeds.source import UnreadableFile
from builder.models import FeedImport, MarkupRule, Supplier
from jeweler.backoffice import MANAGERS, OWNER, HouseAdmin, has_role, user_of

FORMAT_CHOICES = [(code, known.name) for code, known in FORMATS.items()]


class SupplierForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs alone
    class Meta:
        model = Supplier
        fields = "__all__"  # noqa: DJ007  everything about a supplier is the owner's

    feed_format = forms.ChoiceField(choices=FORMAT_CHOICES)

    def clean_markup(self) -> Decimal:
        markup: Decimal = self.cleaned_data["markup"]
        if markup <= 0:
            raise forms.ValidationError("The markup is more than 0; 1.4 asks 40 % over the cost.")
        return markup

    def clean_columns(self) -> dict[str, Any]:
        columns = self.cleaned_data["columns"] or {}
        if not isinstance(columns, dict):
            raise forms.ValidationError('Write an object such as {"price_per_carat": "Price"}.')
        try:
            generic.check(columns)
        except generic.UnknownField as error:
            raise forms.ValidationError(str(error)) from error
        return columns

    def clean_aliases(self) -> dict[str, dict[str, str]]:
        aliases = self.cleaned_data["aliases"] or {}
        if not isinstance(aliases, dict):
            raise forms.ValidationError('Write an object such as {"shape": {"R": "round"}}.')
        try:
            suppliers.check_aliases(aliases)
        except suppliers.BadAliases as error:
            raise forms.ValidationError(str(error)) from error
        return aliases


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs alone
    class Meta:
        model = MarkupRule
        fields = ["growth", "cost_from", "cost_below", "factor"]

    def clean_factor(self) -> Decimal:
        factor: Decimal = self.cleaned_data["factor"]
        if factor <= 0:
            raise forms.ValidationError("The factor is more than 0; 1.4 asks 40 % over the cost.")
        return factor

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        amounts.refuse(self, not_negative=("cost_from",))
        start, end = cleaned.get("cost_from"), cleaned.get("cost_below")
        if start is not None and end is not None and start >= end:
            self.add_error("cost_below", f"The end must be more than {start}; empty means no end.")
        return cleaned

    def validate_constraints(self) -> None:
        """Rules of one table are compared with each other as they are to be, not as they were: see RuleFormSet."""


class RuleFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # generic in the stubs alone
    """No two rules may cover one stone: said here in words, and held by the database."""

    def clean(self) -> None:
        super().clean()
        rules = [
            form.instance
            for form in self.forms
            if form.is_valid() and form.has_changed() | bool(form.instance.pk)
            if not form.cleaned_data.get("DELETE")
        ]
        for first, second in combinations(rules, 2):
            if _overlap(first, second):
                raise forms.ValidationError(
                    f"Two rules cover the same stones: {_said(first)}, and {_said(second)}. "
                    "Let one end where the other begins."
                )


def _overlap(first: MarkupRule, second: MarkupRule) -> bool:
    return (
        first.growth == second.growth
        and (second.cost_below is None or first.cost_from < second.cost_below)
        and (first.cost_below is None or second.cost_from < first.cost_below)
    )


def _said(rule: MarkupRule) -> str:
    end = f" to below {rule.cost_below:,}" if rule.cost_below is not None else " on"
    return f"{rule.get_growth_display().lower()} from {rule.cost_from:,}{end} (× {rule.factor})"


class RuleInline(TabularInline):  # type: ignore[misc]  # unfold has no types
    model = MarkupRule
    form = RuleForm
    formset = RuleFormSet
    extra = 0
    tab = False
    hide_title = True
    ordering = ["growth", "cost_from"]
    verbose_name_plural = "Markup rules, by what a stone costs us"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request, MANAGERS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request, OWNER)

    has_add_permission = has_delete_permission = has_change_permission


class UploadForm(forms.Form):
    file = forms.FileField(label="The supplier's file")
    feed_format = forms.ChoiceField(label="Format", choices=FORMAT_CHOICES)
    is_trial = forms.BooleanField(
        label="Only a trial: report what would change, and change nothing", required=False
    )
    may_shrink = forms.BooleanField(
        label=f"Import even if over {applying.LARGEST_SHRINK_PCT} % of the stones are gone",
        required=False,
    )


@admin.register(Supplier)
class SupplierAdmin(HouseAdmin[Supplier]):
    seen_by = MANAGERS
    changed_by = OWNER
    can_be_added = True
    form = SupplierForm
    list_display = ["name", "code", "feed_format", "markup", "delivery_days", "prices"]
    readonly_fields = ["prices"]
    ordering = ["name"]
    inlines = [RuleInline]
    actions_detail = ["upload_feed", "map_columns"]

    @admin.display(description="Prices of its stones")
    def prices(self, supplier: Supplier) -> str:
        asked_at = supplier.reprice_asked_at
        if asked_at is None:
            return "by these rules"
        return f"being worked out anew since {timezone.localtime(asked_at):%H:%M:%S}"

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Rules that trade their bounds would meet each other half-way, so the old ones go first."""
        rules = formset.save(commit=False)
        with transaction.atomic():
            gone = [*(rule.pk for rule in rules), *(rule.pk for rule in formset.deleted_objects)]
            MarkupRule.objects.filter(pk__in=gone, supplier=form.instance).delete()
            MarkupRule.objects.bulk_create(rules)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        asked = {"markup", "delivery_days"} & set(form.changed_data)
        if change and (asked or any(formset.has_changed() for formset in formsets)):
            changed = catalog.ask_to_reprice(supplier=form.instance, now=timezone.now())
            messages.info(
                request,
                "A worker asks anew for this supplier's stones; shoppers see the new prices all at once, "
                "within a minute or so. This page says when it is done."
                if changed is None
                else f"{changed:,} stones have another price or delivery now.",
            )

    # Feeds.

    def has_import_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return has_role(request, MANAGERS)

    def has_map_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return has_role(request, OWNER)

    @action(  # type: ignore[untyped-decorator]  # unfold has no types
        description="Import a feed", url_path="import", permissions=["import"]
    )
    def upload_feed(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        supplier = self.get_object(request, str(object_id))
        if supplier is None:
            return redirect("admin:builder_supplier_changelist")
        form = UploadForm(
            request.POST or None,
            request.FILES or None,
            initial={"feed_format": supplier.feed_format},
        )
        if request.method == "POST" and form.is_valid():
            record = self._request(request, supplier, form)
            if record is not None:
                return redirect("admin:builder_feedimport_change", record.pk)
        latest = FeedImport.objects.filter(supplier=supplier).order_by("-started_at")[:5]
        return self._page(
            request,
            "import",
            {"supplier": supplier, "form": form, "latest": latest, "title": f"Import a feed of {supplier}"},
        )  # fmt: skip

    def _request(
        self, request: HttpRequest, supplier: Supplier, form: UploadForm
    ) -> FeedImport | None:
        told = form.cleaned_data
        try:
            return imports.request(
                supplier=supplier,
                upload=told["file"],
                feed_format=told["feed_format"],
                is_trial=told["is_trial"],
                may_shrink=told["may_shrink"],
                by=user_of(request),
                now=timezone.now(),
            )
        except (imports.UploadTooLarge, UnreadableFile) as refusal:
            form.add_error("file", str(refusal))
            return None

    @action(  # type: ignore[untyped-decorator]  # unfold has no types
        description="Map columns", url_path="columns", permissions=["map"]
    )
    def map_columns(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """First a sample of the supplier's file, then which column says what."""
        supplier = self.get_object(request, str(object_id))
        if supplier is None:
            return redirect("admin:builder_supplier_changelist")
        title = f"Columns of {supplier}"
        if "header" in request.POST:
            form = ColumnsForm.of_post(request.POST, supplier=supplier)
            if form.is_valid() and form.keep(by=user_of(request), now=timezone.now()):
                messages.success(
                    request, "The columns are kept; a trial import shows what they give."
                )
                return redirect("admin:builder_supplier_upload_feed", supplier.pk)
            return self._page(
                request, "columns", {"supplier": supplier, "form": form, "title": title}
            )
        asked = SampleForm(request.POST or None, request.FILES or None)
        found = asked.read() if request.method == "POST" and asked.is_valid() else None
        if found is None:
            return self._page(
                request, "sample", {"supplier": supplier, "form": asked, "title": title}
            )
        form = ColumnsForm.of_sample(found, supplier=supplier)
        return self._page(request, "columns", {"supplier": supplier, "form": form, "title": title})

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponseBase:
        known = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, f"admin/builder/supplier/{name}.html", known)
