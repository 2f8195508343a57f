"""One rule says what credit can pay."""

from decimal import Decimal

from referrals import full_price
from tests.factories.referrals import ring


def test_scenario_61_credit_pays_for_what_is_at_full_price_alone() -> None:
    cart = [ring("1800.00"), ring("400.00", net="300.00"), ring("85.00", kind="service")]

    found = full_price.eligible(cart)

    assert found.total == Decimal("1800.00")
    assert found.reasons[0] == ""
    assert found.in_words() == (
        "Line 2: it is reduced, and credit pays at full price only. "
        "Line 3: credit pays for jewelry only, not for services, gift cards or shipping."
    )
    assert full_price.eligible(cart[1:2]).total == 0


def test_a_line_of_several_is_reduced_when_its_sum_is() -> None:
    two = full_price.Asked(quantity=2, list_price=Decimal("100.00"), net_total=Decimal("199.99"))
    assert full_price.eligible([two]).total == 0
    assert full_price.why_not(ring("0.00")) == "there is nothing to pay"
