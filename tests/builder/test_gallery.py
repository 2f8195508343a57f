from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from builder import gallery, pictures, portraits, quotes, saving, tasks
from builder.models import Design, Picture, Setting
from jeweler import files
from tests.factories.builder import DesignFactory, SettingFactory
from tests.factories.jeweler import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


@pytest.fixture
def known_hash() -> str:
    SettingFactory()
    return portraits.of_settings(list(portraits.offered()), metal=None, stone=None, now=NOW)[
        0
    ].picture_hash


@pytest.fixture
def crowded_bench() -> Iterator[None]:
    """As many ask for pictures as may wait."""
    taken = 0
    while gallery._asking.acquire(blocking=False):
        taken += 1
    yield
    for _ in range(taken):
        gallery._asking.release()


def test_a_picture_is_drawn_once_and_read_from_then_on(known_hash: str) -> None:
    first = gallery.picture(content_hash=known_hash, width=300)
    drawn_at = first.stat().st_mtime_ns

    again = gallery.picture(content_hash=known_hash, width=300)

    assert again == first
    assert again.stat().st_mtime_ns == drawn_at


def test_the_light_picture_shows_the_same_in_a_fraction_of_the_bytes(known_hash: str) -> None:
    heavy = gallery.picture(content_hash=known_hash, width=600)

    light = gallery.picture(content_hash=known_hash, width=600, is_light=True)

    assert gallery.picture(content_hash=known_hash, width=600, is_light=True) == light
    assert light.stat().st_size < heavy.stat().st_size / 4
    with Image.open(light) as shown, Image.open(heavy) as drawn:
        assert (shown.format, shown.size) == ("WEBP", drawn.size)
        page = Image.new("RGBA", drawn.size, (*pictures.PAPER, 255))
        page.alpha_composite(shown.convert("RGBA"))
        apart = ImageChops.difference(page.convert("RGB"), drawn.convert("RGB"))
    assert max(ImageStat.Stat(apart).mean) < 1.5  # of 255
    # No edge is seen where the picture's paper meets the page's.
    assert apart.crop((0, 0, 600, 1)).getextrema() == ((0, 0),) * 3


@pytest.mark.parametrize("width", [1, 301, 90000])
def test_only_three_widths_are_drawn(known_hash: str, width: int) -> None:
    with pytest.raises(gallery.UnknownPicture):
        gallery.picture(content_hash=known_hash, width=width)


@pytest.mark.parametrize("content_hash", ["", "../../etc/passwd", "0" * 64])
def test_a_made_up_hash_is_not_drawn(content_hash: str, media: Path) -> None:
    with pytest.raises(gallery.UnknownPicture):
        gallery.picture(content_hash=content_hash, width=300)
    assert list(media.iterdir()) == []


def test_two_designs_of_one_ring_have_one_picture(media: Path) -> None:
    first = DesignFactory()
    second = DesignFactory(setting=first.setting, metal=first.metal, stone=first.stone)
    larger = DesignFactory(
        setting=first.setting, metal=first.metal, stone=first.stone, ring_size=Decimal(9)
    )
    drawn = []
    for design in (first, second, larger):
        quote = quotes.quote(design, now=NOW)
        gallery.remember({quote.picture_hash: quote.description}, now=NOW)
        drawn.append(gallery.picture(content_hash=quote.picture_hash, width=300))

    assert drawn[0] == drawn[1]
    assert drawn[2].read_bytes() != drawn[0].read_bytes()
    assert len(list(media.rglob("*.png"))) == 2


@pytest.mark.usefixtures("crowded_bench")
def test_whoever_comes_when_enough_wait_is_told_so_at_once(known_hash: str) -> None:
    with pytest.raises(gallery.BenchBusy):
        gallery.picture(content_hash=known_hash, width=300)


def look_at(*, number: int, of: Setting) -> list[str]:
    """A stranger makes up addresses: every engraving is another ring, and each has its page."""
    shown = []
    for each in range(number):
        quote = quotes.quote(
            Design(setting=of, metal=of.metals.first(), engraving=f"No. {each}"), now=NOW
        )
        gallery.remember({quote.picture_hash: quote.description}, now=NOW)
        shown.append(quote.picture_hash)
    return shown


def known() -> set[str]:
    return set(Picture.objects.values_list("hash", flat=True))


@pytest.fixture
def _room_for_four(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery, "MOST", 4)


@pytest.mark.usefixtures("_room_for_four")
def test_made_up_addresses_make_no_more_rows_and_files_than_there_is_room_for(media: Path) -> None:
    setting = SettingFactory()
    first, second = look_at(number=2, of=setting)
    gallery.picture(content_hash=first, width=300)
    card = media / "cards" / first[:2] / f"{first}-0.png"
    files.write_whole(card, content=b"png")
    gallery.picture(content_hash=second, width=300)

    last = look_at(number=30, of=setting)[-4:]

    assert known() == set(last)
    assert not list(media.rglob("*.png"))
    look_at(number=1, of=setting)  # its page is looked at again
    assert gallery.picture(content_hash=first, width=300).exists()


@pytest.mark.usefixtures("_room_for_four")
def test_what_is_in_a_mail_saved_or_listed_outlives_the_made_up(media: Path) -> None:
    setting = SettingFactory()
    listed = portraits.of_settings([setting], metal=None, stone=None, now=NOW)[0].picture_hash
    hinted = quotes.quote(DesignFactory(setting=setting), now=NOW)
    gallery.remember({hinted.picture_hash: hinted.description}, now=NOW)
    gallery.remember({hinted.picture_hash: hinted.description}, for_good=True, now=NOW)
    saved = DesignFactory(setting=setting, ring_size=Decimal(8))
    version = saving.save(
        design=saved, email="ada@example.com", visitor=None, is_discreet=False, now=NOW
    ).version
    quote = quotes.quote(saved, now=NOW)
    gallery.remember({quote.picture_hash: quote.description}, now=NOW)
    kept = [listed, hinted.picture_hash, version.picture_hash]
    drawn = [gallery.picture(content_hash=each, width=300) for each in kept]

    look_at(number=30, of=setting)

    assert {listed, hinted.picture_hash} <= known()
    assert version.picture_hash not in known()
    assert all(file.exists() for file in drawn)
    assert gallery.picture(content_hash=version.picture_hash, width=600).exists()


@pytest.mark.usefixtures("_room_for_four")
def test_a_page_of_many_pictures_keeps_all_of_them_until_the_next() -> None:
    setting = SettingFactory()
    look_at(number=4, of=setting)
    quote = quotes.quote(DesignFactory(setting=setting), now=NOW)
    shown = {f"{number:064x}": quote.description for number in range(4)}
    gallery.remember(shown, now=NOW)
    assert known() == set(shown)


def test_a_picture_keeps_no_word_of_hers() -> None:
    look_at(number=1, of=SettingFactory())
    assert "No. 0" not in str(Picture.objects.get().description)


def test_the_settings_portraits_are_ready_before_the_first_shopper(media: Path) -> None:
    SettingFactory()

    tasks.draw_portraits()

    drawn = sorted(file.name[65:] for file in media.rglob("*.png"))
    assert drawn == ["600.png", "900.png"]
    assert Picture.objects.count() == 1
