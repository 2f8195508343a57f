"""A change of hours, shifts, rooms, services or who does them is made, looked at, and only then kept.

The form is saved inside a transaction; if visits fit no more that did before, everything is taken back and the page names each of
them. Sent again with the word that stands for exactly these visits, the change is kept and each visit becomes a task.
"""

from typing import Any, TypeVar

from django.contrib import messages
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from appointments import opening
from jeweler import audit
from jeweler.backoffice import HouseAdmin, user_of

Row = TypeVar("Row", bound=models.Model)
CONFIRMED = "these_visits"


class GuardedAdmin(HouseAdmin[Row]):
    """An admin whose rows decide whether visits fit. Rows go one at a time, through the page that asks."""

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """An address that is typed without its scheme is a safe one."""
        if isinstance(db_field, models.URLField):
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method != "POST":
            shown: HttpResponse = super().changeform_view(
                request, object_id, form_url, extra_context
            )
            return shown
        return self._guarded(
            request,
            lambda: super(GuardedAdmin, self).changeform_view(
                request, object_id, form_url, extra_context
            ),
        )

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method != "POST":
            shown: HttpResponse = super().delete_view(request, object_id, extra_context)
            return shown
        return self._guarded(
            request,
            lambda: super(GuardedAdmin, self).delete_view(request, object_id, extra_context),
        )

    def _guarded(self, request: HttpRequest, change: Any) -> HttpResponse:
        now = timezone.now()
        with transaction.atomic():
            before = opening.misfits(now=now)
            answer: HttpResponse = change()
            if answer.status_code != 302:  # the form was refused, and nothing changed
                return answer
            hits = opening.hit(before=before, now=now)
            if not hits:
                return answer
            if request.POST.get(CONFIRMED) == opening.token(hits):
                opening.owe(hits, now=now)
                audit.record(
                    action="hours.changed", subject=self.opts.model_name or "hours",
                    actor=user_of(request), detail={"visits": [hit.visit.pk for hit in hits]}, now=now,
                )  # fmt: skip
                messages.warning(request, f"{len(hits)} visits are a task each now: see the day.")
                return answer
            transaction.set_rollback(True)
        return self._ask(request, hits)

    def _ask(self, request: HttpRequest, hits: list[opening.Hit]) -> HttpResponse:
        """What was sent goes with the question, so that nothing is typed again."""
        # "Changed successfully" was taken back too: it is read here, so that no later page says it, and not shown.
        list(messages.get_messages(request))
        sent = [
            (name, value)
            for name, values in request.POST.lists()
            if name not in ("csrfmiddlewaretoken", CONFIRMED)
            for value in values
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": f"This hits {len(hits)} confirmed visit{'s' * (len(hits) != 1)}",
            "messages": [],
            "hits": hits,
            "sent": sent,
            "confirmed": CONFIRMED,
            "token": opening.token(hits),
            "back": request.path,
        }
        return render(request, "appointments/staff/hit.html", context, status=409)
