"""`manage.py generate_stones N --seed S`: an invented wholesaler's stones, for trying the house at another size."""

import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from builder.models import Supplier
from demo import wholesale


class Command(BaseCommand):
    help = "Write N invented stones into the catalog, or with --csv into a file that import_stones reads."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("count", metavar="N", type=int)
        parser.add_argument(
            "--seed", type=int, default=1, help="the same seed gives the same stones"
        )
        parser.add_argument("--supplier", metavar="CODE", default=wholesale.CODE)
        parser.add_argument("--csv", metavar="FILE", type=Path, help="write a generic CSV instead")

    def handle(self, *args: object, **options: Any) -> None:
        count, seed = options["count"], options["seed"]
        if count < 1 or seed < 0:
            raise CommandError("N begins with 1 and --seed with 0.")
        self.began = time.monotonic()
        try:
            if options["csv"]:
                with options["csv"].open("w", encoding="utf-8", newline="") as file:
                    wholesale.write_csv(file, count=count, seed=seed)
                self._say(count)
            else:
                self._fill(count, seed=seed, code=options["supplier"])
        except (wholesale.TooMany, wholesale.AlreadyThere, OSError) as error:
            raise CommandError(str(error)) from error

    def _fill(self, count: int, *, seed: int, code: str) -> None:
        supplier, _ = Supplier.objects.get_or_create(
            code=code,
            defaults={
                "name": "Sample wholesaler",
                "feed_format": "generic",
                "markup": Decimal("1.4"),
            },
        )
        wholesale.fill(
            supplier=supplier, count=count, seed=seed, now=timezone.now(), told=self._say
        )

    def _say(self, done: int) -> None:
        if done % 100_000 == 0 or done < wholesale.CHUNK:
            self.stdout.write(f"  {time.monotonic() - self.began:5.1f} s  {done:,} stones")
            self.stdout.flush()
