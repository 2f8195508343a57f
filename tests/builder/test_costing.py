"""A ring put together from the book costs what a plain second calculation says, line by line."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import plain_price
from builder import compatibility, costing, geometry, pricing, variation
from builder.book import Band, Book, GramPrice, Metal, Setting, gaps
from builder.engraving import Rules

NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

GOLD = Metal(
    id=1,
    code="18k-yellow",
    name="18 k yellow gold",
    family="yellow",
    density=Decimal("15.50"),
    waste_pct=Decimal("6.00"),
    prices=(GramPrice(since_at=LONG_AGO, price=Decimal("118.00")),),
)
PLATINUM = Metal(
    id=2,
    code="platinum",
    name="platinum",
    family="platinum",
    density=Decimal("20.70"),
    waste_pct=Decimal("8.00"),
    prices=(GramPrice(since_at=LONG_AGO, price=Decimal("76.00")),),
)
MELEE = (
    pricing.MeleeRow(
        from_mm=Decimal("0.80"),
        below_mm=Decimal("1.50"),
        stone_price=Decimal("9.00"),
        setting_fee=Decimal("6.00"),
    ),
    pricing.MeleeRow(
        from_mm=Decimal("1.50"),
        below_mm=Decimal("4.50"),
        stone_price=Decimal("31.40"),
        setting_fee=Decimal("12.25"),
    ),
)


def mm(least: str, most: str) -> st.SearchStrategy[Decimal]:
    return st.decimals(min_value=least, max_value=most, places=2)


money = st.decimals(min_value=0, max_value=4000, places=2)


@st.composite
def heads(draw: st.DrawFn, code: str) -> compatibility.Head:
    prongs = draw(st.sampled_from([0, 4, 6]))
    least = draw(mm("4.00", "6.00"))
    return compatibility.Head(
        code=code,
        name="bezel" if not prongs else f"{prongs}-prong head",
        kind="prong" if prongs else "bezel",
        prongs=prongs,
        shapes=("round", "oval"),
        min_width_mm=least,
        max_width_mm=least + draw(mm("0.50", "3.00")),
        min_length_mm=least,
        max_length_mm=Decimal("12.00"),
        rise_mm=draw(mm("2.00", "4.50")),
        extra_price=draw(money),
        setting_fee=draw(money),
        metal_family=draw(st.sampled_from(["", "platinum", "yellow", "rose"])),
    )


@st.composite
def locations(draw: st.DrawFn) -> tuple[geometry.Location, ...]:
    chosen = draw(
        st.lists(
            st.sampled_from(["sides", "halo", "hidden_halo", "half_band", "full_band"]),
            max_size=3,
            unique=True,
        ).filter(lambda places: not {"half_band", "full_band"} <= set(places))
    )
    counts = {"sides": 2, "halo": 0, "hidden_halo": 0, "half_band": 18, "full_band": 40}
    found = []
    for place in chosen:
        width = draw(mm("0.80", "2.20"))
        long = draw(mm("0.00", "1.00")) if place == "sides" else Decimal(0)
        found.append(
            geometry.Location(
                place=place, count=counts[place], width_mm=width, length_mm=width + long
            )
        )
    return tuple(found)


@st.composite
def settings_(draw: st.DrawFn) -> Setting:
    first, second = draw(heads(code="first")), draw(heads(code="second"))
    thickness = draw(mm("1.40", "2.40"))
    mounting = geometry.Mounting(
        shank_width_mm=draw(mm("1.60", "4.00")),
        top_width_mm=draw(mm("1.40", "4.00")),
        thickness_mm=thickness,
        profile=draw(st.sampled_from(["round", "flat", "knife"])),
        shoulder=draw(st.sampled_from(["plain", "cathedral"])),
        locations=draw(locations()),
    )
    return Setting(
        id=1,
        code="alba",
        name="The Alba",
        rules=compatibility.SettingRules(
            name="The Alba",
            thickness_mm=thickness,
            min_size=Decimal(3),
            max_size=Decimal(13),
            heads=(first, second),
        ),
        mounting=mounting,
        labor_price=draw(money),
        engraving=Rules(price=draw(st.sampled_from([Decimal(0), Decimal("60.00")]))),
        lead_days=20,
        metals=(1, 2),
        is_offered=True,
        variety=variation.Variety(
            name="The Alba",
            mounting=mounting,
            widths_mm=(Decimal("1.8"), Decimal("2.4")),
            accents=("none", "half", "full"),
            accent_mm=Decimal("1.30"),
        ),
    )


def book(*settings: Setting, metals: tuple[Metal, ...] = (GOLD, PLATINUM), **more: Any) -> Book:
    values: dict[str, Any] = {
        "number": 7,
        "settings": {each.id: each for each in settings},
        "metals": {each.id: each for each in metals},
        "bands": {},
        "melee": MELEE,
        "stores": {},
        "settings_by_code": {each.code: each for each in settings},
        "metals_by_code": {each.code: each for each in metals},
    }
    return Book(**{**values, **more})


def center(length: Decimal, width: Decimal, price: Decimal | None) -> costing.Center:
    return costing.Center(
        id=5, label="Round diamond", note="", price=price, length_mm=length, width_mm=width
    )


@given(
    setting=settings_(),
    place=st.sampled_from([0, 1]),
    metal=st.sampled_from([GOLD, PLATINUM]),
    stone=st.none() | st.builds(center, mm("6.50", "9.00"), mm("4.50", "6.40"), st.none() | money),
    size=st.none() | st.integers(6, 26).map(lambda halves: Decimal(halves) / 2),
    engraving=st.sampled_from(["", "Ever & always"]),
    band=st.builds(
        variation.Choice,
        st.sampled_from([None, Decimal("1.8"), Decimal("2.4")]),
        st.sampled_from(["", "none", "half", "full"]),
    ),
)
def test_a_ring_costs_what_a_plain_second_calculation_says(
    setting: Setting,
    place: int,
    metal: Metal,
    stone: costing.Center | None,
    size: Decimal | None,
    engraving: str,
    band: variation.Choice,
) -> None:
    house = book(setting)
    head = setting.rules.heads[place]
    priced = costing.priced(
        book=house,
        setting=setting,
        head=head,
        metal=metal,
        stone=stone,
        ring_size=size,
        engraving=engraving,
        band=band,
        now=NOW,
    )
    plain = plain_price.ring(
        book=house,
        setting=replace(setting, mounting=setting.variety.made(band)),
        head=head,
        metal=metal,
        stone=(stone.length_mm, stone.width_mm) if stone else None,
        stone_price=stone.price if stone else None,
        size=size,
        engraving=engraving,
        now=NOW,
    )
    shown = [line.amount for line in priced.lines if line.amount is not None]
    assert shown == plain
    assert priced.total == sum(plain, Decimal(0))


def alba(**changes: Any) -> Setting:
    head = compatibility.Head(
        code="six-prong", name="six-prong head", kind="prong", prongs=6, shapes=("round",),
        min_width_mm=Decimal("6.90"), max_width_mm=Decimal("7.70"),
        min_length_mm=Decimal("6.90"), max_length_mm=Decimal("7.70"), rise_mm=Decimal("3.20"),
    )  # fmt: skip
    rules = compatibility.SettingRules(
        name="The Alba", thickness_mm=Decimal("1.70"), min_size=Decimal(3), max_size=Decimal(10),
        heads=(head,),
    )  # fmt: skip
    mounting = geometry.Mounting(
        shank_width_mm=Decimal("1.90"), top_width_mm=Decimal("1.70"), thickness_mm=Decimal("1.70"),
        profile="round", locations=changes.pop("locations", ()),
    )  # fmt: skip
    values: dict[str, Any] = {
        "id": 1, "code": "alba", "name": "The Alba", "rules": rules, "mounting": mounting,
        "labor_price": Decimal(1480), "engraving": Rules(), "lead_days": 20, "metals": (1, 2),
        "is_offered": True,
    }  # fmt: skip
    values |= changes
    values.setdefault(
        "variety", variation.Variety(name=values["name"], mounting=values["mounting"])
    )
    return Setting(**values)


def lines_of(setting: Setting, house: Book, **changes: Any) -> costing.Priced:
    values: dict[str, Any] = {
        "head": setting.rules.heads[0], "metal": GOLD, "stone": None, "ring_size": Decimal(6),
        "engraving": "", "now": NOW,
    }  # fmt: skip
    return costing.priced(book=house, setting=setting, **{**values, **changes})


HALO = geometry.Location(place="halo", count=0, width_mm=Decimal("1.20"), length_mm=Decimal("1.20"))


def test_a_halo_is_paid_for_by_the_pieces_that_go_around_the_chosen_stone() -> None:
    setting = alba(locations=(HALO,))
    stone = center(Decimal("7.38"), Decimal("7.34"), Decimal(12480))
    pieces = geometry.stone_count(HALO, head=setting.rules.heads[0], stone=stone)
    priced = lines_of(setting, book(setting), stone=stone)
    [halo] = [line for line in priced.lines if line.label == "Halo"]
    assert pieces > 15
    assert halo.amount == pieces * 15
    assert halo.note.startswith(f"{pieces} diamonds, ")
    assert priced.inputs["melee"] == [
        {
            "place": "halo",
            "pieces": pieces,
            "mm": "1.20",
            "stone_price": "9.00",
            "setting_fee": "6.00",
        }
    ]


def test_a_size_that_no_melee_price_covers_is_named_with_the_way_out() -> None:
    tiny = geometry.Location(
        place="half_band", count=18, width_mm=Decimal("0.70"), length_mm=Decimal("0.70")
    )
    setting = alba(locations=(tiny,))
    words = r"No melee price covers 0.70 mm \(The Alba, half band\): add a row for it"
    with pytest.raises(pricing.NotPriced, match=words):
        lines_of(setting, book(setting))
    assert gaps(book(setting), now=NOW) == [
        "No melee price covers 0.70 mm (The Alba, half band): add a row for it under Melee prices."
    ]


def test_a_metal_costs_what_its_last_row_up_to_the_moment_says() -> None:
    risen = GramPrice(since_at=NOW, price=Decimal("130.00"))
    gold = Metal(**{**vars(GOLD), "prices": (*GOLD.prices, risen)})
    house = book(alba(), metals=(gold, PLATINUM))
    setting = house.settings[1]
    before = lines_of(setting, house, metal=gold, now=NOW - timedelta(microseconds=1))
    after = lines_of(setting, house, metal=gold, now=NOW)
    assert before.inputs["metals"][0]["price_per_gram"] == "118.00"
    assert after.inputs["metals"][0]["price_per_gram"] == "130.00"
    assert after.inputs["metals"][0]["since_at"] == NOW.isoformat()
    assert after.total > before.total


def test_a_metal_without_a_price_yet_is_named_with_the_way_out() -> None:
    setting = alba()
    with pytest.raises(pricing.NotPriced, match="18 k yellow gold has no price on 2019-12-31: add"):
        lines_of(setting, book(setting), now=datetime(2019, 12, 31, tzinfo=UTC))
    without = Metal(**{**vars(GOLD), "prices": ()})
    [gap] = gaps(book(metals=(without,)), now=NOW)
    assert gap == "18 k yellow gold has no price: add one under Metal prices."


def test_the_mount_along_the_band_gives_its_line_a_name() -> None:
    def named(**values: Any) -> str:
        location = geometry.Location(
            count=18, width_mm=Decimal("1.40"), length_mm=Decimal("1.40"), **values
        )
        setting = alba(locations=(location,))
        return lines_of(setting, book(setting)).lines[2].label

    assert named(place="half_band") == "Half pavé"
    assert named(place="full_band", mount="channel") == "Full channel"
    assert named(place="sides", mount="prong") == "Side stones"


BAND = Band(
    id=1, code="half-eternity", name="Half eternity, 2.2 mm", width_mm=Decimal("2.20"),
    thickness_mm=Decimal("1.70"), section="flat", accent_kind="half_pave",
    accent_mm=Decimal("1.40"), accent_count=20, labor_price=Decimal("980.00"), lead_days=15,
)  # fmt: skip


def test_a_band_costs_its_metal_its_stones_and_its_labor() -> None:
    priced = costing.priced_band(book=book(), band=BAND, metal=GOLD, ring_size=Decimal(6), now=NOW)
    # 0.98 × 2.2 × 1.7 × π (16.5068 + 1.7) − 20 × 0.45 × 1.4³ = 184.95 mm³, 2.87 g, × 118 × 1.06
    assert [(line.label, line.amount) for line in priced.lines] == [
        ("Half eternity, 2.2 mm", Decimal(980)),
        ("18 k yellow gold", Decimal(359)),
        ("Half pavé", Decimal(300)),
    ]
    assert priced.total == Decimal(1639)
    assert priced.inputs["metals"][0]["grams"] == "2.87"


def test_a_band_of_uncovered_stones_is_not_priced_and_is_among_the_gaps() -> None:
    house = book(bands={1: BAND}, melee=())
    with pytest.raises(pricing.NotPriced, match=r"No melee price covers 1\.40 mm \(Half eternity"):
        costing.priced_band(book=house, band=BAND, metal=GOLD, ring_size=None, now=NOW)
    assert [gap for gap in gaps(house, now=NOW) if "Half eternity" in gap]


def test_another_head_costs_and_takes_what_it_says_and_the_first_one_nothing_more() -> None:
    first = compatibility.Head(**{**vars(alba().rules.heads[0]), "extra_price": Decimal(25)})
    second = compatibility.Head(
        **{
            **vars(first), "code": "bezel", "name": "bezel", "extra_price": Decimal(40),
            "extra_days": 3, "setting_fee": Decimal(90),
        }
    )  # fmt: skip
    rules = compatibility.SettingRules(**{**vars(alba().rules), "heads": (first, second)})
    setting = alba(rules=rules)
    stone = center(Decimal("7.38"), Decimal("7.34"), Decimal(12480))
    plain = lines_of(setting, book(setting), stone=stone)
    changed = lines_of(setting, book(setting), stone=stone, head=second)
    assert [line.label for line in plain.lines][2:-1] == ["18 k yellow gold"]
    assert [(line.label, line.amount) for line in changed.lines][3:-1] == [
        ("Setting your stone", Decimal(90)),
        ("Bezel", Decimal(40)),
    ]
    assert costing.lead_days(setting=setting, head=first, delivery_days=5) == 25
    assert costing.lead_days(setting=setting, head=second, delivery_days=5) == 28


@pytest.mark.parametrize(("price", "told"), [("40", "for an extra charge"), ("-15", "for less")])
def test_a_fix_is_told_without_its_amount_where_prices_are_not(price: str, told: str) -> None:
    first = alba().rules.heads[0]
    wide = compatibility.Head(
        **{
            **vars(first), "code": "wide", "name": "larger six-prong head",
            "max_width_mm": Decimal(9), "max_length_mm": Decimal(9), "extra_price": Decimal(price),
            "extra_days": 3,
        }
    )  # fmt: skip
    rules = compatibility.SettingRules(**{**vars(alba().rules), "heads": (first, wide)})
    stone = compatibility.StoneMeasures(
        shape="round", carat=Decimal("2.50"), length_mm=Decimal("8.80"), width_mm=Decimal("8.75"),
        depth_mm=Decimal("5.00"),
    )  # fmt: skip
    fit = compatibility.check(setting=rules, stone=stone, size=None)
    assert fit.fix is not None
    assert "$" in fit.fix.words
    hidden = costing.fit_told(fit, mode="on_request")
    assert hidden is not None
    assert hidden.fix is not None
    assert "$" not in hidden.fix.words
    assert told in hidden.fix.words
    assert "+3 days" in hidden.fix.words
    assert hidden.fix.price == 0
    assert costing.fit_told(fit, mode="shown") is fit
