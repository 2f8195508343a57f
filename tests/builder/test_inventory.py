"""A stone is sold once, and comes back only if somebody still offers it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from builder import inventory
from builder.models import Stone
from jeweler.models import OutboxEvent
from tests.factories.builder import StoneFactory, StoneOfferFactory
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("status", ["available", "held", "withdrawn"])
def test_a_sale_is_told_once_whatever_the_stone_was_before(status: str) -> None:
    stone = StoneFactory(status=status)
    assert inventory.sell(stone=stone, sale_id=7, at=NOW, now=NOW)
    assert not inventory.sell(stone=stone, sale_id=8, at=NOW + timedelta(days=1), now=NOW)
    stone.refresh_from_db()
    assert (stone.status, stone.sold_at) == ("sold", NOW)
    sold = OutboxEvent.objects.get(name="builder.StoneSold")
    assert sold.payload == {"stone_id": stone.pk, "sale_id": 7}


def test_a_returned_stone_is_offered_again_at_the_cheapest_living_offer() -> None:
    stone = StoneFactory(status="sold", sold_at=NOW)
    StoneOfferFactory(stone=stone, price=Decimal(9000), withdrawn_at=NOW)
    StoneOfferFactory(stone=stone, price=Decimal(9500))
    StoneOfferFactory(stone=stone, price=Decimal(9900))
    inventory.put_back(stone=stone, now=NOW)
    stone.refresh_from_db()
    assert (stone.status, stone.price, stone.sold_at) == ("available", Decimal(9500), None)


def test_a_returned_stone_that_nobody_offers_any_more_is_withdrawn() -> None:
    stone = StoneFactory(status="sold", sold_at=NOW)
    inventory.put_back(stone=stone, now=NOW)
    assert Stone.objects.get().status == "withdrawn"


def test_a_stone_that_is_not_sold_is_not_put_back() -> None:
    stone = StoneFactory(status="held")
    inventory.put_back(stone=stone, now=NOW)
    assert Stone.objects.get().status == "held"
