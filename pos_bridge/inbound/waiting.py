"""What cannot be applied yet: why it is parked, what would wake it, and what is asked for meanwhile."""

from datetime import datetime

from jeweler.models import Store
from pos_bridge import fetching
from pos_bridge.models import Connection, Place
from pos_bridge.providers import known
from pos_bridge.records import Wanted


class Parked(Exception):
    """The event cannot be applied now; `reason` says why, and `waits_for` what will wake it.

    `about` is what it waits for under, where that is not what the event is about; `wants` is to be
    fetched, for it may never come by itself.
    """

    reason = ""
    waits_for = ""

    def __init__(self, why: str, *, about: str = "", wants: Wanted | None = None) -> None:
        super().__init__(why)
        self.about, self.wants = about, wants


class SaleUnknown(Parked):
    reason, waits_for = "sale_unknown", "sale"


class PaymentUnknown(Parked):
    reason, waits_for = "payment_unknown", "payment"


class StoreUnknown(Parked):
    reason = "store_unknown"


class StoreMismatch(Parked):
    reason = "store_mismatch"


class CurrencyMismatch(Parked):
    reason = "currency_mismatch"


def payment_name(payment_id: str) -> str:
    """Under which name a payment's refunds wait for it."""
    return f"payment {payment_id}"[:128] if payment_id else ""


def want(wanted: Wanted, *, connection: Connection, now: datetime) -> None:
    """Owe a fetch, if this till has an API that we may ask for that."""
    if wanted.kind in known.of(connection).FETCHES and connection.api_token:
        fetching.want(
            connection=connection, kind=wanted.kind, external_id=wanted.external_id, now=now
        )


def _place(name: str, connection: Connection) -> Place | None:
    """Without a question where the places were read with the connection, as for a batch of events."""
    if "places" in getattr(connection, "_prefetched_objects_cache", {}):
        return next((each for each in connection.places.all() if each.external_id == name), None)
    return connection.places.select_related("store").filter(external_id=name).first()


def store_at(name: str, *, connection: Connection) -> Store:
    """Which store the till's name for a place is. Raises StoreUnknown, StoreMismatch."""
    place = _place(name, connection)
    store = place.store if place else connection.store
    if store is None:
        store = Store.objects.filter(code=name).first()
        if store is None:
            raise StoreUnknown(
                f"There is no store {name!r}; name its code, add it, "
                "or say in the connection's places which store that is"
            )
    elif place is None and name not in {"", store.code}:
        raise StoreMismatch(
            f"This connection is of {store.code}, the event of {name!r}; "
            "say in the connection's places which store that is"
        )
    return store
