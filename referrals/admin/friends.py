"""Referrals in the back office: a list to find one by; what is said of each stands on its own page (referrals.office)."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from jeweler.access import find_member
from jeweler.backoffice import MANAGERS, HouseAdmin
from jeweler.models import Store
from referrals import codes, review
from referrals.models import Referral


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
