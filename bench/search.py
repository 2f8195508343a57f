"""The stone list over the sample catalog, beside bare SQL that answers the same questions.

The bare side is what one would write by hand: a page, a count, and one GROUP BY per facet that leaves
its own filter out, over the same table and indexes. Every total, page and facet count is compared
before anything is timed.
"""

import itertools
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.db import connection as database
from django.http import QueryDict

from bench import harness, site
from builder import search
from builder.models import Stone
from demo import catalog, house

SEED = 20261121
Bare = tuple[int, list[int], dict[str, dict[str, int]]]


def run(*, full: bool) -> list[harness.Case]:
    house.open_stores()
    catalog.load_catalog(now=datetime.now(UTC))
    with database.cursor() as cursor:
        cursor.execute("ANALYZE")
    questions = list(itertools.islice(_questions(), 400 if full else 120))
    for question in questions:
        _check(question)
    addresses = itertools.count()

    def ours(question: str) -> None:
        search.search(search.StoneQuery.from_params(QueryDict(question)))

    def page(question: str) -> None:
        harness.same(site.call("/diamonds/", query=question).status, 200, what=question)

    def api(question: str) -> None:
        address = f"10.0.{next(addresses) // 200}.1"
        answer = site.call("/api/v1/stones/", query=question, address=address)
        harness.same(answer.status, 200, what=question)

    cases = []
    for name, side in (("search", ours), ("API", api), ("page", page)):
        mine, theirs = harness.side_by_side(side, _bare, questions)
        cases += harness.compare(
            case=f"{Stone.objects.count():,} stones, {name}",
            reference_name="bare SQL",
            ours=mine,
            reference=theirs,
        )
    return cases


def _questions() -> Iterator[str]:
    """Query strings with nothing to six filters, the same ones every time."""
    dice = random.Random(SEED)
    while True:
        asked: list[tuple[str, str]] = []
        for name, facet in search.FACETS.items():
            if dice.random() < 0.28:
                values = list(facet.always) or list(facet.labels)
                asked += [(name, value) for value in dice.sample(values, min(3, len(values)))]
        if dice.random() < 0.4:
            low = dice.choice([0.5, 0.9, 1.4])
            asked += [("carat_min", str(low)), ("carat_max", str(low + 0.8))]
        if dice.random() < 0.3:
            asked.append(("price_max", str(dice.choice([3000, 8000, 20000]))))
        asked.append(("sort", dice.choice(["price", "-price", "carat", "-carat"])))
        yield urlencode(asked)


def _check(question: str) -> None:
    results = search.search(search.StoneQuery.from_params(QueryDict(question)))
    total, ids, facets = _bare(question)
    harness.same(results.total, total, what=f"total of {question}")
    harness.same([stone.pk for stone in results.stones], ids, what=f"page of {question}")
    for name, values in results.facets.items():
        mine = {value.value: value.count for value in values if value.count}
        harness.same(mine, facets[name], what=f"facet {name} of {question}")
    answer = site.call("/api/v1/stones/", query=question, address="10.1.0.1")
    if answer.status == 200:
        harness.same(json.loads(answer.body)["total"], total, what=f"API total of {question}")


def _bare(question: str) -> Bare:
    asked = QueryDict(question)
    base, values = _ranges(asked)
    chosen = {name: asked.getlist(name) for name in search.FACETS if name in asked}
    with database.cursor() as cursor:
        where, arguments = _where(base, values, chosen)
        cursor.execute(f"SELECT count(*) FROM builder_stone WHERE {where}", arguments)  # noqa: S608
        total = cursor.fetchone()[0]
        order = {"price": "price, id", "-price": "price DESC, id"} | {
            "carat": "carat, price, id",
            "-carat": "carat DESC, price, id",
        }
        cursor.execute(
            f"SELECT * FROM builder_stone WHERE {where} "  # noqa: S608
            f"ORDER BY {order[asked['sort']]} LIMIT 24",
            arguments,
        )
        ids = [row[0] for row in cursor.fetchall()]
        facets = {}
        for name, facet in search.FACETS.items():
            others = {key: value for key, value in chosen.items() if key != name}
            where, arguments = _where(base, values, others)
            cursor.execute(
                f"SELECT {facet.column}, count(*) FROM builder_stone "  # noqa: S608
                f"WHERE {where} AND {facet.column} <> '' GROUP BY 1",
                arguments,
            )
            facets[name] = dict(cursor.fetchall())
    return total, ids, facets


def _ranges(asked: QueryDict) -> tuple[list[str], list[Any]]:
    base, values = ["status = 'available'"], []
    comparisons = {
        "carat_min": "carat >= %s",
        "carat_max": "carat <= %s",
        "price_max": "price <= %s",
    }
    for name, comparison in comparisons.items():
        if name in asked:
            base.append(comparison)
            values.append(asked[name])
    return base, values


def _where(
    base: list[str], values: list[Any], chosen: dict[str, list[str]]
) -> tuple[str, list[Any]]:
    parts = [*base, *(f"{search.FACETS[name].column} = ANY(%s)" for name in chosen)]
    return " AND ".join(parts), [*values, *chosen.values()]
