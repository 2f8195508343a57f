"""What a ring is made from besides its stone: metals, settings with their heads and stone locations, bands, prices.

Lengths are millimeters, prices major units of the house's currency.
"""

from collections.abc import Sequence
from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.functional import cached_property

from builder import compatibility, engraving, geometry, variation


def _at_commit(*, fields: list[str], name: str) -> models.UniqueConstraint:
    """Judged when everything is saved: two rows of one page may trade their places."""
    return models.UniqueConstraint(fields=fields, name=name, deferrable=models.Deferrable.DEFERRED)


class Metal(models.Model):
    """What a ring is cast in."""

    class Family(models.TextChoices):
        YELLOW = "yellow", "Yellow gold"
        ROSE = "rose", "Rose gold"
        WHITE = "white", "White gold"
        PLATINUM = "platinum", "Platinum"

    code = models.SlugField(unique=True, help_text="Such as 18k-yellow")
    name = models.CharField(max_length=64, help_text="18 k yellow gold")
    family = models.CharField(max_length=16, choices=Family)
    density = models.DecimalField(max_digits=5, decimal_places=2, help_text="g/cm³")
    waste_pct = models.DecimalField(
        max_digits=4, decimal_places=2, default=0, help_text="Lost in casting and polishing"
    )
    position = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class MetalPrice(models.Model):
    """What a gram costs from a moment on, until the next one says otherwise. Never changed: history is kept."""

    metal = models.ForeignKey(Metal, on_delete=models.CASCADE, related_name="prices")
    price_per_gram = models.DecimalField(max_digits=9, decimal_places=2)
    since_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["metal", "since_at"], name="metal_price_once"),
            models.CheckConstraint(
                condition=Q(price_per_gram__gt=0), name="metal_price_is_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.price_per_gram} since {self.since_at:%Y-%m-%d %H:%M}"


class Setting(models.Model):
    """A ring without its center stone, described by its parameters (docs/algorithms/ring-spec.md)."""

    class Style(models.TextChoices):
        SOLITAIRE = "solitaire", "Solitaire"
        PAVE = "pave", "Pavé"
        HALO = "halo", "Halo"
        THREE_STONE = "three_stone", "Three stone"
        BEZEL = "bezel", "Bezel"
        HIDDEN_HALO = "hidden_halo", "Hidden halo"

    class Shoulder(models.TextChoices):
        PLAIN = "plain", "Plain"
        CATHEDRAL = "cathedral", "Cathedral: the shank rises to the head"

    code = models.SlugField(unique=True)
    name = models.CharField(max_length=64, help_text="The Alba")
    style = models.CharField(max_length=16, choices=Style)
    line = models.CharField(max_length=200, help_text="One sentence about it")
    shank_width_mm = models.DecimalField(max_digits=4, decimal_places=2)
    top_width_mm = models.DecimalField(max_digits=4, decimal_places=2)
    thickness_mm = models.DecimalField(max_digits=4, decimal_places=2)
    profile = models.CharField(max_length=8, help_text="round, flat or knife")
    labor_price = models.DecimalField(
        max_digits=9, decimal_places=2, help_text="Making and setting"
    )
    min_size = models.DecimalField(max_digits=3, decimal_places=1, default=3, help_text="US")
    max_size = models.DecimalField(max_digits=3, decimal_places=1, default=10)
    engraving_limit = models.PositiveSmallIntegerField(
        default=16, help_text="0: cannot be engraved"
    )
    engraving_price = models.DecimalField(max_digits=7, decimal_places=2, default=0)
    engraving_symbols = models.BooleanField(default=True, help_text="Also ♥, ∞ and accents")
    shoulder = models.CharField(max_length=16, choices=Shoulder, default=Shoulder.PLAIN)
    lead_days = models.PositiveSmallIntegerField(default=20, help_text="Working days to make it")
    widths_mm = models.JSONField(
        default=list,
        blank=True,
        help_text='Band widths at the palm to choose from, such as ["1.8", "2.2"]; empty: its own alone',
    )
    band_accents = models.JSONField(
        default=list,
        blank=True,
        help_text='Band accents to choose from, of "none", "half" and "full"; empty: its own alone',
    )
    accent_mm = models.DecimalField(
        max_digits=3,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="Of the band's small diamonds where it is shown without them",
    )
    metals = models.ManyToManyField(Metal, related_name="settings")
    position = models.PositiveSmallIntegerField(default=0)
    is_offered = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name

    @cached_property
    def rules(self) -> compatibility.SettingRules:
        """What decides the fit. Reads the heads once per instance; prefetched ones are used."""
        heads = sorted(self.heads.all(), key=lambda head: head.position)
        return compatibility.SettingRules(
            name=self.name,
            thickness_mm=self.thickness_mm,
            min_size=self.min_size,
            max_size=self.max_size,
            heads=[
                head.rules(name=name)
                for head, name in zip(heads, names_of_heads(heads), strict=True)
            ],
        )

    @property
    def engraving_rules(self) -> engraving.Rules:
        return engraving.Rules(
            limit=self.engraving_limit,
            has_symbols=self.engraving_symbols,
            price=self.engraving_price,
        )

    @cached_property
    def mounting(self) -> geometry.Mounting:
        """Its shape besides the head. Reads the locations once per instance; prefetched ones are used."""
        return geometry.Mounting(
            shank_width_mm=self.shank_width_mm,
            top_width_mm=self.top_width_mm,
            thickness_mm=self.thickness_mm,
            profile=self.profile,
            shoulder=self.shoulder,
            locations=tuple(
                location.value
                for location in sorted(self.locations.all(), key=lambda each: each.number)
            ),
        )

    @cached_property
    def variety(self) -> variation.Variety:
        """What of its band can be chosen."""
        return variation.Variety(
            name=self.name,
            mounting=self.mounting,
            widths_mm=tuple(Decimal(str(each)) for each in self.widths_mm),
            accents=tuple(self.band_accents),
            accent_mm=self.accent_mm,
        )


class Head(models.Model):
    """What holds the center stone: location 1 of a setting. The first by position is the one it is shown with."""

    class Kind(models.TextChoices):
        PRONG = "prong", "Prongs"
        BEZEL = "bezel", "Bezel"

    setting = models.ForeignKey(Setting, on_delete=models.CASCADE, related_name="heads")
    code = models.SlugField(help_text="Within its setting, such as six-prong")
    kind = models.CharField(max_length=8, choices=Kind)
    prongs = models.PositiveSmallIntegerField(default=0)
    metal_family = models.CharField(
        max_length=16, choices=Metal.Family, blank=True, help_text="Empty: as the ring"
    )
    shapes = models.JSONField(help_text='Such as ["round", "oval"]')
    min_width_mm = models.DecimalField(max_digits=4, decimal_places=2, help_text="Of the stone")
    max_width_mm = models.DecimalField(max_digits=4, decimal_places=2)
    min_length_mm = models.DecimalField(max_digits=4, decimal_places=2)
    max_length_mm = models.DecimalField(max_digits=4, decimal_places=2)
    rise_mm = models.DecimalField(
        max_digits=4, decimal_places=2, help_text="From the shank's top to the girdle"
    )
    overhang_mm = models.DecimalField(
        max_digits=3,
        decimal_places=2,
        default=0,
        help_text="How far prongs or rim reach over the stone's edge",
    )
    setting_fee = models.DecimalField(
        max_digits=7, decimal_places=2, default=0, help_text="For setting the center stone"
    )
    extra_price = models.DecimalField(
        max_digits=7, decimal_places=2, default=0, help_text="Over the setting's first head"
    )
    extra_days = models.PositiveSmallIntegerField(default=0)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            _at_commit(fields=["setting", "code"], name="head_code_once"),
            _at_commit(fields=["setting", "position"], name="head_position_once"),
            models.CheckConstraint(
                condition=Q(
                    min_width_mm__gt=0,
                    min_width_mm__lte=F("max_width_mm"),
                    min_length_mm__lte=F("max_length_mm"),
                    max_width_mm__lte=F("max_length_mm"),
                    min_length_mm__gte=F("min_width_mm"),
                    rise_mm__gt=0,
                ),
                name="head_envelope_is_sane",
            ),
            models.CheckConstraint(
                condition=Q(kind="bezel", prongs=0) | Q(kind="prong", prongs__gte=3),
                name="head_prongs_match_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.setting_id} {self.code}"

    def rules(self, *, name: str) -> compatibility.Head:
        return compatibility.Head(
            code=self.code,
            name=name,
            kind=self.kind,
            prongs=self.prongs,
            shapes=tuple(self.shapes),
            min_width_mm=self.min_width_mm,
            max_width_mm=self.max_width_mm,
            min_length_mm=self.min_length_mm,
            max_length_mm=self.max_length_mm,
            rise_mm=self.rise_mm,
            overhang_mm=self.overhang_mm,
            extra_price=self.extra_price,
            extra_days=self.extra_days,
            setting_fee=self.setting_fee,
            metal_family=self.metal_family,
        )


def names_of_heads(heads: Sequence[Head]) -> list[str]:
    """How each is called in a sentence; a second one of a kind is the larger or smaller one."""
    names: list[str] = []
    for place, head in enumerate(heads):
        name = compatibility.named(kind=head.kind, prongs=head.prongs)
        if name in names:
            is_larger = head.max_width_mm > heads[names.index(name)].max_width_mm
            name = f"{'larger' if is_larger else 'smaller'} {name}"
        names.append(f"{name} {place + 1}" if name in names else name)
    return names


class StoneLocation(models.Model):
    """Where else a setting holds stones, numbered from 2; location 1 is the center stone's, and its heads say more."""

    class Place(models.TextChoices):
        SIDES = "sides", "One on each side of the center"
        HALF_BAND = "half_band", "Along the upper half of the band"
        FULL_BAND = "full_band", "All around the band"
        HALO = "halo", "Around the center stone"
        HIDDEN_HALO = "hidden_halo", "Under the center stone's edge"

    class Mount(models.TextChoices):
        PRONG = "prong", "Prongs"
        PAVE = "pave", "Pavé"
        CHANNEL = "channel", "Channel"
        BEZEL = "bezel", "Bezel"

    setting = models.ForeignKey(Setting, on_delete=models.CASCADE, related_name="locations")
    number = models.PositiveSmallIntegerField()
    place = models.CharField(max_length=16, choices=Place)
    shape = models.CharField(max_length=16, default="round")
    count = models.PositiveSmallIntegerField(
        default=0, help_text="0 for a halo: as many as go around the chosen stone"
    )
    length_mm = models.DecimalField(max_digits=4, decimal_places=2)
    width_mm = models.DecimalField(max_digits=4, decimal_places=2)
    mount = models.CharField(max_length=8, choices=Mount)

    class Meta:
        constraints = [
            _at_commit(fields=["setting", "number"], name="location_number_once"),
            _at_commit(fields=["setting", "place"], name="location_place_once"),
            models.CheckConstraint(
                condition=Q(number__gte=2, width_mm__gt=0, length_mm__gte=F("width_mm")),
                name="location_is_sane",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.setting_id} location {self.number}"

    @property
    def value(self) -> geometry.Location:
        return geometry.Location(
            place=self.place,
            shape=self.shape,
            count=self.count,
            length_mm=self.length_mm,
            width_mm=self.width_mm,
            mount=self.mount,
        )


class MeleePrice(models.Model):
    """What one small round diamond costs by its millimeters, and what setting it costs. Bands never overlap."""

    from_mm = models.DecimalField(max_digits=4, decimal_places=2)
    below_mm = models.DecimalField(max_digits=4, decimal_places=2)
    stone_price = models.DecimalField(max_digits=7, decimal_places=2)
    setting_fee = models.DecimalField(max_digits=7, decimal_places=2)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(from_mm__lt=F("below_mm"), stone_price__gte=0, setting_fee__gte=0),
                name="melee_price_is_sane",
            ),
            ExclusionConstraint(
                name="melee_prices_never_overlap",
                expressions=[
                    (
                        Func(
                            F("from_mm"),
                            F("below_mm"),
                            RangeBoundary(),
                            function="numrange",
                        ),
                        RangeOperators.OVERLAPS,
                    )
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_mm} to {self.below_mm} mm"


class CatalogVersion(models.Model):
    """One row whose number rises whenever anything that prices or fits a ring changes (a trigger sees to it)."""

    number = models.BigIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="catalog_version_is_one_row")]

    def __str__(self) -> str:
        return str(self.number)


class Band(models.Model):
    """A wedding band that lies beside a ring."""

    code = models.SlugField(unique=True)
    name = models.CharField(max_length=64)
    width_mm = models.DecimalField(max_digits=4, decimal_places=2)
    thickness_mm = models.DecimalField(max_digits=4, decimal_places=2)
    profile = models.CharField(max_length=8, help_text="straight or curved")
    section = models.CharField(max_length=8, default="round", help_text="round, flat or knife")
    accent_kind = models.CharField(max_length=16, default="none")
    accent_mm = models.DecimalField(max_digits=4, decimal_places=2, default=0)
    accent_count = models.PositiveSmallIntegerField(default=0)
    labor_price = models.DecimalField(max_digits=9, decimal_places=2, default=0)
    lead_days = models.PositiveSmallIntegerField(default=15, help_text="Working days to make it")
    position = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return self.name
