"""Real rows of the builder: one ring that fits together, and what a test changes about it."""

from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from builder import codes, models
from tests.factories.jeweler import NOW, VisitorFactory


class MetalFactory(DjangoModelFactory[models.Metal]):
    class Meta:
        model = models.Metal
        django_get_or_create = ("code",)

    code = "18k-yellow"
    name = "18 k yellow gold"
    family = models.Metal.Family.YELLOW
    density = Decimal("15.50")
    price_per_gram = Decimal("118.00")


class SettingFactory(DjangoModelFactory[models.Setting]):
    """Six prongs for stones from 6.9 to 7.7 mm, in yellow gold."""

    class Meta:
        model = models.Setting
        skip_postgeneration_save = True

    code = factory.Sequence(lambda number: f"setting-{number}")
    name = "The Alba"
    style = models.Setting.Style.SOLITAIRE
    line = "Six fine prongs."
    shapes = factory.LazyFunction(lambda: ["round", "oval", "cushion"])
    head_kind = "prong"
    prongs = 6
    min_width_mm = Decimal("6.90")
    max_width_mm = Decimal("7.70")
    max_length_mm = Decimal("7.70")
    rise_mm = Decimal("3.20")
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
