"""Real rows of the builder: one ring that fits together, and what a test changes about it."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import factory
from factory.django import DjangoModelFactory

from builder import codes, models
from tests.factories.jeweler import NOW, VisitorFactory

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class MetalFactory(DjangoModelFactory[models.Metal]):
    class Meta:
        model = models.Metal
        django_get_or_create = ("code",)
        skip_postgeneration_save = True

    code = "18k-yellow"
    name = "18 k yellow gold"
    family = models.Metal.Family.YELLOW
    density = Decimal("15.50")

    @factory.post_generation
    def price_per_gram(self, create: bool, extracted: str | None, **kwargs: object) -> None:
        """Since long ago; `price_per_gram=""`: it has none."""
        price = "118.00" if extracted is None else extracted
        if create and price:
            models.MetalPrice.objects.get_or_create(
                metal=self, since_at=LONG_AGO, defaults={"price_per_gram": price}
            )


class MetalPriceFactory(DjangoModelFactory[models.MetalPrice]):
    class Meta:
        model = models.MetalPrice

    metal = factory.SubFactory(MetalFactory)
    price_per_gram = Decimal("130.00")
    since_at = NOW


class MeleePriceFactory(DjangoModelFactory[models.MeleePrice]):
    """Up to 5 mm a small stone costs $9 and $6 to set."""

    class Meta:
        model = models.MeleePrice
        django_get_or_create = ("from_mm",)

    from_mm = Decimal("0.50")
    below_mm = Decimal("5.00")
    stone_price = Decimal("9.00")
    setting_fee = Decimal("6.00")


class HeadFactory(DjangoModelFactory[models.Head]):
    """Six prongs for stones from 6.9 to 7.7 mm; without prongs it is a bezel."""

    class Meta:
        model = models.Head

    code = factory.Sequence(lambda number: f"head-{number}")
    kind = factory.LazyAttribute(lambda head: "prong" if head.prongs else "bezel")
    prongs = 6
    shapes = factory.LazyFunction(lambda: ["round", "oval", "cushion"])
    min_width_mm = Decimal("6.90")
    max_width_mm = Decimal("7.70")
    min_length_mm = factory.SelfAttribute("min_width_mm")
    max_length_mm = factory.SelfAttribute("max_width_mm")
    rise_mm = Decimal("3.20")


class LocationFactory(DjangoModelFactory[models.StoneLocation]):
    class Meta:
        model = models.StoneLocation

    number = factory.LazyAttribute(lambda location: location.setting.locations.count() + 2)
    place = models.StoneLocation.Place.HALF_BAND
    count = factory.LazyAttribute(lambda location: COUNTS[location.place])
    width_mm = Decimal("1.40")
    length_mm = factory.SelfAttribute("width_mm")
    mount = models.StoneLocation.Mount.PAVE


COUNTS = {"half_band": 18, "full_band": 36, "sides": 2, "halo": 0, "hidden_halo": 0}


class SettingFactory(DjangoModelFactory[models.Setting]):
    """In yellow gold, with one head, which `head_...` changes: `head_prongs=4`; `head=False` makes none.

    Its places for other stones are named with their millimeters: `stones={"halo": "1.20"}`.
    """

    class Meta:
        model = models.Setting
        skip_postgeneration_save = True

    code = factory.Sequence(lambda number: f"setting-{number}")
    name = "The Alba"
    style = models.Setting.Style.SOLITAIRE
    line = "Six fine prongs."
    shank_width_mm = Decimal("1.90")
    top_width_mm = Decimal("1.70")
    thickness_mm = Decimal("1.70")
    profile = "round"
    labor_price = Decimal("1480.00")
    min_size = Decimal("3.0")
    max_size = Decimal("10.0")

    @factory.post_generation
    def metals(self, create: bool, extracted: object, **kwargs: object) -> None:
        if create:
            self.metals.set(extracted or [MetalFactory()])

    @factory.post_generation
    def stones(self, create: bool, extracted: dict[str, str] | None, **kwargs: object) -> None:
        if create:
            for place, width in (extracted or {}).items():
                LocationFactory(setting=self, place=place, width_mm=width)
            if extracted:
                MeleePriceFactory()

    @classmethod
    def _create(cls, model_class: Any, *args: Any, head: bool = True, **kwargs: Any) -> Any:
        own = {name: value for name, value in kwargs.items() if not name.startswith("head_")}
        setting = super()._create(model_class, *args, **own)
        if head:
            of_head = {
                name.removeprefix("head_"): value
                for name, value in kwargs.items()
                if name.startswith("head_")
            }
            HeadFactory(setting=setting, **of_head)
        setting.refresh_from_db()
        return setting


class StoneFactory(DjangoModelFactory[models.Stone]):
    """The 1.52 ct round that sits in `SettingFactory`'s head with 0.3 mm to spare."""

    class Meta:
        model = models.Stone

    lab = "GIA"
    report_number = factory.Sequence(lambda number: str(6214000000 + number))
    shape = models.Shape.ROUND
    carat = Decimal("1.52")
    color = "G"
    clarity = "VS1"
    cut = "excellent"
    polish = "excellent"
    symmetry = "excellent"
    fluorescence = "none"
    length_mm = Decimal("7.38")
    width_mm = Decimal("7.34")
    depth_mm = Decimal("4.49")
    depth_pct = Decimal("61.0")
    table_pct = Decimal("57.0")
    crown_angle = Decimal("34.5")
    pavilion_angle = Decimal("40.8")
    girdle_pct = Decimal("3.5")
    price = Decimal("12480.00")
    created_at = NOW
    updated_at = NOW


class SupplierFactory(DjangoModelFactory[models.Supplier]):
    class Meta:
        model = models.Supplier
        django_get_or_create = ("code",)

    code = "north"
    name = "North Cutters"
    feed_format = "generic"


class StoneOfferFactory(DjangoModelFactory[models.StoneOffer]):
    class Meta:
        model = models.StoneOffer

    stone = factory.SubFactory(StoneFactory)
    supplier = factory.SubFactory(SupplierFactory)
    stock_number = factory.Sequence(lambda number: f"N-{number}")
    cost = Decimal("8900.00")
    price = Decimal("12480.00")
    seen_at = NOW


class DesignFactory(DjangoModelFactory[models.Design]):
    """A whole ring, not saved yet."""

    class Meta:
        model = models.Design

    code = factory.LazyFunction(codes.new)
    visitor = factory.SubFactory(VisitorFactory)
    setting = factory.SubFactory(SettingFactory)
    metal = factory.LazyFunction(MetalFactory)
    stone = factory.SubFactory(StoneFactory)
    ring_size = Decimal("6.0")
    engraving = "Ever & always"
    created_at = NOW
    updated_at = NOW
