"""Store credit in the back office: what the house owes whom, and the payments that no hold covers."""

from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet, Sum
from django.http import HttpRequest
from django.utils import timezone

from jeweler import money
from jeweler.backoffice import MANAGERS, FactsInline, HouseAdmin, has_role, user_of
from jeweler.models import Store
from referrals import tender
from referrals.models import CreditAccount, CreditLot, CreditMismatch


class LotInline(FactsInline):
    model = CreditLot
    seen_by = MANAGERS
    ordering = ["-granted_at"]
    fields = ["granted_at", "face", "available", "held", "spent", "last_date", "reversed_at"]


@admin.register(CreditAccount)
class CreditAccountAdmin(HouseAdmin[CreditAccount]):
    """Credit is the house's, not a store's: every manager sees it. It changes by entries alone."""

    seen_by = MANAGERS
    list_display = ["customer", "currency", "available", "owed"]
    list_filter = ["currency"]
    ordering = ["-pk"]
    list_select_related = ["customer"]
    fields = ["customer", "currency", "owed"]
    inlines = [LotInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[CreditAccount]:
        return super().get_queryset(request).annotate(there=Sum("lots__available"))

    @admin.display(description="Available", ordering="there")
    def available(self, account: CreditAccount) -> str:
        there: Decimal | None = vars(account).get("there")
        return money.in_words(there or Decimal(0), currency=account.currency)


@admin.register(CreditMismatch)
class CreditMismatchAdmin(HouseAdmin[CreditMismatch]):
    """Sales that were rung up with store credit which nobody held: the credit is untouched."""

    seen_by = MANAGERS
    list_display = ["found_at", "sale", "paid", "reason", "settled_at", "settled_by"]
    list_filter = [("settled_at", admin.EmptyFieldListFilter), "reason"]
    ordering = ["-found_at"]
    list_select_related = ["payment__sale", "settled_by"]
    actions = ["look_again", "settle_otherwise"]
    fields = ["found_at", "sale", "paid", "reason", "hold", "settled_at", "settled_by"]
    readonly_fields = ["sale", "paid"]

    def in_stores(
        self, rows: QuerySet[CreditMismatch], *, stores: QuerySet[Store], request: HttpRequest
    ) -> QuerySet[CreditMismatch]:
        return rows.filter(payment__sale__store__in=stores)

    def has_settle_permission(self, request: HttpRequest) -> bool:
        return has_role(request, MANAGERS)

    @admin.display(description="Sale")
    def sale(self, mismatch: CreditMismatch) -> Any:
        return mismatch.payment.sale

    @admin.display(description="Paid by credit")
    def paid(self, mismatch: CreditMismatch) -> str:
        payment = mismatch.payment
        return money.in_words(payment.amount, currency=payment.sale.currency)

    @admin.action(description="Look again: the sale has found its owner", permissions=["settle"])
    def look_again(self, request: HttpRequest, queryset: QuerySet[CreditMismatch]) -> None:
        for mismatch in queryset.filter(settled_at=None).select_related("payment"):
            with transaction.atomic():
                tender.settle(sale_id=mismatch.payment.sale_id, now=timezone.now())
                mismatch.refresh_from_db()
            if mismatch.settled_at:
                messages.success(request, f"Payment {mismatch.payment_id} has its credit now.")
            else:
                messages.warning(request, f"{mismatch}. Her credit stays untouched.")

    @admin.action(description="Settled otherwise: another tender was taken", permissions=["settle"])
    def settle_otherwise(self, request: HttpRequest, queryset: QuerySet[CreditMismatch]) -> None:
        for mismatch in queryset.select_related("payment__sale__store"):
            try:
                tender.settle_otherwise(mismatch=mismatch, by=user_of(request), now=timezone.now())
            except tender.AlreadySettled as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(request, f"Payment {mismatch.payment_id} is settled.")
