"""The drawn picture of a ring, warm: from its description to the PNG's bytes, beside Pillow writing the same pixels.

Rings are drawn by lot from every setting and every shape that it holds, in its own metals: none is read from the disk's kept
pictures, and each is drawn alone, by the two threads that the house gives it. Pillow's side begins where ours ends: it has the finished pixels and only writes them,
which is the least that any way of making a PNG pays. The aim beside it is the 150 ms that a mail may wait for a picture.
Before anything is timed every file has been decoded, has the size that was asked for, is the page's paper at its edge, and
came out byte for byte the same a second time.
"""

import io
import json
import random
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from PIL import Image

from bench import harness
from builder import gallery, pictures, portraits, quotes
from builder.models import Design, Setting, Stone
from demo import catalog, house

SEED = 20261122
STONES = 2000
AIM_MS = 150.0
PAPER = (0xF9, 0xF6, 0xF0)


@dataclass(frozen=True, kw_only=True)
class Ring:
    words: str
    description: dict[str, Any]


def run(*, full: bool) -> list[harness.Case]:
    now = datetime.now(UTC)
    house.open_stores()
    catalog.load_catalog(now=now, count=STONES)
    rings = of_every_kind(count=240 if full else 48, now=now)
    cases: list[harness.Case] = []
    for width in gallery.WIDTHS:
        finished = {ring.words: _checked(ring, width=width) for ring in rings}
        ours, written = harness.side_by_side(_drawing(width), _writing(finished), rings)
        cases += harness.compare(
            case=f"{width} px wide, {len(rings)} rings",
            reference_name="Pillow writing it",
            ours=ours,
            reference=written,
        )
        cases.append(_aim(width, ours))
    return cases


def of_every_kind(*, count: int, now: datetime) -> list[Ring]:
    """Every setting in turn, each time with another of its shapes, in one of its metals; the same ones every time."""
    dice = random.Random(SEED)
    stones: dict[str, list[Stone]] = {}
    for stone in Stone.objects.order_by("id"):
        stones.setdefault(stone.shape, []).append(stone)
    settings = list(portraits.offered())
    made: dict[str, Ring] = {}
    for turn in range(count * 4):
        if len(made) == count:
            break
        ring = _ring(
            settings[turn % len(settings)], stones, turn=turn // len(settings), dice=dice, now=now
        )
        if ring is not None:
            made[ring.words] = ring
    return list(made.values())


def _ring(
    setting: Setting,
    stones: dict[str, list[Stone]],
    *,
    turn: int,
    dice: random.Random,
    now: datetime,
) -> Ring | None:
    shapes = sorted({shape for head in setting.rules.heads for shape in head.shapes} & set(stones))
    if not shapes:
        return None
    shape = shapes[turn % len(shapes)]
    metal = dice.choice(sorted(setting.metals.all(), key=lambda each: each.position))
    for stone in dice.sample(stones[shape], k=min(40, len(stones[shape]))):
        quote = quotes.quote(Design(setting=setting, metal=metal, stone=stone), now=now)
        if quote.fit and quote.fit.fits:
            return Ring(
                words=f"{setting.code} {metal.code} {stone.pk}", description=quote.description
            )
    return None


def _drawing(width: int) -> Callable[[Ring], bytes]:
    return lambda ring: pictures.draw(ring.description, width=width, height=width * 3 // 4)


def _checked(ring: Ring, *, width: int) -> Image.Image:
    """The finished pixels, decoded from a file that is as it should be."""
    one, other = (
        _drawing(width)(ring),
        _drawing(width)(
            Ring(words=ring.words, description=json.loads(json.dumps(ring.description)))
        ),
    )
    harness.same(one, other, what=f"{ring.words}, drawn twice")
    picture = Image.open(io.BytesIO(one))
    picture.load()
    harness.same((picture.format, picture.size), ("PNG", (width, width * 3 // 4)), what=ring.words)
    harness.same(picture.getpixel((0, 0)), PAPER, what=f"{ring.words}, its edge")
    darkest = min(picture.convert("L").tobytes())
    harness.same(darkest < 150, True, what=f"{ring.words}, that it shows a ring")
    return picture


def _writing(finished: dict[str, Image.Image]) -> Callable[[Ring], bytes]:
    def write(ring: Ring) -> bytes:
        file = io.BytesIO()
        finished[ring.words].save(file, format="PNG", compress_level=4)
        return file.getvalue()

    return write


def _aim(width: int, ours: harness.Sample) -> harness.Case:
    median = statistics.median(ours.wall)
    return harness.Case(
        case=f"{width} px wide, against the aim (median)",
        unit="ms",
        ours=round(median, 3),
        reference=AIM_MS,
        reference_name="the aim",
        ratio=round(median / AIM_MS, 2),
    )
