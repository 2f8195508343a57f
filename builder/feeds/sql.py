"""How a staged feed changes the catalog: each statement once, in the order in which catalog.py runs them.

Table and column names are ours, values are parameters: supplier, markup, now.
"""

from dataclasses import fields

from builder.feeds.stones import OPTIONAL_RANGES, OfferedStone

STAGED = [each.name for each in fields(OfferedStone)]
FACTS = [name for name in STAGED if name not in {"stock_number", "cost"}]

_KEPT_AS_THEY_ARE = "('sold', 'held')"

DROP_REPEATED = """
    DELETE FROM feed_row USING feed_row AS earlier
    WHERE earlier.stock_number = feed_row.stock_number AND earlier.position < feed_row.position
"""

# A report number typed wrong must not turn one stone into another. A supplier may correct a stone that nobody else
# offers; within one feed the first row of a report is believed.
DROP_CONTRADICTING = f"""
    DELETE FROM feed_row USING feed_row AS each
    LEFT JOIN builder_stone AS known USING (lab, report_number)
    LEFT JOIN LATERAL (
        SELECT first.shape, first.carat, first.growth FROM feed_row AS first
        WHERE first.lab = each.lab AND first.report_number = each.report_number
        ORDER BY first.position LIMIT 1
    ) AS first ON true
    WHERE feed_row.position = each.position AND (
        (each.shape, each.growth) <> (first.shape, first.growth)
        OR abs(each.carat - first.carat) > 0.02
        OR (
            known.id IS NOT NULL
            AND ((each.shape, each.growth) <> (known.shape, known.growth)
                 OR abs(each.carat - known.carat) > 0.02)
            AND (known.status IN {_KEPT_AS_THEY_ARE} OR EXISTS (
                SELECT FROM builder_stoneoffer AS other
                WHERE other.stone_id = known.id AND other.supplier_id <> %(supplier)s
                  AND other.withdrawn_at IS NULL))
        )
    )
"""  # noqa: S608

COUNT_MISSING = f"""
    SELECT count(*) FILTER (WHERE NOT EXISTS (
               SELECT FROM feed_row WHERE feed_row.stock_number = offer.stock_number)),
           count(*)
    FROM builder_stoneoffer AS offer JOIN builder_stone AS stone ON stone.id = offer.stone_id
    WHERE offer.supplier_id = %(supplier)s AND offer.withdrawn_at IS NULL
      AND stone.status NOT IN {_KEPT_AS_THEY_ARE}
"""  # noqa: S608

# Before and after the offers change, for a stock number may have moved to another stone.
TOUCH_OFFERED = """
    INSERT INTO touched_stone
    SELECT DISTINCT stone_id FROM builder_stoneoffer WHERE supplier_id = %(supplier)s
    ON CONFLICT DO NOTHING
"""

_FACTS = ", ".join(FACTS)
_MAY_BE_BLANK = {"cut", "polish", "symmetry", "fluorescence", "report_url", *OPTIONAL_RANGES}
_CHANGEABLE = [name for name in FACTS if name not in {"lab", "report_number"}]


def _told_or_known(name: str) -> str:
    """A blank never erases; what two suppliers say differently stays as it was first said."""
    told, known = f"told.{name}", f"stone.{name}"
    if name in _MAY_BE_BLANK:
        both = [
            each if name in OPTIONAL_RANGES else f"nullif({each}, '')" for each in (told, known)
        ]
        last = "NULL" if name in OPTIONAL_RANGES else "''"
        alone = f"coalesce({', '.join(both)}, {last})"
        shared = f"coalesce({', '.join(reversed(both))}, {last})"
        return f"CASE WHEN told.is_alone THEN {alone} ELSE {shared} END"
    return f"CASE WHEN told.is_alone THEN {told} ELSE {known} END"


INSERT_STONES = f"""
    INSERT INTO builder_stone ({_FACTS}, price, status, created_at, updated_at)
    SELECT DISTINCT ON (lab, report_number) {_FACTS},
           greatest(1, round(cost * %(markup)s)), 'available', %(now)s, %(now)s
    FROM feed_row ORDER BY lab, report_number, position
    ON CONFLICT (lab, report_number) DO NOTHING
"""  # noqa: S608

UPDATE_STONES = f"""
    UPDATE builder_stone AS stone SET ({", ".join(_CHANGEABLE)}, updated_at)
        = ({", ".join(f"next.{name}" for name in _CHANGEABLE)}, %(now)s)
    FROM (
        SELECT stone.id, {", ".join(f"{_told_or_known(name)} AS {name}" for name in _CHANGEABLE)}
        FROM builder_stone AS stone JOIN (
            SELECT DISTINCT ON (lab, report_number) feed_row.*, NOT EXISTS (
                SELECT FROM builder_stoneoffer AS other
                JOIN builder_stone AS known ON known.id = other.stone_id
                WHERE (known.lab, known.report_number) = (feed_row.lab, feed_row.report_number)
                  AND other.supplier_id <> %(supplier)s AND other.withdrawn_at IS NULL
            ) AS is_alone
            FROM feed_row ORDER BY lab, report_number, position
        ) AS told USING (lab, report_number)
        WHERE stone.status NOT IN {_KEPT_AS_THEY_ARE}
    ) AS next
    WHERE next.id = stone.id AND ({", ".join(f"stone.{name}" for name in _CHANGEABLE)})
        IS DISTINCT FROM ({", ".join(f"next.{name}" for name in _CHANGEABLE)})
"""  # noqa: S608

UPSERT_OFFERS = """
    INSERT INTO builder_stoneoffer (stone_id, supplier_id, stock_number, cost, price, seen_at)
    SELECT stone.id, %(supplier)s, feed_row.stock_number, feed_row.cost,
           greatest(1, round(feed_row.cost * %(markup)s)), %(now)s
    FROM feed_row JOIN builder_stone AS stone USING (lab, report_number)
    ON CONFLICT (supplier_id, stock_number) DO UPDATE
    SET stone_id = excluded.stone_id, cost = excluded.cost, price = excluded.price,
        seen_at = excluded.seen_at, withdrawn_at = NULL
"""

WITHDRAW = f"""
    UPDATE builder_stoneoffer AS offer SET withdrawn_at = %(now)s
    FROM builder_stone AS stone
    WHERE stone.id = offer.stone_id AND offer.supplier_id = %(supplier)s
      AND offer.withdrawn_at IS NULL AND stone.status NOT IN {_KEPT_AS_THEY_ARE}
      AND NOT EXISTS (SELECT FROM feed_row WHERE feed_row.stock_number = offer.stock_number)
"""  # noqa: S608

# The cheapest living offer is the price; a stone without one is withdrawn and keeps its last price.
REPRICE = f"""
    UPDATE builder_stone AS stone
    SET price = coalesce(best.price, stone.price), updated_at = %(now)s,
        status = CASE WHEN best.price IS NULL THEN 'withdrawn' ELSE 'available' END
    FROM touched_stone LEFT JOIN LATERAL (
        SELECT min(offer.price) AS price FROM builder_stoneoffer AS offer
        WHERE offer.stone_id = touched_stone.id AND offer.withdrawn_at IS NULL
    ) AS best ON true
    WHERE stone.id = touched_stone.id AND stone.status NOT IN {_KEPT_AS_THEY_ARE}
      AND (stone.price IS DISTINCT FROM coalesce(best.price, stone.price)
           OR stone.status <> CASE WHEN best.price IS NULL THEN 'withdrawn' ELSE 'available' END)
"""  # noqa: S608
