"""BigCommerce: orders by `date_modified`, each asked for whole, with its transactions. It is a web shop: it closes no registers."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from pos_bridge.providers.asking import (
    Access,
    Ask,
    Found,
    NotAsExpected,
    Page,
    Told,
    group,
    pulled,
    rows,
    stamp,
    stamp_after,
    text,
)
from pos_bridge.providers.bigcommerce import HEADER
from pos_bridge.records import Wanted

MOST = 250
SCOPES = ("store/order/*", "store/customer/*", "store/product/inventory/updated")
_ONE = {
    "order": "/v2/orders/{}?include=consignments.line_items",
    "transactions": "/v3/orders/{}/transactions",
    "refunds": "/v3/orders/{}/payment_actions/refunds",
    "customer": "/v3/customers?id:in={}",
}


def fetch(*, access: Access, kind: str, external_id: str) -> Ask | None:
    if kind not in _ONE or not external_id.isdigit():
        return None
    return _ask(access, f"{kind} {external_id}", _ONE[kind].format(external_id))


def changes(*, access: Access, since: datetime, until: datetime) -> tuple[Ask, ...]:
    window = {"min_date_modified": stamp(since), "max_date_modified": stamp_after(until)}
    return (_page(access, window, number=1),)


def closures(*, access: Access, since: datetime, until: datetime) -> tuple[Ask, ...]:
    return ()


def read(*, access: Access, ask: Ask, told: Told) -> Page:
    about, _, rest = ask.about.partition(" ")
    if about == "orders":
        return _orders(access, ask, told)
    if about == "order":
        return Page(found=(_order(told.body),))
    listed = rows(told.body, "data")
    if about == "customer":
        found = [_plain("customer", row, about="") for row in listed]
    else:
        found = [_plain(about, {**row, "order_id": rest}, about=rest) for row in listed]
    return Page(found=tuple(found))


def subscriptions(*, access: Access) -> Ask | None:
    return _ask(access, "hooks", "/v3/hooks?limit=250")


def renewals(*, access: Access, told: Told) -> tuple[Ask, ...]:
    """Each hook brings the connection's password along, in the header that its deliveries are known by; one that does not is told to."""
    ours = {
        text(row, "scope"): row
        for row in rows(told.body, "data")
        if row.get("destination") == access.hook
    }
    works = {"is_active": True, "headers": {HEADER: access.secret}}
    again = [
        _send(access, "PUT", f"/v3/hooks/{text(row, 'id')}", works)
        for row in ours.values()
        if not row.get("is_active", True) or not _brings(row.get("headers"), access.secret)
    ]
    made = [
        _send(access, "POST", "/v3/hooks", {"scope": scope, "destination": access.hook, **works})
        for scope in SCOPES
        if scope not in ours
    ]
    return (*again, *made)


def _brings(headers: Any, secret: str) -> bool:
    given = headers if isinstance(headers, dict) else {}
    return any(name.lower() == HEADER and value == secret for name, value in given.items())


def secret_in(told: Told) -> str:
    return ""


# Inside.


def _headers(access: Access) -> dict[str, str]:
    return {"X-Auth-Token": access.token, "Accept": "application/json"}


def _ask(access: Access, about: str, path: str) -> Ask:
    return Ask(about=about, path=path, headers=_headers(access))


def _send(access: Access, method: str, path: str, body: dict[str, Any]) -> Ask:
    return Ask(about="hook", method=method, path=path, headers=_headers(access), body=body)


def _page(access: Access, window: dict[str, str], *, number: int) -> Ask:
    query = {**window, "sort": "date_modified:asc", "limit": str(MOST), "page": str(number)}
    return _ask(access, f"orders {number}", f"/v2/orders?{urlencode(query)}")


def _orders(access: Access, ask: Ask, told: Told) -> Page:
    """Each changed order, as its hook would have hinted it; what it says is asked for then."""
    listed = told.body or []  # a page without orders is 204, without a body
    if not isinstance(listed, list) or not all(isinstance(row, dict) for row in listed):
        raise NotAsExpected("the orders are no list of objects")
    then: tuple[Ask, ...] = ()
    if len(listed) == MOST:
        number = int(ask.about.partition(" ")[2])
        path = ask.path.rpartition("=")[0] + f"={number + 1}"
        then = (Ask(about=f"orders {number + 1}", path=path, headers=_headers(access)),)
    return Page(found=tuple(_hint(row) for row in listed), then=then)


def _hint(row: dict[str, Any]) -> Found:
    id_ = text(row, "id")
    body = {"scope": "store/order/updated", "data": {"type": "order", "id": int(id_)}}
    as_of = text(row, "date_modified")
    return Found(
        message=pulled(type_="store/order/updated", about=id_, id_=id_, as_of=as_of, body=body)
    )


def _order(row: Any) -> Found:
    id_ = text(row, "id")
    message = pulled(type_="order", about=id_, id_=id_, as_of=text(row, "date_modified"), body=row)
    wants = (
        Wanted(kind="transactions", external_id=id_),
        Wanted(kind="refunds", external_id=id_),
    )
    return Found(message=message, wants=wants)


def _plain(kind: str, row: dict[str, Any], *, about: str) -> Found:
    kinds = {"transactions": "transaction", "refunds": "refund", "customer": "customer"}
    as_of = str(row.get("date_modified") or row.get("date_created") or row.get("created") or "")
    as_of += str(row.get("status") or "")
    type_ = kinds[kind]
    return Found(
        message=pulled(type_=type_, about=about, id_=str(group(row, "id")), as_of=as_of, body=row)
    )
