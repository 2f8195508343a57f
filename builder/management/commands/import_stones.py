"""Take a supplier's feed into the catalog: `manage.py import_stones FILE --supplier CODE`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from builder import catalog
from builder.feeds import applying
from builder.models import Supplier

COUNTS = (
    "rows",
    "offers",
    "new",
    "changed",
    "unchanged",
    "withdrawn",
    "kept",
    "new_stones",
    "changed_stones",
)
SHOWN = 5  # examples of each kind; the admin shows all that the report has


class Command(BaseCommand):
    help = "Import a supplier's stones from a file in one of the trade's formats."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--supplier", required=True, help="The supplier's code")
        parser.add_argument(
            "--format",
            choices=catalog.FORMATS,
            help="The supplier's own when not given, else generic",
        )
        parser.add_argument("--dry-run", action="store_true", help="Report and change nothing")
        parser.add_argument(
            "--allow-shrink",
            action="store_true",
            help=f"Import even if over {applying.LARGEST_SHRINK_PCT} %% of the stones are gone",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        supplier = Supplier.objects.filter(code=options["supplier"]).first()
        if supplier is None:
            known = ", ".join(Supplier.objects.order_by("code").values_list("code", flat=True))
            raise CommandError(
                f"There is no supplier {options['supplier']!r}; add it in the admin. Known: {known}"
            )
        try:
            with options["file"].open("rb") as file:
                done = catalog.import_feed(
                    supplier=supplier,
                    file=file,
                    file_name=options["file"].name,
                    feed_format=options["format"] or supplier.feed_format or "generic",
                    dry_run=options["dry_run"],
                    allow_shrink=options["allow_shrink"],
                    now=timezone.now(),
                )
        except (OSError, ValueError, applying.FeedWouldShrink) as error:
            raise CommandError(str(error)) from error
        self._tell(done.report)

    def _tell(self, report: dict[str, Any]) -> None:
        for name in COUNTS:
            self.stdout.write(f"{name.replace('_', ' ')}: {report[name]}")
        if no_setting := report.get("without_setting"):
            shapes = ", ".join(f"{shape} {count}" for shape, count in no_setting.items())
            self.stdout.write(f"that no setting holds: {sum(no_setting.values())}  {shapes}")
        for reason, count in report["refused"].items():
            examples = "; ".join(report["examples"].get(reason, []))
            self.stdout.write(f"refused, {reason.replace('_', ' ')}: {count}  {examples}".rstrip())
        for name, words in report["unknown_words"].items():
            shown = ", ".join(f"{word!r} {count}" for word, count in list(words.items())[:12])
            self.stdout.write(f"unknown {name}: {shown}")
        for kind, examples in report["shown"].items():
            for example in examples[:SHOWN]:
                self.stdout.write(f"{kind}: {_said(example)}")
        if report.get("dry_run"):
            self.stdout.write("A trial: nothing was changed.")


def _said(example: dict[str, Any]) -> str:
    said = f"{example['stock_number']}, {example['stone']}"
    changes = example.get("changes", {})
    each = [
        f"{name} {before or 'blank'} → {now or 'blank'}" for name, (before, now) in changes.items()
    ]
    return "; ".join([f"{said}, {example['price']}" if "price" in example else said, *each])
