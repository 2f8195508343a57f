"""Settings, their heads and stone locations, and bands, as the owner keeps them."""

import re
from typing import Any

import pytest
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from builder.models import Band, Head, Setting
from demo import collection
from jeweler.models import StaffMember
from tests.factories.builder import (
    HeadFactory,
    LocationFactory,
    MeleePriceFactory,
    SettingFactory,
    StoneFactory,
)
from tests.factories.jeweler import StaffMemberFactory, StoreFactory

pytestmark = pytest.mark.django_db


def staff(role: str = StaffMember.Role.OWNER) -> Client:
    member = StaffMemberFactory(role=role, stores=[StoreFactory(code="nyc")])
    client = Client()
    client.force_login(member.user)
    return client


@pytest.fixture
def alba() -> Setting:
    """Two heads and pavé."""
    setting: Setting = SettingFactory(head_code="six", stones={"half_band": "1.40"})
    HeadFactory(
        setting=setting, code="four", prongs=4, position=1, min_width_mm="7.50",
        max_width_mm="9.20", extra_price="40", extra_days=3,
    )  # fmt: skip
    return setting


def form_of(setting: Setting) -> dict[str, Any]:
    """What the setting's page sends when nothing is changed."""
    metals = list(setting.metals.values_list("pk", flat=True))
    form = _fields(setting) | {"metals": metals, "is_offered": "on"}
    heads, locations = setting.heads.order_by("position"), setting.locations.order_by("number")
    for prefix, rows in (("heads", heads), ("locations", locations)):
        form |= {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": len(rows)}
        for place, row in enumerate(rows):
            form |= {f"{prefix}-{place}-{name}": value for name, value in _fields(row).items()}
    return form


def _fields(row: Model) -> dict[str, Any]:
    fields = row._meta.fields
    values = {field.attname.removesuffix("_id"): getattr(row, field.attname) for field in fields}
    return {name: value for name, value in values.items() if value is not None}


def page_of(setting: Setting) -> str:
    return reverse("admin:builder_setting_change", args=[setting.pk])


def test_the_owner_changes_a_head_and_its_shapes_stay_a_list(alba: Setting) -> None:
    form = form_of(alba) | {"heads-1-shapes": ["round", "pear"], "heads-1-extra_price": "55"}
    assert staff().post(page_of(alba), form).status_code == 302
    changed = Head.objects.get(code="four")
    assert (changed.shapes, changed.extra_price) == (["round", "pear"], 55)


def test_the_owner_lists_the_widths_and_accents_to_choose_from(alba: Setting) -> None:
    form = form_of(alba) | {"widths_mm": "2.4; 2.10 mm,2.4", "band_accents": ["none", "half"]}
    assert staff().post(page_of(alba), form).status_code == 302
    alba = Setting.objects.get(pk=alba.pk)
    assert (alba.widths_mm, alba.band_accents) == (["2.1", "2.4"], ["none", "half"])
    assert 'value="2.1, 2.4"' in staff().get(page_of(alba)).content.decode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"widths_mm": "wide"}, "List up to 6 widths from 1.2 to 6 mm"),
        ({"widths_mm": "0.2"}, "List up to 6 widths from 1.2 to 6 mm"),
        ({"widths_mm": "1.5"}, "too narrow for diamonds of 1.40 mm"),
        ({"accent_mm": "9.50"}, "No melee price covers 9.50 mm"),
        ({"band_accents": ["everywhere"]}, "everywhere is not one of the available choices"),
        (
            {"locations-0-DELETE": "on", "band_accents": ["half"]},
            "say under Accent mm how large they are",
        ),
    ],
)
def test_a_band_that_could_not_be_made_is_refused_with_the_reason(
    alba: Setting, change: dict[str, Any], words: str
) -> None:
    answer = staff().post(page_of(alba), form_of(alba) | change)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert Setting.objects.get(pk=alba.pk).widths_mm == []


def test_two_heads_trade_their_places_and_names_in_one_save(alba: Setting) -> None:
    form = form_of(alba) | {
        "heads-0-position": "1", "heads-0-code": "four",
        "heads-1-position": "0", "heads-1-code": "six", "heads-1-extra_price": "0", "heads-1-extra_days": "0",
    }  # fmt: skip
    assert staff().post(page_of(alba), form).status_code == 302
    heads = Head.objects.order_by("position").values_list("code", "prongs")
    assert list(heads) == [("six", 4), ("four", 6)]


def test_two_stone_locations_trade_their_numbers_and_places_in_one_save(alba: Setting) -> None:
    LocationFactory(setting=alba, place="halo", width_mm="1.20")
    form = form_of(alba) | {
        "locations-0-number": "3", "locations-0-place": "halo",
        "locations-1-number": "2", "locations-1-place": "half_band", "locations-1-count": "20",
    }  # fmt: skip
    assert staff().post(page_of(alba), form).status_code == 302
    places = alba.locations.order_by("number").values_list("place", "width_mm")
    assert [(place, str(width)) for place, width in places] == [
        ("half_band", "1.20"),
        ("halo", "1.40"),
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"heads-0-max_width_mm": "5.00"}, "The widest stone is narrower than 6.90 mm."),
        ({"heads-0-min_length_mm": "5.00"}, "A stone is at least as long as wide: 6.90 mm."),
        ({"heads-0-max_length_mm": "7.00"}, "A stone that is taken may be 7.70 mm long."),
        ({"heads-0-min_width_mm": "0"}, "The narrowest stone is wider than nothing."),
        ({"heads-0-rise_mm": "0"}, "The girdle lies above the shank."),
        ({"heads-0-kind": "bezel"}, "A bezel has no prongs: write 0."),
        ({"heads-0-prongs": "2"}, "A stone is held by three prongs at least."),
        ({"heads-0-prongs": "99"}, "More than 8 prongs would hide the stone."),
        ({"heads-0-shapes": ["trapeze"]}, "trapeze is not one of the available choices"),
        ({"heads-1-position": "0"}, "Two heads have one position: number them 0, 1, 2."),
        ({"heads-0-extra_price": "10"}, "only later ones have extras"),
        ({"heads-0-DELETE": "on", "heads-1-DELETE": "on"}, "A setting has one head at least."),
        ({"locations-0-count": "0"}, "How many stones does the band carry?"),
        ({"locations-0-place": "sides"}, "One stone on each side: write 2."),
        ({"locations-0-length_mm": "1.00"}, "A stone is at least as long as wide: 1.40 mm."),
        ({"locations-0-width_mm": "0"}, "A stone is wider than nothing."),
        ({"locations-0-number": "1"}, "number others from 2"),
        ({"profile": "hexagonal"}, "hexagonal is not one of the available choices"),
        ({"max_size": "20"}, "Sizes run from 3 to 13, the smallest first."),
        ({"engraving_limit": "40"}, "A design keeps 32 characters"),
        ({"labor_price": "-500"}, "It must not be less than 0."),
        ({"engraving_price": "-1"}, "It must not be less than 0."),
        ({"thickness_mm": "0"}, "It must be more than 0."),
        ({"shank_width_mm": "-1.9"}, "It must be more than 0."),
        ({"min_size": "3.3"}, "We make half sizes, such as 6 or 6.5."),
        ({"heads-1-setting_fee": "-100"}, "It must not be less than 0."),
        ({"heads-0-overhang_mm": "-0.5"}, "It must not be less than 0."),
    ],
)
def test_what_would_break_fits_or_prices_is_refused_in_words(
    alba: Setting, change: dict[str, Any], words: str
) -> None:
    response = staff().post(page_of(alba), form_of(alba) | change)
    assert response.status_code == 200
    assert words in response.content.decode()
    assert Setting.objects.get().rules == alba.rules


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("full_band", "The band carries stones on its upper half or all around."),
        ("half_band", "“Along the upper half of the band” is there twice"),
    ],
)
def test_a_band_s_stones_are_said_once(alba: Setting, place: str, words: str) -> None:
    second = LocationFactory(setting=alba, place="hidden_halo", width_mm="1.00")
    form = form_of(alba) | {"locations-1-place": place, "locations-1-count": "20"}
    assert words in staff().post(page_of(alba), form).content.decode()
    second.refresh_from_db()
    assert second.place == "hidden_halo"


def test_the_page_counts_the_stones_that_each_head_holds_and_shows_the_ring(alba: Setting) -> None:
    StoneFactory.create_batch(3)
    StoneFactory(width_mm="8.60", length_mm="8.62", depth_mm="5.20")
    StoneFactory(status="withdrawn")
    shown = staff().get(page_of(alba)).content.decode()
    counts = [each.split("</div>")[0] for each in shown.split('class="readonly')[1:]]
    told = [text.rpartition(">")[2].strip() for text in counts if "img" not in text]
    assert told == ["3", "1", "–"]  # the last is the empty form for another head
    assert re.search(r'src="/pictures/[0-9a-f]{64}\.png\?w=300"', shown)


def test_an_associate_sees_a_setting_and_cannot_change_it(alba: Setting) -> None:
    client = staff(StaffMember.Role.ASSOCIATE)
    assert client.get(page_of(alba)).status_code == 200
    assert client.post(page_of(alba), form_of(alba) | {"name": "Mine"}).status_code == 403


def test_a_new_setting_starts_with_its_picture_to_come() -> None:
    shown = staff().get(reverse("admin:builder_setting_add")).content.decode()
    assert "Drawn once it is saved with a head and a metal." in shown


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"profile": "bent"}, "bent is not one of the available choices"),
        ({"section": "square"}, "square is not one of the available choices"),
        ({"accent_kind": "full_pave"}, "Say how many stones it carries"),
        ({"accent_count": "20", "accent_mm": "1.5"}, "say where, or take them away"),
        ({"thickness_mm": "0"}, "It must be more than 0."),
        ({"labor_price": "-1"}, "It must not be less than 0."),
    ],
)
def test_a_wedding_band_is_checked_as_well(change: dict[str, Any], words: str) -> None:
    band = Band.objects.create(
        code="plain", name="Plain", width_mm="2.0", thickness_mm="1.6", profile="straight"
    )
    url = reverse("admin:builder_band_change", args=[band.pk])
    response = staff().post(url, _fields(band) | change)
    assert response.status_code == 200
    assert words in response.content.decode()


@pytest.mark.parametrize("row", collection.BANDS, ids=lambda row: row[0])
def test_each_band_of_the_sample_house_can_be_saved_again(row: tuple[Any, ...]) -> None:
    MeleePriceFactory()
    names = (
        "code", "name", "width_mm", "thickness_mm", "profile", "section", "accent_kind", "accent_mm",
        "accent_count", "labor_price", "lead_days",
    )  # fmt: skip
    band = Band.objects.create(**dict(zip(names, row, strict=True)))
    url = reverse("admin:builder_band_change", args=[band.pk])
    assert staff().post(url, _fields(band) | {"name": "Renamed"}).status_code == 302
    band.refresh_from_db()
    assert (band.name, band.accent_kind) == ("Renamed", row[6])
