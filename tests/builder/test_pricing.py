"""What is shown adds up, to the dollar."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from builder import designs, pricing
from builder.models import Design
from builder.pricing import MetalPart, SettingCost, StoneCost, price_ring
from tests.factories.builder import MetalFactory, SettingFactory, StoneFactory

ALBA = SettingCost(
    name="The Alba",
    labor=Decimal("1480.00"),
    accents_label="Half pavé",
    accents_note="18 diamonds, 0.18 ct together",
    accents=Decimal("640.00"),
)
STONE = StoneCost(label="Round diamond", note="1.52 ct, G, VS1", price=Decimal("12480.00"))
GOLD = MetalPart(name="18 k yellow gold", grams=Decimal("2.31"), price_per_gram=Decimal(118))
PLATINUM = MetalPart(name="platinum", grams=Decimal("0.62"), price_per_gram=Decimal(76))
INCLUDED = "Engraving, first resize, insured delivery"


def test_a_ring_is_itemised_in_the_order_in_which_it_is_thought_of() -> None:
    priced = price_ring(
        stone=STONE, setting=ALBA, metal=[GOLD, PLATINUM], size_in_words=" at size 6",
        included=INCLUDED,
    )  # fmt: skip
    assert [(line.label, line.note, line.amount) for line in priced.lines] == [
        ("Round diamond", "1.52 ct, G, VS1", Decimal(12480)),
        ("The Alba", "Made and set at our bench", Decimal(1480)),
        ("18 k yellow gold", "2.3 g and 0.6 g platinum for the head at size 6", Decimal(320)),
        ("Half pavé", "18 diamonds, 0.18 ct together", Decimal(640)),
        (INCLUDED, "", None),
    ]
    assert priced.total == Decimal(14920)


def test_what_is_not_chosen_has_no_line() -> None:
    only_stone = price_ring(stone=STONE, setting=None, metal=[], size_in_words="", included="")
    assert [line.label for line in only_stone.lines] == ["Round diamond"]
    nothing = price_ring(stone=None, setting=None, metal=[], size_in_words="", included="")
    assert (nothing.lines, nothing.total) == ([], Decimal(0))


def test_half_a_dollar_is_rounded_up_once_per_line() -> None:
    stone = StoneCost(label="s", note="", price=Decimal("10.50"))
    metal = [MetalPart(name="m", grams=Decimal("0.25"), price_per_gram=Decimal("10.00"))] * 2
    priced = price_ring(stone=stone, setting=None, metal=metal, size_in_words="", included="")
    assert [line.amount for line in priced.lines] == [Decimal(11), Decimal(5)]


amounts = st.decimals(min_value=0, max_value=10**7, places=2)
parts = st.lists(
    st.builds(
        MetalPart,
        name=st.just("gold"),
        grams=st.decimals(min_value=0, max_value=40, places=2),
        price_per_gram=st.decimals(min_value=0, max_value=500, places=2),
    ),
    max_size=3,
)


def reference(amount: Fraction) -> int:
    """Halves up, in whole numbers: the rule written a second way."""
    return (amount * 2 + 1).__floor__() // 2


@given(stone=amounts, labor=amounts, accents=amounts, metal=parts)
def test_the_total_is_the_sum_of_the_lines_and_each_line_is_exact(
    stone: Decimal, labor: Decimal, accents: Decimal, metal: list[MetalPart]
) -> None:
    setting = SettingCost(
        name="The Alba", labor=labor, accents_label="Pavé", accents_note="", accents=accents
    )
    priced = price_ring(
        stone=StoneCost(label="Stone", note="", price=stone),
        setting=setting,
        metal=metal,
        size_in_words="",
        included=INCLUDED,
    )
    grams = sum(
        (Fraction(part.grams) * Fraction(part.price_per_gram) for part in metal), Fraction(0)
    )
    expected = [Fraction(stone), Fraction(labor)]
    expected += [grams] if metal else []
    expected += [Fraction(accents)] if accents else []
    shown = [line.amount for line in priced.lines if line.amount is not None]
    assert shown == [reference(each) for each in expected]
    assert priced.total == sum(shown, Decimal(0))
    assert priced.total == priced.total.quantize(Decimal(1), rounding=ROUND_HALF_UP)


def test_a_whole_ring_is_priced_as_worked_out_by_hand_in_the_docs(db: None) -> None:
    platinum = MetalFactory(
        code="platinum", name="platinum", family="platinum", density="20.70", price_per_gram="76"
    )
    setting = SettingFactory(head_metal_family="platinum")
    design = Design(
        setting=setting, metal=MetalFactory(), stone=StoneFactory(), ring_size=Decimal(6)
    )
    quoted = designs.quote(design)
    by_label = {line.label: line for line in quoted.lines}
    assert by_label["18 k yellow gold"].note == ("2.3 g and 0.5 g platinum for the head at size 6")
    assert by_label["18 k yellow gold"].amount == Decimal(314)
    assert quoted.total == Decimal(12480 + 1480 + 314)
    assert platinum.family == "platinum"
    assert quoted.total == pricing.sum_of(quoted.lines)
