"""The house's showrooms and the people who work in them."""

import zoneinfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models


def check_time_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(f"{name!r} is no IANA time zone; use one such as America/New_York")


class PriceMode(models.TextChoices):
    """How prices are told to shoppers."""

    SHOWN = "shown", "Shown"
    RANGE = "range", "As a range"
    ON_REQUEST = "on_request", "On request"


class TaxDisplay(models.TextChoices):
    """How tax is worded beside a price."""

    ADDED = "added", "Added to the shown price"
    INCLUDED = "included", "Included in the shown price"


class Store(models.Model):
    """A showroom. Its zone rules its opening hours and dates, its region the phones typed there."""

    code = models.SlugField(unique=True, help_text="Short and lasting, such as nyc-lispenard")
    name = models.CharField(max_length=100)
    street = models.CharField(max_length=200)
    city = models.CharField(max_length=100)
    region = models.CharField(max_length=2, help_text="ISO country of local phone numbers: US")
    time_zone = models.CharField(max_length=64, validators=[check_time_zone])
    currency = models.CharField(max_length=3, default="USD")
    phone = models.CharField(max_length=32, blank=True)
    price_mode = models.CharField(
        max_length=12, choices=PriceMode, default=PriceMode.SHOWN, help_text="Of its designs"
    )
    tax_display = models.CharField(max_length=12, choices=TaxDisplay, default=TaxDisplay.ADDED)
    tax_pct = models.DecimalField(
        max_digits=6,
        decimal_places=4,
        default=0,
        help_text="Sales tax or VAT. 0: worked out at the till",
    )
    is_open = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)


class StaffMember(models.Model):
    """What one log-in may see and do. A log-in without this row sees no staff page at all."""

    class Role(models.TextChoices):
        ASSOCIATE = "associate", "Sales associate"
        MANAGER = "manager", "Store manager"
        MARKETER = "marketer", "Marketer"
        OWNER = "owner", "Owner"

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="staff_member"
    )
    role = models.CharField(max_length=16, choices=Role)
    stores = models.ManyToManyField(Store, blank=True, related_name="staff")
    sees_all_stores = models.BooleanField(
        default=False, help_text="Marketers and owners: figures of every store"
    )

    class Meta:
        verbose_name = "member of staff"
        verbose_name_plural = "staff"

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"
