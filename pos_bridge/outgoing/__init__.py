"""Webhooks that the house sends: by Standard Webhooks, numbered without a gap for each endpoint.

Promise: what happened and was committed is told to every endpoint that asked for its kind, at least once and always under the
same id, until it answers or the schedule of three days is over. The numbers of an endpoint's messages have no gap, and the
messages can be read by number, so that whoever missed one knows it and gets it. A message says what happened to what, by ids
and codes; the rest is asked for, so that nobody's name or price lies in other people's queues.

Limit: messages are not delivered in their order, since one that fails does not hold up the next; their numbers tell it.
"""

from pos_bridge.outgoing.endpoints import (
    NotDisabled,
    Opened,
    add,
    find,
    new_token,
    retire_old,
    rotate,
    secrets_of,
    switch_on,
)
from pos_bridge.outgoing.numbering import ping, tell
from pos_bridge.outgoing.reading import NoLongerKept, NoSuchMessage, Page, after, one, prune
from pos_bridge.outgoing.replaying import MOST_AT_ONCE, NoReason, TooMany, replay
from pos_bridge.outgoing.sending import body_of, deliver_due, headers_of, said
from pos_bridge.outgoing.telling import KEPT_TO_OURSELVES, PING, TOLD, TYPES, type_of

__all__ = [
    "KEPT_TO_OURSELVES",
    "MOST_AT_ONCE",
    "PING",
    "TOLD",
    "TYPES",
    "NoLongerKept",
    "NoReason",
    "NoSuchMessage",
    "NotDisabled",
    "Opened",
    "Page",
    "TooMany",
    "add",
    "after",
    "body_of",
    "deliver_due",
    "find",
    "headers_of",
    "new_token",
    "one",
    "ping",
    "prune",
    "replay",
    "retire_old",
    "rotate",
    "said",
    "secrets_of",
    "switch_on",
    "tell",
    "type_of",
]
