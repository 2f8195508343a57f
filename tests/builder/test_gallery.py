from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from builder import gallery, portraits, quotes, tasks
from builder.models import Picture
from tests.factories.builder import DesignFactory, SettingFactory
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


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
    files = []
    for design in (first, second, larger):
        quote = quotes.quote(design, now=NOW)
        gallery.remember({quote.picture_hash: quote.description}, now=NOW)
        files.append(gallery.picture(content_hash=quote.picture_hash, width=300))

    assert files[0] == files[1]
    assert files[2].read_bytes() != files[0].read_bytes()
    assert len(list(media.rglob("*.png"))) == 2


@pytest.mark.usefixtures("crowded_bench")
def test_whoever_comes_when_enough_wait_is_told_so_at_once(known_hash: str) -> None:
    with pytest.raises(gallery.BenchBusy):
        gallery.picture(content_hash=known_hash, width=300)


def test_the_settings_portraits_are_ready_before_the_first_shopper(media: Path) -> None:
    SettingFactory()

    tasks.draw_portraits()

    drawn = sorted(file.name[65:] for file in media.rglob("*.png"))
    assert drawn == ["600.png", "900.png"]
    assert Picture.objects.count() == 1
