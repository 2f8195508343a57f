"""What was given beside what would have been: cost, not face value; who would lose out; and what a discount would have cost.

Credit is counted at what it costs the house: its face, times the share of credit that is spent at all, times what goods cost of
their price. Perks are counted at their own cost, times the share of perks that are used.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from referrals import credit
from referrals.models import Program
from referrals.reports.using import Use, use_of
from referrals.what_if import history as kept
from referrals.what_if import replay
from referrals.what_if.history import History, Thread
from referrals.what_if.proposals import Proposal
from referrals.what_if.replay import End, Life

NOTHING = Decimal(0)
BENCHMARK = Decimal(10)  # percent off for either side
WHY = {
    replay.CLICK_WINDOW: "She told us who she is only after the link’s days were over",
    "LOCK_EXPIRED": "She ordered only after the lock had ended",
    "BELOW_MIN": "What she bought is below the minimum",
    "BELOW_MIN_AFTER_REFUND": "What she kept is below the minimum",
    "OTHER_CURRENCY": "Her order’s currency has no amounts",
    "CAP_REACHED": "The advocate had reached her cap",
    "": "It would still be within its return window, or not paid for",
}


@dataclass(frozen=True, kw_only=True)
class Cost:
    """In one currency. `credit_face` is what advocates read, `credit` what it costs the house."""

    credit_face: Decimal
    credit: Decimal
    friend_perks: Decimal
    milestones: Decimal
    losses: Decimal

    @property
    def total(self) -> Decimal:
        return self.credit + self.friend_perks + self.milestones + self.losses


@dataclass(frozen=True, kw_only=True)
class Side:
    """One set of terms over the whole history. `benchmark`: a discount to friend and advocate on the same orders.

    `open_credit` could be spent today; `expected` is what is under way, at the share of orders that have qualified so far.
    """

    bound: int
    ordered: int
    qualified: int
    thanked: int
    capped: int
    taken_back: int
    cost: Cost
    benchmark: Decimal
    open_credit: Decimal
    expected: Decimal

    @property
    def protected(self) -> Decimal:
        return self.benchmark - self.cost.total


@dataclass(frozen=True, kw_only=True)
class Losing:
    """So many who were thanked would not be, and why."""

    why: str
    label: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Beside:
    """`less` and `more`: thanked both ways, with another amount. `gained`: thanked by the proposal alone."""

    was: Side
    would: Side
    losing: list[Losing]
    less: int
    more: int
    gained: int
    currency: str

    @property
    def lost(self) -> int:
        return sum(each.count for each in self.losing)


def compared(
    *,
    program: Program,
    proposal: Proposal,
    currency: str,
    benchmark: Decimal = BENCHMARK,
    now: datetime,
) -> Beside:
    """What was given under the terms that each was pinned to, beside the proposal for all of them."""
    history = kept.read(program=program)
    use = use_of(program=program, currency=currency, now=now)
    was = replay.live(history, terms_of=_own, now=now)
    would = replay.live(history, terms_of=_same_for_all(proposal), now=now)
    shown = {"history": history, "use": use, "currency": currency, "benchmark": benchmark, "now": now}  # fmt: skip
    return Beside(
        was=_side(was, **shown),  # type: ignore[arg-type]
        would=_side(would, **shown),  # type: ignore[arg-type]
        currency=currency,
        **_moved(was, would),  # type: ignore[arg-type]
    )


def _own(thread: Thread) -> Proposal:
    return thread.terms


def _same_for_all(proposal: Proposal) -> Callable[[Thread], Proposal]:
    return lambda thread: proposal


def _side(
    lives: list[Life],
    *,
    history: History,
    use: Use,
    currency: str,
    benchmark: Decimal,
    now: datetime,
) -> Side:
    here = [life for life in lives if life.order_currency in ("", currency)]
    ends = Counter(life.end for life in here if life.is_bound)
    qualified = [life for life in here if life.end in (End.GIVEN, End.UNREWARDED)]
    given = [life for life in lives if life.end == End.GIVEN and life.currency == currency]
    face = _sum(life.amount for life in given)
    perks = _sum(
        life.proposal.friend_perk[0]
        for life in lives
        if life.is_bound and not life.thread.was_refused and life.end != End.TAKEN_BACK
        and life.proposal.friend_perk and life.proposal.friend_perk[1] == currency
    )  # fmt: skip
    reached = [cost for cost, kept_in in replay.milestones(lives, history=history) if kept_in == currency]  # fmt: skip
    taken_back = [life for life in here if life.end == End.TAKEN_BACK]
    cost = Cost(
        credit_face=face,
        credit=face * use.credit_share * use.goods_share,
        friend_perks=perks * use.perk_share,
        milestones=_sum(reached) * use.perk_share,
        losses=_lost(history.losses, taken_back) * use.goods_share + _lost(history.lost_perks, taken_back),
    )  # fmt: skip
    return Side(
        bound=sum(life.is_bound and not life.thread.was_refused for life in here),
        ordered=sum(life.has_order for life in here),
        qualified=len(qualified),
        thanked=ends[End.GIVEN],
        capped=ends[End.UNREWARDED],
        taken_back=ends[End.TAKEN_BACK],
        cost=cost,
        benchmark=2 * benchmark / 100 * _sum(life.net for life in qualified),
        open_credit=_open(given, history=history, now=now),
        expected=_expected(here, currency=currency, history=history),
    )


def _lost(losses: dict[int, Decimal], lives: list[Life]) -> Decimal:
    return _sum(losses.get(life.thread.referral, NOTHING) for life in lives)


def _open(given: list[Life], *, history: History, now: datetime) -> Decimal:
    """What could be spent today; of what was really given, less what was."""
    today = credit.last_day(now)
    return _sum(
        max(NOTHING, life.amount - history.spent.get(life.thread.referral, NOTHING))
        for life in given
        if life.at and credit.last_day(life.at) + timedelta(days=life.proposal.credit_days) >= today
    )


def _expected(lives: list[Life], *, currency: str, history: History) -> Decimal:
    """Of orders that have come to an end, so many qualified; those under way are taken to do as well."""
    ended = [life for life in lives if life.has_order and life.end != End.PENDING]
    waiting = [life for life in lives if life.has_order and life.end == End.PENDING]
    if not ended:
        return NOTHING
    share = Decimal(sum(life.end in (End.GIVEN, End.UNREWARDED) for life in ended)) / len(ended)
    thanks = [
        life.proposal.thanks(
            net=life.net,
            currency=life.order_currency,
            own=history.own_currency.get(life.advocate, ""),
        )
        for life in waiting
        if life.order_currency in life.proposal.amounts
    ]
    return share * _sum(amount for kept_in, amount in thanks if kept_in == currency)


def _moved(was: list[Life], would: list[Life]) -> dict[str, object]:
    """Thread by thread: the two lists are of the same threads in the same order."""
    losing: Counter[str] = Counter()
    less = more = gained = 0
    for before, after in zip(was, would, strict=True):
        is_same = before.advocate == after.advocate
        if before.end == End.GIVEN and (after.end != End.GIVEN or not is_same):
            losing[after.why if after.end != End.GIVEN else replay.CLICK_WINDOW] += 1
        elif before.end == End.GIVEN:
            less += after.amount < before.amount
            more += after.amount > before.amount
        elif after.end == End.GIVEN:
            gained += 1
    return {
        "losing": [
            Losing(why=why, label=WHY.get(why, why.replace("_", " ").capitalize()), count=count)
            for why, count in losing.most_common()
        ],
        "less": less,
        "more": more,
        "gained": gained,
    }


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, NOTHING)
