"""What the builder's workers do ahead of time."""

import contextlib

from celery import shared_task
from django.utils import timezone

from builder import gallery, imports, living, portraits
from builder.search import building


@shared_task(expires=30)
def draw_portraits() -> None:
    """Have the pictures of the landing and of the settings' list ready before the first shopper."""
    shown = portraits.of_settings(portraits.offered(), metal=None, stone=None, now=timezone.now())
    widths = {portrait.picture_hash: [600] for portrait in shown}
    for portrait in shown[:1]:
        widths[portrait.picture_hash].insert(0, 900)
    for content_hash, sizes in widths.items():
        for width in sizes:
            with contextlib.suppress(gallery.BenchBusy):
                gallery.picture(content_hash=content_hash, width=width)


@shared_task(expires=10)
def import_feeds() -> int:
    """Take in the feed that waits longest, if no worker is at one."""
    return imports.run_due(now=timezone.now())


@shared_task(expires=15)
def build_snapshot() -> None:
    """Have the stone list's bitmaps anew when stones changed (docs/operations.md)."""
    building.refresh(now=timezone.now())


@shared_task(expires=10)
def watch_designs() -> int:
    """Look at the saved designs whose hour has come, and at those whose stone was sold."""
    return living.watch(now=timezone.now())
