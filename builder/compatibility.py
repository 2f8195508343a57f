"""Whether a setting holds a stone, in millimeters, with the reason and the cheapest fix in words (docs/algorithms/fit.md).

`check` judges one stone in one setting: its heads as they are, what the setter can do to them, and the setting's other
heads. `envelopes` says the same as limits, from which the stone list makes its filter, so that the two can never disagree.
What is made anew for every stone is a named tuple, as in `pricing`.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from builder import gemology
from builder.heads import (
    BELOW,
    HUNDREDTH,
    NOTHING,
    cost_of,
    deepest_of,
    least_uncovered,
    limits_of,
    play_of,
)
from builder.heads import Envelope as Envelope
from builder.heads import Fit as Fit
from builder.heads import Fix as Fix
from builder.heads import Head as Head
from builder.heads import Limits as Limits
from builder.heads import MeasuresLike as MeasuresLike
from builder.heads import SettingRules as SettingRules
from builder.heads import StoneMeasures as StoneMeasures
from jeweler import money

_FREE = ", at no extra cost."
NUMBERS = {3: "three", 4: "four", 5: "five", 6: "six", 8: "eight"}


class _Known(NamedTuple):
    """A stone whose measures are all known or estimated."""

    shape: str
    carat: Decimal
    length: Decimal
    width: Decimal
    depth: Decimal
    is_estimated: bool


class _Trial(NamedTuple):
    """One stone tried in one head. `refusal` is empty when the bench can make it fit."""

    head: Head
    first: Head
    margin: Decimal | None
    lift: Decimal = NOTHING
    refusal: str = ""

    @property
    def is_first(self) -> bool:
        return self.head is self.first

    @property
    def move(self) -> Decimal:
        """How far prongs must be moved."""
        return max(NOTHING, -self.margin) if self.margin is not None else NOTHING

    @property
    def cost(self) -> tuple[Decimal, int]:
        return cost_of(self.head, self.first)


def check(*, setting: SettingRules, stone: MeasuresLike, size: Decimal | None) -> Fit:
    """Judge one stone in one setting, at a US ring size when it is known.

    Of the ways to make it fit the cheapest is offered; of two that cost the same the one with fewer days.
    """
    known = _known(stone)
    trials: list[_Trial] = []
    for head in in_order(setting=setting):
        trials.append(_try(head, setting, known))
        if not trials[-1].refusal:
            break
    else:
        return _said(_refused(setting, trials, known), known)
    if wrong := wrong_size(setting=setting, size=size):
        return wrong
    fit = _accepted(trials[-1], first=trials[0], stone=known, currency=setting.currency)
    return _said(fit, known)


def wrong_size(*, setting: SettingRules, size: Decimal | None) -> Fit | None:
    """Why the ring is not made in this US size; None: it is, or the size is not known yet."""
    if size is None or setting.min_size <= size <= setting.max_size:
        return None
    return _wrong_size(setting, size)


def repriced(fix: Fix, *, price: Decimal, currency: str) -> Fix:
    """The fix of another head at another price, which its words say."""
    fits = fix.words.removesuffix(_FREE).partition(": ")[0]
    return fix._replace(words=_costing(fits, price, fix.days, currency=currency), price=price)


def in_order(*, setting: SettingRules) -> Sequence[Head]:
    """The heads as a stone is tried in them: it is set in the first that holds it.

    The one that the setting is shown with, to which the bench does what it does for nothing, then the others by what they cost
    more, then by days.
    """
    return setting.in_order


def envelopes(*, setting: SettingRules) -> list[Envelope]:
    """A stone fits, as it is or with a change, if and only if it is within one of these.

    A head whose shapes have different least widths, because of what its prongs cover, gives several.
    """
    found = []
    for head in setting.heads:
        shapes_by_least: dict[Decimal, list[str]] = {}
        for shape in head.shapes:
            least = max(head.min_width_mm - play_of(head), least_uncovered(head, shape))
            shapes_by_least.setdefault(least, []).append(shape)
        found += [
            Envelope(
                min_width_mm=least,
                max_width_mm=head.max_width_mm + play_of(head),
                min_length_mm=head.min_length_mm - play_of(head),
                max_length_mm=head.max_length_mm + play_of(head),
                max_depth_mm={shape: deepest_of(head, setting, shape) for shape in shapes},
            )
            for least, shapes in shapes_by_least.items()
        ]
    return found


def carats_held(*, setting: SettingRules, head: Head, shape: str) -> tuple[Decimal, Decimal]:
    """About which weights of this shape sit in the head, by the millimeter law, to 0.05 ct."""
    narrowest = max(head.min_width_mm, least_uncovered(head, shape))
    deepest = float(deepest_of(head, setting, shape)) / gemology.LAWS[shape].depth_pct * 100
    least = max(
        gemology.carat_of_width(shape=shape, width_mm=float(narrowest)),
        gemology.carat_of_length(shape=shape, length_mm=float(head.min_length_mm)),
    )
    most = min(
        gemology.carat_of_width(shape=shape, width_mm=float(head.max_width_mm)),
        gemology.carat_of_width(shape=shape, width_mm=deepest),
        gemology.carat_of_length(shape=shape, length_mm=float(head.max_length_mm)),
    )
    return _to_five_points(least), _to_five_points(most)


def named(*, kind: str, prongs: int) -> str:
    """As a head is called in a sentence: "six-prong head", "bezel"."""
    return "bezel" if kind == "bezel" else f"{NUMBERS.get(prongs, str(prongs))}-prong head"


# Trying a stone in a head.


def _try(head: Head, setting: SettingRules, stone: _Known) -> _Trial:
    first = setting.heads[0]
    is_first = head is first
    if stone.shape not in head.shapes:
        refusal = f"{_this(head, is_first)} is made for {_listed(head.shapes)}, not for {_a(stone.shape)}."
        return _Trial(head=head, first=first, margin=None, refusal=_begun(refusal))
    limits = limits_of(head, setting, stone.shape)
    margin = min(
        stone.width - head.min_width_mm,
        head.max_width_mm - stone.width,
        stone.length - head.min_length_mm,
        head.max_length_mm - stone.length,
    )
    uncovered = stone.width - limits.least_uncovered
    spare_depth = limits.deepest - stone.depth
    if margin < -limits.play:
        refusal = _too_large_or_small(head, stone, is_first=is_first)
    elif uncovered < 0:
        margin, refusal = uncovered, _covered(head, stone, is_first=is_first)
    elif spare_depth < 0:
        margin, refusal = spare_depth, _too_deep(head, setting, stone, is_first=is_first)
    else:
        refusal = ""
    lift = max(NOTHING, stone.depth * BELOW[stone.shape] - limits.free)
    return _Trial(head, first, margin, lift, refusal)


def _too_large_or_small(head: Head, stone: _Known, *, is_first: bool) -> str:
    this, play = _this(head, is_first), play_of(head)
    if not head.min_width_mm - play <= stone.width <= head.max_width_mm + play:
        return (
            f"{_yours(stone)} is {stone.width:.2f} mm wide; {this} takes "
            f"{head.min_width_mm:.1f} to {head.max_width_mm:.1f} mm."
        )
    if stone.length > head.max_length_mm + play:
        return (
            f"{_yours(stone)} is {stone.length:.2f} mm long; {this} takes up to "
            f"{head.max_length_mm:.1f} mm."
        )
    return (
        f"{_yours(stone)} is {stone.length:.2f} mm long; {this} takes {head.min_length_mm:.1f} mm "
        "and more."
    )


def _covered(head: Head, stone: _Known, *, is_first: bool) -> str:
    return (
        f"{_yours(stone)} is {stone.width:.2f} mm wide, and {_this(head, is_first)}, which reaches "
        f"{head.overhang_mm:.2f} mm over the edge, would cover its table below "
        f"{least_uncovered(head, stone.shape):.2f} mm."
    )


def _too_deep(head: Head, setting: SettingRules, stone: _Known, *, is_first: bool) -> str:
    return (
        f"{_yours(stone)} is {stone.depth:.2f} mm deep and would touch your finger; "
        f"{_this(head, is_first)} takes {deepest_of(head, setting, stone.shape):.2f} mm at its highest."
    )


# Saying what was found.


def _accepted(best: _Trial, *, first: _Trial, stone: _Known, currency: str) -> Fit:
    holds = _begun(
        f"{_this(best.head, best.is_first)} holds your {stone.carat:.2f} ct {stone.shape}"
    )
    margin = best.margin if best.margin is not None else NOTHING
    work = _work(best)
    if not best.is_first:
        price, days = best.cost
        return Fit(
            verdict="fits_with_change",
            reason=first.refusal,
            fix=Fix(
                words=_change(best, work, currency=currency),
                price=price,
                days=days,
                head=best.head.code,
            ),
            head=best.head.code,
            margin_mm=margin,
        )
    if work:
        when = "when we make the ring" if best.lift else "when we set the stone"
        return Fit(
            verdict="fits_with_change",
            reason=f"{holds} once {work}.",
            fix=Fix(words=f"Included: we do it {when}."),
            head=best.head.code,
            margin_mm=margin,
        )
    return Fit(
        verdict="fits",
        reason=f"{holds}: {_mm(margin)} to spare.",
        fix=None,
        head=best.head.code,
        margin_mm=margin,
    )


def _work(trial: _Trial) -> str:
    """What the bench does to the head, "" when it holds the stone as it is."""
    done = []
    if trial.move:
        done.append(f"our setter has moved its prongs by {_mm(trial.move)}")
    if trial.lift:
        done.append(
            f"we have raised the head by {_mm(trial.lift)}, so that the stone clears your finger"
        )
    return " and ".join(done)


def _change(best: _Trial, work: str, *, currency: str) -> str:
    """ "The six-prong head fits: +$40, +3 days." """
    price, days = best.cost
    fits = f"The {best.head.name} fits{f' once {work}' if work else ''}"
    return _costing(fits, price, days, currency=currency)


def _costing(fits: str, price: Decimal, days: int, *, currency: str) -> str:
    extras = []
    if price:
        extras.append(f"{'+' if price > 0 else '−'}{money.in_words(abs(price), currency=currency)}")
    if days:
        extras.append(f"+{days} day{'' if days == 1 else 's'}")
    return f"{fits}: {', '.join(extras)}." if extras else f"{fits}{_FREE}"


def _refused(setting: SettingRules, trials: Sequence[_Trial], stone: _Known) -> Fit:
    """The refusal of the head that comes nearest, and what to choose instead."""
    if not trials:
        reason, margin = f"{setting.name} has no head yet.", None
        fix = Fix(words="Choose another setting.")
        return Fit(verdict="does_not_fit", reason=reason, fix=fix, head="", margin_mm=margin)
    tried = [trial for trial in trials if trial.margin is not None]
    nearest = max(tried, key=lambda trial: trial.margin or NOTHING) if tried else trials[0]
    fix = _instead(setting, nearest, stone) if tried else _another_shape(stone)
    reason = nearest.refusal if tried or len(trials) == 1 else _no_head_takes(setting, stone)
    return Fit(verdict="does_not_fit", reason=reason, fix=fix, head="", margin_mm=nearest.margin)


def _instead(setting: SettingRules, nearest: _Trial, stone: _Known) -> Fix:
    least, most = carats_held(setting=setting, head=nearest.head, shape=stone.shape)
    if most <= least:
        return Fix(words=f"Choose a setting with another head for your {stone.shape}.")
    return Fix(
        words=f"Choose {_a(stone.shape)} of about {least:.2f} to {most:.2f} ct, or a setting "
        f"whose head takes {stone.width:.1f} × {stone.length:.1f} mm."
    )


def _another_shape(stone: _Known) -> Fix:
    return Fix(words=f"Choose one of those shapes, or a setting made for {_a(stone.shape)}.")


def _no_head_takes(setting: SettingRules, stone: _Known) -> str:
    return (
        f"The heads of this ring are made for {_listed(setting.shapes)}, not for {_a(stone.shape)}."
    )


def _wrong_size(setting: SettingRules, size: Decimal) -> Fit:
    least, most = gemology.in_halves(setting.min_size), gemology.in_halves(setting.max_size)
    return Fit(
        verdict="does_not_fit",
        reason=f"We make this ring in sizes {least} to {most}, not in {gemology.in_halves(size)}.",
        fix=Fix(words=f"Choose a size from {least} to {most}, or another setting."),
        head="",
        margin_mm=None,
        is_size=True,
    )


def _said(fit: Fit, stone: _Known) -> Fit:
    """What rests on an estimate says so."""
    if not stone.is_estimated:
        return fit
    told = fit.reason[:1].lower() + fit.reason[1:]
    return fit._replace(
        reason=f"By its weight, which we confirm when we see the report, {told}",
        is_estimated=True,
    )


# Words.


def _this(head: Head, is_first: bool) -> str:
    return f"this {head.name}" if is_first else f"the {head.name}"


def _begun(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _yours(stone: _Known) -> str:
    return f"Your {stone.carat:.2f} ct {stone.shape}"


def _a(shape: str) -> str:
    return f"{'an' if shape[0] in 'aeo' else 'a'} {shape}"


def _listed(shapes: Sequence[str]) -> str:
    if not shapes:
        return "no stones yet"
    *others, last = shapes
    return f"{', '.join(others)} and {last} stones" if others else f"{last} stones"


def _mm(length: Decimal) -> str:
    """A tenth is said where there is one; below that, hundredths."""
    return f"{length:.1f} mm" if length >= Decimal("0.1") else f"{length:.2f} mm"


# Estimates.


def _known(stone: MeasuresLike) -> _Known:
    """The stone's own millimeters, and the millimeter law's where the report gives none."""
    if stone.length_mm is not None and stone.width_mm is not None and stone.depth_mm is not None:
        return _Known(
            stone.shape, stone.carat, stone.length_mm, stone.width_mm, stone.depth_mm, False
        )
    usual = gemology.expected_mm(shape=stone.shape, carat=float(stone.carat))
    width = stone.width_mm if stone.width_mm is not None else _hundredths(usual.width)
    length = stone.length_mm if stone.length_mm is not None else _hundredths(usual.length)
    share = Decimal(str(gemology.LAWS[stone.shape].depth_pct)) / 100
    return _Known(
        shape=stone.shape,
        carat=stone.carat,
        length=max(length, width),
        width=width,
        depth=stone.depth_mm if stone.depth_mm is not None else _hundredths(width * share),
        is_estimated=True,
    )


def _hundredths(length: float | Decimal) -> Decimal:
    return Decimal(length).quantize(HUNDREDTH)


def _to_five_points(carat: float) -> Decimal:
    return Decimal(round(carat * 20)) / 20
