"""What the ring builder announces."""

from dataclasses import dataclass

from jeweler.outbox import Event


@dataclass(frozen=True, kw_only=True)
class DesignSaved(Event):
    """A shopper saved her design by e-mail. `visitor_id` is None when an associate saved it."""

    design_id: int
    version_id: int
    customer_id: int
    visitor_id: int | None


@dataclass(frozen=True, kw_only=True)
class BuilderCompleted(Event):
    """A shopper reached the summary of a complete ring in this browser for the first time."""

    design_id: int
    visitor_id: int


@dataclass(frozen=True, kw_only=True)
class DesignLookedUp(Event):
    """An associate opened a saved design in a showroom."""

    design_id: int
    lookup_id: int
    store_id: int


@dataclass(frozen=True, kw_only=True)
class StoneSold(Event):
    stone_id: int
    sale_id: int


@dataclass(frozen=True, kw_only=True)
class SavedStonesWithdrawn(Event):
    """Stones are not to be had any more: an import left saved ones without an offer, or a store counted one no more."""

    stone_ids: list[int]
