"""Referrals in the back office, a list to find one by (what is said of each stands on its own page, referrals.office); and words that advocates ask for."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from jeweler.access import find_member
from jeweler.backoffice import MANAGERS, HouseAdmin, has_role, user_of
from jeweler.models import Store
from referrals import codes, review, vanity
from referrals.models import Referral, VanityCode


@admin.register(Referral)
class ReferralAdmin(HouseAdmin[Referral]):
    """Both parties stand here by numbers alone: a list of names would be one to leaf through."""

    seen_by = MANAGERS
    list_display = ["story", "code", "state", "reason", "locked_at", "qualify_at"]
    list_display_links = None
    list_filter = ["state"]
    search_fields = ["=pk", "advocate__code", "=sale__number"]
    search_help_text = (
        "A referral’s number, an advocate’s code without dashes, or an order’s number"
    )
    ordering = ["-locked_at"]
    list_select_related = ["advocate"]
    fields = ["code", "state", "reason", "locked_at", "lock_ends_at", "qualify_at", "surprise_until", "story"]  # fmt: skip
    readonly_fields = ["code", "story"]

    def in_stores(
        self, rows: QuerySet[Referral], *, stores: QuerySet[Store], request: HttpRequest
    ) -> QuerySet[Referral]:
        member = find_member(request)
        if member is None:
            return rows.none()
        return rows.filter(pk__in=review.referrals_of(member, stores).values("pk"))

    @admin.display(description="Referral", ordering="pk")
    def story(self, referral: Referral) -> SafeString:
        address = reverse("friends:referral", args=[referral.pk])
        return format_html('<a href="{}">Referral {}</a>', address, referral.pk)

    @admin.display(description="Advocate’s code", ordering="advocate__code")
    def code(self, referral: Referral) -> str:
        return codes.shown(referral.advocate.code)


@admin.register(VanityCode)
class VanityCodeAdmin(HouseAdmin[VanityCode]):
    """Words that advocates ask for in place of their codes: a manager reads each before it is used."""

    seen_by = MANAGERS
    list_display = ["text", "whose", "state", "asked_at", "decided_by"]
    list_filter = ["state"]
    ordering = ["-asked_at"]
    list_select_related = ["advocate__customer", "decided_by"]
    actions = ["approve", "refuse"]
    fields = ["text", "whose", "state", "asked_at", "decided_at", "decided_by", "retired_at"]
    readonly_fields = ["whose"]

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return has_role(request, MANAGERS)

    @admin.display(description="Whose")
    def whose(self, word: VanityCode) -> str:
        return f"{word.advocate.customer}, {word.advocate}"

    @admin.action(description="Approve: the word stands for her code", permissions=["decide"])
    def approve(self, request: HttpRequest, queryset: QuerySet[VanityCode]) -> None:
        self._decide(request, queryset, is_approved=True)

    @admin.action(description="Refuse: she may ask for another", permissions=["decide"])
    def refuse(self, request: HttpRequest, queryset: QuerySet[VanityCode]) -> None:
        self._decide(request, queryset, is_approved=False)

    def _decide(
        self, request: HttpRequest, queryset: QuerySet[VanityCode], *, is_approved: bool
    ) -> None:
        for word in queryset.order_by("pk"):
            try:
                vanity.decide(
                    word=word, is_approved=is_approved, by=user_of(request), now=timezone.now()
                )
            except vanity.AlreadyDecided as refusal:
                messages.error(request, str(refusal))
            else:
                said = "stands for her code now" if is_approved else "is refused"
                messages.success(request, f"{word.text} {said}.")
