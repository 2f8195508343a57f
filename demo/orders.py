"""The sample house's custom orders: one in each store, whose drawing waits for her yes."""

from datetime import datetime, timedelta
from decimal import Decimal

from builder.models import DesignVersion, Stone
from jeweler.models import StaffMember, Store
from pos_bridge import invoices

GOOD_FOR = timedelta(days=14)


def write(*, stores: dict[str, Store], now: datetime) -> None:
    """Each from a ring that somebody saved and whose stone is still hers to have."""
    for store in stores.values():
        seller = StaffMember.objects.filter(stores=store).order_by("pk").first()
        version = (
            DesignVersion.objects.filter(
                price__isnull=False,
                setting__isnull=False,
                metal__isnull=False,
                ring_size__isnull=False,
                design__customer__isnull=False,
                design__invoices=None,
                stone__status=Stone.Status.AVAILABLE,
            )
            .exclude(picture_hash="")
            .order_by("-saved_at", "-pk")
            .first()
        )
        if seller is None or version is None:
            continue
        _order(version, store=store, seller=seller, now=now)


def _order(version: DesignVersion, *, store: Store, seller: StaffMember, now: datetime) -> None:
    total = invoices.amounts(version=version, store=store, now=now).total
    third = (total / 3).quantize(Decimal(1))
    invoice = invoices.write(
        version=version,
        store=store,
        stages=[invoices.Stage(title="The drawing"), invoices.Stage(title="The finished ring")],
        parts=[
            invoices.Part(title="Deposit", amount=third),
            invoices.Part(title="After the drawing", amount=third, after=1),
            invoices.Part(title="Balance", amount=total - 2 * third, after=2),
        ],
        good_until=(now + GOOD_FOR).astimezone(store.zone).date(),
        by=seller.user,
        now=now,
        note="As we said: the claws a little slimmer.",
    )
    drawing = invoice.stages.get(position=1)
    words = "From three sides, at true size. The claws are 0.9 mm now."
    invoices.show(stage=drawing, words=words, picture=None, by=seller.user, now=now)
