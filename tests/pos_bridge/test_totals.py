from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pos_bridge import totals
from pos_bridge.totals import Rules, Rung

cents = st.integers(min_value=0, max_value=3_000_000).map(lambda minor: Decimal(minor) / 100)
rungs = st.builds(
    Rung,
    kind=st.sampled_from(["merchandise", "service", "gift_card", "shipping"]),
    quantity=st.integers(min_value=1, max_value=4),
    price=cents,
    is_taxed=st.booleans(),
)


@settings(max_examples=50, deadline=None)
@given(
    rung=st.lists(rungs, min_size=1, max_size=6),
    part=st.integers(min_value=0, max_value=100),
    pct=st.sampled_from(["0", "8.875", "19", "7.7"]),
    is_included=st.booleans(),
)
def test_net_lines_and_tax_are_the_total_to_the_cent(
    rung: list[Rung], part: int, pct: str, is_included: bool
) -> None:
    whole = totals.discountable(rung)
    off = (whole * part / 100).quantize(Decimal("0.01"), "ROUND_DOWN")
    rules = Rules(currency="USD", tax_pct=Decimal(pct), is_included=is_included)

    found = totals.add_up(rung, discount=off, rules=rules)

    assert sum(line.net_total for line in found.lines) + found.tax == found.total
    plain = totals.add_up(rung, rules=rules)
    if is_included:
        assert plain.total - found.total == off
    if not part:
        for line, asked in zip(found.lines, rung, strict=True):
            assert line.net_total >= line.list_price * asked.quantity


def test_a_discount_lies_on_goods_and_work_alone_and_is_whole() -> None:
    rung = [
        Rung(kind="merchandise", price=Decimal("100.00")),
        Rung(kind="gift_card", price=Decimal("50.00"), is_taxed=False),
        Rung(kind="service", price=Decimal("50.00")),
    ]
    rules = Rules(currency="USD", tax_pct=Decimal("10"), is_included=False)

    found = totals.add_up(rung, discount=Decimal("10.00"), rules=rules)

    net = [line.net_total for line in found.lines]
    assert net == [Decimal("93.33"), Decimal("50.00"), Decimal("46.67")]
    assert (found.tax, found.total) == (Decimal("14.00"), Decimal("204.00"))


@pytest.mark.parametrize(
    ("amount", "currency", "coins"),
    [("12.38", "USD", "12.38"), ("12.38", "CAD", "12.40"), ("12.37", "CHF", "12.35"), ("12.50", "SEK", "13.00"), ("1501", "HUF", "1500")],
)  # fmt: skip
def test_cash_is_rounded_to_its_smallest_coin(amount: str, currency: str, coins: str) -> None:
    assert totals.in_cash(Decimal(amount), currency=currency) == Decimal(coins)
