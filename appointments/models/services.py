"""What a visit can be for."""

from django.db import models
from django.db.models import Q

from jeweler.models import Store


class Service(models.Model):
    """A kind of visit: how long, how early, how often, and what it takes."""

    class Place(models.TextChoices):
        STORE = "store", "In the showroom"
        VIDEO = "video", "By video"

    code = models.SlugField(unique=True)
    name = models.CharField(max_length=60)
    promise = models.CharField(max_length=200, blank=True, help_text="One sentence for the shopper")
    place = models.CharField(max_length=8, choices=Place, default=Place.STORE)
    minutes = models.PositiveSmallIntegerField(default=60)
    after_minutes = models.PositiveSmallIntegerField(
        default=15, help_text="To set things back in order, after the visit and never before it"
    )
    step_minutes = models.PositiveSmallIntegerField(
        default=30, help_text="Between two starts that are offered, counted from midnight"
    )
    lead_minutes = models.PositiveIntegerField(default=120, help_text="Booked no later than this")
    horizon_days = models.PositiveSmallIntegerField(default=90)
    most_per_day = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="In one store on one of its days. Empty: no limit"
    )
    takes_room = models.BooleanField(default=True)
    takes_pieces = models.BooleanField(default=True, help_text="Stones may be promised to it")
    stores = models.ManyToManyField(Store, related_name="services", blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    is_offered = models.BooleanField(default=True, help_text="To shoppers; else by staff only")

    class Meta:
        ordering = ["position", "code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    minutes__range=(5, 480), after_minutes__lte=240, step_minutes__range=(5, 240),
                    horizon_days__range=(1, 366),
                ) & (Q(most_per_day__isnull=True) | Q(most_per_day__gt=0)),
                name="service_is_sane",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name
