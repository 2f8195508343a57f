"""What is shown adds up, and a price is told as its store tells it."""

import re
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder import pricing
from builder.pricing import Cost, MeleePart, MeleeRow, MetalPart, Tax

STONE = Cost(label="Round diamond", note="1.52 ct, G, VS1", price=Decimal("12480.00"))
LABOR = Cost(label="The Alba", note="Made at our bench", price=Decimal("1480.00"))
GOLD = MetalPart(
    name="18 k yellow gold",
    grams=Decimal("1.99"),
    price_per_gram=Decimal(118),
    waste_pct=Decimal(6),
)
PLATINUM = MetalPart(
    name="platinum", grams=Decimal("0.52"), price_per_gram=Decimal(76), waste_pct=Decimal(8)
)
PAVE = MeleePart(
    label="Half pavé",
    note="18 diamonds, 0.18 ct together",
    pieces=18,
    stone_price=Decimal("9.00"),
    setting_fee=Decimal("6.00"),
)
FEE = Cost(label="Setting your stone", note="", price=Decimal("90.00"))
ENGRAVING = Cost(label="Engraving", note="13 characters", price=Decimal("60.00"))
INCLUDED = "First resize, insured delivery"


def priced(**parts: object) -> pricing.PriceBreakdown:
    nothing = {
        "stone": None, "labor": None, "metal": [], "center": [], "melee": [], "engraving": None,
        "size_in_words": "", "included": "",
    }  # fmt: skip
    return pricing.price_ring(**{**nothing, **parts})  # type: ignore[arg-type]


def test_a_ring_is_itemised_in_the_order_in_which_it_is_thought_of() -> None:
    ring = priced(
        stone=STONE, labor=LABOR, metal=[GOLD, PLATINUM], center=[FEE], melee=[PAVE],
        engraving=ENGRAVING, size_in_words=" at size 6", included=INCLUDED,
    )  # fmt: skip
    assert [(line.label, line.note, line.amount) for line in ring.lines] == [
        ("Round diamond", "1.52 ct, G, VS1", Decimal(12480)),
        ("The Alba", "Made at our bench", Decimal(1480)),
        ("18 k yellow gold", "2.0 g and 0.5 g platinum for the head at size 6", Decimal(292)),
        ("Setting your stone", "", Decimal(90)),
        ("Half pavé", "18 diamonds, 0.18 ct together", Decimal(270)),
        ("Engraving", "13 characters", Decimal(60)),
        (INCLUDED, "", None),
    ]
    assert ring.total == Decimal(14672)


def test_what_is_not_chosen_has_no_line() -> None:
    assert [line.label for line in priced(stone=STONE).lines] == ["Round diamond"]
    assert (priced().lines, priced().total) == ([], Decimal(0))


def test_what_costs_nothing_has_no_line_of_its_own() -> None:
    free = Cost(label="Setting your stone", note="", price=Decimal(0))
    ring = priced(labor=LABOR, center=[free], engraving=free)
    assert [line.label for line in ring.lines] == ["The Alba"]


def test_half_a_dollar_is_rounded_up_once_per_line() -> None:
    metal = [MetalPart(name="m", grams=Decimal("0.25"), price_per_gram=Decimal("10.00"))] * 2
    ring = priced(stone=Cost(label="s", note="", price=Decimal("10.50")), metal=metal)
    assert [line.amount for line in ring.lines] == [Decimal(11), Decimal(5)]


def test_a_band_has_the_lines_of_a_ring_without_a_center() -> None:
    band = pricing.price_band(labor=LABOR, metal=[GOLD], melee=[PAVE], size_in_words=" at size 7")
    assert [line.amount for line in band.lines] == [Decimal(1480), Decimal(249), Decimal(270)]
    assert band.total == Decimal(1999)


ROWS = [
    MeleeRow(
        from_mm=Decimal("0.80"),
        below_mm=Decimal("1.30"),
        stone_price=Decimal(4),
        setting_fee=Decimal(5),
    ),
    MeleeRow(
        from_mm=Decimal("1.40"),
        below_mm=Decimal("1.60"),
        stone_price=Decimal(9),
        setting_fee=Decimal(6),
    ),
]


@pytest.mark.parametrize(
    ("mm", "found"),
    [("0.79", None), ("0.80", 0), ("1.29", 0), ("1.30", None), ("1.40", 1), ("1.60", None)],
)
def test_a_row_covers_from_its_first_millimeter_to_below_its_last(
    mm: str, found: int | None
) -> None:
    row = pricing.melee_row(ROWS, mm=Decimal(mm))
    assert row == (None if found is None else ROWS[found])


amounts = st.decimals(min_value=0, max_value=10**7, places=2)
parts = st.lists(
    st.builds(
        MetalPart,
        name=st.just("gold"),
        grams=st.decimals(min_value=0, max_value=40, places=2),
        price_per_gram=st.decimals(min_value=0, max_value=500, places=2),
        waste_pct=st.decimals(min_value=0, max_value=20, places=2),
    ),
    max_size=3,
)
melees = st.lists(
    st.builds(
        MeleePart,
        label=st.just("Halo"),
        note=st.just(""),
        pieces=st.integers(1, 60),
        stone_price=st.decimals(min_value=0, max_value=900, places=2),
        setting_fee=st.decimals(min_value=0, max_value=90, places=2),
    ),
    max_size=3,
)


def reference(amount: Fraction) -> int:
    """Halves up, in whole numbers: the rule written a second way."""
    return (amount * 2 + 1).__floor__() // 2


@given(stone=amounts, labor=amounts, metal=parts, melee=melees)
def test_the_total_is_the_sum_of_the_lines_and_each_line_is_exact(
    stone: Decimal, labor: Decimal, metal: list[MetalPart], melee: list[MeleePart]
) -> None:
    ring = priced(
        stone=Cost(label="Stone", note="", price=stone),
        labor=Cost(label="The Alba", note="", price=labor),
        metal=metal,
        melee=melee,
        included=INCLUDED,
    )
    cast = [
        Fraction(part.grams) * Fraction(part.price_per_gram) * (1 + Fraction(part.waste_pct) / 100)
        for part in metal
    ]
    expected = [Fraction(stone), Fraction(labor)]
    expected += [sum(cast, Fraction(0))] if metal else []
    expected += [
        part.pieces * (Fraction(part.stone_price) + Fraction(part.setting_fee)) for part in melee
    ]
    shown = [line.amount for line in ring.lines if line.amount is not None]
    assert shown == [reference(each) for each in expected]
    assert ring.total == sum(shown, Decimal(0))
    assert ring.total == ring.total.quantize(Decimal(1), rounding=ROUND_HALF_UP)


@pytest.mark.parametrize(
    ("amount", "mode", "words"),
    [
        ("14672", "shown", "$14,672"),
        ("14672", "range", "$14,000 to $15,000"),
        ("9999", "range", "$9,500 to $10,000"),
        ("10000", "range", "$10,000 to $11,000"),
        ("120", "range", "Up to $500"),
        ("63000", "range", "$60,000 to $65,000"),
        ("14672", "on_request", "Price on request"),
    ],
)
def test_a_price_is_told_as_the_store_tells_it(amount: str, mode: str, words: str) -> None:
    assert pricing.told(Decimal(amount), mode=mode) == words


@given(st.decimals(min_value=0, max_value=10**7, places=2))
def test_a_range_contains_its_price_and_says_no_more_than_its_step(amount: Decimal) -> None:
    low, high = pricing.ends(amount)
    assert low <= amount < high
    assert high - low == (500 if amount < 10_000 else 1_000 if amount < 50_000 else 5_000)
    assert pricing.ends(low) == (low, high)
    assert pricing.ends(high - Decimal("0.01")) == (low, high)


def tax(display: str, pct: str) -> Tax:
    return Tax(display=display, pct=Decimal(pct))


@pytest.mark.parametrize(
    ("display", "pct", "mode", "words"),
    [
        ("added", "0", "shown", "plus sales tax, worked out at the till"),
        ("added", "8.8750", "shown", "plus 8.875 % sales tax, about $1,302"),
        ("added", "8.8750", "range", "plus 8.875 % sales tax"),
        ("included", "0", "shown", "tax included"),
        ("included", "20.0000", "shown", "includes 20 % VAT: $2,445.33"),
        ("included", "20.0000", "range", "includes 20 % VAT"),
        ("added", "10.0000", "on_request", ""),
        ("included", "20.0000", "on_request", ""),
    ],
)
def test_tax_is_worded_and_never_added(display: str, pct: str, mode: str, words: str) -> None:
    assert pricing.tax_told(tax(display, pct), total=Decimal(14672), mode=mode) == words


@given(
    amount=st.decimals(min_value=0, max_value=10**6, places=2),
    display=st.sampled_from([pricing.ADDED, pricing.INCLUDED]),
    pct=st.decimals(min_value=0, max_value=30, places=4),
)
def test_on_request_tells_no_figure_at_all(amount: Decimal, display: str, pct: Decimal) -> None:
    words = pricing.told(amount, mode="on_request")
    words += pricing.tax_told(Tax(display=display, pct=pct), total=amount, mode="on_request")
    assert not re.search(r"[\d$]", words)
