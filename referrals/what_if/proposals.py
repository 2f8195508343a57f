"""Terms as a replay needs them: kept ones, or some that are only thought of. Pure."""

from dataclasses import dataclass
from decimal import Decimal

from jeweler import money
from referrals.models import Terms


@dataclass(frozen=True, kw_only=True)
class Amount:
    minimum: Decimal
    reward: Decimal = Decimal(0)
    percent: Decimal = Decimal(0)
    most: Decimal | None = None

    def share_of(self, net: Decimal, *, currency: str) -> Decimal:
        share = money.rounded(net * self.percent / 100, currency=currency)
        return share if self.most is None else min(share, self.most)


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """`friend_perk`: its cost and the currency of that; None where friends are given none."""

    click_days: int
    lock_days: int
    return_days: int
    credit_days: int
    cap: int
    cap_days: int
    is_share: bool
    amounts: dict[str, Amount]
    friend_perk: tuple[Decimal, str] | None = None

    @property
    def minimums(self) -> dict[str, Decimal]:
        return {currency: amount.minimum for currency, amount in self.amounts.items()}

    def thanks(self, *, net: Decimal, currency: str, own: str) -> tuple[str, Decimal]:
        """As `rewards.amount_of`: a share in the order's currency, a fixed amount in her own where it is known."""
        if self.is_share:
            return currency, self.amounts[currency].share_of(net, currency=currency)
        kept = own if own in self.amounts else currency
        return kept, self.amounts[kept].reward


def pinned(terms: Terms) -> Proposal:
    """A kept version, which should have its amounts and its perk with it."""
    perk = terms.friend_perk
    return Proposal(
        click_days=terms.click_days,
        lock_days=terms.lock_days,
        return_days=terms.return_days,
        credit_days=terms.credit_days,
        cap=terms.cap,
        cap_days=terms.cap_days,
        is_share=terms.reward == Terms.Reward.PERCENT,
        amounts={
            row.currency: Amount(
                minimum=row.minimum, reward=row.reward, percent=row.percent, most=row.most
            )
            for row in terms.amounts.all()
        },
        friend_perk=(perk.cost, perk.currency) if perk else None,
    )
