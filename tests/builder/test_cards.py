"""What a link to a ring looks like where it is shared."""

import io
from pathlib import Path

import pytest
from django.template import Context, Template
from django.test import Client
from PIL import Image

from builder import cards, gallery, pictures, quotes
from builder.models import Design
from tests.factories.builder import DesignFactory
from tests.factories.jeweler import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


@pytest.fixture
def design() -> Design:
    return DesignFactory()


def head_of(design: Design) -> str:
    quote = quotes.quote(design, now=NOW)
    page = Template('{% include "components/card.html" %}')
    return page.render(Context({"design": design, "quote": quote, "house_name": "Osmere"}))


def address_of(design: Design) -> str:
    quote = quotes.quote(design, now=NOW)
    gallery.remember({quote.picture_hash: quote.description}, now=NOW)
    return cards.address(picture_hash=quote.picture_hash, name="The Alba", line="1.52 ct round")


def test_a_card_is_a_png_of_the_size_that_sites_show(design: Design) -> None:
    answer = Client().get(address_of(design))
    file = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    with Image.open(io.BytesIO(file)) as picture:
        assert (picture.format, picture.size) == ("PNG", (1200, 630))
        assert picture.convert("RGB").getpixel((0, 0)) == pictures.PAPER
    assert "immutable" in answer["Cache-Control"]


def test_a_card_is_drawn_once(design: Design, media: Path) -> None:
    address = address_of(design)
    Client().get(address).close()
    (file,) = (media / "cards").rglob("*.png")
    drawn_at = file.stat().st_mtime_ns
    Client().get(address).close()
    assert [file.stat().st_mtime_ns] == [
        f.stat().st_mtime_ns for f in (media / "cards").rglob("*") if f.is_file()
    ]
    assert file.stat().st_mtime_ns == drawn_at


def test_nobody_has_the_house_print_words_of_their_own(design: Design, media: Path) -> None:
    forged = address_of(design).replace("/cards/", "/cards/x")
    assert Client().get(forged).status_code == 404
    assert not (media / "cards").exists()


def test_the_name_and_the_line_are_on_the_card_and_stay_on_it() -> None:
    picture = pictures_of_nothing()
    plain = cards.drawn(picture=picture, name="", line="")
    named = cards.drawn(picture=picture, name="The Alba", line="1.52 ct round")
    long = cards.drawn(picture=picture, name="Supercalifragilistic " * 30, line="long " * 200)
    assert len({plain, named, long}) == 3
    with Image.open(io.BytesIO(long)) as shown:
        edge = shown.convert("RGB").crop((0, 0, 60, 630))
    assert edge.getextrema() == tuple((v, v) for v in pictures.PAPER)


def pictures_of_nothing() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (900, 675), pictures.PAPER).save(file, format="PNG")
    return file.getvalue()


def test_the_same_words_and_ring_give_the_same_bytes() -> None:
    made = {cards.drawn(picture=pictures_of_nothing(), name="The Alba", line="") for _ in range(2)}
    assert len(made) == 1


def test_a_ring_of_its_own_tells_its_name_its_stone_and_never_its_price(design: Design) -> None:
    head = head_of(design)
    quote = quotes.quote(design, now=NOW)
    assert design.setting is not None
    assert f'<meta property="og:title" content="{design.setting.name}">' in head
    assert 'property="og:image" content="http' in head
    assert quote.told not in head
    assert "$" not in head
    assert design.code not in head


def test_a_secret_has_no_card(design: Design) -> None:
    design.is_discreet = True
    assert "og:" not in head_of(design)


def test_a_ring_without_a_setting_has_no_card() -> None:
    assert "og:" not in head_of(DesignFactory(setting=None))


def test_a_name_out_of_the_catalog_is_escaped(design: Design) -> None:
    assert design.setting is not None
    design.setting.name = 'The "Alba" <b>'
    assert "&quot;Alba&quot; &lt;b&gt;" in head_of(design)


def test_the_rings_page_carries_its_card(client: Client, design: Design) -> None:
    assert design.setting is not None
    assert design.metal is not None
    page = client.get(
        "/ring/",
        {"setting": design.setting.code, "metal": design.metal.code, "stone": design.stone_id},
    ).content.decode()
    start = page.index('property="og:image" content="') + len('property="og:image" content="')
    address = page[start : page.index('"', start)]
    answer = client.get(address[address.index("/cards/") :])
    answer.close()
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
