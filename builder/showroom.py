"""What the staff are shown of a saved design, at the counter and in the back office: facts in words, nothing is written.

They are of one version as it was saved, beside what became of it since: where its stone is, what fits, what it costs today,
what its owner was told. Whose it is, is the caller's business; to whom a hint went is with the mail alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from builder import alike, compatibility, gemology, pricing, quotes, stills, versions
from builder.models import Accents, Design, DesignVersion, Hint, Metal, Setting, Stone
from jeweler import money, prepared
from jeweler.models import Store

OPEN = {
    "Setting": "no setting yet",
    "Stone": "no stone yet",
    "Metal": "no metal yet",
    "Size": "no size yet",
}
DIAMONDS = {
    Accents.NONE: "no diamonds along it",
    Accents.HALF: "diamonds half way",
    Accents.FULL: "diamonds all around",
}


@dataclass(frozen=True, kw_only=True)
class Part:
    """A line of the configuration; `is_open`: still to be chosen. `link`: where a report is."""

    what: str
    said: str
    note: str = ""
    link: str = ""
    is_open: bool = False
    is_hers: bool = False


@dataclass(frozen=True, kw_only=True)
class Saved:
    """A version in the row of them, with what it changed."""

    version: DesignVersion
    changes: Sequence[str]
    is_shown: bool


@dataclass(frozen=True, kw_only=True)
class Facts:
    """`difference` is to the version before; `today` the same ring's price now, None where none can be told.

    `instead`: stones like its own one, where that is gone.
    """

    design: Design
    version: DesignVersion
    versions: Sequence[Saved]
    title: str
    picture: str
    parts: Sequence[Part]
    open_parts: str
    place: str
    is_gone: bool
    promise: str
    is_promised: bool
    today: str
    difference: str
    instead: Sequence[alike.Alike]
    told: Sequence[tuple[datetime, str]]
    currency: str

    @property
    def has_sheet(self) -> bool:
        """Whether there is a ring for the workshop to make."""
        return self.version.setting_id is not None and bool(self.version.description)


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """What a till is told of the last version: without its picture, its history, and what could be had instead."""

    version: DesignVersion
    title: str
    parts: Sequence[Part]
    place: str
    is_gone: bool
    promise: str
    today: str
    currency: str


def spoken(*, design: Design, store: Store, now: datetime) -> Spoken | None:
    """The last version as it stands; None where nothing was saved. A till asks often: a third of the questions of `facts`."""
    version = _last(design)
    if version is None:
        return None
    standing = _standing(design, version, now=now)
    return Spoken(
        version=version,
        title=_title(version),
        parts=parts(design, version),
        place=whereabouts(stone=version.stone, store=store),
        is_gone=standing.is_gone,
        promise=_promise(version, is_promised=standing.is_promised),
        today=_today(version, standing.today),
        currency=_currency(version),
    )


def _last(design: Design) -> DesignVersion | None:
    """With what it names, by statements planned once: composing one for all of it takes longer than its answer."""
    newest = "design_id = %(design)s order by number desc limit 1"
    version = next(iter(prepared.found(DesignVersion, newest, {"design": design.pk})), None)
    if version is None:
        return None
    version.design = design
    if version.setting_id is not None:
        [version.setting] = prepared.found(Setting, "id = %(id)s", {"id": version.setting_id})
    if version.metal_id is not None:
        [version.metal] = prepared.found(Metal, "id = %(id)s", {"id": version.metal_id})
    if version.stone_id is not None:
        [version.stone] = prepared.found(Stone, "id = %(id)s", {"id": version.stone_id})
    return version


def facts(*, design: Design, number: str, store: Store | None, now: datetime) -> Facts | None:
    """Of the version with this number, else of the last; None where nothing was saved. `store`: where the staff stand."""
    saved = list(design.versions.select_related("setting", "metal", "stone__store").order_by("number"))  # fmt: skip
    version = _chosen(saved, number)
    if version is None:
        return None
    before = _before(saved, version)
    standing = _standing(design, version, now=now)
    return Facts(
        design=design,
        version=version,
        versions=[
            Saved(version=each, changes=_changes(_before(saved, each), each), is_shown=each == version)
            for each in saved
        ],
        title=_title(version),
        picture=stills.picture_url(design, version.picture_hash),
        parts=parts(design, version),
        open_parts=versions.open_parts(version),
        place=whereabouts(stone=version.stone, store=store),
        is_gone=standing.is_gone,
        promise=_promise(version, is_promised=standing.is_promised),
        is_promised=standing.is_promised,
        today=_today(version, standing.today),
        difference=_difference(before, version),
        instead=alike.offered(standing.ring, than=version.price, now=now) if standing.is_gone else [],
        told=_told(design),
        currency=_currency(version),
    )  # fmt: skip


def parts(design: Design, version: DesignVersion) -> list[Part]:
    """The exact configuration, line by line; what is not chosen yet is said."""
    said = [_setting(version), _stone(version), _metal(version), _size(version)]
    fit = quotes.fit_of(version)
    if fit is not None:
        said.insert(1, Part(what="Fit today", said=f"{fit.reason} {fit.fix or ''}".strip()))
    if version.setting is not None:
        said.append(_band(version))
    said.append(Part(what="Engraving", said=version.engraving or "none", is_hers=bool(version.engraving)))  # fmt: skip
    if design.band is not None:
        said.append(
            Part(what="Beside it", said=design.band.name, note="Looked at; not in the price")
        )
    if design.name:
        said.append(Part(what="Her name", said=design.name, note="for it", is_hers=True))
    return said


def whereabouts(*, stone: Stone | None, store: Store | None) -> str:
    """Where the stone is now, in a sentence, and how long it takes to get it."""
    if stone is None:
        return "She has chosen no stone yet."
    if stone.status == Stone.Status.SOLD:
        zone = store.zone if store else None
        return f"The stone was sold on {stone.sold_at.astimezone(zone):%-d %B %Y}." if stone.sold_at else "The stone was sold."  # fmt: skip
    if stone.status == Stone.Status.WITHDRAWN:
        return "The stone is no longer offered by its supplier."
    held = ", held for somebody" if stone.status == Stone.Status.HELD else ""
    if stone.store is None:
        return f"The stone is {_at_supplier(stone)}{held}."
    place = "here" if stone.store == store else f"in {stone.store.name}"
    return f"The stone is {place}{held}."


def head(version: DesignVersion) -> str:
    """What holds the stone, as it was saved: "four-prong head, platinum"."""
    saved = version.description.get("head", {})
    if "kind" not in saved or version.metal is None:
        return ""
    words = compatibility.named(kind=saved["kind"], prongs=saved.get("prongs", 0))
    metal = saved.get("metal", version.metal.family)
    return words if metal == version.metal.family else f"{words}, {metal}"


# The lines of the configuration.


def _setting(version: DesignVersion) -> Part:
    setting = version.setting
    if setting is None:
        return Part(what="Setting", said=OPEN["Setting"], is_open=True)
    note = ", ".join(filter(None, [setting.get_style_display(), head(version)]))
    return Part(what="Setting", said=setting.name, note=note)


def _stone(version: DesignVersion) -> Part:
    stone = version.stone
    if stone is None:
        return Part(what="Stone", said=OPEN["Stone"], is_open=True)
    cut = gemology.GRADE_LABELS.get(stone.cut, "").lower()
    words = [
        f"{stone.carat} ct {stone.get_shape_display().lower()}",
        stone.color or stone.fancy_color,
        stone.clarity,
        f"{cut} cut" if cut else "",
        "lab-grown" if stone.growth == Stone.Growth.LAB else "",
    ]
    return Part(
        what="Stone",
        said=", ".join(filter(None, words)),
        note=f"{stone.lab} {stone.report_number}",
        link=stone.report_url,
    )


def _metal(version: DesignVersion) -> Part:
    if version.metal is None:
        return Part(what="Metal", said=OPEN["Metal"], is_open=True)
    return Part(what="Metal", said=version.metal.name)


def _size(version: DesignVersion) -> Part:
    if version.ring_size is None:
        return Part(what="Size", said=OPEN["Size"], is_open=True)
    sizes = gemology.size_systems(version.ring_size)
    return Part(what="Size", said=f"US {sizes['us']}", note=f"UK {sizes['uk']}, EU {sizes['eu']}")


def _band(version: DesignVersion) -> Part:
    """Its width at the palm and its diamonds; chosen, or as the setting is shown."""
    assert version.setting is not None
    own = version.setting.mounting
    as_saved = version.description.get("shank", {}).get("width_mm")
    width = version.width_mm or as_saved or own.shank_width_mm
    diamonds = DIAMONDS[Accents(version.accents or own.accents)]
    is_chosen = version.width_mm is not None or version.accents
    note = "" if is_chosen else "As the setting is shown"
    return Part(what="Band", said=f"{width:.2f} mm wide, {diamonds}", note=note)


# What became of it.


@dataclass(frozen=True, kw_only=True)
class _Standing:
    """`today`: what the same ring costs now, None where none can be told."""

    ring: Design
    is_gone: bool
    today: Decimal | None
    is_promised: bool


def _standing(design: Design, version: DesignVersion, *, now: datetime) -> _Standing:
    ring, is_gone = alike.as_design(version, of=design), alike.is_gone(version.stone)
    until = version.price_until_date
    return _Standing(
        ring=ring,
        is_gone=is_gone,
        today=alike.price_now(ring, now=now) if version.price is not None and not is_gone else None,
        is_promised=until is not None and until >= quotes.day_of(design.store, now=now),
    )


def _currency(version: DesignVersion) -> str:
    known: str = version.price_inputs.get("currency", pricing.CURRENCY)
    return known


def _chosen(saved: Sequence[DesignVersion], number: str) -> DesignVersion | None:
    wanted = [each for each in saved if str(each.number) == number] or saved[-1:]
    return wanted[0] if wanted else None


def _before(saved: Sequence[DesignVersion], version: DesignVersion) -> DesignVersion | None:
    earlier = [each for each in saved if each.number < version.number]
    return earlier[-1] if earlier else None


def _changes(before: DesignVersion | None, after: DesignVersion) -> list[str]:
    return versions.changes(before, after, mode=pricing.ON_REQUEST) if before else []


def _title(version: DesignVersion) -> str:
    name = version.setting.name if version.setting else ""
    return ", ".join(filter(None, [name, versions.stone(version)]))


def _at_supplier(stone: Stone) -> str:
    """The one whose offer is the cheapest, as the stone's price is."""
    offer = stone.offers.filter(withdrawn_at=None).select_related("supplier").order_by("price", "pk").first()  # fmt: skip
    if offer is None:
        return "at its supplier’s"
    days = stone.delivery_days or offer.supplier.delivery_days
    takes = f", {days} working day{'' if days == 1 else 's'} from our bench"
    return f"at {offer.supplier.name}{takes}"


def _promise(version: DesignVersion, *, is_promised: bool) -> str:
    until = version.price_until_date
    if until is None:
        return f"It has no price yet: {versions.open_parts(version)} {_are(version)} open."
    if is_promised:
        return f"Price kept until {until:%-d %B}."
    return f"The price was kept until {until:%-d %B}."


def _are(version: DesignVersion) -> str:
    return "are" if " and " in versions.open_parts(version) else "is"


def _today(version: DesignVersion, today: Decimal | None) -> str:
    if version.price is None:
        return ""
    if today is None:
        return "It cannot be had today as it was saved."
    if today == version.price:
        return "Today’s price is the same."
    more = today - version.price
    words = f"{_money(abs(more))} {'more' if more > 0 else 'less'}"
    return f"Today it would cost {_money(today)}, {words}."


def _difference(before: DesignVersion | None, version: DesignVersion) -> str:
    if before is None or before.price is None or version.price is None:
        return ""
    more = version.price - before.price
    if not more:
        return ""
    return f"{_money(abs(more))} {'more' if more > 0 else 'less'} than version {before.number}"


def _told(design: Design) -> list[tuple[datetime, str]]:
    """What was written to her unasked, and that a hint was sent, the last first."""
    notices = [
        (notice.created_at, f"Told by mail: {notice.get_kind_display().lower()}")
        for notice in design.notices.all()
    ]
    hints = [(hint.sent_at, _hint(hint)) for hint in design.hints.all()]
    return sorted([*notices, *hints], key=lambda each: each[0], reverse=True)


def _hint(hint: Hint) -> str:
    wanted = f", to be worn on {hint.wanted_date:%-d %B %Y}" if hint.wanted_date else ""
    return f"She dropped a hint{wanted}"


def _money(amount: Decimal) -> str:
    return money.in_words(amount, currency=pricing.CURRENCY)
