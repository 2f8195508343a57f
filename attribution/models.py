"""What brought her in, what she did, and which touch is credited with what she spent."""

from django.db import models
from django.db.models import Q

from jeweler.models import Customer, Refund, Sale, Store, Visitor


class Channel(models.TextChoices):
    """GA4's default channel group, and AI assistants beside it (facts: attribution)."""

    DIRECT = "direct", "Direct"
    CROSS_NETWORK = "cross_network", "Cross-network"
    PAID_SHOPPING = "paid_shopping", "Paid shopping"
    PAID_SEARCH = "paid_search", "Paid search"
    PAID_SOCIAL = "paid_social", "Paid social"
    PAID_VIDEO = "paid_video", "Paid video"
    DISPLAY = "display", "Display"
    PAID_OTHER = "paid_other", "Paid, other"
    ORGANIC_SHOPPING = "organic_shopping", "Organic shopping"
    ORGANIC_SOCIAL = "organic_social", "Organic social"
    ORGANIC_VIDEO = "organic_video", "Organic video"
    ORGANIC_SEARCH = "organic_search", "Organic search"
    AI_ASSISTANT = "ai_assistant", "AI assistants"
    REFERRAL = "referral", "Referral"
    EMAIL = "email", "E-mail"
    AFFILIATES = "affiliates", "Affiliates"
    AUDIO = "audio", "Audio"
    SMS = "sms", "SMS"
    MOBILE_PUSH = "mobile_push", "Mobile push"
    UNASSIGNED = "unassigned", "Unassigned"


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

    class Meta:
        # A journey is read in order, visitor by visitor.
        indexes = [models.Index(fields=["visitor", "occurred_at"], name="touchpoint_journey")]

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
    """

    class Model(models.TextChoices):
        FIRST = "first", "First touch"
        LAST = "last", "Last touch"

    conversion = models.ForeignKey(Conversion, on_delete=models.CASCADE, related_name="credits")
    refund = models.ForeignKey(Refund, on_delete=models.CASCADE, null=True, blank=True)
    model = models.CharField(max_length=16, choices=Model)
    touchpoint = models.ForeignKey(Touchpoint, on_delete=models.SET_NULL, null=True, blank=True)
    amount = models.DecimalField(max_digits=14, decimal_places=3)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversion", "refund", "model", "touchpoint"],
                nulls_distinct=False,
                name="credit_once_per_touch",
            )
        ]

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
