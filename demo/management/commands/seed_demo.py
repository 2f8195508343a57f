"""`manage.py seed_demo`: fill an empty database with the sample house; a filled one is left alone."""

import random
import time
from typing import Any

from django.core.management import BaseCommand, CommandParser
from django.db import connection, transaction
from django.utils import timezone

from attribution import conversions
from demo import (
    asking,
    catalog,
    closings,
    counters,
    credit,
    friends,
    history,
    house,
    orders,
    showrooms,
    tills,
    visits,
)
from jeweler.models import Sale, Visitor

SEED = 20261121


class Command(BaseCommand):
    help = "Load the sample house: stores, staff, catalog and two years of history."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--catalog-only", action="store_true", help="no history")

    def handle(self, *args: object, **options: Any) -> None:
        self.began = time.monotonic()
        if not Visitor.objects.exists() and not Sale.objects.exists():
            with transaction.atomic():
                self._fill(catalog_only=options["catalog_only"])
            # What was loaded in bulk is unknown to the planner until it looks.
            with connection.cursor() as cursor:
                cursor.execute("analyze")
        for line in house.how_to_log_in():
            self.stdout.write(line)

    def _fill(self, *, catalog_only: bool) -> None:
        now = timezone.now()
        stores = house.open_stores()
        house.hire(stores=stores)
        showrooms.open_showrooms(stores=stores, now=now)
        catalog.load_catalog(now=now, imported=catalog.IMPORTED)
        self._say(f"stores, staff and {catalog.STONES + catalog.IMPORTED:,} stones")
        if catalog_only:
            return
        dice = random.Random(SEED)
        threads = history.write(stores=stores, dice=dice, now=now)
        self._say(f"{len(threads):,} people and their designs")
        sale_ids = tills.write(threads, stores=stores, dice=dice, now=now)
        friends.write(threads, stores=stores, dice=dice, now=now)
        asking.write(threads, now=now)
        rewards = credit.write(stores=stores, now=now)
        self._say(f"{len(sale_ids):,} sales, and {rewards:,} rewards in store credit")
        visits.write(stores=stores, now=now)
        orders.write(stores=stores, now=now)
        counters.write(stores=stores, now=now)
        self._say("today's visits, custom orders and open tickets")
        agree = closings.write(stores=stores, now=now)
        self._say(f"{agree} days whose registers agree with the books")
        conversions.rebuild_all(now=now)
        self._say("their conversions and credit")

    def _say(self, text: str) -> None:
        self.stdout.write(f"  {time.monotonic() - self.began:5.1f} s  {text}")
        self.stdout.flush()
