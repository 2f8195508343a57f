"""Store credit in the back office: what the house owes whom, who is granted more, and what does not add up."""

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import F, QuerySet, Sum
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.decorators import action

from builder.pages import once_of
from jeweler import audit, customers, money
from jeweler.access import find_member, stores_of
from jeweler.backoffice import MANAGERS, FactsInline, HouseAdmin, has_role, user_of
from jeweler.models import Customer, Store
from referrals import credit, tender
from referrals.models import CreditAccount, CreditHold, CreditLot, CreditMismatch

LASTS = timedelta(days=365)


class GrantForm(forms.Form):
    """Whom, how much, until when and why. She is named by an address or a number of hers, never picked from a list."""

    whom = forms.CharField(
        max_length=254, label="Her e-mail address or phone", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )  # fmt: skip
    amount = forms.DecimalField(min_value=Decimal("0.001"), max_digits=11, decimal_places=3)
    currency = forms.ChoiceField()
    last_date = forms.DateField(
        required=False,
        label="Last day",
        help_text="It can be spent until that day ends. Empty: it lasts.",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    reason = forms.CharField(
        max_length=200,
        label="Why",
        help_text="It stands in the ledger for good, with your name.",
        error_messages={"required": "Say why: credit without a reason cannot be accounted for."},
    )

    def __init__(self, *, request: HttpRequest) -> None:
        initial = {"last_date": (credit.last_day(timezone.now()) + LASTS).isoformat()}
        super().__init__(data=request.POST or None, initial=initial, label_suffix="")
        member = find_member(request)
        self.stores = stores_of(member) if member else Store.objects.all()
        used = sorted(set(self.stores.values_list("currency", flat=True)) or {"USD"})
        self.fields["currency"] = forms.ChoiceField(choices=[(each, each) for each in used])

    def clean_last_date(self) -> Any:
        chosen = self.cleaned_data["last_date"]
        if chosen is not None and chosen < credit.last_day(timezone.now()):
            raise forms.ValidationError("That day is past. Choose one to come, or none.")
        return chosen

    def clean_whom(self) -> Customer:
        said = self.cleaned_data["whom"].strip()
        first = self.stores.order_by("pk").first()
        try:
            found = (
                customers.find(email=said)
                if "@" in said
                else customers.find(phone=said, region=first.region if first else "US")
            )
        except (customers.BadEmail, customers.BadPhone) as problem:
            raise forms.ValidationError(str(problem)) from problem
        if len(found) != 1:
            raise forms.ValidationError(
                "Several customers have this number. Use her e-mail address."
                if found
                else "Nobody is known by this. Open her first at the counter, or ask for the address she gave."
            )
        return found[0]


class LotInline(FactsInline):
    model = CreditLot
    seen_by = MANAGERS
    ordering = ["-granted_at"]
    fields = ["granted_at", "face", "available", "held", "spent", "last_date", "reversed_at"]


@admin.register(CreditAccount)
class CreditAccountAdmin(HouseAdmin[CreditAccount]):
    """Credit is the house's, not a store's: every manager sees it. It changes by entries alone."""

    seen_by = MANAGERS
    list_display = ["customer", "currency", "available", "owes", "blocked_because"]
    list_filter = [("blocked_at", admin.EmptyFieldListFilter), "currency"]
    ordering = [F("blocked_at").desc(nulls_last=True), "-pk"]
    list_select_related = ["customer"]
    fields = ["customer", "currency", "owed", "blocked_at", "blocked_because"]
    inlines = [LotInline]
    actions = ["look_again"]
    actions_list = ["grant"]

    def has_grant_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return has_role(request, MANAGERS)

    @action(  # type: ignore[untyped-decorator]  # unfold has no types
        description="Grant credit", url_path="grant", permissions=["grant"]
    )
    def grant(self, request: HttpRequest) -> HttpResponseBase:
        """One form is one grant, however often it is sent."""
        form = GrantForm(request=request)
        if request.method == "POST" and form.is_valid():
            lot = self._granted(request, form)
            if lot is not None:
                words = money.in_words(lot.face, currency=lot.account.currency)
                messages.success(request, f"{words} of credit are hers.")
                return redirect("admin:referrals_creditaccount_change", lot.account_id)
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "form": form,
            "title": "Grant credit",
        }
        status = 400 if form.errors else 200
        return TemplateResponse(
            request, "admin/referrals/creditaccount/grant.html", context, status=status
        )

    def _granted(self, request: HttpRequest, form: GrantForm) -> CreditLot | None:
        said, by, now = form.cleaned_data, user_of(request), timezone.now()
        if not by.email:
            form.add_error(
                None,
                "Your log-in has no e-mail address, so nobody can tell whether this credit would be your own. Ask the owner to add it.",
            )
            return None
        try:
            with transaction.atomic():
                lot = credit.grant(
                    customer=said["whom"],
                    amount=said["amount"],
                    currency=said["currency"],
                    last_date=said["last_date"],
                    reason=said["reason"],
                    key=f"granted:{once_of(request) or uuid.uuid4().hex}",
                    by=by,
                    now=now,
                )
                audit.record(action="credit.granted", subject=lot, actor=by, now=now)
            return lot
        except (
            credit.OwnCredit,
            credit.NoReason,
            credit.KeyReused,
            money.FractionalMinorUnit,
        ) as refusal:
            form.add_error(None, str(refusal))
            return None

    @admin.action(description="Look again: open it if it agrees now", permissions=["grant"])
    def look_again(self, request: HttpRequest, queryset: QuerySet[CreditAccount]) -> None:
        for account in queryset.exclude(blocked_at=None):
            try:
                credit.look_again(account=account, by=user_of(request), now=timezone.now())
            except credit.StillDiffers as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(request, f"{account} agrees with its entries and is open.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CreditAccount]:
        return super().get_queryset(request).annotate(there=Sum("lots__available"))

    @admin.display(description="Available", ordering="there")
    def available(self, account: CreditAccount) -> str:
        there: Decimal | None = vars(account).get("there")
        return money.in_words(there or Decimal(0), currency=account.currency)

    @admin.display(description="Owed", ordering="owed")
    def owes(self, account: CreditAccount) -> str:
        return money.in_words(account.owed, currency=account.currency) if account.owed else "–"


class ReportedFilter(admin.SimpleListFilter):
    title = "sale"
    parameter_name = "sale"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("missing", "Captured, and no sale reported for a day")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[CreditHold]
    ) -> QuerySet[CreditHold]:
        if self.value() == "missing":
            return queryset & credit.unreported(now=timezone.now())
        return queryset


@admin.register(CreditHold)
class CreditHoldAdmin(HouseAdmin[CreditHold]):
    """Credit kept for a ticket. What was captured waits for its sale: else it was spent on nothing that the books know."""

    seen_by = MANAGERS
    list_display = ["held_at", "customer", "kept", "state", "store", "sale_reference", "payment"]
    list_filter = [ReportedFilter, "state", "store"]
    ordering = ["-held_at", "-pk"]
    list_select_related = ["customer", "store", "payment"]
    search_fields = ["sale_reference"]
    fields = [
        "customer", "kept", "captured_amount", "state", "store", "sale_reference", "held_at",
        "lapses_at", "closed_at", "payment",
    ]  # fmt: skip
    readonly_fields = ["kept"]
    actions_detail = ["give_back"]

    def has_give_back_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Offered only where it can be done; whoever comes too late is told why not."""
        if request.method == "POST" or object_id is None:
            return has_role(request, MANAGERS)
        unreported = credit.unreported(now=timezone.now()).filter(pk=object_id)
        return has_role(request, MANAGERS) and unreported.exists()

    @action(  # type: ignore[untyped-decorator]  # unfold has no types
        description="Give it back", url_path="give-back", permissions=["give_back"]
    )
    def give_back(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """Of a till that captured and never told its sale: asked for a reason first."""
        hold = self.get_object(request, str(object_id))
        if hold is None:
            return redirect("admin:referrals_credithold_changelist")
        reason = request.POST.get("reason", "")
        refusal = self._given_back(request, hold, reason) if request.method == "POST" else ""
        if request.method == "POST" and not refusal:
            return redirect("admin:referrals_credithold_change", hold.pk)
        words = money.in_words(hold.captured_amount, currency=hold.currency)
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "hold": hold,
            "title": f"Give {words} back?",
            "typed": reason,
            "refusal": refusal,
        }
        return TemplateResponse(
            request,
            "admin/referrals/credithold/give_back.html",
            context,
            status=409 if refusal else 200,
        )

    def _given_back(self, request: HttpRequest, hold: CreditHold, reason: str) -> str:
        """Why it was refused, "" when it is hers again."""
        by, now = user_of(request), timezone.now()
        try:
            amount = credit.return_unreported(uid=hold.uid, reason=reason, by=by, now=now)
        except (credit.NoReason, credit.OwnCredit, credit.NotUnreported) as refusal:
            return str(refusal)
        words = money.in_words(amount, currency=hold.currency)
        messages.success(request, f"{words} of credit are hers again.")
        return ""

    def in_stores(
        self, rows: QuerySet[CreditHold], *, stores: QuerySet[Store], request: HttpRequest
    ) -> QuerySet[CreditHold]:
        return rows.filter(store__in=stores)

    @admin.display(description="Held", ordering="amount")
    def kept(self, hold: CreditHold) -> str:
        return money.in_words(hold.amount, currency=hold.currency)


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
