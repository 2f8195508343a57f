"""The rings that people design, what was saved of them, and who opened them.

Lengths are millimeters, weights carats, prices major units of the house's currency.
"""

from django.db import models
from django.db.models import Q

from builder.models.catalog import Band, Metal, Setting
from builder.models.stones import Stone
from jeweler.models import Customer, EmailMessage, Store, Visitor


class Accents(models.TextChoices):
    """Small diamonds along the band. The empty value: as the setting is shown."""

    NONE = "none", "None"
    HALF = "half", "Half way"
    FULL = "full", "All around"


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
    width_mm = models.DecimalField(
        max_digits=3,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="The band's at the palm; none: as the setting is shown",
    )
    accents = models.CharField(max_length=8, choices=Accents, blank=True)
    band = models.ForeignKey(
        Band,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        help_text="The wedding band she looks at beside it; not in its price",
    )
    name = models.CharField(max_length=60, blank=True, help_text="Hers for it")
    budget = models.CharField(max_length=16, blank=True)
    style = models.CharField(max_length=16, blank=True)
    timeline = models.CharField(max_length=16, blank=True)
    is_discreet = models.BooleanField(default=False, help_text="Plain subjects: it is a secret")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True, blank=True, help_text="First complete summary")
    saved_at = models.DateTimeField(null=True, blank=True, help_text="Last saved by e-mail")
    removed_at = models.DateTimeField(null=True, blank=True, help_text="She took it off her list")
    rested_at = models.DateTimeField(
        null=True, blank=True, help_text="She came, booked or bought: it needs no nudge any more"
    )
    form_hash = models.CharField(
        max_length=64, blank=True, help_text="Of the form by whose posting it was copied"
    )
    next_watch_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When its stone and price are to be looked at next; empty: never again",
    )

    class Meta:
        constraints = [
            # A double click on "make a copy" makes one.
            models.UniqueConstraint(
                fields=["form_hash"], condition=~Q(form_hash=""), name="design_once_per_form"
            )
        ]
        indexes = [
            models.Index(fields=["visitor", "-updated_at"], name="design_of_visitor"),
            models.Index(fields=["customer", "-saved_at"], name="design_of_customer"),
            # The watcher asks for what is due, the longest first; what is looked at never again is not in it.
            models.Index(
                fields=["next_watch_at"],
                name="design_watched_next",
                condition=Q(next_watch_at__isnull=False),
            ),
            models.Index(
                fields=["stone"], name="design_living", condition=Q(saved_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.code


class DesignVersion(models.Model):
    """What was saved, exactly: never changed afterwards, but for her words when she is forgotten. Not whole: it has no price."""

    design = models.ForeignKey(Design, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField()
    setting = models.ForeignKey(Setting, on_delete=models.PROTECT, null=True, blank=True)
    metal = models.ForeignKey(Metal, on_delete=models.PROTECT, null=True, blank=True)
    stone = models.ForeignKey(Stone, on_delete=models.PROTECT, null=True, blank=True)
    ring_size = models.DecimalField(max_digits=3, decimal_places=1, null=True, blank=True)
    engraving = models.CharField(max_length=32, blank=True)
    width_mm = models.DecimalField(max_digits=3, decimal_places=2, null=True, blank=True)
    accents = models.CharField(max_length=8, choices=Accents, blank=True)
    price = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    price_lines = models.JSONField(
        default=list, help_text="[{label, note, amount}], amounts as strings"
    )
    priced_at = models.DateTimeField(
        null=True, help_text="The moment whose prices it was made with"
    )
    price_inputs = models.JSONField(
        default=dict, help_text="What the price was made from (docs/algorithms/pricing.md)"
    )
    price_until_date = models.DateField(
        null=True, blank=True, help_text="The price promise's last day"
    )
    picture_hash = models.CharField(
        max_length=64, blank=True, help_text="Empty until there is a setting to draw"
    )
    description = models.JSONField(default=dict, help_text="docs/algorithms/ring-spec.md")
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["design", "number"], name="design_version_once"),
            models.CheckConstraint(
                condition=Q(setting__isnull=False) | Q(stone__isnull=False),
                name="version_says_something",
            ),
            models.CheckConstraint(
                condition=Q(price__isnull=True, price_until_date__isnull=True)
                | Q(
                    price__isnull=False,
                    price_until_date__isnull=False,
                    setting__isnull=False,
                    metal__isnull=False,
                    stone__isnull=False,
                    ring_size__isnull=False,
                ),
                name="version_is_priced_when_whole",
            ),
        ]
        # Whether a picture is of a saved ring, and of which.
        indexes = [models.Index(fields=["picture_hash"], name="version_of_picture")]

    def __str__(self) -> str:
        return f"{self.design_id} version {self.number}"


class DesignLink(models.Model):
    """A link that opens one design for one purpose until a time. Stored hashed."""

    class Purpose(models.TextChoices):
        RESUME = "resume", "Go on with it on any device"
        SHARE = "share", "Look at it"
        HINT = "hint", "Look at it, as a hint"

    design = models.ForeignKey(Design, on_delete=models.CASCADE, related_name="links")
    purpose = models.CharField(max_length=8, choices=Purpose)
    token_hash = models.CharField(max_length=64, unique=True)
    has_price = models.BooleanField(default=True, help_text="Whether who follows it sees the price")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(purpose="hint") | Q(has_price=False), name="hint_has_no_price"
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.design_id}"


class Hint(models.Model):
    """She let somebody know which ring it is, by mail. Whom, is with the mail alone."""

    design = models.ForeignKey(Design, on_delete=models.CASCADE, related_name="hints")
    link = models.OneToOneField(DesignLink, on_delete=models.CASCADE)
    mail = models.ForeignKey(EmailMessage, on_delete=models.SET_NULL, null=True, blank=True)
    from_name = models.CharField(max_length=60)
    note = models.CharField(max_length=400, blank=True)
    wanted_date = models.DateField(null=True, blank=True, help_text="The day she would wear it")
    sent_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"hint {self.design_id}"


class DesignStep(models.Model):
    """How far a design came in one browser: each step when it was first reached there."""

    class Step(models.TextChoices):
        SETTING = "setting", "A setting chosen"
        STONE = "stone", "A stone chosen"
        RING = "ring", "Metal and size chosen"
        SUMMARY = "summary", "The summary of a whole ring"
        SAVED = "saved", "Saved by e-mail"

    class Entry(models.TextChoices):
        SETTING = "setting", "Setting first"
        STONE = "stone", "Stone first"
        LINK = "link", "A ring's own address"
        SHARED = "shared", "A shared link or hint"
        MAIL = "mail", "Out of her mail"

    design = models.ForeignKey(Design, on_delete=models.CASCADE, related_name="steps")
    visitor = models.ForeignKey(Visitor, on_delete=models.CASCADE, related_name="+")
    step = models.CharField(max_length=8, choices=Step)
    entry = models.CharField(max_length=8, choices=Entry)
    device = models.CharField(max_length=8, choices=Visitor.Device)
    reached_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["design", "visitor", "step"], name="design_step_once")
        ]
        indexes = [models.Index(fields=["reached_at"], name="design_step_by_time")]

    def __str__(self) -> str:
        return f"{self.design_id} {self.step}"


class DesignNotice(models.Model):
    """What a saved design's owner was told of it without having asked: one mail for each kind and version."""

    class Kind(models.TextChoices):
        GONE = "gone", "Its stone was sold or withdrawn"
        DEARER = "dearer", "Its price has risen since the promise ended"
        CHEAPER = "cheaper", "Its price has fallen"
        ENDING = "ending", "Its price promise ends soon"
        PAUSE = "pause", "She has not gone on for a while"

    design = models.ForeignKey(Design, on_delete=models.CASCADE, related_name="notices")
    version = models.ForeignKey(DesignVersion, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=8, choices=Kind)
    price = models.DecimalField(
        max_digits=10, decimal_places=2, null=True, blank=True, help_text="Of that day"
    )
    twins = models.JSONField(
        default=list, help_text="[{stone, words}] that were offered, best first"
    )
    mail = models.ForeignKey(EmailMessage, on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "kind"], name="design_notice_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.design_id}"


class Still(models.Model):
    """The picture of a design that her own browser drew, checked and encoded anew."""

    design = models.ForeignKey(Design, on_delete=models.CASCADE, related_name="stills")
    picture_hash = models.CharField(max_length=64, help_text="Of what it shows")
    image = models.BinaryField(help_text="PNG")
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["design", "picture_hash"], name="still_once")
        ]

    def __str__(self) -> str:
        return f"still of {self.design_id}"


class DesignLookup(models.Model):
    """A saved design was opened for a customer in the showroom: by an associate, or by the till that she stood at."""

    class Key(models.TextChoices):
        EMAIL = "email", "E-mail"
        PHONE = "phone", "Phone"
        CODE = "code", "Design code"
        QR = "qr", "QR"
        REPORT = "report", "Grading report"

    design = models.ForeignKey(Design, on_delete=models.CASCADE, related_name="lookups")
    store = models.ForeignKey(Store, on_delete=models.PROTECT)
    staff = models.ForeignKey(
        "jeweler.StaffMember",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        help_text="Empty: a till asked, which knows no associate",
    )
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
    is_kept = models.BooleanField(
        default=False, help_text="Shown in a mail or on the list of settings: never let go"
    )
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            # The eldest of those that may be let go.
            models.Index(fields=["id"], name="picture_passing", condition=Q(is_kept=False))
        ]

    def __str__(self) -> str:
        return self.hash
