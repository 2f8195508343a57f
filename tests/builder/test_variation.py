"""A band's width and its small stones are chosen among what a setting offers; as it is shown is nothing chosen."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder import geometry, variation
from builder.variation import AS_SHOWN, Choice, NotOffered, Variety

PLAIN = geometry.Mounting(
    shank_width_mm=Decimal("1.90"),
    top_width_mm=Decimal("1.70"),
    thickness_mm=Decimal("1.70"),
    profile="round",
)
HALF = geometry.Location(
    place="half_band", count=18, width_mm=Decimal("1.40"), length_mm=Decimal("1.40")
)
HALO = geometry.Location(place="halo", count=0, width_mm=Decimal("1.20"), length_mm=Decimal("1.20"))
PAVED = geometry.Mounting(
    shank_width_mm=Decimal("2.00"),
    top_width_mm=Decimal("1.80"),
    thickness_mm=Decimal("1.70"),
    profile="round",
    locations=(HALO, HALF),
)


def alba() -> Variety:
    return Variety(
        name="The Alba",
        mounting=PLAIN,
        widths_mm=(Decimal("2.4"), Decimal("1.8")),
        accents=("none", "half"),
        accent_mm=Decimal("1.30"),
    )


def test_its_own_width_and_accents_are_among_what_is_offered_in_order() -> None:
    assert alba().widths == [Decimal("1.8"), Decimal("1.9"), Decimal("2.4")]
    assert alba().ways == ["none", "half"]
    assert Variety(name="The Lune", mounting=PAVED).widths == [Decimal("2.00")]
    assert Variety(name="The Lune", mounting=PAVED).ways == ["half"]


def test_what_is_as_shown_is_kept_as_nothing_chosen() -> None:
    assert alba().checked(Choice(Decimal("1.90"), "none")) == AS_SHOWN
    assert alba().checked(Choice(Decimal("2.4"), "half")) == Choice(Decimal("2.4"), "half")
    assert alba().made(AS_SHOWN) is PLAIN


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (Choice(Decimal("3.0"), ""), "The Alba is not made 3.0 mm wide; choose 1.8 mm, 1.9 mm or 2.4 mm."),
        (Choice(None, "full"), "not made with these diamonds along its band; choose none or half way."),
    ],
)  # fmt: skip
def test_what_is_not_offered_is_refused_with_what_is(choice: Choice, words: str) -> None:
    with pytest.raises(NotOffered, match=words):
        alba().checked(choice)


def test_another_setting_keeps_what_it_offers_and_drops_the_rest() -> None:
    lune = Variety(name="The Lune", mounting=PAVED, widths_mm=(Decimal("2.4"),))
    assert lune.kept(Choice(Decimal("2.4"), "full")) == Choice(Decimal("2.4"), "")
    assert lune.kept(Choice(Decimal("1.8"), "half")) == AS_SHOWN


def test_a_wider_band_narrows_toward_its_head_as_before() -> None:
    made = alba().made(Choice(Decimal("2.4"), ""))
    assert (made.shank_width_mm, made.top_width_mm) == (Decimal("2.4"), Decimal("2.15"))
    assert made.locations == ()


def test_accents_are_added_changed_and_taken_away_and_nothing_else_is() -> None:
    added = alba().made(Choice(None, "half")).band
    assert added is not None
    assert (added.place, added.width_mm, added.count) == ("half_band", Decimal("1.30"), 18)
    lune = Variety(name="The Lune", mounting=PAVED, accents=("none", "full"))
    assert lune.made(Choice(None, "none")).locations == (HALO,)
    around = lune.made(Choice(None, "full"))
    assert around.at("halo") is HALO
    assert around.band is not None
    assert (around.band_kind, around.band.width_mm) == ("full_pave", Decimal("1.40"))


@given(
    mm=st.decimals(min_value="0.8", max_value="2.2", places=2),
    mount=st.sampled_from(["pave", "channel"]),
)
def test_all_around_carries_more_stones_than_half_way_and_the_same_number_on_both_sides(
    mm: Decimal, mount: str
) -> None:
    band = geometry.Location(place="half_band", count=18, width_mm=mm, length_mm=mm, mount=mount)
    plain = geometry.Mounting(
        shank_width_mm=Decimal(3),
        top_width_mm=Decimal(3),
        thickness_mm=Decimal("1.7"),
        profile="flat",
        locations=(band,),
    )
    bare = plain.varied(width_mm=None, accents="none", accent_mm=None)
    half = bare.varied(width_mm=None, accents="half", accent_mm=mm)
    full = plain.varied(width_mm=None, accents="full", accent_mm=None)
    assert half.band is not None
    assert full.band is not None
    assert 0 < half.band.count < full.band.count
    assert half.band.count % 2 == full.band.count % 2 == 0
    assert full.band.mount == mount


@pytest.mark.parametrize(
    ("text", "width"),
    [("2.2", "2.2"), ("2,2", "2.2"), (" 2.20 mm", "2.2"), ("9", None), ("NaN", None), ("wide", None), ("1e400", None)],
)  # fmt: skip
def test_a_width_is_read_as_people_write_it(text: str, width: str | None) -> None:
    assert variation.read_width(text) == (Decimal(width) if width else None)
