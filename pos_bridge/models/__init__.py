"""The tills: how each is reached, and everything each has told us."""

from pos_bridge.models.connections import Connection
from pos_bridge.models.inbox import InboxEvent
from pos_bridge.models.stock import ReturnedStone

__all__ = ["Connection", "InboxEvent", "ReturnedStone"]
