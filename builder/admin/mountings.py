"""Settings with their heads and stone locations, and wedding bands, as the owner keeps them.

A wrong word or measure here would break every fit, price and picture, so each is checked, and refused in words.
"""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import StackedInline

from builder import engraving, gemology, geometry, portraits, pricebook, search, sizes, variation
from builder.admin import amounts
from builder.models import Band, Head, Setting, Stone, StoneLocation
from jeweler.backoffice import EVERYBODY, OWNER, HouseAdmin, has_role

SECTIONS = [("round", "Round"), ("flat", "Flat"), ("knife", "Knife edge")]
ACCENTS = [
    ("none", "None"), ("half_pave", "Half pavé"), ("full_pave", "Full pavé"), ("channel", "Channel"),
]  # fmt: skip
SHAPES = [(shape, shape.capitalize()) for shape in gemology.SHAPES]
MOST_PRONGS = 8
MOST_WIDTHS = 6
Place = StoneLocation.Place


class WidthsField(forms.CharField):
    """Widths as people list them, "1.8, 2.2", kept as a list."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        words = super().clean(value).replace(";", ",").split(",")
        widths = [variation.read_width(each) for each in words if each.strip()]
        if len(widths) > MOST_WIDTHS or None in widths:
            raise forms.ValidationError(
                f"List up to {MOST_WIDTHS} widths from {variation.NARROWEST} to {variation.WIDEST} mm "
                "with commas between them, such as 1.8, 2.2."
            )
        return [f"{width.normalize():f}" for width in sorted({each for each in widths if each})]


class SettingForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs alone
    profile = forms.ChoiceField(choices=SECTIONS)
    widths_mm = WidthsField(
        required=False,
        label="Band widths to choose from",
        help_text="Millimeters at the palm, such as 1.8, 2.2; its own is always among them",
    )
    band_accents = forms.MultipleChoiceField(
        choices=list(variation.ACCENTS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Diamonds along the band to choose from",
        help_text="Those it is shown with are always among them",
    )

    class Meta:
        model = Setting
        fields = "__all__"  # noqa: DJ007  everything about a setting is the owner's

    def clean_engraving_limit(self) -> int:
        limit: int = self.cleaned_data["engraving_limit"]
        if limit > engraving.LONGEST:
            raise forms.ValidationError(
                f"A design keeps {engraving.LONGEST} characters; allow at most as many."
            )
        return limit

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        amounts.refuse(
            self,
            positive=("shank_width_mm", "top_width_mm", "thickness_mm"),
            not_negative=("labor_price", "engraving_price"),
        )
        if (mm := cleaned.get("accent_mm")) is not None:
            _refuse_unpriced(self, "accent_mm", mm)
        for name in ("min_size", "max_size"):
            if (size := cleaned.get(name)) is not None and size * 2 % 1:
                self.add_error(name, "We make half sizes, such as 6 or 6.5.")
        least, most = cleaned.get("min_size"), cleaned.get("max_size")
        if least is None or most is None:
            return cleaned
        if not sizes.SMALLEST <= least <= most <= sizes.LARGEST:
            self.add_error(
                "max_size",
                f"Sizes run from {sizes.SMALLEST} to {sizes.LARGEST}, the smallest first.",
            )
        return cleaned


class HeadForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs alone
    shapes = forms.MultipleChoiceField(
        choices=SHAPES, widget=forms.CheckboxSelectMultiple, help_text="Shapes it takes"
    )

    class Meta:
        model = Head
        fields = "__all__"  # noqa: DJ007  everything about a head is the owner's

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        amounts.refuse(self, not_negative=("setting_fee", "overhang_mm"))
        for field, words in self._wrong(cleaned):
            self.add_error(field, words)
        return cleaned

    def _wrong(self, cleaned: dict[str, Any]) -> list[tuple[str, str]]:
        """Fields with what is wrong about them; those that could not be read are judged already."""
        narrow, wide = cleaned.get("min_width_mm"), cleaned.get("max_width_mm")
        short, long = cleaned.get("min_length_mm"), cleaned.get("max_length_mm")
        found = []
        if narrow is not None and narrow <= 0:
            found.append(("min_width_mm", "The narrowest stone is wider than nothing."))
        if narrow and wide and wide < narrow:
            found.append(("max_width_mm", f"The widest stone is narrower than {narrow} mm."))
        if short and narrow and short < narrow:
            found.append(("min_length_mm", f"A stone is at least as long as wide: {narrow} mm."))
        if long and wide and short and long < max(wide, short):
            found.append(
                ("max_length_mm", f"A stone that is taken may be {max(wide, short)} mm long.")
            )
        if (rise := cleaned.get("rise_mm")) is not None and rise <= 0:
            found.append(("rise_mm", "The girdle lies above the shank."))
        return found + _wrong_prongs(cleaned)


def _wrong_prongs(cleaned: dict[str, Any]) -> list[tuple[str, str]]:
    prongs = cleaned.get("prongs")
    if cleaned.get("kind") == Head.Kind.BEZEL and prongs:
        return [("prongs", "A bezel has no prongs: write 0.")]
    if cleaned.get("kind") == Head.Kind.PRONG and prongs is not None and prongs < 3:
        return [("prongs", "A stone is held by three prongs at least.")]
    if prongs is not None and prongs > MOST_PRONGS:
        return [("prongs", f"More than {MOST_PRONGS} prongs would hide the stone.")]
    return []


class HeadFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # generic in the stubs alone
    """The heads of one setting: one at least, each with a place of its own, the first without extras."""

    def clean(self) -> None:
        heads = _kept(self)
        if not heads:
            raise forms.ValidationError("A setting has one head at least.")
        positions = [head["position"] for head in heads]
        if len(set(positions)) < len(positions):
            raise forms.ValidationError("Two heads have one position: number them 0, 1, 2.")
        first = min(heads, key=lambda head: head["position"])
        if first.get("extra_price") or first.get("extra_days"):
            raise forms.ValidationError(
                "The first head is in the setting's own price and days; only later ones have extras."
            )
        super().clean()


class LocationForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs alone
    shape = forms.ChoiceField(choices=SHAPES, initial="round")

    class Meta:
        model = StoneLocation
        fields = "__all__"  # noqa: DJ007  everything about a location is the owner's

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        place, count = cleaned.get("place"), cleaned.get("count")
        width, length = cleaned.get("width_mm"), cleaned.get("length_mm")
        if width is not None and width <= 0:
            self.add_error("width_mm", "A stone is wider than nothing.")
        if width and length and length < width:
            self.add_error("length_mm", f"A stone is at least as long as wide: {width} mm.")
        if place == Place.SIDES and count != 2:
            self.add_error("count", "One stone on each side: write 2.")
        if place in (Place.HALF_BAND, Place.FULL_BAND) and not count:
            self.add_error("count", "How many stones does the band carry?")
        if (number := cleaned.get("number")) is not None and number < 2:
            self.add_error("number", "Location 1 is the center stone's; number others from 2.")
        if width and length and length >= width:
            _refuse_unpriced(self, "width_mm", (width + length) / 2)
        return cleaned


def _refuse_unpriced(form: "forms.ModelForm[Any]", field: str, mm: Decimal) -> None:
    """A ring or band with a stone that no melee price covers could never be priced."""
    if not pricebook.covers(mm):
        form.add_error(
            field, f"No melee price covers {mm:.2f} mm: add a row for it under Melee prices first."
        )


class LocationFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # generic in the stubs alone
    def clean(self) -> None:
        places = [location["place"] for location in _kept(self)]
        if Place.HALF_BAND in places and Place.FULL_BAND in places:
            raise forms.ValidationError("The band carries stones on its upper half or all around.")
        for place in places:
            if places.count(place) > 1:
                raise forms.ValidationError(
                    f"“{Place(place).label}” is there twice; put all its stones into one."
                )
        if words := _wrong_band(self.instance, _kept(self)):
            raise forms.ValidationError(words)
        super().clean()


def _wrong_band(setting: Setting, locations: list[dict[str, Any]]) -> str:
    """Why its band could not be made in each of its widths with the accents to choose from; empty: it can."""
    own = [each for each in locations if each["place"] in (Place.HALF_BAND, Place.FULL_BAND)]
    mm = own[0]["width_mm"] if own else setting.accent_mm
    if not own and not {"half", "full"} & set(setting.band_accents):
        return ""
    if not mm:
        return "Diamonds along the band can be chosen: say under Accent mm how large they are."
    measures = (setting.shank_width_mm, setting.top_width_mm, setting.thickness_mm)
    if not setting.widths_mm or None in measures:
        return ""
    shank = geometry.Mounting(
        shank_width_mm=measures[0],
        top_width_mm=measures[1],
        thickness_mm=measures[2],
        profile=setting.profile,
    )
    narrowest = min(Decimal(each) for each in setting.widths_mm)
    top = shank.varied(width_mm=narrowest, accents="", accent_mm=None).top_width_mm
    if top < mm + variation.BESIDE_ACCENTS:
        return (
            f"At {narrowest} mm its band is {top} mm wide at the head, too narrow for diamonds of "
            f"{mm} mm: take the width away, or smaller diamonds."
        )
    return ""


def _kept(formset: "BaseInlineFormSet[Any, Any, Any]") -> list[dict[str, Any]]:
    """The rows that were read whole and are not to be deleted."""
    rows = [form.cleaned_data for form in formset.forms if form.is_valid() and form.cleaned_data]
    return [row for row in rows if not row.get("DELETE")]


class PartInline(StackedInline):  # type: ignore[misc]  # unfold has no types
    """A part of a setting, seen and changed by whoever sees and changes the setting."""

    extra = 0
    tab = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request, EVERYBODY)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request, OWNER)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request, OWNER)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request, OWNER)


class HeadInline(PartInline):
    model = Head
    form = HeadForm
    formset = HeadFormSet
    ordering = ["position"]
    readonly_fields = ["stones_that_fit"]

    @admin.display(description="Stones on offer that it holds")
    def stones_that_fit(self, head: Head) -> str:
        if head.pk is None:
            return "–"
        rules = head.setting.rules
        alone = replace(rules, heads=[head.rules(name=head.code)])
        fitting = Stone.objects.filter(search.fitting(alone), status=Stone.Status.AVAILABLE)
        return f"{fitting.count():,}"


class LocationInline(PartInline):
    model = StoneLocation
    form = LocationForm
    formset = LocationFormSet
    ordering = ["number"]


@admin.register(Setting)
class SettingAdmin(HouseAdmin[Setting]):
    seen_by = EVERYBODY
    changed_by = OWNER
    can_be_added = True
    form = SettingForm
    list_display = ["name", "code", "style", "takes", "labor_price", "lead_days", "is_offered"]
    list_filter = ["style", "is_offered"]
    filter_horizontal = ["metals"]
    ordering = ["position", "name"]
    inlines = [HeadInline, LocationInline]
    readonly_fields = ["picture"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Setting]:
        return super().get_queryset(request).prefetch_related("heads", "locations", "metals")

    @admin.display(description="Takes")
    def takes(self, setting: Setting) -> str:
        return "; ".join(
            f"{head.min_width_mm} to {head.max_width_mm} mm: {', '.join(head.shapes)}"
            for head in setting.rules.heads
        )

    @admin.display(description="As it is drawn, with a usual stone")
    def picture(self, setting: Setting) -> SafeString | str:
        if setting.pk is None or not setting.rules.heads:
            return "Drawn once it is saved with a head and a metal."
        drawn = portraits.of_settings([setting], metal=None, stone=None, now=timezone.now())
        if not drawn:
            return "Drawn once it is made in a metal."
        address = reverse("builder:picture", args=[drawn[0].picture_hash])
        return format_html('<img src="{}?w=300" width="300" alt="{}">', address, drawn[0].alt)


class BandForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs alone
    profile = forms.ChoiceField(choices=[("straight", "Straight"), ("curved", "Curved")])
    section = forms.ChoiceField(choices=SECTIONS)
    accent_kind = forms.ChoiceField(choices=ACCENTS)

    class Meta:
        model = Band
        fields = "__all__"  # noqa: DJ007  everything about a band is the owner's

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        amounts.refuse(self, positive=("width_mm", "thickness_mm"), not_negative=("labor_price",))
        has_stones = cleaned.get("accent_kind") != "none"
        mm, count = cleaned.get("accent_mm") or Decimal(0), cleaned.get("accent_count") or 0
        if has_stones and not (mm > 0 and count > 0):
            self.add_error("accent_count", "Say how many stones it carries, and their millimeters.")
        if not has_stones and (mm or count):
            self.add_error("accent_kind", "It carries stones: say where, or take them away.")
        if has_stones and mm > 0:
            _refuse_unpriced(self, "accent_mm", mm)
        return cleaned


@admin.register(Band)
class BandAdmin(HouseAdmin[Band]):
    seen_by = EVERYBODY
    changed_by = OWNER
    can_be_added = True
    form = BandForm
    list_display = ["name", "width_mm", "profile", "accent_kind", "labor_price"]
    ordering = ["position"]
