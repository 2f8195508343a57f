"""Sales as the tills reported them: facts to be read, never typed."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from jeweler import sales
from jeweler.backoffice import EVERYBODY, SELLERS, FactsInline, HouseAdmin
from jeweler.models import Payment, Refund, Sale, SaleEvidence, SaleLine, Store
from jeweler.money import in_words


class LineInline(FactsInline):
    model = SaleLine
    verbose_name_plural = "lines"
    fields = readonly_fields = [
        "position", "kind", "description", "quantity", "net", "design_code", "report_number",
    ]  # fmt: skip
    ordering = ["position"]

    @admin.display(description="Net total")
    def net(self, line: SaleLine) -> str:
        return in_words(line.net_total, currency=line.sale.currency)


class PaymentInline(FactsInline):
    model = Payment
    fields = readonly_fields = ["paid_at", "status", "money", "tender", "source", "external_id"]
    ordering = ["paid_at"]

    @admin.display(description="Amount")
    def money(self, payment: Payment) -> str:
        return in_words(payment.amount, currency=payment.sale.currency)


class RefundInline(FactsInline):
    model = Refund
    fields = readonly_fields = [
        "refunded_at",
        "money",
        "tax_in_words",
        "reason",
        "source",
        "external_id",
    ]
    ordering = ["refunded_at"]

    @admin.display(description="Amount, with tax")
    def money(self, refund: Refund) -> str:
        return in_words(refund.amount, currency=refund.sale.currency)

    @admin.display(description="Tax in it")
    def tax_in_words(self, refund: Refund) -> str:
        return in_words(refund.tax, currency=refund.sale.currency)


class EvidenceInline(FactsInline):
    """Who she is: not for the marketer."""

    model = SaleEvidence
    seen_by = SELLERS
    fields = readonly_fields = ["kind", "value", "customer", "grade", "found_at"]


@admin.register(Sale)
class SaleAdmin(HouseAdmin[Sale]):
    seen_by = EVERYBODY
    list_display = [
        "placed_at",
        "ticket_number",
        "store",
        "channel",
        "customer_name",
        "total_in_words",
    ]
    list_filter = ["channel", "store"]
    search_fields = ["number__exact", "external_id__exact"]
    ordering = ["-placed_at", "-id"]
    list_select_related = ["store", "customer"]
    inlines = [LineInline, PaymentInline, RefundInline, EvidenceInline]
    fields = [
        "placed_at", "source", "external_id", "version", "channel", "store", "number",
        "customer_name", "total_in_words", "tax_in_words", "due_in_words", "fully_paid_at",
        "handed_over_at", "voided_at", "note", "recorded_at",
    ]  # fmt: skip
    readonly_fields = [
        "customer_name", "total_in_words", "tax_in_words", "due_in_words", "fully_paid_at",
    ]  # fmt: skip

    def in_stores(
        self, rows: QuerySet[Sale], *, stores: QuerySet[Store], request: HttpRequest
    ) -> QuerySet[Sale]:
        return rows.filter(store__in=stores)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        hidden = set() if EvidenceInline.can_be_seen(request) else {"customer_name", "note"}
        return [name for name in self.fields if name not in hidden]

    def get_list_display(self, request: HttpRequest) -> list[str]:
        hidden = set() if EvidenceInline.can_be_seen(request) else {"customer_name"}
        return [name for name in self.list_display if name not in hidden]

    @admin.display(description="Ticket", ordering="number")
    def ticket_number(self, sale: Sale) -> str:
        return sale.number or sale.external_id

    @admin.display(description="Customer")
    def customer_name(self, sale: Sale) -> str:
        return str(sale.customer) if sale.customer else "Nobody was tied to it"

    @admin.display(description="Total", ordering="total")
    def total_in_words(self, sale: Sale) -> str:
        return in_words(sale.total, currency=sale.currency)

    @admin.display(description="Tax in it")
    def tax_in_words(self, sale: Sale) -> str:
        return in_words(sale.tax, currency=sale.currency)

    @admin.display(description="Still to be paid")
    def due_in_words(self, sale: Sale) -> str:
        return in_words(sales.due(sale), currency=sale.currency)

    @admin.display(description="Paid in full")
    def fully_paid_at(self, sale: Sale) -> object:
        return sales.fully_paid_at(sale) or "not yet"
