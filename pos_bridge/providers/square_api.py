"""Square's API: orders by `updated_at`, and the events themselves for 28 days, under the keys that its webhooks have.

The Events API is for a house's own token alone; where it is refused, orders with their tenders and refunds still come. A drawer's
shift counts cash and nothing else.
"""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from jeweler import money
from pos_bridge.providers.asking import (
    Access,
    Ask,
    Found,
    NotAsExpected,
    Page,
    Told,
    group,
    maybe_rows,
    moment,
    pulled,
    stamp,
    stamp_after,
    text,
)
from pos_bridge.providers.contract import Message
from pos_bridge.records import Closure

VERSION = "2025-10-16"
NAME = "The house's till bridge"
EVENTS = (
    "order.created", "order.updated", "order.fulfillment.updated", "payment.created", "payment.updated",
    "refund.created", "refund.updated", "inventory.count.updated", "customer.created", "customer.updated",
    "customer.deleted",
)  # fmt: skip
# What we ask for by its id, under the name of the one object in the answer.
_ONE = {
    "order": "/v2/orders/{}",
    "payment": "/v2/payments/{}",
    "refund": "/v2/refunds/{}",
    "customer": "/v2/customers/{}",
    "item": "/v2/catalog/object/{}",  # a variation: what is counted and sold
}


_UNDER = {"item": "object"}  # where it stands in the answer, where that is not its own name


def fetch(*, access: Access, kind: str, external_id: str) -> Ask | None:
    if kind not in _ONE or not external_id.replace("-", "").replace("_", "").isalnum():
        return None
    return _ask(access, kind, _ONE[kind].format(external_id))


def changes(*, access: Access, since: datetime, until: datetime) -> tuple[Ask, ...]:
    window = {"start_at": stamp(since), "end_at": stamp_after(until)}
    asks = [
        _post(
            access,
            "events",
            "/v2/events",
            {
                "limit": 100,
                "query": {"filter": {"created_at": window, "event_types": list(EVENTS)}},
            },
            is_optional=True,
        )
    ]
    for first in range(0, len(access.places), 10):  # a search takes ten places
        query = {
            "filter": {"date_time_filter": {"updated_at": window}},
            "sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"},
        }
        places = list(access.places[first : first + 10])
        body = {"location_ids": places, "limit": 500, "query": query}
        asks.append(_post(access, "orders", "/v2/orders/search", body))
    return tuple(asks)


def closures(*, access: Access, since: datetime, until: datetime) -> tuple[Ask, ...]:
    window = {"begin_time": stamp(since), "end_time": stamp_after(until), "limit": "1000"}
    return tuple(
        _ask(
            access,
            f"shifts {place}",
            f"/v2/cash-drawers/shifts?{urlencode({'location_id': place, **window})}",
            is_optional=True,
        )
        for place in access.places
    )


def read(*, access: Access, ask: Ask, told: Told) -> Page:
    about, _, place = ask.about.partition(" ")
    if about == "shifts":
        return Page(then=_shifts(access, place, told))
    if about == "shift":
        return Page(closures=(_closure(place, group(told.body, "cash_drawer_shift")),))
    if about == "events":
        found = [_event(row) for row in maybe_rows(told.body, "events")]
    elif about == "orders":
        found = [_object("order", row) for row in maybe_rows(told.body, "orders")]
    else:
        found = [_object(about, group(told.body, _UNDER.get(about, about)))]
    return Page(found=tuple(found), then=_next(ask, told))


def subscriptions(*, access: Access) -> Ask | None:
    return _ask(access, "subscriptions", "/v2/webhooks/subscriptions?include_disabled=true")


def renewals(*, access: Access, told: Told) -> tuple[Ask, ...]:
    known = maybe_rows(told.body or {}, "subscriptions")
    ours = [row for row in known if row.get("notification_url") == access.hook]
    if not ours:
        said = {"name": NAME, "event_types": list(EVENTS), "notification_url": access.hook}
        body = {"idempotency_key": str(uuid.uuid4()), "subscription": said}
        return (_post(access, "subscription", "/v2/webhooks/subscriptions", body),)
    best = ours[0]
    if best.get("enabled", True) and set(EVENTS) <= set(best.get("event_types") or []):
        return ()
    path = f"/v2/webhooks/subscriptions/{text(best, 'id')}"
    body = {"subscription": {"enabled": True, "event_types": list(EVENTS)}}
    return (_post(access, "subscription", path, body, method="PUT"),)


def secret_in(told: Told) -> str:
    subscription = told.body.get("subscription") if isinstance(told.body, dict) else None
    return str((subscription or {}).get("signature_key") or "")


# Inside.


def _headers(access: Access) -> dict[str, str]:
    return {"Authorization": f"Bearer {access.token}", "Square-Version": VERSION}


def _ask(access: Access, about: str, path: str, *, is_optional: bool = False) -> Ask:
    return Ask(about=about, path=path, headers=_headers(access), is_optional=is_optional)


def _post(
    access: Access,
    about: str,
    path: str,
    body: dict[str, Any],
    *,
    method: str = "POST",
    is_optional: bool = False,
) -> Ask:
    headers = _headers(access)
    return Ask(
        about=about, method=method, path=path, headers=headers, body=body, is_optional=is_optional
    )


def _next(ask: Ask, told: Told) -> tuple[Ask, ...]:
    cursor = told.body.get("cursor") if isinstance(told.body, dict) else None
    if not cursor or not isinstance(ask.body, dict):
        return ()
    if ask.body.get("cursor") == cursor:
        raise NotAsExpected("its next page is the same page")
    body = {**ask.body, "cursor": cursor}
    again = Ask(about=ask.about, method="POST", path=ask.path, headers=ask.headers, body=body)
    return (again,)


def _event(row: dict[str, Any]) -> Found:
    """Just as its webhook would have said it, under the same key: one of the two is enough."""
    type_ = text(row, "type")
    subject = group(group(row, "data"), "object")
    inner: Any = next(iter(subject.values()), {}) if isinstance(subject, dict) else {}
    about = inner.get("order_id", "") if isinstance(inner, dict) else ""
    message = Message(key=text(row, "event_id"), type=type_[:64], about=str(about)[:128], body=row)
    return Found(message=message)


def _object(kind: str, row: dict[str, Any]) -> Found:
    id_ = text(row, "id")
    about = id_ if kind == "order" else str(row.get("order_id") or "")
    as_of = str(row.get("updated_at") or row.get("created_at") or "")
    return Found(
        message=pulled(
            type_=kind, about=about, id_=id_, as_of=as_of, body={_UNDER.get(kind, kind): row}
        )
    )


def _shifts(access: Access, place: str, told: Told) -> tuple[Ask, ...]:
    closed = [row for row in maybe_rows(told.body, "cash_drawer_shifts") if row.get("closed_at")]
    behind = urlencode({"location_id": place})
    return tuple(
        _ask(access, f"shift {place}", f"/v2/cash-drawers/shifts/{text(row, 'id')}?{behind}")
        for row in closed
    )


def _closure(place: str, shift: dict[str, Any]) -> Closure:
    taken, given = _amount(shift, "cash_payment_money"), _amount(shift, "cash_refunds_money")
    return Closure(
        closure_id=text(shift, "id"),
        place=place,
        register=str(shift.get("description") or ""),
        opened_at=moment(shift, "opened_at"),
        closed_at=moment(shift, "closed_at"),
        currency=text(group(shift, "opened_cash_money"), "currency"),
        tenders=(("cash", taken - given),),
        is_counted_whole=False,
    )


def _amount(row: dict[str, Any], name: str) -> Decimal:
    found = row.get(name)
    if found is None:
        return Decimal(0)
    return money.from_minor(int(text(found, "amount")), currency=text(found, "currency"))
