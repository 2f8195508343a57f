"""Every shape in every style of setting, as the server's picture and as the browser's scene beside it, to be looked at.

The sheets are .local/screenshots/every-<style>.png: a row for each shape, the picture on the left, the scene on the right.
"""

import base64
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from builder import descriptions, pictures, stills
from builder.models import Setting, Shape
from tests.browser.conftest import SCREENSHOTS, Visit
from tests.builder.test_ring_scene import STONES
from tests.factories.builder import MetalFactory, SettingFactory, StoneFactory

pytestmark = pytest.mark.django_db(transaction=True)

WIDTH, HEIGHT = 240, 180
FARTHEST = 0.04  # of the width, by which the ring may reach farther in the one than in the other
PAPER = np.array([0xF9, 0xF6, 0xF0])

STYLES: dict[str, dict[str, Any]] = {
    "solitaire": {"head_prongs": 6},
    "pave": {"head_prongs": 4, "stones": {"half_band": "1.40"}},
    "halo": {"head_prongs": 4, "stones": {"halo": "1.20"}},
    "three_stone": {"head_prongs": 4, "stones": {"sides": "3.40"}},
    "bezel": {"head_prongs": 0},
    "hidden_halo": {"head_prongs": 4, "stones": {"hidden_halo": "1.00"}},
}

# Where the shop's own bundle draws one description after the other.
MOUNT = """async (spec) => {
  const { mountRing } = await import("/static/dist/ring.js");
  const stage = document.createElement("div");
  Object.assign(stage.style, { position: "relative", width: "80px", height: "60px" });
  document.body.replaceChildren(stage);
  window.ring = await mountRing(stage, spec);
}"""
DRAW = """async ([spec, width, height]) => {
  ring.update(spec);
  const bytes = new Uint8Array(await (await ring.still(width, height, "picture")).arrayBuffer());
  return btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ""));
}"""


def described(style: str, shape: str) -> dict[str, Any]:
    length, width, depth, table, crown, pavilion, girdle = STONES[shape]
    stone = StoneFactory.build(
        shape=shape, length_mm=length, width_mm=width, depth_mm=depth, table_pct=table,
        crown_angle=crown, pavilion_angle=pavilion, girdle_pct=girdle,
    )  # fmt: skip
    setting = Setting.objects.get(style=style)
    return descriptions.describe(
        setting=setting.mounting, head=setting.rules.heads[0], metal=MetalFactory(), stone=stone,
        ring_size=None, engraving="",
    )  # fmt: skip


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


def drawn_by(page: Page, description: dict[str, Any]) -> Image.Image:
    return opened(base64.b64decode(page.evaluate(DRAW, [description, WIDTH, HEIGHT])))


def reach(picture: Image.Image) -> Any:
    """How far the ring reaches, in pixels: left, top, right and bottom. Its shadow is no part of it."""
    apart = np.asarray(picture).astype(int) - PAPER
    down, along = np.nonzero((np.ptp(apart, axis=2) > 24) | (np.abs(apart).max(axis=2) > 90))
    return np.array([along.min(), down.min(), along.max(), down.max()])


@pytest.mark.scene
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("visit", [1280], ids=["desk"], indirect=True)
def test_the_picture_and_the_scene_show_the_same_ring(visit: Visit, style: str) -> None:
    SettingFactory(style=style, code=style, **STYLES[style])
    Setting.objects.exclude(code=style).delete()
    visit.go("/ring/sizes/")
    visit.page.evaluate(MOUNT, described(style, "round"))
    sheet = Image.new("RGB", (2 * WIDTH, HEIGHT * len(Shape.values)))
    apart, alike = {}, {}
    for row, shape in enumerate(Shape.values):
        description = described(style, shape)
        picture = opened(pictures.draw(description, width=WIDTH, height=HEIGHT))
        scene = drawn_by(visit.page, description)
        sheet.paste(picture, (0, row * HEIGHT))
        sheet.paste(scene, (WIDTH, row * HEIGHT))
        apart[shape] = int(np.abs(reach(picture) - reach(scene)).max())
        alike[shape] = stills.likeness(scene, description)
    sheet.save(SCREENSHOTS / f"every-{style}.png")
    assert max(apart.values()) < WIDTH * FARTHEST, apart
    assert min(alike.values()) > stills.LEAST_LIKENESS, alike
    assert visit.heard == []
