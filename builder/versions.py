"""What a design or one of its versions is, and how two of them differ, in words: read, nothing is written."""

from decimal import Decimal

from builder import gemology, pricing
from builder.models import Accents, Design, DesignVersion

Saved = Design | DesignVersion


def in_words(saved: Saved) -> str:
    """ "The Alba in 18 k yellow gold, 1.52 ct round, size 6½". What is open is left out."""
    return ", ".join(filter(None, [for_others(saved), size(saved)])) or "Nothing chosen yet"


def for_others(saved: Saved) -> str:
    """The same without what is only hers to tell: her size."""
    setting = saved.setting.name if saved.setting else ""
    metal = f"in {saved.metal.name}" if saved.setting and saved.metal else ""
    return ", ".join(filter(None, [f"{setting} {metal}".strip(), stone(saved)]))


def beside_its_name(saved: Saved, *, has_size: bool = True) -> str:
    """What is said below the setting's name: "18 k yellow gold, 1.52 ct round, size 6½"."""
    metal = saved.metal.name if saved.setting and saved.metal else ""
    said = [metal, stone(saved), size(saved) if has_size else ""]
    return ", ".join(filter(None, said)) or "Nothing chosen besides"


def stone(saved: Saved) -> str:
    """ "1.52 ct round"."""
    if saved.stone is None:
        return ""
    return f"{saved.stone.carat:.2f} ct {saved.stone.get_shape_display().lower()}"


def size(saved: Saved) -> str:
    return f"size {gemology.in_halves(saved.ring_size)}" if saved.ring_size is not None else ""


def open_parts(saved: Saved) -> str:
    """What is still to be chosen: "the stone and your size"; empty: nothing."""
    parts = [
        ("the setting", saved.setting_id is None),
        ("the stone", saved.stone_id is None),
        ("the metal", saved.setting_id is not None and saved.metal_id is None),
        ("your size", saved.ring_size is None),
    ]
    open_ones = [words for words, is_open in parts if is_open]
    return " and ".join(filter(None, [", ".join(open_ones[:-1]), *open_ones[-1:]]))


def changes(before: Saved, after: Saved, *, mode: str = pricing.SHOWN) -> list[str]:
    """What is different in `after`, part by part: "Size 6½, before 6". Prices of two versions as `mode` tells them."""
    pairs = [
        ("Setting", _name(before.setting), _name(after.setting)),
        ("Metal", _name(before.metal), _name(after.metal)),
        ("Stone", stone_told(before), stone_told(after)),
        ("Size", size(before).removeprefix("size "), size(after).removeprefix("size ")),
        ("Band", _band(before), _band(after)),
        ("Engraving", _quoted(before.engraving), _quoted(after.engraving)),
    ]
    said = [
        f"{part} {now or 'open'}, before {was or 'open'}" for part, was, now in pairs if was != now
    ]
    if isinstance(before, DesignVersion) and isinstance(after, DesignVersion):
        said += _price(before.price, after.price, mode=mode)
    return said


def stone_told(saved: Saved) -> str:
    """With its grades and its report, for two stones of one weight are two stones."""
    found = saved.stone
    if found is None:
        return ""
    report = f" {found.lab} {found.report_number}".rstrip()
    return f"{stone(saved)}, {found.color or found.fancy_color}, {found.clarity},{report}"


def _name(part: object) -> str:
    return getattr(part, "name", "")


def _band(saved: Saved) -> str:
    width = f"{saved.width_mm.normalize():f} mm" if saved.width_mm is not None else ""
    accents = f"diamonds {Accents(saved.accents).label.lower()}" if saved.accents else ""
    return ", ".join(filter(None, [width, accents])) or "as shown"


def _quoted(text: str) -> str:
    return f"“{text}”" if text else "none"


def _price(before: Decimal | None, after: Decimal | None, *, mode: str) -> list[str]:
    if before == after or after is None or mode == pricing.ON_REQUEST:
        return []
    now = pricing.told(after, mode=mode)
    if before is None:
        return [f"Priced at {now}"]
    was = pricing.told(before, mode=mode)
    return [f"{now}, before {was}"] if now != was else []
