"""Every ring has an address: it says what is chosen, is read as far as it can be, and writes nothing."""

from decimal import Decimal

import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from builder import quotes, states
from builder.models import Band, Design, Metal
from tests.factories.builder import DesignFactory, MetalFactory, SettingFactory, StoneFactory

pytestmark = pytest.mark.django_db


def read(query: str) -> states.State:
    return states.read(QueryDict(query))


@pytest.fixture
def band() -> Band:
    return Band.objects.create(
        code="curved", name="Curved", width_mm="1.80", thickness_mm="1.60", profile="curved"
    )


def test_a_ring_s_address_names_what_is_chosen_in_one_order(band: Band) -> None:
    setting = SettingFactory(
        code="alba", widths_mm=["2.2"], band_accents=["half"], accent_mm="1.30"
    )
    design = DesignFactory(
        setting=setting, ring_size=Decimal("6.5"), width_mm=Decimal("2.20"), accents="half", band=band,
        engraving="Ever & always ♥",
    )  # fmt: skip
    assert states.address(design) == (
        f"/ring/?setting=alba&metal=18k-yellow&stone={design.stone_id}&size=6.5&width=2.2&accents=half"
        "&engraving=Ever+%26+always+%E2%99%A5&band=curved"
    )
    assert states.address(Design()) == "/ring/"
    assert states.address(design, page="builder:summary").startswith("/ring/summary/?setting=alba&")


def test_an_address_is_read_back_as_the_same_ring(band: Band) -> None:
    setting = SettingFactory(
        code="alba", widths_mm=["2.2"], band_accents=["half"], accent_mm="1.30"
    )
    design = Design.objects.get(
        pk=DesignFactory(
            setting=setting, ring_size="10", width_mm="2.2", accents="half", band=band
        ).pk
    )
    state = read(states.address(design).partition("?")[2])
    again = state.design(store=None)
    assert state.words == []
    assert states.query(again) == states.query(design)
    assert quotes.is_same(again, design)
    assert again.pk is None


def test_a_setting_alone_is_shown_in_its_first_metal() -> None:
    SettingFactory(code="alba")
    assert read("setting=alba").metal == MetalFactory()


def test_its_first_metal_is_the_same_wherever_the_rows_lie() -> None:
    yellow = MetalFactory()
    SettingFactory(code="alba", metals=[yellow, MetalFactory(code="18k-rose", family="rose")])
    Metal.objects.filter(pk=yellow.pk).update(name="18 k yellow gold, as ever")  # it lies last now
    assert read("setting=alba").metal == yellow


def test_a_sold_stone_stays_in_its_address() -> None:
    sold = StoneFactory(status="withdrawn")
    assert read(f"stone={sold.pk}").stone == sold


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("setting=gone", "We no longer make the setting in this address."),
        ("setting=old", "We no longer make the setting in this address."),
        ("setting=alba&metal=tin", "is not made in the metal of this address; it is shown in 18 k yellow gold."),
        ("metal=tin", "We do not work in the metal of this address"),
        ("stone=12345", "We do not know the stone of this address."),
        ("stone=%00", "We do not know the stone of this address."),
        ("stone=²", "We do not know the stone of this address."),
        ("size=nine", "is no ring size we can read"),
        ("setting=alba&width=wide", "The width in this address is none that a band has"),
        ("setting=alba&width=2.2", "is not made 2.2 mm wide; choose 1.9 mm."),
        ("setting=alba&accents=full", "choose none."),
        ("engraving=💎", "We cannot engrave 💎"),
        ("band=none-such", "We no longer make the wedding band"),
        ("engraving=" + "x" * 10_000, "The engraving in this address is too long to be one"),
    ],
)  # fmt: skip
def test_each_part_that_cannot_be_had_is_left_out_with_a_word(query: str, words: str) -> None:
    SettingFactory(code="alba")
    SettingFactory(code="old", is_offered=False)
    state = read(query)
    assert len(state.words) == 1
    assert words in state.words[0]
    assert bool(state.setting) == ("setting=alba" in query)


@tried(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["setting", "metal", "stone", "size", "width", "accents", "engraving", "band", "x"]),
        st.text(max_size=80) | st.sampled_from(["alba", "1", "-1", "9" * 18, "half", "2.2", "6.5"]),
    )
)  # fmt: skip
def test_whatever_an_address_says_it_is_read_or_left_out(params: dict[str, str]) -> None:
    state = states.read(params)
    assert states.query(state.design(store=None)).keys() <= states.said_in(params).keys() | {
        "metal"
    }
