"""Live through a history once more. Pure: values in, values out.

All threads are lived through together, by the clock: each is looked at whenever something was told of it and whenever time alone
may change it, as the sweep does, so that an advocate's cap counts in the order in which her friends qualified.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from referrals.qualification import Fact, Kind, Rules, Standing, State, days_end, fold
from referrals.what_if.history import History, Thread
from referrals.what_if.proposals import Proposal

CLICK_WINDOW = "CLICK_WINDOW"


class End(StrEnum):
    GIVEN = "given"
    UNREWARDED = "unrewarded"
    TAKEN_BACK = "taken_back"
    PENDING = "pending"
    NOTHING = "nothing"


@dataclass(frozen=True, kw_only=True)
class Life:
    """What became of a thread. `amount` is what its advocate was thanked with; `at` when that was, or was refused."""

    thread: Thread
    proposal: Proposal
    end: End
    why: str = ""
    advocate: int = 0
    at: datetime | None = None
    sale: int | None = None
    net: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    currency: str = ""
    order_currency: str = ""
    is_bound: bool = True
    has_order: bool = False


@dataclass(kw_only=True)
class _Living:
    """A thread on its way."""

    thread: Thread
    proposal: Proposal
    advocate: int
    rules: Rules
    facts: list[Fact] = field(default_factory=list)
    taken: int = 0
    life: Life
    is_over: bool = False


def live(history: History, *, terms_of: Callable[[Thread], Proposal], now: datetime) -> list[Life]:
    """Each thread's end, by the terms that `terms_of` says for it."""
    living = [_begun(thread, proposal=terms_of(thread)) for thread in history.threads]
    due = [(each.thread.locked_at, place) for place, each in enumerate(living) if not each.is_over]
    heapq.heapify(due)
    given: dict[int, list[datetime]] = defaultdict(list)
    while due:
        at, place = heapq.heappop(due)
        if at > now:
            continue
        again = _look(living[place], at=at, given=given, history=history)
        if again is not None:
            heapq.heappush(due, (again, place))
    return [each.life for each in living]


def milestones(lives: Iterable[Life], *, history: History) -> list[tuple[Decimal, str]]:
    """Cost and currency of each that is reached and stays so."""
    reached = []
    for season in history.seasons:
        counts: dict[int, int] = defaultdict(int)
        for life in lives:
            placed_at = history.placed_at.get(life.sale or 0)
            in_time = life.at is not None and life.at < season.settles_until
            if life.end in (End.GIVEN, End.UNREWARDED) and placed_at and in_time:
                counts[life.advocate] += season.starts_at <= placed_at < season.ends_at
        reached += [
            (cost, currency)
            for count in counts.values()
            for needed, cost, currency in season.milestones
            if needed <= count
        ]
    return reached


def _begun(thread: Thread, *, proposal: Proposal) -> _Living:
    advocate = _bound_to(thread, proposal=proposal)
    rules = Rules(
        locked_at=thread.locked_at,
        lock_ends_at=days_end(thread.locked_at, days=proposal.lock_days, zone=thread.zone),
        return_days=proposal.return_days,
        minimums=proposal.minimums,
        zone=thread.zone,
    )
    is_bound = advocate is not None
    life = Life(thread=thread, proposal=proposal, end=End.PENDING if is_bound else End.NOTHING, why="" if is_bound else CLICK_WINDOW, advocate=advocate or 0, is_bound=is_bound)  # fmt: skip
    thread.told.sort(key=lambda told: told.known_at)
    return _Living(thread=thread, proposal=proposal, advocate=advocate or 0, rules=rules, life=life, is_over=not is_bound)  # fmt: skip


def _bound_to(thread: Thread, *, proposal: Proposal) -> int | None:
    """Whose she is by this click window. A touch that was good by the terms of then and yet bound nobody had another fault."""
    if thread.bound_by is None and thread.referral:
        return thread.advocate  # bound without a touch: no window can end that
    for at, advocate in thread.touches:
        was_good = thread.locked_at < days_end(at, days=thread.terms.click_days, zone=thread.zone)
        if was_good and at != thread.bound_by and (not thread.referral or at < (thread.bound_by or at)):  # fmt: skip
            continue
        if thread.locked_at < days_end(at, days=proposal.click_days, zone=thread.zone):
            return advocate
    return None


def _look(
    one: _Living, *, at: datetime, given: dict[int, list[datetime]], history: History
) -> datetime | None:
    """Judge a thread as the sweep would at this moment; when to look next."""
    told = one.thread.told
    while one.taken < len(told) and told[one.taken].known_at <= at:
        one.facts.append(told[one.taken].fact)
        one.taken += 1
    standing = fold(one.facts, rules=one.rules, now=at)
    look_at = standing.look_at
    if standing.state == State.QUALIFIED:
        revealed_at = one.thread.revealed_at
        if revealed_at is not None and at < revealed_at:
            look_at = revealed_at
        else:
            _decide(one, standing, at=at, given=given, history=history)
            standing = fold(one.facts, rules=one.rules, now=at)
            look_at = standing.look_at
    _note(one, standing)
    if standing.is_closed:
        return None
    news = told[one.taken].known_at if one.taken < len(told) else None
    return min((each for each in (news, look_at) if each is not None and each > at), default=None)


def _decide(
    one: _Living,
    standing: Standing,
    *,
    at: datetime,
    given: dict[int, list[datetime]],
    history: History,
) -> None:
    """As `rewards.earned`: her cap is counted over whatever was given, be it taken back since."""
    hers = given[one.advocate]
    erased_at = history.erased_at.get(one.advocate)
    lately = sum(each > at - timedelta(days=one.proposal.cap_days) for each in hers)
    why = "ADVOCATE_ERASED" if erased_at is not None and erased_at <= at else ""
    why = why or ("CAP_REACHED" if lately >= one.proposal.cap else "")
    data = {"sale": standing.sale, "reason": why}
    kind = Kind.UNREWARDED if why else Kind.REWARDED
    one.facts.append(Fact(kind=kind, key=str(kind), at=at, data=data))
    one.life = replace(
        one.life, at=at, net=standing.net or Decimal(0), order_currency=standing.currency
    )
    if not why:
        own = history.own_currency.get(one.advocate, "")
        currency, amount = one.proposal.thanks(
            net=standing.net or Decimal(0), currency=standing.currency, own=own
        )
        hers.append(at)
        one.life = replace(one.life, amount=amount, currency=currency)


_ENDS = {
    State.REWARDED: End.GIVEN,
    State.UNREWARDED: End.UNREWARDED,
    State.CLAWED_BACK: End.TAKEN_BACK,
}


def _note(one: _Living, standing: Standing) -> None:
    end = _ENDS.get(standing.state, End.NOTHING if standing.is_closed else End.PENDING)
    one.life = replace(
        one.life,
        end=end,
        why=standing.reason,
        sale=standing.sale or one.life.sale,
        order_currency=standing.currency or one.life.order_currency,
        has_order=standing.sale is not None,
        net=one.life.net if standing.net is None else standing.net,
    )
