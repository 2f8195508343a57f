"""The tills: how each is reached, and everything each has told us."""

from pos_bridge.models.connections import Alarm, Connection, Fetch, Place, TillCustomer
from pos_bridge.models.inbox import InboxEvent
from pos_bridge.models.stock import Item, ReturnedStone, StockLevel

__all__ = [
    "Alarm",
    "Connection",
    "Fetch",
    "InboxEvent",
    "Item",
    "Place",
    "ReturnedStone",
    "StockLevel",
    "TillCustomer",
]
