"""What suppliers were asked to lend, and what they said: entered by the staff, since answers come by mail and by phone."""

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from appointments import memos
from appointments.models import Memo
from jeweler import audit
from jeweler.backoffice import MANAGERS, SELLERS, HouseAdmin, has_role, user_of
from jeweler.models import Store


@admin.register(Memo)
class MemoAdmin(HouseAdmin[Memo]):
    seen_by = SELLERS
    list_display = ["stone", "store", "visit", "state", "asked_at", "answered_at", "said"]
    list_filter = ["state"]
    list_select_related = ["hold__stone", "hold__store", "hold__appointment"]
    ordering = ["-id"]
    actions = ["granted", "refused", "ended"]
    fields = ["hold", "state", "reference", "asked_at", "answered_at", "attempts", "said"]

    def in_stores(
        self, rows: QuerySet[Memo], *, stores: QuerySet[Store], request: HttpRequest
    ) -> QuerySet[Memo]:
        return rows.filter(hold__store__in=stores)

    def has_answer_permission(self, request: HttpRequest) -> bool:
        return has_role(request, MANAGERS)

    @admin.display(description="Stone")
    def stone(self, memo: Memo) -> str:
        return str(memo.hold.stone)

    @admin.display(description="Store")
    def store(self, memo: Memo) -> str:
        return str(memo.hold.store)

    @admin.display(description="Visit")
    def visit(self, memo: Memo) -> str:
        visit = memo.hold.appointment
        return f"{visit.starts_at.astimezone(memo.hold.store.zone):%Y-%m-%d %H:%M}"

    @admin.action(description="The supplier lends it", permissions=["answer"])
    def granted(self, request: HttpRequest, queryset: QuerySet[Memo]) -> None:
        self._answer(request, queryset, is_granted=True)

    @admin.action(description="The supplier does not lend it", permissions=["answer"])
    def refused(self, request: HttpRequest, queryset: QuerySet[Memo]) -> None:
        self._answer(request, queryset, is_granted=False)

    @admin.action(description="It went back, or was bought", permissions=["answer"])
    def ended(self, request: HttpRequest, queryset: QuerySet[Memo]) -> None:
        for memo in queryset:
            memos.end(memo=memo, now=timezone.now())

    def _answer(self, request: HttpRequest, queryset: QuerySet[Memo], *, is_granted: bool) -> None:
        now, said = timezone.now(), "memo.granted" if is_granted else "memo.refused"
        for memo in queryset:
            try:
                with transaction.atomic():
                    memos.answer(memo=memo, is_granted=is_granted, now=now)
                    audit.record(action=said, subject=memo, actor=user_of(request), now=now)
            except memos.NotOpen as refusal:
                self.message_user(request, str(refusal), level="warning")
