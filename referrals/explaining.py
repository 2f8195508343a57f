"""A referral as a timeline, in words that somebody of customer care can read: what happened, by which rule, and what comes next.

Promise: every fact of the log, every decision and every entry of the ledger stands in it, in order; it is read and never kept. What
the advocate must not learn is marked, which is all that concerns the friend; `aloud` is what she may be told, and before a surprise is over
that is nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from jeweler import money
from referrals import following, rewards
from referrals.models import CreditEntry, Referral, ReferralEvent, Reward, Touch
from referrals.qualification import Kind, Standing, State

DAY = "%B %-d, %Y"
REASONS = {
    "SELF_REFERRAL": "advocate and friend share an address or a number",
    "EXISTING_CUSTOMER": "she had bought here before",
    "BELOW_MIN": "the order is below the least that counts",
    "BELOW_MIN_AFTER_REFUND": "what she kept is below the least that counts",
    "OTHER_CURRENCY": "the terms know nothing of the order’s currency",
    "LOCK_EXPIRED": "no order came in time",
    "ORDER_CANCELED": "the order was canceled",
    "FULLY_REFUNDED": "all of it was given back",
    "CAP_REACHED": "the advocate has had as many thank-yous as the terms give in that time",
    "ADVOCATE_ERASED": "the advocate asked to be forgotten",
    "ADVOCATE_SUSPENDED": "the advocate is suspended",
    "RETURN_OPEN": "a return was opened and is not settled",
    "MERGED": "two customers were found to be one person, and an earlier referral stands",
    "REASSIGNED": "another advocate brought her",
    "LATE_REFUND": "it was given back after the thank-you",
    "CHARGEBACK": "the card’s holder had the payment taken back",
    "SAME_CARD": "both paid with the same card",
    "SAME_DEVICE": "both used the same browser",
    "VELOCITY": "the advocate brought unusually many friends in a short time",
    "RING": "the friend once brought the advocate, herself or through others",
    "PARTNER_OF_ADVOCATE": "they may be a couple",
    "STAFF_PATTERN": "the same member of the staff enters this advocate’s code again and again",
    "SEVERAL_SIGNS": "several small signs came together",
    "LATE_ATTRIBUTION": "the code came more than a day after the payment",
    "OVERRIDDEN": "two people of the house let it through in spite of a rule",
}
WAYS = {
    Touch.Channel.LINK: "by the advocate’s link",
    Touch.Channel.QR: "by the advocate’s QR",
    Touch.Channel.KIOSK: "on a showroom’s tablet",
    Touch.Channel.COUNTER: "by a code given at the counter",
    Touch.Channel.TILL: "by a code given at the till",
    Touch.Channel.INVOICE: "by a code typed on her order’s page",
    Touch.Channel.NAME: "by naming the advocate",
    Touch.Channel.WEB: "by a code typed online",
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """Something that happened. `is_secret`: the advocate must not learn of it."""

    at: datetime
    words: str
    by: str = ""
    is_secret: bool = True


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """`stands`: where it is and why. `clock`: what time alone will do. `aloud`: what the advocate may be told."""

    stands: str
    clock: str
    aloud: str
    rules: tuple[str, ...]
    lines: tuple[Line, ...]


def explain(referral: Referral, *, now: datetime) -> Explanation:
    standing = following.standing_of(referral, now=now)
    lines = [*_beginning(referral), *_facts(referral), *_thanks(referral), *_decisions(referral)]
    return Explanation(
        stands=_stands(referral),
        clock=clock(referral, standing=standing),
        aloud=aloud(referral, now=now),
        rules=tuple(rules(referral)),
        lines=tuple(sorted(lines, key=lambda line: line.at)),
    )


def reason_in_words(code: str) -> str:
    return REASONS.get(code, code.replace("_", " ").lower())


def aloud(referral: Referral, *, now: datetime) -> str:
    """For the advocate on the telephone: neither who, nor what, nor how much was paid, nor when."""
    shown_from = rewards.revealed_at(referral)
    if shown_from is not None and now < shown_from:
        return "Nothing: the friend keeps it a surprise. Speak as if there were no such referral."
    given = [reward for reward in referral.rewards.all() if reward.beneficiary == Reward.Beneficiary.ADVOCATE]  # fmt: skip
    if referral.state == State.REWARDED and given:
        return f"Thank you for bringing a friend: {_amount(given[0])} was added to your credit."
    if referral.state in {State.REJECTED, State.EXPIRED, State.REVERSED, State.CLAWED_BACK}:
        return (
            "One of your introductions could not be counted. I am not allowed to say more about it."
        )
    if referral.state == State.UNREWARDED:
        return "Thank you for bringing a friend. You have had all thank-yous of this season."
    return "A thank-you may be on its way; I can’t say when, since it depends on the friend."


def clock(referral: Referral, *, standing: Standing) -> str:
    """What comes next by time alone."""
    zone = ZoneInfo(referral.time_zone)
    if referral.closed_at is not None:
        return "Nothing changes it any more."
    if standing.state == State.REWARDED:
        return "It is thanked. Only a refund or a chargeback would still change it."
    if standing.state == State.CLAWED_BACK:
        return "It was taken back. Only a chargeback that is won would still change it."
    if standing.qualify_at is not None:
        last = standing.qualify_at.astimezone(zone) - timedelta(days=1)
        held = " Held as it is, it waits for a decision all the same." if standing.state == State.ON_HOLD else ""  # fmt: skip
        return (
            f"It qualifies at midnight after {last.strftime(DAY)} ({zone.key}), because she has {referral.terms.return_days} days "
            f"to bring it back after the last payment and the hand-over, whichever came later.{held}"
        )
    if standing.state in {State.PENDING_PAYMENT, State.PURCHASED}:
        return (
            "The clock begins when it is paid in full and handed over; until then it stands still."
        )
    if standing.state == State.ON_HOLD:
        return "It waits for a decision; nothing happens by itself."
    last = referral.lock_ends_at.astimezone(zone) - timedelta(days=1)
    return f"She may order until {last.strftime(DAY)} ends ({zone.key}); after that the introduction is over."


def rules(referral: Referral) -> list[str]:
    """The terms that were in force at its lock, one after another."""
    terms = referral.terms
    said = [f"Version {terms.version} of “{terms.program}”, in force since {terms.in_force_from.strftime(DAY)} and kept for this referral."]  # fmt: skip
    said.append(f"The first touch counts for {terms.click_days} days, the introduction for {terms.lock_days}.")  # fmt: skip
    for row in terms.amounts.all():
        least = money.in_words(row.minimum, currency=row.currency)
        thanks = money.in_words(row.reward, currency=row.currency) if terms.reward == terms.Reward.FIXED else f"{row.percent.normalize():f} %"  # fmt: skip
        said.append(f"An order of {least} or more, without tax, repairs and gift cards, is thanked with {thanks} of store credit for {terms.credit_days} days.")  # fmt: skip
    said.append(f"At most {terms.cap} thank-yous in {terms.cap_days} days.")
    return said


def _stands(referral: Referral) -> str:
    label = referral.get_state_display()
    return f"{label}: {reason_in_words(referral.reason)}." if referral.reason else f"{label}."


def _beginning(referral: Referral) -> list[Line]:
    zone = ZoneInfo(referral.time_zone)
    last = referral.lock_ends_at.astimezone(zone) - timedelta(days=1)
    lines = [Line(at=referral.locked_at, words=f"She told us who she is, and is this advocate’s friend until {last.strftime(DAY)} ends.")]  # fmt: skip
    if referral.touch is not None:
        by = str(referral.touch.staff) if referral.touch.staff else ""
        lines.insert(0, Line(at=referral.touch.at, words=f"She came {WAYS[Touch.Channel(referral.touch.channel)]}.", by=by))  # fmt: skip
    return lines


def _facts(referral: Referral) -> list[Line]:
    events = list(referral.events.select_related("by").order_by("at", "pk"))
    currencies = {each.data["sale"]: each.data["currency"] for each in events if each.kind == Kind.ORDERED}  # fmt: skip
    lines = []
    for event in events:
        say = _SAID.get(Kind(event.kind))
        if say is not None:
            words = say(event, currencies.get(event.data.get("sale"), ""))
            lines.append(Line(at=event.at, words=words, by=str(event.by or "")))
    return lines


def _sum(text: str, currency: str) -> str:
    return money.in_words(Decimal(text), currency=currency) if currency else text


def _ordered(event: ReferralEvent, currency: str) -> str:
    data = event.data
    counts = _sum(data["merchandise"], currency)
    return f"She ordered for {_sum(data['total'], currency)}, of which {counts} counts."


def _captured(event: ReferralEvent, currency: str) -> str:
    return f"{_sum(event.data['amount'], currency)} was paid ({event.data['tender'].replace('_', ' ')})."


def _refunded(event: ReferralEvent, currency: str) -> str:
    why = f": {event.data['reason']}" if event.data.get("reason") else ""
    return f"{_sum(event.data['amount'], currency)} was given back{why}."


def _left(event: ReferralEvent, currency: str) -> str:
    return "The order was found to be hers after all." if event.data.get("is_back") else "The order was found to be another customer’s."  # fmt: skip


def _because(words: str) -> Callable[[ReferralEvent, str], str]:
    return lambda event, _: f"{words}: {reason_in_words(event.data.get('reason', ''))}."


def _noted(event: ReferralEvent, currency: str) -> str:
    why = f": “{event.data['words']}”" if event.data.get("words") else ""
    return f"Noted that {reason_in_words(event.data.get('code', ''))}{why}."


def _plain(words: str) -> Callable[[ReferralEvent, str], str]:
    return lambda event, _: words


_SAID: dict[Kind, Callable[[ReferralEvent, str], str]] = {
    Kind.ORDERED: _ordered,
    Kind.APPLIED: _plain("The code was entered for this very order."),
    Kind.LEFT: _left,
    Kind.CAPTURED: _captured,
    Kind.VOIDED: _plain("A payment was voided before it settled."),
    Kind.REFUNDED: _refunded,
    Kind.HANDED_OVER: _plain("The piece was handed over."),
    Kind.CANCELED: _plain("The order was canceled."),
    Kind.RETURN_OPENED: _plain("A return was opened."),
    Kind.RETURN_CLOSED: _plain("The return was settled."),
    Kind.HELD: _because("Held"),
    Kind.RELEASED: _because("Let go, though"),
    Kind.DECLINED: _because("Declined"),
    Kind.REJECTED: _because("Rejected by a hard rule"),
    Kind.SUPERSEDED: _because("Another referral stands for it"),
    Kind.UNREWARDED: _because("It qualified, and earns nothing"),
    Kind.BOOKED: _plain("She booked a visit."),
    Kind.NOTED: _noted,
}


def _thanks(referral: Referral) -> list[Line]:
    """What was given and taken back, and each entry of its credit."""
    lines = []
    for reward in referral.rewards.select_related("perk", "lot").order_by("pk"):
        hers = reward.beneficiary == Reward.Beneficiary.ADVOCATE
        whom = "The advocate" if hers else "The friend"
        lines.append(Line(at=reward.issued_at, words=f"{whom} was given {_amount(reward)}.", is_secret=not hers))  # fmt: skip
        if reward.closed_at is not None:
            lost = f"; {money.in_words(reward.loss, currency=reward.currency)} is lost" if reward.loss else ""  # fmt: skip
            lines.append(Line(at=reward.closed_at, words=f"{whom}’s {_amount(reward)}: {reward.get_state_display().lower()}{lost}.", is_secret=not hers))  # fmt: skip
        lines += _entries(reward)
    return lines


def _entries(reward: Reward) -> list[Line]:
    entries = CreditEntry.objects.filter(lot=reward.lot).exclude(lot=None)
    return [
        Line(
            at=entry.transaction.at, by=str(entry.transaction.by or ""), is_secret=False,
            words=f"Ledger: {money.in_words(entry.amount, currency=reward.currency)} from “{entry.get_source_display().lower()}” to “{entry.get_target_display().lower()}”.",
        )
        for entry in entries.select_related("transaction__by").order_by("pk")
    ]  # fmt: skip


def _decisions(referral: Referral) -> list[Line]:
    reviews = referral.reviews.exclude(decided_at=None).select_related("decided_by")
    changes = referral.changes.exclude(decided_at=None).select_related("decided_by")
    return [
        *(Line(at=each.decided_at, words=f"{each.get_state_display()} the review “{reason_in_words(each.reason)}”: “{each.note}”", by=str(each.decided_by)) for each in reviews if each.decided_at),
        *(Line(at=each.decided_at, words=f"{each.get_kind_display()}: {each.get_state_display().lower()}. “{each.note or each.reason}”", by=str(each.decided_by)) for each in changes if each.decided_at),
    ]  # fmt: skip


def _amount(reward: Reward) -> str:
    if reward.perk is not None:
        return str(reward.perk.name).lower()
    return f"{money.in_words(reward.face_value, currency=reward.currency)} of store credit"
