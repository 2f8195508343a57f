"""The sample house has something to sell, once; and whatever it sells can be made, priced and drawn."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from django.db.models import Count, F, Max, Min

from builder import (
    compatibility,
    costing,
    descriptions,
    gemology,
    pictures,
    portraits,
    pricebook,
    quotes,
    variation,
)
from builder.book import gaps
from builder.models import (
    Band,
    Design,
    Head,
    MarkupRule,
    MeleePrice,
    Metal,
    MetalPrice,
    Setting,
    Stone,
    StoneOffer,
    Supplier,
)
from builder.pictures.mounting import built
from demo import market
from demo.catalog import load_catalog
from tests.factories.jeweler import NOW, StoreFactory

pytestmark = pytest.mark.django_db
STYLES = {"solitaire", "pave", "halo", "three_stone", "bezel", "hidden_halo"}


@pytest.fixture
def _house() -> None:
    for code in ("boston", "nyc", "sf"):
        StoreFactory(code=code)
    load_catalog(now=NOW, count=1200)


@pytest.fixture
def settings_of_the_house(_house: None) -> list[Setting]:
    return list(Setting.objects.order_by("position").prefetch_related("heads", "locations"))


@pytest.mark.usefixtures("_house")
def test_loading_it_again_changes_nothing() -> None:
    def everything() -> list[object]:
        tables = (Stone, StoneOffer, MetalPrice, MeleePrice, Head, MarkupRule, Band)
        return [list(table.objects.order_by("id").values()) for table in tables]

    before = everything()
    load_catalog(now=NOW + timedelta(days=9), count=1200)
    assert everything() == before


@pytest.mark.usefixtures("_house")
def test_a_bridal_house_has_six_styles_seven_metals_and_its_bands() -> None:
    assert {*Setting.objects.values_list("style", flat=True)} == STYLES
    assert Setting.objects.count() >= 14
    assert Metal.objects.count() == 7
    assert Band.objects.count() >= 10
    assert {*Band.objects.values_list("section", flat=True)} == {"round", "flat", "knife"}


def test_every_setting_is_made_in_every_metal_and_holds_many_stones(
    settings_of_the_house: list[Setting],
) -> None:
    stones = list(Stone.objects.all())
    for setting in settings_of_the_house:
        assert setting.metals.count() == 7
        fits = [
            compatibility.check(setting=setting.rules, stone=stone.measures, size=Decimal(6))
            for stone in stones
        ]
        assert sum(fit.fits for fit in fits) > 200
        assert sum(fit.verdict == "does_not_fit" for fit in fits) > 100


def test_every_shape_that_a_setting_names_fits_it_and_is_priced_in_every_metal_at_both_ends_of_its_sizes(
    settings_of_the_house: list[Setting],
) -> None:
    by_shape = defaultdict(list)
    for stone in Stone.objects.all():
        by_shape[stone.shape].append(stone)
    metals = list(Metal.objects.all())
    for setting in settings_of_the_house:
        for shape in setting.rules.shapes:
            for size in (setting.min_size, setting.max_size):
                stone = _that_fits(setting, by_shape[shape], size=size)
                for metal in metals:
                    ring = Design(setting=setting, metal=metal, stone=stone, ring_size=size)
                    quote = quotes.quote(ring, now=NOW)
                    assert quote.total == sum(line.amount or 0 for line in quote.lines)
                    assert quote.total > (stone.price or 0) + 1000
                    assert quote.description["stone"]["shape"] == shape


def test_every_width_and_accent_that_a_setting_offers_is_priced_and_drawn_as_it_is_chosen(
    settings_of_the_house: list[Setting],
) -> None:
    metal, plenty = Metal.objects.get(code="18k-yellow"), 0
    assert sum(bool(setting.widths_mm) for setting in settings_of_the_house) >= 8
    assert sum(len(setting.variety.ways) > 1 for setting in settings_of_the_house) >= 6
    for setting in settings_of_the_house:
        variety, stone = setting.variety, portraits.usual_stone(setting)
        totals = {}
        for width in variety.widths:
            for accents in variety.ways:
                choice = variety.checked(variation.Choice(width, accents))
                ring = Design(
                    setting=setting, metal=metal, stone=stone, ring_size=Decimal(6),
                    width_mm=choice.width_mm, accents=choice.accents,
                )  # fmt: skip
                quote = quotes.quote(ring, now=NOW)
                described = quote.description
                assert not quote.unpriced
                assert not quote.outdated
                assert described["shank"]["width_mm"] == float(width)
                assert described["accents"]["kind"].removesuffix("_pave") == accents
                assert described["accents"]["stone_mm"] < described["shank"]["top_width_mm"]
                totals[width, accents] = quote.total
                plenty += 1
        for accents in variety.ways:
            by_width = [totals[width, accents] for width in variety.widths]
            assert by_width == sorted(by_width)
    assert plenty > 60


def _that_fits(setting: Setting, stones: list[Stone], *, size: Decimal) -> Stone:
    for stone in stones:
        if compatibility.check(setting=setting.rules, stone=stone.measures, size=size).fits:
            return stone
    raise AssertionError(f"No {stones[0].shape} fits {setting} at size {size}")


def test_no_head_is_for_nothing(settings_of_the_house: list[Setting]) -> None:
    """Each head of a setting holds a stone of the house that no other of its heads would."""
    stones = list(Stone.objects.all())
    for setting in settings_of_the_house:
        needed = {
            compatibility.check(setting=setting.rules, stone=stone.measures, size=None).head
            for stone in stones
        }
        assert needed - {""} == {head.code for head in setting.rules.heads}


def test_every_head_can_be_built_and_leaves_the_finger_free(
    settings_of_the_house: list[Setting],
) -> None:
    metal = Metal.objects.get(code="platinum")
    shown = {
        shape: Stone.objects.filter(shape=shape).order_by("carat") for shape in gemology.SHAPES
    }
    for setting in settings_of_the_house:
        for head in setting.rules.heads:
            for shape in (head.shapes[0], head.shapes[-1]):
                fitting = shown[shape].filter(
                    width_mm__range=(head.min_width_mm, head.max_width_mm)
                )
                described = descriptions.describe(
                    setting=setting.mounting, head=head, metal=metal, stone=fitting.first(),
                    ring_size=setting.min_size, engraving="",
                )  # fmt: skip
                inner = described["finger"]["inner_diameter_mm"] / 2
                for mesh in built(described).metal:
                    above = mesh.vertices[mesh.vertices[:, 1] > 0]
                    assert np.isfinite(mesh.vertices).all()
                    assert np.hypot(above[:, 0], above[:, 1]).min(initial=99) > inner - 0.05


@pytest.mark.parametrize("code", ["meridian", "juniper", "rowan", "halcyon"])
def test_a_ring_of_each_new_kind_is_drawn(code: str, settings_of_the_house: list[Setting]) -> None:
    setting = next(each for each in settings_of_the_house if each.code == code)
    described = descriptions.describe(
        setting=setting.mounting,
        head=setting.rules.heads[0],
        metal=Metal.objects.get(code="14k-rose"),
        stone=None,
        ring_size=Decimal(6),
        engraving="",
    )
    assert len(pictures.draw(described, width=160, height=120)) > 5000


@pytest.mark.usefixtures("_house")
def test_every_band_is_priced_in_every_metal_and_says_how_its_stones_are_held() -> None:
    book = pricebook.fresh()
    labels = set()
    for band in book.bands.values():
        for metal in book.metals.values():
            priced = costing.priced_band(
                book=book, band=band, metal=metal, ring_size=Decimal(6), now=NOW
            )
            assert 700 < priced.total < 6000
            labels |= {line.label for line in priced.lines}
    assert {"Half pavé", "Full pavé", "Channel"} <= labels


@pytest.mark.usefixtures("_house")
def test_whatever_is_sold_has_a_price_on_every_day_of_the_history() -> None:
    for days in (0, 1, 365, market.DAYS):
        assert not gaps(pricebook.fresh(), now=NOW - timedelta(days=days))


@pytest.mark.usefixtures("_house")
def test_gold_walks_and_ends_at_the_listed_price() -> None:
    prices = MetalPrice.objects.filter(metal__code="18k-yellow").order_by("since_at")
    found = prices.aggregate(low=Min("price_per_gram"), high=Max("price_per_gram"), n=Count("id"))
    last = prices.last()
    assert last is not None
    assert last.price_per_gram == 118
    assert found["n"] > 100
    assert found["low"] < 100 < found["high"] < 140


@pytest.mark.usefixtures("_house")
def test_small_stones_are_priced_without_a_gap() -> None:
    rows = list(MeleePrice.objects.order_by("from_mm"))
    assert rows[0].from_mm <= Decimal("0.8")
    assert rows[-1].below_mm > 4
    assert [row.below_mm for row in rows[:-1]] == [row.from_mm for row in rows[1:]]
    assert [row.stone_price for row in rows] == sorted(row.stone_price for row in rows)


@pytest.mark.usefixtures("_house")
def test_each_stone_has_one_offer_at_its_price_and_some_lie_in_each_store() -> None:
    assert StoneOffer.objects.filter(price=F("stone__price")).count() == 1200
    in_stores = Stone.objects.exclude(store=None).values("store").annotate(count=Count("id"))
    assert {row["count"] for row in in_stores} == {33, 34}
    assert {*Stone.objects.exclude(store=None).values_list("delivery_days", flat=True)} == {0}
    assert {*Stone.objects.filter(store=None).values_list("delivery_days", flat=True)} == {3}


@pytest.mark.usefixtures("_house")
def test_the_dearer_a_stone_the_less_is_added() -> None:
    rules = list(MarkupRule.objects.all())
    for offer in StoneOffer.objects.select_related("stone"):
        (rule,) = [
            rule
            for rule in rules
            if rule.growth == offer.stone.growth
            and rule.cost_from <= offer.cost
            and (rule.cost_below is None or offer.cost < rule.cost_below)
        ]
        assert offer.price == (offer.cost * rule.factor).quantize(Decimal(1), "ROUND_HALF_UP")
    natural = [rule.factor for rule in rules if rule.growth == "natural"]
    assert natural == sorted(natural, reverse=True)
    assert (natural[0], natural[-1]) == (Decimal("1.600"), Decimal("1.250"))


def test_rings_that_are_set_all_the_way_around_are_not_engraved(
    settings_of_the_house: list[Setting],
) -> None:
    for setting in settings_of_the_house:
        is_full = setting.mounting.at("full_band") is not None
        assert (setting.engraving_limit == 0) == is_full


def test_without_stores_all_stones_are_the_cutters() -> None:
    load_catalog(now=NOW, count=50)
    assert not Stone.objects.exclude(store=None).exists()


def test_an_importer_adds_fancy_colors_and_lists_some_of_the_house_s_reports() -> None:
    load_catalog(now=NOW, count=20_000, imported=900)

    importer = Supplier.objects.get(code="antwerp")
    assert 120 <= Stone.objects.exclude(fancy_hue="").count() <= 180
    assert Stone.objects.exclude(fancy_hue="").values("fancy_hue").distinct().count() == 8
    assert importer.offers.count() == 940
    shared = (
        Stone.objects.annotate(n=Count("offers"), cheapest=Min("offers__price"))
        .filter(n=2)
        .prefetch_related("offers__supplier")
    )
    assert len(shared) == 40
    cheaper_abroad = [s for s in shared if _best(s).supplier == importer]
    assert 5 <= len(cheaper_abroad) <= 35
    for stone in shared:
        assert stone.price == stone.cheapest
        days = 0 if stone.store_id else _best(stone).supplier.delivery_days
        assert stone.delivery_days == days


def _best(stone: Stone) -> StoneOffer:
    return min(stone.offers.all(), key=lambda offer: offer.price)
