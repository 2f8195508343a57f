"""What each channel, campaign and term cost and returned, before refunds.

Spend, visits and credit are added up apart and meet by name, whatever its case. A campaign without a
name is shown by its source. The interval is a Poisson bootstrap over sales: each sale may come never,
once or more often, and 90 % of the replays lie within it (docs/algorithms/crediting.md).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
from django.db.models import Count, Sum

from attribution.channels import Channel
from attribution.models import AdSpend, Touchpoint
from attribution.reports.scope import Scope
from jeweler.models import Sale

REPLAYS = 1000
NO_SALE_YET = 3.0  # with none seen, more than three were to be expected in one case of twenty
Path = tuple[str, ...]


@dataclass(kw_only=True)
class Node:
    """A channel, a campaign of it or a term of that; `label` as it was first spelled."""

    path: Path
    label: str
    spend: Decimal = Decimal(0)
    visits: int = 0
    sales: Decimal = Decimal(0)
    web: Decimal = Decimal(0)
    store: Decimal = Decimal(0)
    amounts: list[float] = field(default_factory=list)
    indices: list[int] = field(default_factory=list)
    children: list["Node"] = field(default_factory=list)
    low: float | None = None
    high: float | None = None
    rank: str = ""

    @property
    def together(self) -> Decimal:
        return self.web + self.store

    @property
    def store_share(self) -> Decimal | None:
        return self.store / self.together if self.together else None

    @property
    def roas(self) -> Decimal | None:
        return self.together / self.spend if self.spend else None

    @property
    def web_roas(self) -> Decimal | None:
        return self.web / self.spend if self.spend else None

    @property
    def parent(self) -> Path:
        return self.path[:-1]

    @property
    def level(self) -> int:
        return len(self.path) - 1


@dataclass(frozen=True, kw_only=True)
class Returns:
    """The tree, largest first, its sum, and the channels that cost money by rank."""

    channels: list[Node]
    total: Node
    ranked: list[Node]

    @property
    def roas(self) -> Decimal | None:
        """Of the channels that cost money alone: the others earn without it."""
        earned = sum((node.together for node in self.ranked), Decimal(0))
        return earned / self.total.spend if self.total.spend else None


def returns(*, scope: Scope) -> Returns:
    nodes: dict[Path, Node] = {(): Node(path=(), label="Credited")}
    _add_spend(nodes, scope)
    _add_visits(nodes, scope)
    sale_count = _add_credits(nodes, scope)
    _add_intervals([node for node in nodes.values() if node.spend], sale_count=sale_count)
    for path, node in nodes.items():
        if len(path) > 1:
            nodes[path[:-1]].children.append(node)
    for node in nodes.values():
        node.children = _without_an_only_nameless(sorted(node.children, key=_largest_first))
    channels = sorted((n for p, n in nodes.items() if len(p) == 1), key=_largest_first)
    paying = [node for node in channels if node.spend]
    _rank(paying)
    paying.sort(key=lambda node: -(node.roas or 0))
    return Returns(channels=channels, total=nodes[()], ranked=paying)


def _largest_first(node: Node) -> tuple[Decimal, Decimal, int, str]:
    return (-node.together, -node.spend, -node.visits, node.label)


def _without_an_only_nameless(children: list[Node]) -> list[Node]:
    """A campaign whose only term is none has no rows below it."""
    return [] if len(children) == 1 and not children[0].path[-1] else children


def _branch(
    nodes: dict[Path, Node], *, channel: str, campaign: str, source: str, term: str
) -> list[Node]:
    """The sum, the channel, the campaign and the term that a row belongs to, made if they are new."""
    name = campaign or source
    labels = [Channel(channel).label, name, term or "no term"]
    path = (channel, name.casefold(), term.casefold())
    branch = [nodes[()]]
    for depth, label in enumerate(labels, start=1):
        key = path[:depth]
        branch.append(nodes.setdefault(key, Node(path=key, label=label)))
    return branch


def _add_spend(nodes: dict[Path, Node], scope: Scope) -> None:
    if not scope.is_whole_house:
        return
    rows = AdSpend.objects.filter(
        date__range=(scope.start_date, scope.end_date), currency=scope.currency
    )
    for row in rows.values("channel", "campaign", "source", "term").annotate(sum=Sum("amount")):
        for node in _branch(nodes, **_names(row)):
            node.spend += row["sum"]


def _add_visits(nodes: dict[Path, Node], scope: Scope) -> None:
    if not scope.is_whole_house:
        return
    rows = Touchpoint.objects.filter(
        occurred_at__date__range=(scope.start_date, scope.end_date),
        visitor__is_store_device=False,
    )
    for row in rows.values("channel", "campaign", "source", "term").annotate(count=Count("pk")):
        for node in _branch(nodes, **_names(row)):
            node.visits += row["count"]


def _names(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: row[name] for name in ("channel", "campaign", "source", "term")}


def _add_credits(nodes: dict[Path, Node], scope: Scope) -> int:
    rows = scope.sales().filter(touchpoint__isnull=False).select_related(None)
    order: dict[int, int] = {}
    for channel, campaign, source, term, sale_id, where, value, amount in rows.values_list(
        "touchpoint__channel",
        "touchpoint__campaign",
        "touchpoint__source",
        "touchpoint__term",
        "conversion__sale_id",
        "conversion__sale__channel",
        "conversion__value",
        "amount",
    ):
        index = order.setdefault(sale_id, len(order))
        branch = _branch(nodes, channel=channel, campaign=campaign, source=source, term=term)
        for node in branch:
            node.sales += amount / value if value else 0
            if where == Sale.Channel.WEB:
                node.web += amount
            else:
                node.store += amount
            node.amounts.append(float(amount))
            node.indices.append(index)
    return len(order)


def _add_intervals(nodes: Sequence[Node], *, sale_count: int) -> None:
    """The same dice for all nodes, so that two figures differ by their sales, not by chance."""
    dice = np.random.default_rng(20261121)
    replays = dice.poisson(1.0, size=(REPLAYS, sale_count)).astype(np.float64)
    everything = [amount for node in nodes if len(node.path) == 1 for amount in node.amounts]
    usual = sum(everything) / len(everything) if everything else 0.0
    for node in nodes:
        spend = float(node.spend)
        if not node.amounts:
            node.low, node.high = 0.0, NO_SALE_YET * usual / spend
            continue
        sums = replays[:, node.indices] @ np.array(node.amounts)
        low, high = np.quantile(sums, (0.05, 0.95))
        node.low, node.high = float(low) / spend, float(high) / spend


def _rank(nodes: Iterable[Node]) -> None:
    """Those whose intervals overlap share their ranks: "4–5"."""
    measured = [node for node in nodes if node.low is not None and node.high is not None]
    for node in measured:
        above = sum((other.low or 0) > (node.high or 0) for other in measured)
        below = sum((other.high or 0) < (node.low or 0) for other in measured)
        best, worst = 1 + above, len(measured) - below
        node.rank = f"{best}" if best == worst else f"{best}–{worst}"
