"""The inbox: every event is kept first, then applied once, whatever comes twice, late or not at all.

Promise: an event that was answered with 200 is a row, and its effect and its being done commit
together. The facts have natural keys and the till's versions, so repetition and order change
nothing. An event whose sale or payment is not known yet is parked and woken by it; one that can
never be applied is dead with its reason and can be replayed. Attempts are counted before the work,
in a transaction of their own, so that an event that kills its worker ends dead, too.
"""

from pos_bridge.inbound.applying import CannotBeReplayed, apply_due, apply_here, replay
from pos_bridge.inbound.forgetting import forget, prune
from pos_bridge.inbound.keeping import ConnectionChanged, keep, keep_unreadable

__all__ = [
    "CannotBeReplayed",
    "ConnectionChanged",
    "apply_due",
    "apply_here",
    "forget",
    "keep",
    "keep_unreadable",
    "prune",
    "replay",
]
