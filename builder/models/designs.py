"""The rings that people design, what was saved of them, and who opened them.

Lengths are millimeters, weights carats, prices major units of the house's currency.
"""

from django.db import models

from builder.models.catalog import Metal, Setting
from builder.models.stones import Stone
from jeweler.models import Customer, Store, Visitor


class Design(models.Model):
    """A ring in the making. Its columns are the present state; every save writes a version."""

    code = models.CharField(max_length=16, unique=True, help_text="Said aloud: OS-7K4Q-2M9")
    visitor = models.ForeignKey(
        Visitor, on_delete=models.SET_NULL, null=True, blank=True, related_name="designs"
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.SET_NULL, null=True, blank=True, related_name="designs"
    )
    store = models.ForeignKey(
        Store, on_delete=models.SET_NULL, null=True, blank=True, help_text="The showroom she chose"
    )
    setting = models.ForeignKey(Setting, on_delete=models.PROTECT, null=True, blank=True)
    metal = models.ForeignKey(Metal, on_delete=models.PROTECT, null=True, blank=True)
    stone = models.ForeignKey(Stone, on_delete=models.PROTECT, null=True, blank=True)
    ring_size = models.DecimalField(
        max_digits=3, decimal_places=1, null=True, blank=True, help_text="US"
    )
    engraving = models.CharField(max_length=32, blank=True)
    budget = models.CharField(max_length=16, blank=True)
    style = models.CharField(max_length=16, blank=True)
    timeline = models.CharField(max_length=16, blank=True)
    is_discreet = models.BooleanField(default=False, help_text="Plain subjects: it is a secret")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True, blank=True, help_text="First complete summary")
    saved_at = models.DateTimeField(null=True, blank=True, help_text="Last saved by e-mail")

    class Meta:
        indexes = [models.Index(fields=["visitor", "-updated_at"], name="design_of_visitor")]

    def __str__(self) -> str:
        return self.code


class DesignVersion(models.Model):
    """What was saved, exactly: never changed afterwards."""

    design = models.ForeignKey(Design, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField()
    setting = models.ForeignKey(Setting, on_delete=models.PROTECT)
    metal = models.ForeignKey(Metal, on_delete=models.PROTECT)
    stone = models.ForeignKey(Stone, on_delete=models.PROTECT)
    ring_size = models.DecimalField(max_digits=3, decimal_places=1)
    engraving = models.CharField(max_length=32, blank=True)
    price = models.DecimalField(max_digits=10, decimal_places=2)
    price_lines = models.JSONField(help_text="[{label, note, amount}], amounts as strings")
    priced_at = models.DateTimeField(
        null=True, help_text="The moment whose prices it was made with"
    )
    price_inputs = models.JSONField(
        default=dict, help_text="What the price was made from (docs/algorithms/pricing.md)"
    )
    price_until_date = models.DateField(help_text="The price promise's last day")
    picture_hash = models.CharField(max_length=64)
    description = models.JSONField(help_text="docs/algorithms/ring-spec.md")
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["design", "number"], name="design_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.design_id} version {self.number}"


class DesignLink(models.Model):
    """A link out of a mail: opens one design for one purpose until a time. Stored hashed."""

    class Purpose(models.TextChoices):
        RESUME = "resume", "Go on with it on any device"
        SHARE = "share", "Look at it"

    design = models.ForeignKey(Design, on_delete=models.CASCADE, related_name="links")
    purpose = models.CharField(max_length=8, choices=Purpose)
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.purpose} {self.design_id}"


class DesignLookup(models.Model):
    """An associate opened a saved design for a customer in the showroom."""

    class Key(models.TextChoices):
        EMAIL = "email", "E-mail"
        PHONE = "phone", "Phone"
        CODE = "code", "Design code"
        QR = "qr", "QR"

    design = models.ForeignKey(Design, on_delete=models.CASCADE, related_name="lookups")
    store = models.ForeignKey(Store, on_delete=models.PROTECT)
    staff = models.ForeignKey("jeweler.StaffMember", on_delete=models.PROTECT)
    key = models.CharField(max_length=8, choices=Key)
    opened_at = models.DateTimeField()

    class Meta:
        # A sale in the same store asks whose design was opened there lately.
        indexes = [models.Index(fields=["store", "opened_at"], name="lookup_in_store")]

    def __str__(self) -> str:
        return f"{self.design_id} in {self.store_id}"


class Picture(models.Model):
    """What a picture's address stands for, so that only rings somebody designed are ever drawn."""

    hash = models.CharField(max_length=64, unique=True, help_text="pictures.content_hash")
    description = models.JSONField(help_text="docs/algorithms/ring-spec.md")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.hash
