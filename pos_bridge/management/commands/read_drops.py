"""Read the files that tills have dropped, now and not at the next round."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from pos_bridge import drops
from pos_bridge.models import Connection


class Command(BaseCommand):
    help = "Reads the files in the tills' directories that have rested for a minute."

    def handle(self, *args: Any, **options: Any) -> None:
        tills = Connection.objects.filter(is_active=True, provider=Connection.Provider.FILE_DROP)
        for connection in tills.select_related("store").order_by("code"):
            count = drops.read_all(connection=connection, now=timezone.now())
            self.stdout.write(f"{drops.directory_of(connection)}: {count} read")
