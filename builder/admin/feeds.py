"""Imports in the back office: how far one is, what it changed, and what its supplier's file said that nobody understood."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from builder import imports, suppliers
from builder.feeds.formats import FORMATS
from builder.feeds.progress import STEPS
from builder.feeds.reasons import in_words
from builder.models import FeedImport
from jeweler.backoffice import MANAGERS, OWNER, HouseAdmin, has_role, user_of

COUNTS = [
    ("rows", "rows in the file"), ("offers", "stones on offer"), ("new", "new"), ("changed", "changed"),
    ("unchanged", "unchanged"), ("withdrawn", "withdrawn"), ("kept", "kept although their row was refused"),
]  # fmt: skip
MOST_WORDS = 12  # unknown words of one field that are shown


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """A field with the words that nobody understood, and what they may mean."""

    field: str
    label: str
    words: list[tuple[str, int]]
    more: int
    meanings: list[tuple[str, str]]


@admin.register(FeedImport)
class FeedImportAdmin(HouseAdmin[FeedImport]):
    seen_by = MANAGERS
    list_display = ["started_at", "supplier", "file_name", "state", "rows", "offers", "refused"]
    list_filter = ["state", "supplier"]
    list_select_related = ["supplier"]
    ordering = ["-started_at"]

    @admin.display(description="Rows")
    def rows(self, record: FeedImport) -> int:
        return int(record.report.get("rows", 0))

    @admin.display(description="Offers")
    def offers(self, record: FeedImport) -> int:
        return int(record.report.get("offers", 0))

    @admin.display(description="Refused")
    def refused(self, record: FeedImport) -> int:
        return sum(record.report.get("refused", {}).values())

    def get_urls(self) -> list[URLPattern]:
        own = [
            ("progress", self.progress), ("refused", self.refused_rows), ("alias", self.add_alias),
        ]  # fmt: skip
        usual: list[URLPattern] = super().get_urls()
        return [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(view),
                name=f"builder_feedimport_{name}",
            )
            for name, view in own
        ] + usual

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        record = self.get_object(request, object_id)
        if record is None or not self.has_view_permission(request, record):
            denied: HttpResponseBase = super().change_view(
                request, object_id, form_url, extra_context
            )
            return denied
        if request.method != "GET":
            raise PermissionDenied
        return self._page(request, "report", record, _told(record) | {
            "title": f"{record.supplier}: {record.file_name}",
            "may_add_alias": has_role(request, OWNER),
        })  # fmt: skip

    def progress(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """How far it is, for the page that asks every second."""
        return self._page(request, "_progress", self._mine(request, pk), {})

    def refused_rows(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        record = self._mine(request, pk)
        if not record.refused_rows:
            raise Http404
        with record.refused_rows.open("rb") as file:
            answer = HttpResponse(file.read(), content_type="text/csv; charset=utf-8")
        name = f"refused-{record.supplier.code}-{record.pk}.csv"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    def add_alias(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        record = self._mine(request, pk)
        if request.method != "POST" or not has_role(request, OWNER):
            raise PermissionDenied
        field, word, meaning = (request.POST.get(name, "") for name in ("field", "word", "meaning"))
        try:
            suppliers.add_alias(
                supplier=record.supplier,
                field=field,
                word=word,
                meaning=meaning,
                by=user_of(request),
                now=timezone.now(),
            )
        except suppliers.BadAliases as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(
                request, f"{record.supplier}'s {word} means {meaning} from the next import on."
            )
        return redirect("admin:builder_feedimport_change", record.pk)

    def _mine(self, request: HttpRequest, pk: int) -> FeedImport:
        record: FeedImport | None = self.get_object(request, str(pk))
        if record is None or not self.has_view_permission(request, record):
            raise PermissionDenied
        return record

    def _page(
        self, request: HttpRequest, name: str, record: FeedImport, context: dict[str, Any]
    ) -> HttpResponseBase:
        known = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "record": record,
            "is_over": record.state not in imports.OPEN,
            "step": STEPS[min(record.step, len(STEPS)) - 1] if record.step else "",
            "steps": len(STEPS),
            "format": FORMATS[record.feed_format].name if record.feed_format in FORMATS else "",
            **context,
        }
        return TemplateResponse(request, f"admin/builder/feedimport/{name}.html", known)


def _told(record: FeedImport) -> dict[str, Any]:
    """The report as the page shows it."""
    report = record.report
    examples = report.get("examples", {})
    return {
        "counts": [(words, report[name]) for name, words in COUNTS if name in report],
        "without_setting": report.get("without_setting", {}),
        "without_setting_total": sum(report.get("without_setting", {}).values()),
        "refusals": [
            (in_words(reason), count, examples.get(reason, []))
            for reason, count in report.get("refused", {}).items()
        ],
        "unknown": [
            _unknown(record, name, words)
            for name, words in report.get("unknown_words", {}).items()
        ],
        "shown": [
            (kind, report["shown"][kind])
            for kind in ("new", "changed", "withdrawn")
            if report.get("shown", {}).get(kind)
        ],
    }  # fmt: skip


def _unknown(record: FeedImport, name: str, words: dict[str, int]) -> Unknown:
    known = record.supplier.aliases.get(name, {})
    open_words = [(word, count) for word, count in words.items() if word not in known]
    meanings = suppliers.SPELLED.get(name, ())
    return Unknown(
        field=name,
        label=name.replace("_", " "),
        words=open_words[:MOST_WORDS],
        more=max(0, len(open_words) - MOST_WORDS),
        meanings=[(meaning, meaning.replace("_", " ")) for meaning in meanings],
    )
