"""What brought her in, what she did, and which touch is credited with what she spent."""

from django.db import models
from django.db.models import Q

from attribution.channels import Channel
from attribution.crediting import CreditModel
from jeweler.models import Customer, Refund, Sale, Store, Visitor


class Touchpoint(models.Model):
    """One arrival of a browser from outside, as its first request said."""

    visitor = models.ForeignKey(Visitor, on_delete=models.CASCADE, related_name="touchpoints")
    occurred_at = models.DateTimeField()
    channel = models.CharField(max_length=24, choices=Channel)
    source = models.CharField(max_length=200)
    medium = models.CharField(max_length=200)
    campaign = models.CharField(max_length=200, blank=True)
    term = models.CharField(max_length=200, blank=True)
    content = models.CharField(max_length=200, blank=True)
    click_id_kind = models.CharField(max_length=16, blank=True, help_text="gclid, fbclid, msclkid")
    click_id = models.CharField(max_length=500, blank=True)
    referrer_host = models.CharField(max_length=253, blank=True)
    landing_path = models.CharField(max_length=500)
    is_opted_out = models.BooleanField(
        default=False, help_text="The browser said Sec-GPC: 1; never passed on to an ad network"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["visitor", "click_id_kind", "click_id"],
                condition=~Q(click_id=""),
                name="touchpoint_once_per_click",
            )
        ]
        indexes = [
            # A journey is read in order, visitor by visitor.
            models.Index(fields=["visitor", "occurred_at"], name="touchpoint_journey"),
            # The dashboard counts the visits of a period.
            models.Index(fields=["occurred_at"], name="touchpoint_time"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.campaign} {self.occurred_at:%Y-%m-%d %H:%M}"


class Conversion(models.Model):
    """Something she did that is worth money: saved, completed, was looked up, bought.

    A sale's conversion is worth its merchandise without tax. The others keep the price of the ring
    that they were about, for information; only sales are credited.
    """

    class Kind(models.TextChoices):
        DESIGN_SAVED = "design_saved", "Saved a design"
        BUILDER_COMPLETED = "builder_completed", "Completed a ring"
        DESIGN_LOOKED_UP = "design_looked_up", "Design opened in the showroom"
        APPOINTMENT_BOOKED = "appointment_booked", "Booked a visit"
        SALE = "sale", "Bought"

    kind = models.CharField(max_length=24, choices=Kind)
    key = models.CharField(max_length=64, unique=True, help_text="What it was: sale:12, design:7")
    occurred_at = models.DateTimeField()
    customer = models.ForeignKey(Customer, on_delete=models.SET_NULL, null=True, blank=True)
    visitor = models.ForeignKey(Visitor, on_delete=models.SET_NULL, null=True, blank=True)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, blank=True)
    design_code = models.CharField(max_length=16, blank=True)
    sale = models.OneToOneField(
        Sale, on_delete=models.CASCADE, null=True, blank=True, related_name="conversion"
    )
    value = models.DecimalField(max_digits=14, decimal_places=3, default=0)
    currency = models.CharField(max_length=3)
    counted_at = models.DateTimeField(help_text="When it was last derived from the facts")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="sale", sale__isnull=False)
                | (~Q(kind="sale") & Q(sale__isnull=True)),
                name="conversion_of_sale_has_sale",
            )
        ]
        indexes = [models.Index(fields=["kind", "occurred_at"], name="conversion_kind_time")]

    def __str__(self) -> str:
        return self.key


class Credit(models.Model):
    """A share of a sale, or of a refund of it, given to a touch by a model.

    Without a touchpoint the share is unattributed: no thread was found. For each sale and model the
    amounts sum to the conversion's value; for each refund they sum to minus its amount without tax.
    A share counts on the day of the sale, or of the refund, in the zone of the store.
    """

    conversion = models.ForeignKey(Conversion, on_delete=models.CASCADE, related_name="credits")
    refund = models.ForeignKey(Refund, on_delete=models.CASCADE, null=True, blank=True)
    model = models.CharField(max_length=16, choices=CreditModel)
    touchpoint = models.ForeignKey(Touchpoint, on_delete=models.SET_NULL, null=True, blank=True)
    amount = models.DecimalField(max_digits=14, decimal_places=3)
    local_date = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversion", "refund", "model", "touchpoint"],
                nulls_distinct=False,
                name="credit_once_per_touch",
            )
        ]
        # Every figure of the dashboard is a sum over days.
        indexes = [models.Index(fields=["model", "local_date"], name="credit_day")]

    def __str__(self) -> str:
        return f"{self.conversion_id} {self.model} {self.amount}"


class AdSpend(models.Model):
    """What a day of a term cost, as imported."""

    date = models.DateField()
    channel = models.CharField(max_length=24, choices=Channel)
    source = models.CharField(max_length=200)
    campaign = models.CharField(max_length=200, blank=True)
    term = models.CharField(max_length=200, blank=True)
    clicks = models.PositiveIntegerField(default=0)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3, default="USD")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["date", "source", "campaign", "term"], name="ad_spend_once_per_day"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="ad_spend_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.campaign} {self.term}"
