"""What a page of figures is about: which days, which stores, which model, which currency."""

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from attribution.crediting import CreditModel
from attribution.models import Credit


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Both dates are included, each in the zone of the store. `store_ids` None: all stores and the web."""

    start_date: date
    end_date: date
    model: CreditModel
    store_ids: frozenset[int] | None = None
    currency: str = "USD"

    @property
    def is_whole_house(self) -> bool:
        """Visits and ad spend belong to no store: only the whole house has them."""
        return self.store_ids is None

    @property
    def days(self) -> int:
        return (self.end_date - self.start_date).days + 1

    def credits(self, *, model: CreditModel | None = None) -> QuerySet[Credit]:
        """The shares that count in it, of sales and of refunds."""
        found = Credit.objects.filter(
            model=model or self.model,
            local_date__range=(self.start_date, self.end_date),
            conversion__currency=self.currency,
        )
        if self.store_ids is None:
            return found
        return found.filter(conversion__store__in=self.store_ids)

    def sales(self, *, model: CreditModel | None = None) -> QuerySet[Credit]:
        """The shares of sales alone, before refunds."""
        return self.credits(model=model).filter(refund=None)
