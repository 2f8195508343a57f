"""People: looked up by an exact e-mail or phone, each look-up written down; merged with a question first."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action

from jeweler import audit, customers, merging, privacy
from jeweler.access import Role, find_member, stores_of
from jeweler.backoffice import (
    MANAGERS,
    OWNER,
    SELLERS,
    FactsInline,
    HouseAdmin,
    has_role,
    user_of,
)
from jeweler.models import ContactPoint, Customer, CustomerMerge, Sale, Store
from jeweler.money import in_words

FOUND = "found_customers"  # in the session: whom this log-in has looked up by an exact key
MOST_FOUND = 50


class ContactPointInline(FactsInline):
    model = ContactPoint
    fields = readonly_fields = ["kind", "value", "source", "created_at", "verified_at"]


class SaleInline(FactsInline):
    model = Sale
    fields = readonly_fields = ["placed_at", "number", "store", "worth"]
    ordering = ["-placed_at"]
    show_change_link = True

    @admin.display(description="Total")
    def worth(self, sale: Sale) -> str:
        return in_words(sale.total, currency=sale.currency)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sale]:
        sales: QuerySet[Sale] = super().get_queryset(request)
        member = find_member(request)
        if member is None or member.sees_all_stores:
            return sales
        return sales.filter(store__in=stores_of(member))


class MergeInline(FactsInline):
    model = CustomerMerge
    fk_name = "kept"
    verbose_name_plural = "merged into this customer"
    fields = readonly_fields = ["absorbed", "reason", "merged_at", "merged_by", "undone_at"]


@admin.register(Customer)
class CustomerAdmin(HouseAdmin[Customer]):
    """An associate finds a customer by her exact e-mail or phone, and never browses."""

    seen_by = SELLERS
    changed_by = MANAGERS
    list_display = ["__str__", "reached_by", "created_at", "stands_for_itself"]
    search_fields = ["pk"]  # shows the search box; `get_search_results` does the search
    search_help_text = "The whole e-mail address or phone number"
    ordering = ["-created_at", "-pk"]
    list_select_related = ["merged_into"]
    inlines = [ContactPointInline, SaleInline, MergeInline]
    fields = ["first_name", "last_name", "created_at", "merged_into", "forgotten_at"]
    readonly_fields = ["created_at", "merged_into", "forgotten_at"]
    actions = ["merge"]
    actions_detail = ["export", "forget"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Customer]:
        return super().get_queryset(request).prefetch_related("contact_points")

    def in_stores(
        self, rows: QuerySet[Customer], *, stores: QuerySet[Store], request: HttpRequest
    ) -> QuerySet[Customer]:
        found = request.session.get(FOUND, [])
        theirs = Sale.objects.filter(store__in=stores, customer__isnull=False)
        return rows.filter(Q(pk__in=found) | Q(pk__in=theirs.values("customer")))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Customer], search_term: str
    ) -> tuple[QuerySet[Customer], bool]:
        """Everybody with this exact key, of any store; without one, nobody for an associate."""
        member = find_member(request)
        if not search_term.strip():
            is_associate = member is not None and member.role == Role.ASSOCIATE
            return (queryset.none() if is_associate else queryset), False
        store = stores_of(member).first() if member is not None else None
        found = self._found(search_term, region=store.region if store else "US")
        ids = [customer.pk for customer in found]
        # Opening whom she found is allowed from now on, whichever store she bought at.
        request.session[FOUND] = [*ids, *request.session.get(FOUND, [])][:MOST_FOUND]
        audit.record(
            action="customer.searched",
            subject="customers",
            actor=user_of(request),
            store=store,
            detail={"found": ids},
            now=timezone.now(),
        )
        rows = Customer.objects.filter(pk__in=ids).prefetch_related("contact_points")
        return rows.order_by(*self.ordering), False

    def _found(self, text: str, *, region: str) -> list[Customer]:
        try:
            if "@" in text:
                return customers.find(email=text)
            return customers.find(phone=text, region=region)
        except (customers.BadEmail, customers.BadPhone):
            return []

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        customer = self.get_object(request, object_id)
        if customer is not None and request.method == "GET":
            self._audit(request, "customer.viewed", customer)
        page: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        return page

    @admin.display(description="Reached by")
    def reached_by(self, customer: Customer) -> str:
        return ", ".join(point.value for point in customer.contact_points.all()) or "–"

    @admin.display(description="Stands for itself", boolean=True)
    def stands_for_itself(self, customer: Customer) -> bool:
        return customer.merged_into_id is None

    # Merging asks first.

    def has_merge_permission(self, request: HttpRequest) -> bool:
        return has_role(request, MANAGERS)

    @admin.action(description="Merge two into one", permissions=["merge"])
    def merge(self, request: HttpRequest, queryset: QuerySet[Customer]) -> HttpResponseBase | None:
        pair = list(queryset.order_by("created_at", "pk")[:3])
        if len(pair) != 2:
            messages.error(request, "Choose exactly two customers to merge.")
            return None
        if "kept" not in request.POST:
            return self._ask(request, "merge", {"pair": pair, "title": "Are these two one person?"})
        kept = next((one for one in pair if str(one.pk) == request.POST["kept"]), pair[0])
        [absorbed] = [one for one in pair if one != kept]
        reason = request.POST.get("reason", "").strip()[:200] or "Merged in the admin"
        try:
            merging.merge(
                kept=kept, absorbed=absorbed, reason=reason, by=user_of(request), now=timezone.now()
            )
        except merging.CannotMerge as refusal:
            messages.error(request, f"{refusal}.")
            return None
        messages.success(request, f"{kept} stands for both now. It can be undone under merges.")
        return None

    # What is kept of her, and its end.

    def has_owner_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return has_role(request, OWNER)

    @action(  # type: ignore[untyped-decorator]  # unfold has no types
        description="Export what is kept of her", url_path="export", permissions=["owner"]
    )
    def export(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        customer = self.get_object(request, str(object_id))
        if customer is None:
            return redirect(self._list())
        self._audit(request, "customer.exported", customer)
        return JsonResponse(
            privacy.export(customer),
            json_dumps_params={"indent": 2, "ensure_ascii": False},
            headers={"Content-Disposition": f'attachment; filename="customer-{customer.pk}.json"'},
        )

    @action(  # type: ignore[untyped-decorator]  # unfold has no types
        description="Forget her", url_path="forget", permissions=["owner"]
    )
    def forget(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        customer = self.get_object(request, str(object_id))
        if customer is None:
            return redirect(self._list())
        if request.method != "POST":
            return self._ask(
                request, "forget", {"customer": customer, "title": f"Forget {customer}?"}
            )
        privacy.forget(customer=customer, now=timezone.now())
        self._audit(request, "customer.forgotten", customer)
        messages.success(request, "What told who she is has been taken away.")
        return redirect(self._list())

    def _ask(self, request: HttpRequest, page: str, context: dict[str, Any]) -> HttpResponseBase:
        known = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, f"admin/jeweler/customer/{page}.html", known)

    def _list(self) -> str:
        return reverse("admin:jeweler_customer_changelist")

    def _audit(self, request: HttpRequest, what: str, customer: Customer) -> None:
        audit.record(action=what, subject=customer, actor=user_of(request), now=timezone.now())


@admin.register(CustomerMerge)
class CustomerMergeAdmin(HouseAdmin[CustomerMerge]):
    seen_by = MANAGERS
    list_display = ["kept", "absorbed", "reason", "merged_at", "merged_by", "undone_at"]
    ordering = ["-merged_at", "-pk"]
    list_select_related = ["kept", "absorbed", "merged_by"]
    actions = ["undo"]

    def in_stores(
        self, rows: QuerySet[CustomerMerge], *, stores: QuerySet[Store], request: HttpRequest
    ) -> QuerySet[CustomerMerge]:
        theirs = Sale.objects.filter(store__in=stores, customer__isnull=False).values("customer")
        hers = Q(merged_by=user_of(request))
        return rows.filter(hers | Q(kept__in=theirs) | Q(absorbed__in=theirs))

    def has_undo_permission(self, request: HttpRequest) -> bool:
        return has_role(request, MANAGERS)

    @admin.action(description="Make them two again", permissions=["undo"])
    def undo(self, request: HttpRequest, queryset: QuerySet[CustomerMerge]) -> None:
        undone = 0
        for merge in queryset.filter(undone_at=None):
            merging.unmerge(merge=merge, by=user_of(request), now=timezone.now())
            undone += 1
        messages.success(request, f"{undone} undone. What was written since stays where it is.")
