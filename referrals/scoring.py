"""How suspicious a referral looks: signs with points, and what they come to.

Pure. Promise: every weight stands in the one table below, and a sign that was not seen counts for nothing: whoever pays with a watch
or is on another network gives no sign, and is not thought better or worse of. Limits: points only ever hold a referral for
somebody to look at; they never reject one, and never outweigh a hard rule (referrals.eligibility), which is asked first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from disposable_email_domains import blocklist
from rapidfuzz.distance import JaroWinkler

HOLD_FROM = 40
DECLINE_FROM = 80
ALIKE_FROM = 0.92
VELOCITY = ((6, timedelta(hours=24)), (15, timedelta(days=30)))  # so many friends in so long
SAME_HANDS = (4, timedelta(days=30))  # so many of one advocate by one member of the staff
COLD = timedelta(minutes=10)
SEVERAL = "SEVERAL_SIGNS"  # none of them would hold it by itself


class Sign(StrEnum):
    SAME_CARD = "SAME_CARD"
    SAME_DEVICE = "SAME_DEVICE"
    VELOCITY = "VELOCITY"
    RING = "RING"
    PARTNER_OF_ADVOCATE = "PARTNER_OF_ADVOCATE"
    STAFF_PATTERN = "STAFF_PATTERN"
    HOUSEHOLD = "HOUSEHOLD"
    DISPOSABLE_EMAIL = "DISPOSABLE_EMAIL"
    BROADCAST = "BROADCAST"
    COLD_POS_APPLY = "COLD_POS_APPLY"
    SAME_NETWORK = "SAME_NETWORK"
    SIMILAR_IDENTITY = "SIMILAR_IDENTITY"


@dataclass(frozen=True, kw_only=True)
class Weight:
    """`holds`: by itself, whatever its points."""

    points: int
    holds: bool = False
    words: str


WEIGHTS: dict[Sign, Weight] = {
    Sign.SAME_CARD: Weight(points=40, holds=True, words="Both paid with the same card."),
    Sign.SAME_DEVICE: Weight(points=40, holds=True, words="Both used the same browser."),
    Sign.VELOCITY: Weight(
        points=40, holds=True, words="The advocate brought unusually many friends in a short time."
    ),
    Sign.RING: Weight(
        points=40, holds=True, words="The friend is among those who once brought the advocate."
    ),
    Sign.PARTNER_OF_ADVOCATE: Weight(
        points=0, holds=True, words="One sent the other a hint about a ring: they may be a couple."
    ),
    Sign.STAFF_PATTERN: Weight(
        points=0, holds=True,
        words="The same member of the staff entered this advocate’s code again and again.",
    ),
    Sign.HOUSEHOLD: Weight(
        points=30, words="They have the same family name and came by the same network."
    ),
    Sign.DISPOSABLE_EMAIL: Weight(points=30, words="The friend’s e-mail address is a disposable one."),
    Sign.BROADCAST: Weight(
        points=25, words="The link came by a paid advertisement or from a coupon site."
    ),
    Sign.COLD_POS_APPLY: Weight(
        points=25, words="The friend was unknown until minutes before the code was given in person."
    ),
    Sign.SAME_NETWORK: Weight(
        points=20, words="Both came by the same network, with the same kind of browser."
    ),
    Sign.SIMILAR_IDENTITY: Weight(
        points=20, words="Their names and their e-mail addresses are nearly the same."
    ),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`reasons`: each holds it for itself, so that letting go of one does not free what another holds."""

    score: int
    signs: tuple[Sign, ...]
    reasons: tuple[str, ...]

    @property
    def is_premarked(self) -> bool:
        """Held, with declining as what the form proposes."""
        return is_premarked(self.score)


def is_premarked(score: int) -> bool:
    return score >= DECLINE_FROM


def judge(seen: Iterable[Sign]) -> Verdict:
    """What the signs come to: pass (no reasons), or hold."""
    signs = tuple(sign for sign in Sign if sign in set(seen))
    score = sum(WEIGHTS[sign].points for sign in signs)
    reasons = tuple(str(sign) for sign in signs if WEIGHTS[sign].holds)
    if not reasons and score >= HOLD_FROM:
        reasons = (SEVERAL,)
    return Verdict(score=score, signs=signs, reasons=reasons)


def told(signs: Iterable[Sign]) -> list[dict[str, str | int]]:
    """As a review keeps them: what was seen then stays readable when the table changes."""
    return [
        {"code": str(sign), "points": WEIGHTS[sign].points, "words": WEIGHTS[sign].words}
        for sign in signs
    ]


def is_disposable(email: str) -> bool:
    """Whether the address's domain, or one above it, gives addresses for minutes. Relays such as Apple's give none."""
    labels = email.rpartition("@")[2].split(".")
    return any(".".join(labels[at:]) in blocklist for at in range(len(labels) - 1))


def are_alike(*, names: tuple[str, str], emails: tuple[set[str], set[str]]) -> bool:
    """Nearly the same name and nearly the same mailbox."""
    one, other = (name.casefold().strip() for name in names)
    if not one or not other or JaroWinkler.similarity(one, other) < ALIKE_FROM:
        return False
    return any(
        JaroWinkler.similarity(mine.partition("@")[0], hers.partition("@")[0]) >= ALIKE_FROM
        for mine in emails[0]
        for hers in emails[1]
    )
