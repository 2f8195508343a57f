"""What an import changed, with examples that a person can check: counts from the tables that applying.py has filled."""

import json
from collections.abc import Mapping
from typing import Any

from django.db.backends.utils import CursorWrapper

from builder.feeds import sql

Example = dict[str, Any]


def of_facts(cursor: CursorWrapper) -> list[Example]:
    """What the feed says anew of known stones; to be asked before they are changed."""
    cursor.execute(sql.FACT_EXAMPLES)
    return [
        {
            "stock_number": stock,
            "stone": stone,
            "changes": _between(json.loads(known), json.loads(told)),
        }
        for stock, stone, known, told in cursor.fetchall()
    ]


def report(cursor: CursorWrapper, *, facts: list[Example]) -> dict[str, Any]:
    """`new`, `changed` and `unchanged` count the supplier's offers, `shown` has examples of each."""
    cursor.execute(sql.COUNT_DIFFERENCES)
    new, changed, offers = cursor.fetchone()
    shown = {
        "new": _named(cursor, sql.NEW_EXAMPLES),
        "changed": (facts + _prices(cursor))[: sql.EXAMPLES],
        "withdrawn": _named(cursor, sql.WITHDRAWN_EXAMPLES),
    }
    return {
        "offers": offers,
        "new": new,
        "changed": changed,
        "unchanged": offers - new - changed,
        "shown": shown,
    }


def _between(known: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, list[str]]:
    return {
        name: [_said(known[name]), _said(told[name])]
        for name in known
        if known[name] != told.get(name)
    }


def _named(cursor: CursorWrapper, statement: str) -> list[Example]:
    cursor.execute(statement)
    return [
        {"stock_number": stock, "stone": stone, "price": str(price)}
        for stock, stone, price in cursor.fetchall()
    ]


def _prices(cursor: CursorWrapper) -> list[Example]:
    cursor.execute(sql.PRICE_EXAMPLES)
    found = []
    for stock, stone, had_price, price, is_another, had_cost, cost in cursor.fetchall():
        changes = {
            name: [_said(before), _said(now)]
            for name, before, now in (("cost", had_cost, cost), ("price", had_price, price))
            if before != now
        }
        if is_another:
            changes["stone"] = ["another", stone]
        found.append({"stock_number": stock, "stone": stone, "changes": changes})
    return found


def _said(value: Any) -> str:
    return "" if value is None else str(value)
