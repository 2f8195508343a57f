from datetime import timedelta
from decimal import Decimal

import pytest

from jeweler.models import StaffMember
from pos_bridge import closing, taking
from pos_bridge.models import DrawerCount, Tender
from tests.factories import counter
from tests.factories import pos_bridge as tills

pytestmark = pytest.mark.django_db


def test_the_day_is_counted_beside_its_facts_and_a_difference_is_named_and_kept() -> None:
    store = tills.open_store()
    marisol, manager = counter.member(store), counter.member(store, StaffMember.Role.MANAGER)
    made = counter.ticket(marisol, store, price="1000.00")
    counter.take(made, marisol, "300.00", tender=Tender.CASH)
    counter.take(made, marisol, "700.00")
    counter.take(
        counter.ticket(marisol, store, price="50.00"), marisol, "50.00",
        now=tills.NOW - timedelta(days=1),
    )  # fmt: skip
    taking.refund(ticket=made, tender=Tender.CASH, amount=Decimal("100.00"), reason="x", act=counter.act(manager))  # fmt: skip
    on = tills.NOW.astimezone(store.zone).date()
    expected = {row.tender: row.expected for row in closing.day(store=store, on=on)}
    assert (expected["cash"], expected["card"]) == (Decimal("200.00"), Decimal("700.00"))

    def count(cash: str, *, why: str = "", key: str = "k") -> list[DrawerCount]:
        return closing.count(
            store=store, on=on, counted={"cash": Decimal(cash)}, why={"cash": why}, by=marisol,
            key=key, now=tills.NOW,
        )  # fmt: skip

    with pytest.raises(closing.CannotCount, match=r"Cash: \$4.10 less than the facts say"):
        count("195.90")
    kept = count("195.90", why="Wrong change")
    assert count("195.90", why="Wrong change") == kept
    assert kept[0].difference == Decimal("-4.10")

    counter.take(counter.ticket(marisol, store, price="5.00"), marisol, "5.00", tender=Tender.CASH)
    stale = {row.tender: row.is_stale for row in closing.day(store=store, on=on)}
    assert stale["cash"]
    assert not stale["card"]
