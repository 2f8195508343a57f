"""`manage.py import_spend google.csv`: what the advertising cost."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from attribution import spend


class Command(BaseCommand):
    help = "Import ad spend from a CSV file: date, source, campaign, term, clicks, amount."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                report = spend.import_spend(file=file)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}") from error
        except spend.UnreadableFile as error:
            raise CommandError(f"{path}: {error}") from error
        for row_error in report.errors:
            self.stderr.write(str(row_error))
        self.stdout.write(
            f"{report.added} added, {report.changed} changed, {report.unchanged} unchanged, "
            f"{len(report.errors)} refused"
        )
        if report.errors:
            raise CommandError("Mend the refused rows and import the file again; nothing doubles.")
