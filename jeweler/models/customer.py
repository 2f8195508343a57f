"""People: who they are, how to reach them, and the browsers they came with.

Only `jeweler.customers` matches people. Merging (`jeweler.merging`) never moves a row: the absorbed customer points at
the one that stands for both, and clearing the pointer is the whole of an unmerge.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class Customer(models.Model):
    """One person, as far as we know."""

    first_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField()
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="absorbed"
    )
    forgotten_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(merged_into=F("id")), name="customer_is_not_merged_into_itself"
            )
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or f"Customer {self.pk}"


class ContactPoint(models.Model):
    """An e-mail address or a phone number of a customer, as typed and in its one canonical form."""

    class Kind(models.TextChoices):
        EMAIL = "email", "E-mail"
        PHONE = "phone", "Phone"

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="contact_points")
    kind = models.CharField(max_length=8, choices=Kind)
    value = models.CharField(max_length=254, help_text="As typed")
    canonical = models.CharField(max_length=254, help_text="Lower-case e-mail, or E.164")
    source = models.CharField(max_length=32, help_text="Where it was typed: design, till, visit")
    created_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "kind", "canonical"], name="contact_point_once_per_customer"
            )
        ]
        # Every look-up of a person goes through the canonical form.
        indexes = [models.Index(fields=["kind", "canonical"], name="contact_point_canonical")]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class CustomerMerge(models.Model):
    """Two customers found to be one person; undone by setting `undone_at`."""

    kept = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="merges_kept")
    absorbed = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="merges_absorbed")
    reason = models.CharField(max_length=200)
    merged_at = models.DateTimeField()
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "merge"
        verbose_name_plural = "merges"
        constraints = [
            models.UniqueConstraint(
                fields=["absorbed"],
                condition=Q(undone_at__isnull=True),
                name="customer_absorbed_once_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.absorbed_id} into {self.kept_id}"


class Visitor(models.Model):
    """A browser, known by a first-party cookie whose token is stored only as a hash."""

    class Device(models.TextChoices):
        PHONE = "phone", "Phone"
        TABLET = "tablet", "Tablet"
        COMPUTER = "computer", "Computer"

    token_hash = models.CharField(max_length=64, unique=True)
    device = models.CharField(max_length=8, choices=Device, default=Device.COMPUTER)
    is_store_device = models.BooleanField(
        default=False, help_text="A showroom's own tablet: never says who is using it"
    )
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    customer = models.ForeignKey(
        Customer, on_delete=models.SET_NULL, null=True, blank=True, related_name="visitors"
    )

    class Meta:
        verbose_name = "browser"
        verbose_name_plural = "browsers"

    def __str__(self) -> str:
        return f"Visitor {self.pk}"


class IdentityEdge(models.Model):
    """Why we believe that this browser is this person's. Never changed, only revoked."""

    class Evidence(models.TextChoices):
        SAVED_DESIGN = "saved_design", "Saved a design by e-mail"
        MAGIC_LINK = "magic_link", "Opened the link from her mail"
        BOOKING = "booking", "Booked a visit"
        CHECKOUT = "checkout", "Bought online"
        INTRODUCED = "introduced", "Kept a friend's introduction"

    visitor = models.ForeignKey(Visitor, on_delete=models.CASCADE, related_name="edges")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="edges")
    evidence = models.CharField(max_length=16, choices=Evidence)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["customer"], name="identity_edge_customer")]

    def __str__(self) -> str:
        return f"{self.visitor_id} is {self.customer_id}: {self.evidence}"
