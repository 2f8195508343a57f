"""Keep what came: one statement, no lock, no broker."""

import dataclasses
import hashlib
import json
from datetime import datetime

from jeweler import prepared
from pos_bridge.models import Connection, InboxEvent
from pos_bridge.providers import card_data, known
from pos_bridge.providers.contract import Delivery, Message
from pos_bridge.providers.fields import Malformed

State = InboxEvent.State
NOT_UNDERSTOOD = ("malformed", "not_readable")


class ConnectionChanged(RuntimeError):
    """Other secrets, another address, or closed, since it was read. Read it anew, and look whether the delivery is still signed."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(f"{connection} was changed or closed; nothing was kept. Read it anew.")


def keep(*, connection: Connection, message: Message, now: datetime) -> bool:
    """Keep an event without its card data, and say whether it is new.

    Raises ConnectionChanged when nothing was kept, and Malformed when it was kept, but dead: the house sees it, and the till may send it again
    under the same key once it is mended.
    """
    clean = dataclasses.replace(message, body=card_data.redacted(message.body))
    try:
        known.of(connection).parse(name=clean.type, body=clean.body)
    except Malformed as malformed:
        _insert(connection, clean, now, reason="malformed", error=str(malformed))
        raise
    return _insert(connection, clean, now)


def keep_unreadable(
    *, connection: Connection, delivery: Delivery, problem: str, now: datetime
) -> None:
    """Keep that something signed came which is no JSON. Its text could hold card data and is not kept."""
    trace = {"sha256": hashlib.sha256(delivery.body).hexdigest(), "bytes": len(delivery.body)}
    key = known.of(connection).key_of(delivery)
    message = Message(key=key, type="", about="", body=trace)
    _insert(connection, message, now, reason="not_readable", error=problem)


def _insert(
    connection: Connection,
    message: Message,
    now: datetime,
    *,
    reason: str = "",
    error: str = "",
) -> bool:
    """One statement: a second delivery changes nothing, unless the first was not understood."""
    ((is_as_read, is_new),) = prepared.rows(
        _INSERT,
        {
            "connection": connection.pk,
            "is_active": connection.is_active,
            "token_hash": connection.token_hash,
            "secrets": json.dumps(connection.secrets),
            "key": message.key,
            "type": message.type,
            "body": json.dumps(message.body),
            "now": now,
            "state": State.DEAD if reason else State.NEW,
            "about": message.about,
            "finished_at": now if reason else None,
            "reason": reason,
            "error": error[:2000],
            "not_understood": list(NOT_UNDERSTOOD),
        },
    )
    if not is_as_read:
        raise ConnectionChanged(connection)
    return bool(is_new)


_INSERT = """
with whose as (
    select id from pos_bridge_connection
    where id = %(connection)s and is_active = %(is_active)s and token_hash = %(token_hash)s
        and secrets = %(secrets)s::jsonb
),
inserted as (
    insert into pos_bridge_inboxevent as kept (
        connection_id, delivery_key, type, body, received_at, state, sale_external_id,
        waits_for, attempts, next_attempt_at, finished_at, reason, last_error
    )
    select
        id, %(key)s, %(type)s, %(body)s::jsonb, %(now)s, %(state)s, %(about)s,
        '', 0, %(now)s, %(finished_at)s::timestamptz, %(reason)s, %(error)s
    from whose
    on conflict (connection_id, delivery_key) do update set
        type = excluded.type, body = excluded.body, received_at = excluded.received_at,
        state = excluded.state, sale_external_id = excluded.sale_external_id,
        attempts = 0, next_attempt_at = excluded.next_attempt_at,
        finished_at = excluded.finished_at, reason = excluded.reason,
        last_error = excluded.last_error
    where kept.state = 'dead' and kept.reason = any(%(not_understood)s)
    returning 1
)
select exists (select from whose), exists (select from inserted)
"""
