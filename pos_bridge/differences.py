"""What an event has to do with, as plain rows: read before and after, the difference is its effect."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Max

from jeweler.models import (
    AuditEntry,
    ContactPoint,
    Customer,
    OutboxEvent,
    Payment,
    Refund,
    Sale,
    SaleEvidence,
    SaleLine,
)
from pos_bridge import inventory
from pos_bridge.models import Alarm, Fetch, InboxEvent, ReturnedStone, StockLevel, TillCustomer
from pos_bridge.providers import known
from pos_bridge.providers.fields import Malformed

Values = dict[str, str]
Rows = dict[tuple[str, str], Values]

# What is only ever added: whatever is newer than before is the event's.
_ADDED: tuple[type[models.Model], ...] = (
    Customer, ContactPoint, OutboxEvent, AuditEntry, Fetch, Alarm, TillCustomer,
)  # fmt: skip
_LEFT_OUT = {"id", "recorded_at", "found_at", "password"}


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The sales and items that an event tells of, and how far the tables reached that only grow."""

    connection_id: int
    source: str
    sale_ids: frozenset[str]
    item_ids: frozenset[str]
    newest: tuple[tuple[type[models.Model], int], ...]


@dataclass(frozen=True, kw_only=True)
class Change:
    """One row: "new", "changed" or "gone"; each value as (name, before, after)."""

    table: str
    row: str
    what: str
    values: tuple[tuple[str, str, str], ...]


def scope_of(event: InboxEvent) -> Scope:
    try:
        records = known.of(event.connection).parse(name=event.type, body=event.body)
    except Malformed:
        records = ()
    sales = {event.sale_external_id, *(getattr(each, "sale_id", "") for each in records)} - {""}
    items = {getattr(each, "item_id", "") for each in records} - {""}
    newest = tuple(
        (model, model._default_manager.aggregate(top=Max("pk"))["top"] or 0) for model in _ADDED
    )
    return Scope(
        connection_id=event.connection_id,
        source=event.connection.source,
        sale_ids=frozenset(sales),
        item_ids=frozenset(items),
        newest=newest,
    )


def rows(scope: Scope) -> Rows:
    """Every row in scope by its table and its name there."""
    return {(table, name): values for table, name, values in _all(scope)}


def changes(before: Rows, after: Rows) -> tuple[Change, ...]:
    found = []
    for key in dict.fromkeys([*before, *after]):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        what = "new" if old is None else "gone" if new is None else "changed"
        old, new = old or {}, new or {}
        values = tuple(
            (name, old.get(name, ""), new.get(name, ""))
            for name in dict.fromkeys([*old, *new])
            if old.get(name, "") != new.get(name, "")
        )
        found.append(Change(table=key[0], row=key[1], what=what, values=values))
    return tuple(found)


def _all(scope: Scope) -> Iterator[tuple[str, str, Values]]:
    sales = Sale.objects.filter(source=scope.source, external_id__in=scope.sale_ids)
    for sale in sales.order_by("pk"):
        yield from _of_sale(sale)
    levels = StockLevel.objects.filter(
        item__connection=scope.connection_id, item__external_id__in=scope.item_ids
    )
    for level in levels.select_related("item", "store").order_by("pk"):
        yield "Stock", f"{level.item} in {level.store}", {"quantity": str(level.quantity)}
    for model, top in scope.newest:
        for row in model._default_manager.filter(pk__gt=top).order_by("pk"):
            yield _name(model), _label(row), _values(row)


def _of_sale(sale: Sale) -> Iterator[tuple[str, str, Values]]:
    yield "Sales", sale.external_id, _values(sale)
    for line in SaleLine.objects.filter(sale=sale).order_by("position"):
        yield "Lines", f"{sale.external_id}/{line.position}", _values(line)
    for payment in Payment.objects.filter(sale=sale).order_by("pk"):
        yield "Payments", payment.external_id, _values(payment)
    for refund in Refund.objects.filter(sale=sale).order_by("pk"):
        yield "Refunds", refund.external_id, _values(refund)
    for evidence in SaleEvidence.objects.filter(sale=sale).order_by("pk"):
        yield "Evidence", f"{evidence.kind} {evidence.pk}", {"grade": evidence.grade}
    for returned in ReturnedStone.objects.filter(sale=sale).select_related("stone").order_by("pk"):
        yield "Returned stones", str(returned.stone), {"reason": returned.reason}
    for stone in inventory.stones_of_sale(source=sale.source, external_id=sale.external_id):
        yield "Stones", str(stone), {"status": stone.status}


def _name(model: type[models.Model]) -> str:
    names = {OutboxEvent: "Events published", AuditEntry: "Audit log"}
    return names.get(model, str(model._meta.verbose_name_plural).capitalize())


def _label(row: models.Model) -> str:
    """Which row it is. Of a person only that there is one: a trial is no way to look her up."""
    if isinstance(row, OutboxEvent):
        return f"{row.name.partition('.')[2]} {row.pk}"
    if isinstance(row, Customer | ContactPoint | TillCustomer):
        return f"number {row.pk}"
    return str(row)


def _values(row: models.Model) -> Values:
    if isinstance(row, Customer | ContactPoint | TillCustomer):
        return {}
    return {
        str(field.verbose_name): _said(getattr(row, field.attname))
        for field in row._meta.concrete_fields
        if field.name not in _LEFT_OUT
    }


def _said(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return "" if value is None else str(value)
