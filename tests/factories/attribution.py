"""Real rows of attribution."""

from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from attribution import models
from attribution.channels import Channel
from tests.factories.jeweler import NOW, VisitorFactory


class TouchpointFactory(DjangoModelFactory[models.Touchpoint]):
    """A click on an ad beside a search."""

    class Meta:
        model = models.Touchpoint

    visitor = factory.SubFactory(VisitorFactory)
    occurred_at = NOW
    channel = Channel.PAID_SEARCH
    source = "google"
    medium = "cpc"
    campaign = "Engagement rings, New York"
    term = "oval engagement ring nyc"
    click_id_kind = "gclid"
    click_id = factory.Sequence(lambda number: f"click-{number}")
    landing_path = "/"


class AdSpendFactory(DjangoModelFactory[models.AdSpend]):
    class Meta:
        model = models.AdSpend

    date = NOW.date()
    channel = Channel.PAID_SEARCH
    source = "google"
    campaign = "Engagement rings, New York"
    term = "oval engagement ring nyc"
    clicks = 12
    amount = Decimal("100.00")
