"""Shopify's Admin API: what changed by `updated_at`, in the same bodies as its webhooks, so REST and not GraphQL.

Cash drawers' sessions come by GraphQL, where alone they are, and only for locations with POS Pro. Shopify counts no register by
card, so a closing says cash and nothing else.
"""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode, urlsplit

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
    rows,
    stamp,
    stamp_after,
    text,
)
from pos_bridge.records import Closure, Wanted

BASE = "/admin/api/2025-10"
MOST = "250"
TOPICS = (
    "orders/create", "orders/updated", "orders/paid", "orders/cancelled", "order_transactions/create",
    "refunds/create", "fulfillments/create", "fulfillments/update", "inventory_levels/update",
    "inventory_items/update", "customers/create", "customers/update", "customers/merge", "customers/delete",
    "app/uninstalled",
)  # fmt: skip
_NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')
_ONE = {
    "order": ("orders/{}.json", "order"),
    "customer": ("customers/{}.json", "customer"),
    "item": ("inventory_items/{}.json", "inventory_item"),
    "transactions": ("orders/{}/transactions.json", "transactions"),
}
_SESSIONS = """
query ($said: String!, $after: String) {
  cashTrackingSessions(first: 50, after: $after, query: $said) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id registerName openingTime closingTime
      location { id }
      netCashSales { amount currencyCode }
    }
  }
}
"""


def fetch(*, access: Access, kind: str, external_id: str) -> Ask | None:
    if kind not in _ONE or not external_id.isdigit():
        return None
    path, about = _ONE[kind]
    return _ask(access, about, path.format(external_id))


def changes(*, access: Access, since: datetime, until: datetime) -> tuple[Ask, ...]:
    window = {
        "updated_at_min": stamp(since),
        "updated_at_max": stamp_after(until),
        "order": "updated_at asc",
        "limit": MOST,
    }
    asks = [
        _ask(access, "orders", "orders.json", {"status": "any", **window}),
        _ask(access, "customers", "customers.json", window, is_optional=True),
    ]
    if access.places:
        where = {"location_ids": ",".join(access.places[:50]), "updated_at_min": stamp(since)}
        levels = {**where, "limit": MOST}
        asks.append(
            _ask(access, "inventory_levels", "inventory_levels.json", levels, is_optional=True)
        )
    return tuple(asks)


def closures(*, access: Access, since: datetime, until: datetime) -> tuple[Ask, ...]:
    said = f"closing_time:>='{stamp(since)}' AND closing_time:<='{stamp_after(until)}'"
    return (_sessions(access, said, after=None),)


def read(*, access: Access, ask: Ask, told: Told) -> Page:
    if ask.about == "sessions":
        return _read_sessions(access, ask, told)
    one = {"order": "orders", "customer": "customers", "inventory_item": "inventory_items"}
    found = [group(told.body, ask.about)] if ask.about in one else rows(told.body, ask.about)
    read_row = _READERS[one.get(ask.about, ask.about)]
    return Page(
        found=tuple(each for row in found for each in read_row(row)),
        then=_next(access, ask, told),
    )


def subscriptions(*, access: Access) -> Ask | None:
    return _ask(access, "webhooks", "webhooks.json", {"limit": MOST})


def renewals(*, access: Access, told: Told) -> tuple[Ask, ...]:
    ours = {
        text(row, "topic")
        for row in rows(told.body, "webhooks")
        if row.get("address") == access.hook
    }
    return tuple(
        Ask(
            about="webhook",
            method="POST",
            path=f"{BASE}/webhooks.json",
            headers=_headers(access),
            body={"webhook": {"topic": topic, "address": access.hook, "format": "json"}},
            is_optional=True,
        )
        for topic in TOPICS
        if topic not in ours
    )


def secret_in(told: Told) -> str:
    return ""  # the app's own secret signs, whatever is subscribed


# Inside.


def _ask(
    access: Access,
    about: str,
    path: str,
    query: dict[str, str] | None = None,
    *,
    is_optional: bool = False,
) -> Ask:
    behind = f"?{urlencode(query)}" if query else ""
    return Ask(
        about=about,
        path=f"{BASE}/{path}{behind}",
        headers=_headers(access),
        is_optional=is_optional,
    )


def _headers(access: Access) -> dict[str, str]:
    return {"X-Shopify-Access-Token": access.token}


def _next(access: Access, ask: Ask, told: Told) -> tuple[Ask, ...]:
    """The next page, wherever its link points: only its path is taken, behind our own address of the shop."""
    link = _NEXT.search(told.headers.get("link", ""))
    if link is None:
        return ()
    parts = urlsplit(link[1])
    path = f"{parts.path}?{parts.query}"
    if path == ask.path:
        raise NotAsExpected("its next page is the same page")
    return (Ask(about=ask.about, path=path, headers=_headers(access)),)


def _read_order(order: dict[str, Any]) -> list[Found]:
    """The order, and what it carries: refunds and fulfillments. Its transactions have to be asked for."""
    id_ = text(order, "id")
    whole = pulled(
        type_="orders/updated", about=id_, id_=id_, as_of=text(order, "updated_at"), body=order
    )
    found = [Found(message=whole, wants=(Wanted(kind="transactions", external_id=id_),))]
    parts = (("refunds/create", "refunds"), ("fulfillments/update", "fulfillments"))
    for type_, name in parts:
        for row in maybe_rows(order, name):
            as_of = str(row.get("updated_at") or row.get("created_at") or "")
            part = pulled(type_=type_, about=id_, id_=text(row, "id"), as_of=as_of, body=row)
            found.append(Found(message=part))
    return found


def _read_transaction(row: dict[str, Any]) -> list[Found]:
    as_of = f"{text(row, 'kind')}:{text(row, 'status')}"
    order_id = text(row, "order_id")
    return [_said("order_transactions/create", order_id, row, id_=text(row, "id"), as_of=as_of)]


def _read_customer(row: dict[str, Any]) -> list[Found]:
    return [_said("customers/update", "", row, id_=text(row, "id"), as_of=text(row, "updated_at"))]


def _read_item(row: dict[str, Any]) -> list[Found]:
    as_of = text(row, "updated_at")
    return [_said("inventory_items/update", "", row, id_=text(row, "id"), as_of=as_of)]


def _read_level(row: dict[str, Any]) -> list[Found]:
    id_ = f"{text(row, 'inventory_item_id')}-{text(row, 'location_id')}"
    return [_said("inventory_levels/update", "", row, id_=id_, as_of=text(row, "updated_at"))]


def _said(type_: str, about: str, body: dict[str, Any], *, id_: str, as_of: str) -> Found:
    return Found(message=pulled(type_=type_, about=about, id_=id_, as_of=as_of, body=body))


_READERS = {
    "orders": _read_order,
    "transactions": _read_transaction,
    "customers": _read_customer,
    "inventory_items": _read_item,
    "inventory_levels": _read_level,
}


def _sessions(access: Access, said: str, *, after: str | None) -> Ask:
    return Ask(
        about="sessions",
        method="POST",
        path=f"{BASE}/graphql.json",
        headers=_headers(access),
        body={"query": _SESSIONS, "variables": {"said": said, "after": after}},
        is_optional=True,
    )


def _read_sessions(access: Access, ask: Ask, told: Told) -> Page:
    if isinstance(told.body, dict) and told.body.get("errors"):
        return _refused_sessions(told.body["errors"])
    answer = group(group(told.body, "data"), "cashTrackingSessions")
    page = group(answer, "pageInfo")
    after = page.get("endCursor") if page.get("hasNextPage") else None
    said = ask.body["variables"]["said"]
    return Page(
        closures=tuple(_closure(row) for row in rows(answer, "nodes") if row.get("closingTime")),
        then=(_sessions(access, said, after=after),) if after else (),
    )


def _refused_sessions(errors: Any) -> Page:
    """A shop without POS Pro, or without our leave to look, has no drawers to tell of."""
    if "ACCESS_DENIED" in str(errors):
        return Page()
    raise NotAsExpected(f"the cash sessions are refused: {str(errors)[:200]}")


def _closure(row: dict[str, Any]) -> Closure:
    cash = group(row, "netCashSales")
    return Closure(
        closure_id=text(row, "id").rpartition("/")[2],
        place=text(group(row, "location"), "id").rpartition("/")[2],
        register=str(row.get("registerName") or ""),
        opened_at=moment(row, "openingTime"),
        closed_at=moment(row, "closingTime"),
        currency=text(cash, "currencyCode"),
        tenders=(("cash", Decimal(text(cash, "amount"))),),
        is_counted_whole=False,
    )
