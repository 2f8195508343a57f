"""How each till system is reached, and what it calls our stores and customers."""

from django.db import models
from django.db.models import Q

from jeweler.models import Customer, Store


class Connection(models.Model):
    """One till system's way in. Its secrets are encrypted; two stand side by side while they change."""

    class Provider(models.TextChoices):
        STANDARD = "standard", "Standard Webhooks"
        SHOPIFY = "shopify", "Shopify and Shopify POS"
        SQUARE = "square", "Square"
        LIGHTSPEED = "lightspeed", "Lightspeed X-Series"
        BIGCOMMERCE = "bigcommerce", "BigCommerce"
        FILE_DROP = "file_drop", "Files (The Edge, JewelMate)"
        STRIPE = "stripe", "Stripe"

    code = models.SlugField(unique=True, help_text="The `source` of its facts: till:<code>")
    provider = models.CharField(max_length=16, choices=Provider)
    token_hash = models.CharField(max_length=64, unique=True, help_text="Of the URL's last part")
    hook = models.TextField(
        blank=True, help_text="The URL's last part, encrypted, to subscribe it anew"
    )
    secrets = models.JSONField(default=list, help_text="Encrypted, newest first; at most two")
    api_url = models.URLField(blank=True, help_text="Where what changed is asked for")
    api_token = models.TextField(blank=True, help_text="Encrypted")
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, null=True, blank=True, help_text="Empty: the event says it"
    )
    currency = models.CharField(max_length=3, default="USD")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    refusals = models.PositiveIntegerField(
        default=0, help_text="Deliveries whose signature was wrong; nothing else of them is kept"
    )
    last_refusal_at = models.DateTimeField(null=True, blank=True)
    refused_clock_s = models.IntegerField(
        null=True,
        blank=True,
        help_text="By how many seconds the last refused delivery's clock was ahead, if nothing else was wrong with it",
    )
    pulled_until = models.DateTimeField(
        null=True, blank=True, help_text="All that changed there before is in the inbox"
    )
    cursors = models.JSONField(default=dict, blank=True, help_text="Where its lists go on")

    def __str__(self) -> str:
        return self.code

    @property
    def source(self) -> str:
        """How the facts that came this way are signed in the ledger."""
        return f"till:{self.code}"


class Place(models.Model):
    """What a till system calls one of our stores."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="places")
    external_id = models.CharField(max_length=64)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "external_id"], name="place_named_once")
        ]

    def __str__(self) -> str:
        return f"{self.external_id} is {self.store}"


class TillCustomer(models.Model):
    """Whom a till system knows by an id of its own. `joined_into` is the one it says she is now."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="customers")
    external_id = models.CharField(max_length=128)
    customer = models.ForeignKey(
        Customer, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    joined_into = models.CharField(max_length=128, blank=True)
    as_of = models.DateTimeField(help_text="Of the newest report of her")
    erased_at = models.DateTimeField(
        null=True, blank=True, help_text="What was said of her before makes nobody anew"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "external_id"], name="till_customer_once"
            ),
            models.CheckConstraint(
                condition=~Q(joined_into=models.F("external_id")),
                name="till_customer_is_not_joined_into_herself",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.connection_id} {self.external_id}"


class Fetch(models.Model):
    """Something to be asked of a till system's API; what it answers goes through the inbox."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="fetches")
    kind = models.CharField(max_length=16, help_text="order, customer, item …")
    external_id = models.CharField(max_length=128)
    wanted_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    fetched_at = models.DateTimeField(null=True, blank=True)
    dead_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "fetches"
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "kind", "external_id"],
                condition=Q(fetched_at=None, dead_at=None, attempts=0),
                name="fetch_wanted_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="fetch_due",
                condition=Q(fetched_at=None, dead_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id}"


class Alarm(models.Model):
    """Something about a connection that somebody has to see to. One that is open is not raised twice."""

    class Kind(models.TextChoices):
        NO_SECRET = "no_secret", "It has no secret, so everything is refused"
        SILENT = "silent", "Nothing comes from it any more"
        NOT_SUBSCRIBED = "not_subscribed", "The vendor sends to us no longer"
        CLOCK = "clock", "Its clock is wrong"
        CANNOT_PULL = "cannot_pull", "Its API does not answer"
        OVERSOLD = "oversold", "More were sold than lay there"
        UNCLEAR_JOIN = "unclear_join", "Two customers may be one"
        DATA_REQUEST = "data_request", "Somebody asked what is kept of her"
        ERASURE = "erasure", "Somebody asked to be erased"
        OUT_OF_BALANCE = "out_of_balance", "A register's day does not agree with the books"
        GIVEN_UP = "given_up", "Events were given up"

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="alarms")
    kind = models.CharField(max_length=16, choices=Kind)
    subject = models.CharField(max_length=128, blank=True, help_text="A store, an item, a day")
    detail = models.CharField(max_length=500)
    raised_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True, help_text="When the owner was written to")
    cleared_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "kind", "subject"],
                condition=Q(cleared_at=None),
                name="alarm_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.connection_id}: {self.kind} {self.subject}"
