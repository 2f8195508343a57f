"""The catalog, and the rings that people design from it."""

from builder.models.catalog import (
    Band,
    CatalogVersion,
    Head,
    MeleePrice,
    Metal,
    MetalPrice,
    Setting,
    StoneLocation,
)
from builder.models.designs import (
    Design,
    DesignLink,
    DesignLookup,
    DesignVersion,
    Picture,
)
from builder.models.stones import (
    FeedImport,
    Growth,
    MarkupRule,
    SearchSnapshot,
    Shape,
    Stone,
    StoneOffer,
    Supplier,
)

__all__ = [
    "Band",
    "CatalogVersion",
    "Design",
    "DesignLink",
    "DesignLookup",
    "DesignVersion",
    "FeedImport",
    "Growth",
    "Head",
    "MarkupRule",
    "MeleePrice",
    "Metal",
    "MetalPrice",
    "Picture",
    "SearchSnapshot",
    "Setting",
    "Shape",
    "Stone",
    "StoneLocation",
    "StoneOffer",
    "Supplier",
]
