"""How a staged feed changes the catalog: each statement once, in the order in which applying.py runs them.

Table and column names are ours, values are parameters: supplier, markup, now. What does not differ is not written, so that a
feed without news leaves every row, and the searches' snapshots, as they are.
"""

from builder.feeds.stones import OPTIONAL_RANGES, OfferedStone

STAGED = list(OfferedStone._fields)
FACTS = [name for name in STAGED if name not in {"stock_number", "cost"}]
EXAMPLES = 20


def _is_kept(stone: str = "stone") -> str:
    """Sold, held, or promised to a visit: no feed changes or withdraws it."""
    return f"({stone}.status = 'sold' OR {_is_held(stone)})"


def _is_held(stone: str) -> str:
    return f"({stone}.status = 'held' OR coalesce({stone}.promised_until > %(now)s, false))"


# The supplier's rule for a stone of this growth and cost, else its own factor; no two rules cover one stone.
_FACTOR = """coalesce((
        SELECT rule.factor FROM builder_markuprule AS rule
        WHERE rule.supplier_id = {supplier} AND rule.growth = {growth}
          AND rule.cost_from <= {cost} AND (rule.cost_below IS NULL OR {cost} < rule.cost_below)
    ), {markup})"""


def _asked(*, supplier: str, growth: str, cost: str, markup: str) -> str:
    """What we ask for a stone that costs so much: to the whole unit, and never nothing."""
    factor = _FACTOR.format(supplier=supplier, growth=growth, cost=cost, markup=markup)
    return f"greatest(1, round({cost} * {factor}))"


CREATE_STAGING = f"""
    CREATE TEMP TABLE feed_row AS SELECT {", ".join(FACTS)} FROM builder_stone LIMIT 0;
    ALTER TABLE feed_row ADD stock_number varchar(64), ADD cost numeric(10, 2), ADD position integer;
    CREATE TEMP TABLE feed_refused (stock_number varchar(64), position integer);
"""  # noqa: S608
DROP_STAGING = "DROP TABLE IF EXISTS pg_temp.feed_row, pg_temp.feed_refused"
ANALYZE_STAGING = "ANALYZE feed_row; ANALYZE feed_refused"

# Both ways of refusing give position, stock number and report of what they take out.
DROP_REPEATED = """
    DELETE FROM feed_row USING (
        SELECT stock_number, min(position) AS position FROM feed_row
        GROUP BY stock_number HAVING count(*) > 1
    ) AS earlier
    WHERE earlier.stock_number = feed_row.stock_number AND earlier.position < feed_row.position
    RETURNING feed_row.position, feed_row.stock_number, feed_row.lab, feed_row.report_number
"""

_FACTS = ", ".join(FACTS)
_MAY_BE_BLANK = {"cut", "polish", "symmetry", "fluorescence", "report_url", *OPTIONAL_RANGES}
_OF_FANCY_COLOR = {"fancy_hue", "fancy_intensity"}
CHANGEABLE = [name for name in FACTS if name not in {"lab", "report_number"}]
_IS_ANOTHER = """(({told}.shape, {told}.growth) <> ({known}.shape, {known}.growth)
             OR abs({told}.carat - {known}.carat) > 0.02)"""

# Each row beside the stone and the offer that are known of it: the one walk over everything. What follows asks only for
# what is new or differs. A stone that is not known gets its number here. `had` is the offer as it was, if it was living.
COMPARE = f"""
    CREATE TEMP TABLE next_offer ON COMMIT DROP AS
    SELECT told.position, told.stock_number, told.cost, told.price,
           coalesce(stone.id, nextval(pg_get_serial_sequence('builder_stone', 'id'))) AS stone_id,
           stone.id IS NULL AS is_new_stone,
           stone.id IS NOT NULL AND ({", ".join(f"stone.{name}" for name in CHANGEABLE)})
               IS DISTINCT FROM ({", ".join(f"told.{name}" for name in CHANGEABLE)}) AS says_otherwise,
           coalesce({_IS_ANOTHER.format(told="told", known="stone")}, false) AS is_another,
           offer.id AS offer_id,
           CASE WHEN offer.withdrawn_at IS NULL THEN offer.stone_id END AS had_stone_id,
           CASE WHEN offer.withdrawn_at IS NULL THEN offer.cost END AS had_cost,
           CASE WHEN offer.withdrawn_at IS NULL THEN offer.price END AS had_price,
           offer.withdrawn_at IS NOT NULL OR (offer.stone_id, offer.cost, offer.price)
               IS DISTINCT FROM (stone.id, told.cost, told.price) AS is_changed
    FROM (
        SELECT feed_row.*,
               {_asked(supplier="%(supplier)s", growth="feed_row.growth", cost="feed_row.cost", markup="%(markup)s")} AS price
        FROM feed_row OFFSET 0  -- so that the price is worked out once
    ) AS told
    LEFT JOIN builder_stone AS stone USING (lab, report_number)
    LEFT JOIN builder_stoneoffer AS offer
        ON offer.supplier_id = %(supplier)s AND offer.stock_number = told.stock_number;
    ANALYZE next_offer
"""  # noqa: S608

# A held stone keeps its offer, so its stock number cannot go to another stone meanwhile.
DROP_OF_HELD = f"""
    WITH dropped AS (
        DELETE FROM next_offer USING builder_stone AS had
        WHERE had.id = next_offer.had_stone_id AND {_is_held("had")} AND next_offer.stone_id <> had.id
        RETURNING next_offer.position
    )
    DELETE FROM feed_row USING dropped WHERE feed_row.position = dropped.position
    RETURNING feed_row.position, feed_row.stock_number, feed_row.lab, feed_row.report_number
"""  # noqa: S608

# The few reports that stand in several rows; the first row of each is believed.
FIND_REPEATED_REPORTS = """
    CREATE TEMP TABLE repeated_report ON COMMIT DROP AS
    SELECT feed_row.lab, feed_row.report_number, feed_row.position, feed_row.shape, feed_row.carat, feed_row.growth,
           row_number() OVER (PARTITION BY lab, report_number ORDER BY position) AS number
    FROM feed_row JOIN (
        SELECT lab, report_number FROM feed_row GROUP BY lab, report_number HAVING count(*) > 1
    ) AS repeated USING (lab, report_number);
    ANALYZE repeated_report
"""

# A report number typed wrong must not turn one stone into another. A supplier may correct a stone that nobody else
# offers; within one feed the first row of a report is believed.
DROP_CONTRADICTING = f"""
    WITH contradicting AS (
        SELECT next.position FROM next_offer AS next JOIN builder_stone AS known ON known.id = next.stone_id
        WHERE next.is_another AND ({_is_kept("known")} OR EXISTS (
            SELECT FROM builder_stoneoffer AS other
            WHERE other.stone_id = known.id AND other.supplier_id <> %(supplier)s AND other.withdrawn_at IS NULL))
        UNION
        SELECT later.position FROM repeated_report AS later
        JOIN repeated_report AS first USING (lab, report_number)
        WHERE first.number = 1 AND {_IS_ANOTHER.format(told="later", known="first")}
    ), repeated AS (
        DELETE FROM repeated_report USING contradicting WHERE repeated_report.position = contradicting.position
    ), dropped AS (
        DELETE FROM next_offer USING contradicting WHERE next_offer.position = contradicting.position
        RETURNING next_offer.position
    )
    SELECT position, stock_number, lab, report_number FROM dropped JOIN feed_row USING (position)
"""  # noqa: S608

# Of what is left, the rows that stand behind the first of their report; a new stone of several rows is one stone.
FIND_LATER_ROWS = """
    CREATE TEMP TABLE later_row ON COMMIT DROP AS
    SELECT position, first_position FROM (
        SELECT position, min(position) OVER (PARTITION BY lab, report_number) AS first_position FROM repeated_report
    ) AS each WHERE position > first_position;
    UPDATE next_offer SET stone_id = first.stone_id
    FROM later_row JOIN next_offer AS first ON first.position = later_row.first_position
    WHERE next_offer.position = later_row.position AND next_offer.is_new_stone
"""

# An offer whose row was refused is not gone: the supplier still lists it, this file told it wrong.
FIND_GONE = f"""
    CREATE TEMP TABLE gone_offer ON COMMIT DROP AS
    SELECT offer.id, offer.stone_id, offer.stock_number, offer.price
    FROM builder_stoneoffer AS offer JOIN builder_stone AS stone ON stone.id = offer.stone_id
    WHERE offer.supplier_id = %(supplier)s AND offer.withdrawn_at IS NULL
      AND NOT {_is_kept()}
      AND NOT EXISTS (SELECT FROM next_offer WHERE next_offer.stock_number = offer.stock_number)
      AND NOT EXISTS (SELECT FROM feed_refused WHERE feed_refused.stock_number = offer.stock_number)
"""  # noqa: S608
COUNT_GONE = f"""
    SELECT (SELECT count(*) FROM gone_offer),
           (SELECT count(*) FROM builder_stoneoffer AS offer
            JOIN builder_stone AS stone ON stone.id = offer.stone_id
            WHERE offer.supplier_id = %(supplier)s AND offer.withdrawn_at IS NULL
              AND NOT {_is_kept()})
"""  # noqa: S608
COUNT_KEPT = """
    SELECT count(*) FROM builder_stoneoffer AS offer
    WHERE offer.supplier_id = %(supplier)s AND offer.withdrawn_at IS NULL
      AND EXISTS (SELECT FROM feed_refused WHERE feed_refused.stock_number = offer.stock_number)
      AND NOT EXISTS (SELECT FROM next_offer WHERE next_offer.stock_number = offer.stock_number)
"""


def _told_or_known(name: str) -> str:
    """A blank never erases; what two suppliers say differently stays as it was first said."""
    told, known = f"told.{name}", f"stone.{name}"
    if name in _OF_FANCY_COLOR:
        is_told = "told.is_alone OR told.fancy_color = stone.fancy_color"
        return f"CASE WHEN {is_told} THEN {told} ELSE {known} END"
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
    INSERT INTO builder_stone (id, {_FACTS}, price, delivery_days, status, created_at, updated_at)
    SELECT next.stone_id, {_FACTS}, next.price, %(delivery_days)s, 'available', %(now)s, %(now)s
    FROM feed_row JOIN next_offer AS next USING (position)
    WHERE next.is_new_stone AND NOT EXISTS (SELECT FROM later_row WHERE later_row.position = feed_row.position)
"""  # noqa: S608

# What the feed says of known stones, where it is something new.
FIND_CHANGED_STONES = f"""
    CREATE TEMP TABLE next_stone ON COMMIT DROP AS
    SELECT * FROM (
        SELECT stone.id, told.stock_number, {", ".join(f"{_told_or_known(name)} AS {name}" for name in CHANGEABLE)}
        FROM (
            SELECT feed_row.*, next.stone_id, NOT EXISTS (
                SELECT FROM builder_stoneoffer AS other
                WHERE other.stone_id = next.stone_id
                  AND other.supplier_id <> %(supplier)s AND other.withdrawn_at IS NULL
            ) AS is_alone
            FROM next_offer AS next JOIN feed_row USING (position)
            WHERE next.says_otherwise
              AND NOT EXISTS (SELECT FROM later_row WHERE later_row.position = next.position)
            OFFSET 0
        ) AS told JOIN builder_stone AS stone ON stone.id = told.stone_id
        WHERE NOT {_is_kept()}
    ) AS next
    WHERE EXISTS (
        SELECT FROM builder_stone AS stone WHERE stone.id = next.id
          AND ({", ".join(f"stone.{name}" for name in CHANGEABLE)})
            IS DISTINCT FROM ({", ".join(f"next.{name}" for name in CHANGEABLE)}))
"""  # noqa: S608

# Sold or held since it was looked at: it stays as it is.
UPDATE_STONES = f"""
    UPDATE builder_stone AS stone SET ({", ".join(CHANGEABLE)}, updated_at)
        = ({", ".join(f"next.{name}" for name in CHANGEABLE)}, %(now)s)
    FROM next_stone AS next WHERE next.id = stone.id AND NOT {_is_kept()}
"""  # noqa: S608

UPDATE_OFFERS = """
    UPDATE builder_stoneoffer AS offer
    SET stone_id = next.stone_id, cost = next.cost, price = next.price, seen_at = %(now)s, withdrawn_at = NULL
    FROM next_offer AS next WHERE next.offer_id = offer.id AND next.is_changed
"""
INSERT_OFFERS = """
    INSERT INTO builder_stoneoffer (stone_id, supplier_id, stock_number, cost, price, seen_at)
    SELECT stone_id, %(supplier)s, stock_number, cost, price, %(now)s
    FROM next_offer WHERE offer_id IS NULL ORDER BY position
"""
WITHDRAW = f"""
    UPDATE builder_stoneoffer AS offer SET withdrawn_at = %(now)s
    FROM gone_offer JOIN builder_stone AS stone ON stone.id = gone_offer.stone_id
    WHERE gone_offer.id = offer.id AND NOT {_is_kept()}
"""  # noqa: S608

# Stones that do not show what this supplier's offer of them says: most of them because it is changed, some because
# another offer is cheaper, which `_BEST` finds out. A stone whose offer moved to another one is added by MOVED.
_DAYS_HERE = "CASE WHEN stone.store_id IS NOT NULL THEN 0 ELSE supplier.delivery_days END"
TOUCH = f"""
    CREATE TEMP TABLE touched_stone ON COMMIT DROP AS
    SELECT DISTINCT stone.id
    FROM builder_stoneoffer AS offer JOIN builder_stone AS stone ON stone.id = offer.stone_id
    JOIN builder_supplier AS supplier ON supplier.id = offer.supplier_id
    WHERE offer.supplier_id = %(supplier)s AND NOT {_is_kept()}
      AND CASE WHEN offer.withdrawn_at IS NOT NULL THEN stone.status = 'available'
          ELSE (stone.price, stone.delivery_days, stone.status)
               IS DISTINCT FROM (offer.price, {_DAYS_HERE}, 'available') END
"""  # noqa: S608
MOVED = """
    INSERT INTO touched_stone SELECT DISTINCT had_stone_id FROM next_offer
    WHERE had_stone_id <> stone_id AND had_stone_id NOT IN (SELECT id FROM touched_stone)
"""
ANALYZE_TOUCHED = "ANALYZE touched_stone"

# The cheapest living offer is the price; a stone without one is withdrawn and keeps its last price.
_BEST = """
    SELECT touched_stone.id, best.price, best.days
    FROM touched_stone LEFT JOIN (
        SELECT DISTINCT ON (offer.stone_id) offer.stone_id, offer.price, supplier.delivery_days AS days
        FROM builder_stoneoffer AS offer JOIN builder_supplier AS supplier ON supplier.id = offer.supplier_id
        WHERE offer.withdrawn_at IS NULL AND offer.stone_id IN (SELECT id FROM touched_stone)
        ORDER BY offer.stone_id, offer.price, supplier.delivery_days, offer.id
    ) AS best ON best.stone_id = touched_stone.id
"""
_STATUS = "CASE WHEN best.price IS NULL THEN 'withdrawn' ELSE 'available' END"
_DAYS = (
    "CASE WHEN stone.store_id IS NOT NULL THEN 0 ELSE coalesce(best.days, stone.delivery_days) END"
)
REPRICE = f"""
    UPDATE builder_stone AS stone
    SET price = coalesce(best.price, stone.price), delivery_days = {_DAYS}, updated_at = %(now)s,
        status = {_STATUS}
    FROM ({_BEST}) AS best
    WHERE stone.id = best.id AND NOT {_is_kept()}
      AND (stone.price, stone.delivery_days, stone.status)
          IS DISTINCT FROM (coalesce(best.price, stone.price), {_DAYS}, {_STATUS})
"""  # noqa: S608
# Of what has no offer any more, the stones whose designs' owners are to be told.
SAVED_AND_WITHDRAWN = """
    SELECT stone.id FROM touched_stone JOIN builder_stone AS stone ON stone.id = touched_stone.id
    WHERE stone.status = 'withdrawn'
      AND EXISTS (SELECT FROM builder_designversion AS version WHERE version.stone_id = stone.id)
    ORDER BY stone.id
"""

DROP_APPLYING = """
    DROP TABLE pg_temp.touched_stone, pg_temp.next_stone, pg_temp.next_offer, pg_temp.gone_offer,
               pg_temp.repeated_report, pg_temp.later_row
"""

# After a rule or a markup was changed.
REPRICE_OFFERS = f"""
    UPDATE builder_stoneoffer AS offer SET price = next.price
    FROM (
        SELECT offer.id, {_asked(supplier="offer.supplier_id", growth="stone.growth", cost="offer.cost", markup="supplier.markup")} AS price
        FROM builder_stoneoffer AS offer
        JOIN builder_stone AS stone ON stone.id = offer.stone_id
        JOIN builder_supplier AS supplier ON supplier.id = offer.supplier_id
        WHERE offer.supplier_id = %(supplier)s AND offer.withdrawn_at IS NULL
    ) AS next
    WHERE next.id = offer.id AND offer.price <> next.price
"""  # noqa: S608

# For the report.
_NAMED = "stone.carat || ' ct ' || stone.shape || ', ' || stone.lab || ' ' || stone.report_number"
COUNT_DIFFERENCES = """
    SELECT count(*) FILTER (WHERE next.had_stone_id IS NULL),
           count(*) FILTER (WHERE next.had_stone_id IS NOT NULL
                            AND (next.is_changed OR next.stock_number IN (SELECT stock_number FROM next_stone))),
           count(*)
    FROM next_offer AS next
"""
NEW_EXAMPLES = f"""
    SELECT next.stock_number, {_NAMED}, next.price
    FROM (SELECT * FROM next_offer WHERE had_stone_id IS NULL ORDER BY position LIMIT {EXAMPLES}) AS next
    JOIN builder_stone AS stone ON stone.id = next.stone_id ORDER BY next.position
"""  # noqa: S608
WITHDRAWN_EXAMPLES = f"""
    SELECT gone.stock_number, {_NAMED}, gone.price
    FROM (SELECT * FROM gone_offer ORDER BY id LIMIT {EXAMPLES}) AS gone
    JOIN builder_stone AS stone ON stone.id = gone.stone_id ORDER BY gone.id
"""  # noqa: S608
PRICE_EXAMPLES = f"""
    SELECT next.stock_number, {_NAMED}, next.had_price, next.price, next.had_stone_id <> next.stone_id,
           next.had_cost, next.cost
    FROM (
        SELECT * FROM next_offer WHERE had_stone_id IS NOT NULL AND is_changed ORDER BY position LIMIT {EXAMPLES}
    ) AS next JOIN builder_stone AS stone ON stone.id = next.stone_id ORDER BY next.position
"""  # noqa: S608
FACT_EXAMPLES = f"""
    SELECT next.stock_number, {_NAMED}, to_jsonb(known), to_jsonb(next)
    FROM (SELECT * FROM next_stone ORDER BY id LIMIT {EXAMPLES}) AS next
    JOIN builder_stone AS stone ON stone.id = next.id
    CROSS JOIN LATERAL (SELECT {", ".join(f"stone.{name}" for name in CHANGEABLE)}) AS known
    ORDER BY next.id
"""  # noqa: S608
