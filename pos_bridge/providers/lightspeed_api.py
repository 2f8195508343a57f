"""Lightspeed X-Series: collections by their version, which only grows, so that nothing is asked for twice.

A register's summary is of its session, from its opening on: a closing when the register is closed. It names every tender that the
house has.
"""

from datetime import datetime
from decimal import Decimal, InvalidOperation
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
    moment,
    pulled,
    rows,
    text,
)
from pos_bridge.records import Closure

BASE = "/api/2.0"
WEBHOOKS = (
    "/api/2026-07/webhooks"  # 2.0 has none: these are of the API by dates, whose request is JSON
)
MOST = "200"
# The collections that have a version, and the webhook's type of what stands in them.
COLLECTIONS = {
    "sales": "sale.update",
    "customers": "customer.update",
    "inventory": "inventory.update",
}
_ONE = {"order": "sales", "sale": "sales", "customer": "customers", "item": "products"}
_ONE_TYPES = {"sales": "sale.update", "customers": "customer.update", "products": "product.update"}


def fetch(*, access: Access, kind: str, external_id: str) -> Ask | None:
    if kind not in _ONE or not external_id.replace("-", "").isalnum():
        return None
    collection = _ONE[kind]
    return _ask(access, f"one {collection}", f"{collection}/{external_id}")


def changes(*, access: Access, since: datetime, until: datetime) -> tuple[Ask, ...]:
    return tuple(_after(access, name, access.cursors.get(name, "0")) for name in COLLECTIONS)


def closures(*, access: Access, since: datetime, until: datetime) -> tuple[Ask, ...]:
    return (_ask(access, "registers", "registers"),)


def read(*, access: Access, ask: Ask, told: Told) -> Page:
    about, _, rest = ask.about.partition(" ")
    if about == "one":
        return Page(found=(_found(_ONE_TYPES[rest], group(told.body, "data")),))
    if about == "registers":
        return Page(then=tuple(_summaries(access, told)))
    if about == "summary":
        return Page(closures=_closures(rest, told))
    listed = rows(told.body, "data")
    found = tuple(_found(COLLECTIONS[about], row) for row in listed)
    if not listed:
        return Page()
    cursor = text(group(told.body, "version"), "max")
    if not cursor.isdigit() or int(cursor) <= int(rest):
        raise NotAsExpected("its next page is the same page")
    return Page(found=found, then=(_after(access, about, cursor),), cursors={about: cursor})


def subscriptions(*, access: Access) -> Ask | None:
    return Ask(about="webhooks", path=WEBHOOKS, headers=_headers(access))


def renewals(*, access: Access, told: Told) -> tuple[Ask, ...]:
    ours = {
        text(row, "type")
        for row in rows(told.body, "data")
        if row.get("url") == access.hook and row.get("active", True)
    }
    return tuple(
        Ask(
            about="webhook",
            method="POST",
            path=WEBHOOKS,
            headers=_headers(access),
            body={"url": access.hook, "active": True, "type": type_},
        )
        for type_ in COLLECTIONS.values()
        if type_ not in ours
    )


def secret_in(told: Told) -> str:
    return ""  # the application's own secret signs


# Inside.


def _headers(access: Access) -> dict[str, str]:
    return {"Authorization": f"Bearer {access.token}"}


def _ask(access: Access, about: str, path: str) -> Ask:
    return Ask(about=about, path=f"{BASE}/{path}", headers=_headers(access))


def _after(access: Access, name: str, cursor: str) -> Ask:
    path = f"{name}?{urlencode({'after': cursor, 'page_size': MOST})}"
    return _ask(access, f"{name} {cursor}", path)


def _found(type_: str, row: dict[str, Any]) -> Found:
    id_ = text(row, "id")
    about = id_ if type_ == "sale.update" else ""
    as_of = str(row.get("version") or row.get("updated_at") or "")
    return Found(message=pulled(type_=type_, about=about, id_=id_, as_of=as_of, body=row))


def _summaries(access: Access, told: Told) -> list[Ask]:
    """Of the registers that are closed: an open one's day is not over."""
    asks = []
    for row in rows(told.body, "data"):
        if row.get("is_open", True) or not row.get("register_close_time"):
            continue
        parts = (text(row, "id"), text(row, "outlet_id"), text(row, "register_close_time"))
        name = str(row.get("name") or "")
        path = f"registers/{parts[0]}/payments_summary"
        asks.append(_ask(access, " ".join(("summary", *parts, name)), path))
    return asks


def _closures(said: str, told: Told) -> tuple[Closure, ...]:
    register_id, outlet, closed_at, name = said.split(" ", 3)
    summary = group(told.body, "data")
    return (
        Closure(
            closure_id=f"{register_id}-{text(summary, 'register_closure_sequence_number')}",
            place=outlet,
            register=name,
            opened_at=moment(summary, "register_open_time"),
            closed_at=moment({"closed_at": closed_at}, "closed_at"),
            currency="",
            tenders=tuple(_tender(row) for row in rows(summary, "payments")),
        ),
    )


def _tender(row: dict[str, Any]) -> tuple[str, Decimal]:
    try:
        return text(row, "payment_type_name"), Decimal(text(row, "total"))
    except InvalidOperation as error:
        raise NotAsExpected("a payment's total is no amount") from error
