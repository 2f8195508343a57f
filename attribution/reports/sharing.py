"""The same money shared by every model, beside each other."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from attribution.channels import Channel
from attribution.crediting import CreditModel
from attribution.reports.scope import Scope


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One model's amounts by channel, in the order of the model in use; each sums to `total`."""

    model: CreditModel
    amounts: dict[Channel, Decimal]

    @property
    def total(self) -> Decimal:
        return sum(self.amounts.values(), Decimal(0))


def panels(*, scope: Scope) -> list[Panel]:
    amounts = {model: _by_channel(scope, model) for model in CreditModel}
    used = amounts[scope.model]
    channels = {channel for shares in amounts.values() for channel in shares}
    order = sorted(channels, key=lambda channel: (-used.get(channel, Decimal(0)), channel))
    return [
        Panel(model=model, amounts={channel: shares.get(channel, Decimal(0)) for channel in order})
        for model, shares in amounts.items()
    ]


def _by_channel(scope: Scope, model: CreditModel) -> dict[Channel, Decimal]:
    rows = scope.sales(model=model).filter(touchpoint__isnull=False)
    sums = rows.values_list("touchpoint__channel").annotate(sum=Sum("amount"))
    return {Channel(channel): amount for channel, amount in sums}
