"""A browser's own picture of a ring: taken only when it is one, and shown only with its design."""

import io
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from builder import pictures, quotes, stills
from builder.models import Design, DesignVersion, Still
from builder.views import drawn as drawn_views
from jeweler import tokens, visitors
from tests.factories.builder import DesignFactory
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def design() -> Design:
    return DesignFactory()


def ring_of(design: Design) -> tuple[str, dict[str, Any]]:
    quote = quotes.quote(design, now=NOW)
    return quote.picture_hash, quote.description


def as_the_scene_draws(description: dict[str, Any], *, width: int = 1200, text: str = "") -> bytes:
    """A little larger in its frame and a little lighter than ours, as the browser's camera and lamps have it."""
    file = pictures.draw(description, width=900, height=675)
    picture = Image.open(io.BytesIO(file)).convert("RGB")
    picture = picture.crop((30, 24, 870, 654)).resize((width, width * 3 // 4))
    picture = picture.point(lambda v: min(255, round(v * 1.02)))
    picture.paste(pictures.PAPER, (0, 0, width, 4))
    said = PngInfo()
    if text:
        said.add_text("Comment", text)
    return png(picture, pnginfo=said)


def png(picture: Image.Image, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, format="PNG", **options)
    return file.getvalue()


def keep(design: Design, file: bytes) -> bool:
    content_hash, description = ring_of(design)
    return stills.keep(
        design=design, picture_hash=content_hash, description=description, file=file, now=NOW
    )


def test_a_still_is_encoded_anew_without_what_was_written_into_it(design: Design) -> None:
    assert keep(design, as_the_scene_draws(ring_of(design)[1], text="taken in Paris"))

    kept = bytes(Still.objects.get().image)
    with Image.open(io.BytesIO(kept)) as picture:
        assert (picture.format, picture.size, picture.info) == ("PNG", stills.KEPT, {})
    assert b"Paris" not in kept


def test_a_still_is_kept_once(design: Design) -> None:
    first = as_the_scene_draws(ring_of(design)[1])
    assert keep(design, first)
    kept = bytes(Still.objects.get().image)

    assert not keep(design, as_the_scene_draws(ring_of(design)[1], width=800))
    assert bytes(Still.objects.get().image) == kept


@pytest.mark.parametrize("kind", ["noise", "mirrored", "upside down", "black", "bare", "drawing"])
def test_what_is_no_picture_of_this_ring_is_refused(design: Design, kind: str) -> None:
    ring = Image.open(io.BytesIO(as_the_scene_draws(ring_of(design)[1]))).convert("RGB")
    dice = np.random.default_rng(7)
    planted = {
        "noise": Image.fromarray(dice.integers(0, 255, (600, 800, 3), dtype=np.uint8)),
        "mirrored": ring.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        "upside down": ring.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        "black": Image.new("RGB", (800, 600)),
        "bare": Image.new("RGB", (800, 600), pictures.PAPER),
        "drawing": Image.radial_gradient("L").resize((800, 600)).convert("RGB"),
    }[kind]

    with pytest.raises(stills.NotAStill, match="another ring"):
        keep(design, png(planted))
    assert not Still.objects.exists()


@pytest.mark.parametrize(
    "size", [(599, 449), (1601, 1201), (900, 900), (9000, 6750)], ids=lambda size: f"{size[0]}"
)
def test_a_still_has_the_scenes_proportions(design: Design, size: tuple[int, int]) -> None:
    with pytest.raises(stills.NotAStill, match="three quarters as high"):
        keep(design, png(Image.new("1", size)))


def test_a_picture_that_would_fill_the_memory_is_refused(design: Design) -> None:
    with pytest.raises(stills.NotAStill):
        keep(design, png(Image.new("1", (20000, 15000))))


@pytest.mark.parametrize(
    "file", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"x" * 400, b"<svg/>"], ids=repr
)
def test_what_is_no_png_is_refused(design: Design, file: bytes) -> None:
    with pytest.raises(stills.NotAStill, match="no PNG"):
        keep(design, file[:60])


def test_a_png_that_ends_too_early_is_refused(design: Design) -> None:
    with pytest.raises(stills.NotAStill, match="no PNG"):
        keep(design, as_the_scene_draws(ring_of(design)[1])[:4000])


def test_a_png_that_moves_is_refused(design: Design) -> None:
    frames = [Image.new("RGB", (800, 600), color) for color in ("red", "green")]
    moving = png(frames[0], save_all=True, append_images=frames[1:])
    with pytest.raises(stills.NotAStill, match="one frame"):
        keep(design, moving)


def test_more_than_its_bytes_are_not_even_looked_at(design: Design) -> None:
    with pytest.raises(stills.NotAStill, match="1500 kB"):
        keep(design, b"\x89PNG" + bytes(stills.MOST_BYTES))


def version_of(design: Design) -> DesignVersion:
    content_hash, description = ring_of(design)
    return DesignVersion.objects.create(
        design=design,
        number=1,
        picture_hash=content_hash,
        description=description,
        saved_at=NOW,
        setting=design.setting,
    )


def test_a_version_is_shown_by_its_still_and_without_one_as_drawn(design: Design) -> None:
    version = version_of(design)
    assert (
        stills.picture_url(design, version.picture_hash)
        == f"/pictures/{version.picture_hash}.png?w=900"
    )

    keep(design, as_the_scene_draws(version.description))
    address = stills.picture_url(design, version.picture_hash)

    assert address.startswith("/stills/")
    assert Client().get(address).content == bytes(Still.objects.get().image)


def test_a_still_is_never_shown_for_another_design_of_the_same_ring(design: Design) -> None:
    twin = DesignFactory(setting=design.setting, metal=design.metal, stone=design.stone)
    assert ring_of(twin) == ring_of(design)

    keep(design, as_the_scene_draws(ring_of(design)[1]))

    assert stills.picture_url(twin, version_of(twin).picture_hash).startswith("/pictures/")


@pytest.mark.parametrize("signed", ["1", "MQ:forged:forged", "x" * 3000])
def test_a_made_up_address_shows_nothing(design: Design, signed: str) -> None:
    keep(design, as_the_scene_draws(ring_of(design)[1]))
    assert Client().get(f"/stills/{signed}.png").status_code == 404


def test_of_rings_that_were_never_saved_only_the_last_are_kept(design: Design) -> None:
    version = version_of(design)
    for number in range(6):
        Still.objects.create(
            design=design,
            picture_hash=version.picture_hash if number == 0 else str(number) * 64,
            image=b"",
            width=900,
            height=675,
            made_at=NOW + timedelta(minutes=number),
        )
    stills._let_go(design)
    kept = set(Still.objects.values_list("picture_hash", flat=True))
    assert kept == {version.picture_hash, "3" * 64, "4" * 64, "5" * 64}


# At its address.


def browser_of(design: Design) -> Client:
    client = Client()
    token, design.visitor.token_hash = tokens.issue()
    design.visitor.save(update_fields=["token_hash"])
    client.cookies[visitors.COOKIE] = token
    return client


def send(client: Client, file: bytes, content_hash: str) -> HttpResponse:
    upload = SimpleUploadedFile("still.png", file, content_type="image/png")
    return client.post("/ring/still/", {"still": upload, "hash": content_hash})  # type: ignore[return-value]


@pytest.fixture(autouse=True)
def fresh_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        drawn_views, "_stills_sent", drawn_views.turns.Turns(scope="s", per_minute=3)
    )


def test_her_browser_sends_the_ring_she_is_at(design: Design) -> None:
    content_hash, description = ring_of(design)
    client = browser_of(design)

    assert send(client, as_the_scene_draws(description), content_hash).status_code == 204
    assert send(client, as_the_scene_draws(description), content_hash).status_code == 204
    assert Still.objects.get().design == design


def test_a_picture_of_the_ring_before_is_not_taken(design: Design) -> None:
    _, description = ring_of(design)
    answer = send(browser_of(design), as_the_scene_draws(description), "0" * 64)
    assert (answer.status_code, Still.objects.count()) == (422, 0)


def test_nobody_sends_a_picture_for_another_design(design: Design) -> None:
    content_hash, description = ring_of(design)
    answer = send(Client(), as_the_scene_draws(description), content_hash)
    assert (answer.status_code, Still.objects.count()) == (422, 0)


def test_what_is_no_still_is_refused_in_words(design: Design) -> None:
    answer = send(browser_of(design), b"GIF89a", ring_of(design)[0])
    assert (answer.status_code, answer.content) == (422, b"The file is no PNG that can be read.")


def test_one_browser_sends_only_so_many_in_a_minute(design: Design) -> None:
    client = browser_of(design)
    answers = [send(client, b"GIF89a", ring_of(design)[0]) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [422, 422, 422, 429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 61


def test_looking_for_the_picture_of_a_version_is_one_query(design: Design) -> None:
    version = version_of(design)
    with CaptureQueriesContext(connection) as asked:
        stills.picture_url(design, version.picture_hash)
    assert len(asked) == 1
