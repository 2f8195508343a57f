"""Whether a head holds a stone, said in millimeters."""

import itertools
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from builder import gemology, models, search
from builder.compatibility import (
    Fix,
    Head,
    SettingRules,
    StoneMeasures,
    carats_held,
    check,
    envelopes,
)
from tests.factories.builder import HeadFactory, SettingFactory, StoneFactory

# The first example may wait for a busy machine; nothing here is about time.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

HEAD = Head(
    code="six-prong",
    name="six-prong head",
    kind="prong",
    prongs=6,
    shapes=["round", "oval", "princess"],
    min_width_mm=Decimal("6.90"),
    max_width_mm=Decimal("7.70"),
    min_length_mm=Decimal("6.90"),
    max_length_mm=Decimal("9.00"),
    rise_mm=Decimal("3.20"),
)
SETTING = SettingRules(
    name="The Alba",
    thickness_mm=Decimal("1.70"),
    min_size=Decimal(3),
    max_size=Decimal(10),
    heads=[HEAD],
)
STONE = StoneMeasures(
    shape="round",
    carat=Decimal("1.52"),
    length_mm=Decimal("7.38"),
    width_mm=Decimal("7.34"),
    depth_mm=Decimal("4.49"),
)


def setting(**head: Any) -> SettingRules:
    return replace(SETTING, heads=[replace(HEAD, **head)])


def judged(*, size: str | None = "6", head: dict[str, Any] | None = None, **stone: Any) -> Any:
    measures = {
        name: Decimal(value) if name.endswith("mm") else value for name, value in stone.items()
    }
    return check(
        setting=setting(**(head or {})),
        stone=replace(STONE, **measures),
        size=None if size is None else Decimal(size),
    )


def test_a_stone_that_fits_says_by_how_much() -> None:
    fit = judged()
    assert (fit.fits, fit.verdict, fit.margin_mm) == (True, "fits", Decimal("0.36"))
    assert fit.reason == "This six-prong head holds your 1.52 ct round: 0.4 mm to spare."


def test_less_than_a_tenth_is_said_in_hundredths() -> None:
    assert judged(width_mm="7.65", length_mm="7.66").reason.endswith("0.05 mm to spare.")


def test_prongs_that_the_setter_can_move_are_a_fit_with_a_change() -> None:
    fit = judged(width_mm="7.82", length_mm="7.85")
    assert (fit.fits, fit.verdict, fit.margin_mm) == (True, "fits_with_change", Decimal("-0.12"))
    assert "moved its prongs by 0.1 mm" in fit.reason
    assert str(fit.fix).startswith("Included")


def test_a_bezel_is_cut_to_its_stone_and_gives_nothing() -> None:
    fit = judged(
        head={"kind": "bezel", "prongs": 0, "name": "bezel"}, width_mm="7.82", length_mm="7.85"
    )
    assert not fit.fits
    assert "this bezel takes 6.9 to 7.7 mm" in fit.reason


@pytest.mark.parametrize(
    ("stone", "words"),
    [
        ({"width_mm": "8.76", "length_mm": "8.80"}, "is 8.76 mm wide"),
        ({"width_mm": "6.40", "length_mm": "6.44"}, "is 6.40 mm wide"),
        ({"shape": "oval", "length_mm": "9.40"}, "is 9.40 mm long"),
        ({"shape": "princess", "depth_mm": "6.50"}, "would touch your finger"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_millimeters_and_a_way_out(
    stone: dict[str, Any], words: str
) -> None:
    fit = judged(**stone)
    assert (fit.fits, fit.verdict) == (False, "does_not_fit")
    assert fit.margin_mm is not None
    assert fit.margin_mm < 0
    assert words in fit.reason
    assert str(fit.fix).startswith("Choose")


def test_the_way_out_names_the_weights_that_would_fit() -> None:
    fit = judged(width_mm="8.76", length_mm="8.80")
    assert str(fit.fix) == (
        "Choose a round of about 1.25 to 1.75 ct, or a setting whose head takes 8.8 × 8.8 mm."
    )


def test_a_wrong_shape_has_no_margin_and_names_the_right_ones() -> None:
    fit = judged(shape="emerald")
    assert (fit.fits, fit.margin_mm) == (False, None)
    assert fit.reason == (
        "This six-prong head is made for round, oval and princess stones, not for an emerald."
    )


def test_a_deep_stone_is_lifted_off_the_finger_while_the_head_can_be_raised() -> None:
    fit = judged(head={"rise_mm": Decimal("1.60")}, depth_mm="4.60")
    assert fit.verdict == "fits_with_change"
    assert "raised the head by 0.5 mm" in fit.reason


@pytest.mark.parametrize("size", ["2.5", "10.5"])
def test_a_size_the_ring_is_not_made_in_is_refused(size: str) -> None:
    fit = judged(size=size)
    assert not fit.fits
    assert "sizes 3 to 10" in fit.reason


def test_without_a_size_only_the_stone_is_judged() -> None:
    assert judged(size=None).verdict == "fits"


# Several heads.


def heads(*others: dict[str, Any], **first: Any) -> SettingRules:
    """The first head, and others that differ from it."""
    shown = replace(HEAD, **first)
    return replace(SETTING, heads=[shown, *(replace(shown, **other) for other in others)])


LARGE = {
    "code": "four-prong",
    "name": "four-prong head",
    "prongs": 4,
    "min_width_mm": Decimal("7.50"),
    "max_width_mm": Decimal("9.20"),
    "max_length_mm": Decimal("11.00"),
    "extra_price": Decimal(40),
    "extra_days": 3,
}
LARGE_STONE = replace(
    STONE, carat=Decimal("2.50"), width_mm=Decimal("8.76"), length_mm=Decimal("8.80")
)


def test_another_head_of_the_setting_is_offered_with_its_price_and_days() -> None:
    fit = check(setting=heads(LARGE), stone=LARGE_STONE, size=Decimal(6))
    assert fit.verdict == "fits_with_change"
    assert fit.reason == (
        "Your 2.50 ct round is 8.76 mm wide; this six-prong head takes 6.9 to 7.7 mm."
    )
    assert fit.fix == Fix(
        words="The four-prong head fits: +$40, +3 days.",
        price=Decimal(40),
        days=3,
        head="four-prong",
    )
    assert (fit.head, fit.margin_mm) == ("four-prong", Decimal("0.44"))


def test_the_cheapest_head_is_offered_and_of_two_the_quicker_one() -> None:
    dear = LARGE | {"code": "dear", "extra_price": Decimal(90), "extra_days": 0}
    slow = LARGE | {"code": "slow", "extra_days": 9}
    for others in itertools.permutations([dear, slow, LARGE]):
        assert check(setting=heads(*others), stone=LARGE_STONE, size=None).head == "four-prong"


def test_a_head_whose_stones_are_dearer_to_set_says_the_whole_difference() -> None:
    dearer = LARGE | {"setting_fee": Decimal(120)}
    fit = check(setting=heads(dearer, setting_fee=Decimal(90)), stone=LARGE_STONE, size=None)
    assert str(fit.fix) == "The four-prong head fits: +$70, +3 days."


def test_what_the_setter_can_do_comes_before_a_head_that_costs() -> None:
    stone = replace(STONE, width_mm=Decimal("7.82"), length_mm=Decimal("7.85"))
    fit = check(setting=heads(LARGE), stone=stone, size=None)
    assert (fit.head, fit.verdict) == ("six-prong", "fits_with_change")
    assert fit.fix == Fix(words="Included: we do it when we set the stone.")


def test_a_head_that_costs_nothing_says_so_and_says_what_is_done_to_it() -> None:
    free = LARGE | {"extra_price": Decimal(0), "extra_days": 0}
    assert str(check(setting=heads(free), stone=LARGE_STONE, size=None).fix) == (
        "The four-prong head fits, at no extra cost."
    )
    wide = replace(LARGE_STONE, width_mm=Decimal("9.30"), length_mm=Decimal("9.32"))
    assert str(check(setting=heads(LARGE), stone=wide, size=None).fix) == (
        "The four-prong head fits once our setter has moved its prongs by 0.1 mm: +$40, +3 days."
    )


def test_when_no_head_holds_it_the_nearest_one_says_why() -> None:
    huge = replace(STONE, carat=Decimal(4), width_mm=Decimal("10.20"), length_mm=Decimal("10.20"))
    fit = check(setting=heads(LARGE), stone=huge, size=None)
    assert fit.reason == (
        "Your 4.00 ct round is 10.20 mm wide; the four-prong head takes 7.5 to 9.2 mm."
    )
    assert str(fit.fix).startswith("Choose a round of about 1.65 to 3.00 ct")


def test_a_shape_that_no_head_takes_names_those_of_all() -> None:
    pear = replace(STONE, shape="pear")
    fit = check(setting=heads(LARGE | {"shapes": ["emerald"]}), stone=pear, size=None)
    assert fit.reason == (
        "The heads of this ring are made for round, oval, princess and emerald stones, "
        "not for a pear."
    )


def test_a_setting_without_a_head_holds_nothing_and_says_so() -> None:
    fit = check(setting=replace(SETTING, heads=[]), stone=STONE, size=None)
    assert (fit.verdict, fit.reason) == ("does_not_fit", "The Alba has no head yet.")


# Prongs over the edge.


def test_prongs_that_would_cover_the_table_refuse_a_small_stone() -> None:
    """0.8 mm of prong on both sides leave a table of 58 % free from 3.81 mm on."""
    small = {"width_mm": "3.80", "length_mm": "3.82", "depth_mm": "2.34"}
    head = {"min_width_mm": Decimal(3), "min_length_mm": Decimal(3), "overhang_mm": Decimal("0.80")}
    fit = judged(head=head, **small)
    assert fit.verdict == "does_not_fit"
    assert fit.margin_mm == Decimal("-0.01")
    assert "reaches 0.80 mm over the edge, would cover its table below 3.81 mm" in fit.reason
    assert judged(head=head, **(small | {"width_mm": "3.81"})).verdict == "fits"


def test_a_stone_that_is_too_short_for_the_head_is_refused() -> None:
    fit = judged(head={"min_length_mm": Decimal(8)})
    assert "is 7.38 mm long; this six-prong head takes 8.0 mm and more" in fit.reason


# By weight alone.


def test_a_stone_without_millimeters_is_judged_by_its_weight_and_labeled() -> None:
    unmeasured = replace(STONE, length_mm=None, width_mm=None, depth_mm=None)
    fit = check(setting=SETTING, stone=unmeasured, size=None)
    assert (fit.fits, fit.is_estimated) == (True, True)
    assert fit.reason == (
        "By its weight, which we confirm when we see the report, this six-prong head holds your "
        "1.52 ct round: 0.4 mm to spare."
    )
    assert not judged().is_estimated


def test_known_millimeters_are_kept_beside_estimated_ones() -> None:
    fit = check(setting=SETTING, stone=replace(STONE, depth_mm=None), size=None)
    assert (fit.is_estimated, fit.margin_mm) == (True, Decimal("0.36"))


# Clearance.


@pytest.mark.parametrize("size", [Decimal(half) / 2 for half in range(6, 21)])
def test_the_finger_s_curve_changes_nothing_for_the_stone_s_point(size: Decimal) -> None:
    """The point hangs over the highest line of the finger; beside it a finger of any size only falls away."""
    deep = replace(STONE, depth_mm=Decimal("6.70"))
    raised = setting(rise_mm=Decimal("3.60"))
    assert check(setting=raised, stone=deep, size=size) == check(
        setting=raised, stone=deep, size=None
    )


def test_a_stone_may_need_both_its_prongs_moved_and_its_head_raised() -> None:
    fit = judged(
        head={"rise_mm": Decimal("1.60")}, width_mm="7.82", length_mm="7.85", depth_mm="4.60"
    )
    assert fit.reason == (
        "This six-prong head holds your 1.52 ct round once our setter has moved its prongs by "
        "0.1 mm and we have raised the head by 0.5 mm, so that the stone clears your finger."
    )


# What always holds.

Case = tuple[SettingRules, StoneMeasures]

shapes = st.sampled_from(gemology.SHAPES)


@st.composite
def some_heads(draw: st.DrawFn, code: str) -> Head:
    tenths = st.integers(min_value=0, max_value=40).map(lambda each: Decimal(each) / 10)
    prongs = draw(st.sampled_from([0, 4, 6]))
    narrow = 3 + draw(tenths)
    short = narrow + draw(tenths) / 4
    widest = narrow + draw(tenths)
    return replace(
        HEAD,
        code=code,
        kind="prong" if prongs else "bezel",
        prongs=prongs,
        shapes=draw(st.lists(shapes, unique=True, min_size=1, max_size=6)),
        min_width_mm=narrow,
        max_width_mm=widest,
        min_length_mm=short,
        max_length_mm=max(short, widest) + draw(tenths),
        rise_mm=Decimal("1.5") + draw(tenths) / 2,
        overhang_mm=draw(tenths) / 4,
        extra_price=draw(st.sampled_from([Decimal(0), Decimal(40), Decimal("55.50")])),
        extra_days=draw(st.integers(min_value=0, max_value=5)),
        setting_fee=draw(st.sampled_from([Decimal(90), Decimal(120)])),
    )


def between(least: Decimal, most: Decimal) -> st.SearchStrategy[Decimal]:
    return st.decimals(min_value=least, max_value=max(least, most), places=2)


@st.composite
def rings_and_stones(draw: st.DrawFn) -> tuple[SettingRules, StoneMeasures]:
    """A setting of one to three heads, and a stone about as large as one of them takes."""
    made = [draw(some_heads(f"head-{place}")) for place in range(draw(st.integers(1, 3)))]
    meant, off = draw(st.sampled_from(made)), Decimal("0.30")
    width = draw(between(meant.min_width_mm - off, meant.max_width_mm + off))
    length = draw(between(max(width, meant.min_length_mm - off), meant.max_length_mm + off))
    depth = draw(between(Decimal("1.50"), meant.rise_mm * 2 + 2))
    shape = draw(st.sampled_from(meant.shapes) | shapes)
    stone = replace(STONE, shape=shape, width_mm=width, length_mm=length, depth_mm=depth)
    return replace(SETTING, heads=made), stone


def is_within(rules: SettingRules, stone: StoneMeasures) -> bool:
    assert stone.length_mm is not None
    assert stone.width_mm is not None
    assert stone.depth_mm is not None
    return any(
        limits.holds(
            shape=stone.shape,
            length_mm=stone.length_mm,
            width_mm=stone.width_mm,
            depth_mm=stone.depth_mm,
        )
        for limits in envelopes(setting=rules)
    )


@unhurried
@given(case=rings_and_stones())
def test_a_stone_fits_exactly_when_it_is_within_an_envelope(case: Case) -> None:
    rules, stone = case
    fit = check(setting=rules, stone=stone, size=None)
    assert fit.fits is is_within(rules, stone)
    assert fit.reason.endswith(".")
    assert fit.verdict == "fits" or fit.fix is not None


@unhurried
@given(case=rings_and_stones(), more=st.integers(min_value=0, max_value=30))
def test_a_setting_whose_heads_are_larger_in_every_way_never_holds_less(
    case: Case, more: int
) -> None:
    rules, stone = case
    room = Decimal(more) / 10
    larger = [
        replace(
            head,
            min_width_mm=head.min_width_mm - room,
            min_length_mm=head.min_length_mm - room,
            max_width_mm=head.max_width_mm + room,
            max_length_mm=head.max_length_mm + room,
            rise_mm=head.rise_mm + room,
            overhang_mm=max(Decimal(0), head.overhang_mm - room),
        )
        for head in rules.heads
    ]
    if check(setting=rules, stone=stone, size=None).fits:
        assert check(setting=replace(rules, heads=larger), stone=stone, size=None).fits


@unhurried
@given(case=rings_and_stones())
def test_a_further_head_never_takes_a_fit_away(case: Case) -> None:
    rules, stone = case
    first = replace(rules, heads=rules.heads[:1])
    if check(setting=first, stone=stone, size=None).fits:
        assert check(setting=rules, stone=stone, size=None).fits


@unhurried
@given(case=rings_and_stones())
def test_the_fix_that_is_offered_makes_it_fit_and_no_other_head_is_cheaper(case: Case) -> None:
    rules, stone = case
    fit = check(setting=rules, stone=stone, size=None)
    assume(fit.fits)
    held = [
        head
        for head in rules.heads
        if check(setting=replace(rules, heads=[head]), stone=stone, size=None).fits
    ]
    assert fit.head in [head.code for head in held]
    cost = (fit.fix.price, fit.fix.days) if fit.fix else (0, 0)
    first = rules.heads[0]
    costs = [
        (head.extra_price + head.setting_fee - first.setting_fee, head.extra_days)
        for head in held
        if head is not first
    ]
    if first in held:
        assert (fit.head, cost) == (first.code, (0, 0))
    else:
        assert all(cost <= each for each in costs)
    if fit.fix and fit.fix.head:
        assert fit.fix.head == fit.head != rules.heads[0].code


@unhurried
@given(shape=st.sampled_from(gemology.SHAPES), points=st.integers(min_value=20, max_value=900))
def test_the_weights_that_are_said_to_sit_do_sit_by_the_law(shape: str, points: int) -> None:
    """To the 0.05 ct that is said, and with what the setter can move."""
    rules = setting(shapes=[shape], max_width_mm=Decimal(9), max_length_mm=Decimal(12))
    least, most = carats_held(setting=rules, head=rules.heads[0], shape=shape)
    carat = Decimal(points) / 100
    assume(least + Decimal("0.03") <= carat <= most - Decimal("0.03"))
    stone = StoneMeasures(shape=shape, carat=carat, length_mm=None, width_mm=None, depth_mm=None)
    assert check(setting=rules, stone=stone, size=None).fits


# The stone list.


def near_the_limits(rules: SettingRules) -> list[models.Stone]:
    """Stones a hundredth of a millimeter inside, on and outside of each limit of each head, and combinations of them."""
    steps = [Decimal("-0.01"), Decimal(0), Decimal("0.01")]
    made = {}
    for limits in envelopes(setting=rules):
        widths = [
            each + off for each in (limits.min_width_mm, limits.max_width_mm) for off in steps
        ]
        lengths = [
            each + off for each in (limits.min_length_mm, limits.max_length_mm) for off in steps
        ]
        for shape, deepest in limits.max_depth_mm.items():
            for width, length, off in itertools.product(widths, lengths, steps):
                if length >= width:
                    made[shape, length, width, deepest + off] = None
    return [
        StoneFactory.build(
            report_number=f"{number:010}",
            shape=shape, length_mm=length, width_mm=width, depth_mm=depth,
        )
        for number, (shape, length, width, depth) in enumerate(made)
    ]  # fmt: skip


@pytest.mark.django_db
def test_the_stone_list_and_the_check_agree_at_every_limit_of_every_head() -> None:
    made = SettingFactory(
        head_shapes=["round", "princess", "oval"], head_overhang_mm="0.70",
        head_min_width_mm="3.60", head_max_width_mm="5.20", head_max_length_mm="6.10",
    )  # fmt: skip
    HeadFactory(
        setting=made, position=1, prongs=0, shapes=["oval", "emerald"], min_width_mm="5.00",
        max_width_mm="6.40", min_length_mm="6.00", max_length_mm="9.00", extra_price="40",
    )  # fmt: skip
    rules = models.Setting.objects.get().rules
    models.Stone.objects.bulk_create(near_the_limits(rules))
    everything = list(models.Stone.objects.all())
    listed = set(models.Stone.objects.filter(search.fitting(rules)).values_list("pk", flat=True))
    checked = {
        stone.pk
        for stone in everything
        if check(setting=rules, stone=stone.measures, size=None).fits
    }
    assert listed == checked
    assert len(everything) > 300
    assert 0.1 < len(listed) / len(everything) < 0.9
