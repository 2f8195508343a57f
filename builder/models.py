"""The catalog, and the rings that people design from it.

Lengths are millimeters, weights carats, prices major units of the house's currency.
"""

from django.db import models
from django.db.models import F, Q

from builder import compatibility
from jeweler.models import Customer, Store, Visitor


class Shape(models.TextChoices):
    ROUND = "round", "Round"
    OVAL = "oval", "Oval"
    CUSHION = "cushion", "Cushion"
    PRINCESS = "princess", "Princess"
    EMERALD = "emerald", "Emerald"
    ASSCHER = "asscher", "Asscher"
    RADIANT = "radiant", "Radiant"
    PEAR = "pear", "Pear"
    MARQUISE = "marquise", "Marquise"
    HEART = "heart", "Heart"


class Metal(models.Model):
    """What a ring is cast in."""

    class Family(models.TextChoices):
        YELLOW = "yellow", "Yellow gold"
        ROSE = "rose", "Rose gold"
        WHITE = "white", "White gold"
        PLATINUM = "platinum", "Platinum"

    code = models.SlugField(unique=True, help_text="Such as 18k-yellow")
    name = models.CharField(max_length=64, help_text="18 k yellow gold")
    family = models.CharField(max_length=16, choices=Family)
    density = models.DecimalField(max_digits=5, decimal_places=2, help_text="g/cm³")
    price_per_gram = models.DecimalField(max_digits=9, decimal_places=2)
    position = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class Setting(models.Model):
    """A ring without its center stone, described by its parameters (docs/algorithms/ring-spec.md)."""

    class Style(models.TextChoices):
        SOLITAIRE = "solitaire", "Solitaire"
        PAVE = "pave", "Pavé"
        HALO = "halo", "Halo"
        THREE_STONE = "three_stone", "Three stone"
        BEZEL = "bezel", "Bezel"

    code = models.SlugField(unique=True)
    name = models.CharField(max_length=64, help_text="The Alba")
    style = models.CharField(max_length=16, choices=Style)
    line = models.CharField(max_length=200, help_text="One sentence about it")
    shapes = models.JSONField(help_text='Shapes its head takes, such as ["round", "oval"]')
    head_kind = models.CharField(max_length=16, help_text="prong or bezel")
    prongs = models.PositiveSmallIntegerField(default=0)
    head_metal = models.CharField(
        max_length=16, choices=Metal.Family, blank=True, help_text="Empty: as the ring"
    )
    min_width_mm = models.DecimalField(max_digits=4, decimal_places=2, help_text="Of the stone")
    max_width_mm = models.DecimalField(max_digits=4, decimal_places=2)
    max_length_mm = models.DecimalField(max_digits=4, decimal_places=2)
    rise_mm = models.DecimalField(
        max_digits=4, decimal_places=2, help_text="From the shank's top to the girdle"
    )
    shank_width_mm = models.DecimalField(max_digits=4, decimal_places=2)
    top_width_mm = models.DecimalField(max_digits=4, decimal_places=2)
    thickness_mm = models.DecimalField(max_digits=4, decimal_places=2)
    profile = models.CharField(max_length=8, help_text="round, flat or knife")
    accent_kind = models.CharField(max_length=16, default="none")
    accent_mm = models.DecimalField(max_digits=4, decimal_places=2, default=0)
    accent_count = models.PositiveSmallIntegerField(default=0)
    accent_price = models.DecimalField(max_digits=9, decimal_places=2, default=0)
    halo_mm = models.DecimalField(max_digits=4, decimal_places=2, default=0)
    side_stone_mm = models.DecimalField(max_digits=4, decimal_places=2, default=0)
    labor_price = models.DecimalField(
        max_digits=9, decimal_places=2, help_text="Making and setting"
    )
    min_size = models.DecimalField(max_digits=3, decimal_places=1, default=3, help_text="US")
    max_size = models.DecimalField(max_digits=3, decimal_places=1, default=10)
    engraving_limit = models.PositiveSmallIntegerField(
        default=16, help_text="0: cannot be engraved"
    )
    lead_days = models.PositiveSmallIntegerField(default=20, help_text="Working days to make it")
    metals = models.ManyToManyField(Metal, related_name="settings")
    position = models.PositiveSmallIntegerField(default=0)
    is_offered = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(min_width_mm__lte=F("max_width_mm"))
                & Q(max_width_mm__lte=F("max_length_mm")),
                name="setting_envelope_is_sane",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def head(self) -> compatibility.Head:
        return compatibility.Head(
            kind=self.head_kind,
            prongs=self.prongs,
            shapes=self.shapes,
            min_width_mm=self.min_width_mm,
            max_width_mm=self.max_width_mm,
            max_length_mm=self.max_length_mm,
            rise_mm=self.rise_mm,
            thickness_mm=self.thickness_mm,
            min_size=self.min_size,
            max_size=self.max_size,
        )


class Band(models.Model):
    """A wedding band that lies beside a ring."""

    code = models.SlugField(unique=True)
    name = models.CharField(max_length=64)
    width_mm = models.DecimalField(max_digits=4, decimal_places=2)
    thickness_mm = models.DecimalField(max_digits=4, decimal_places=2)
    profile = models.CharField(max_length=8, help_text="straight or curved")
    accent_kind = models.CharField(max_length=16, default="none")
    price = models.DecimalField(max_digits=9, decimal_places=2)
    position = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class Supplier(models.Model):
    """Who offers stones. `aliases` maps this supplier's spellings: {"shape": {"R": "round"}}."""

    code = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    feed_format = models.CharField(max_length=32, blank=True, help_text="rapnet or generic")
    aliases = models.JSONField(default=dict, blank=True)
    columns = models.JSONField(
        default=dict, blank=True, help_text="Generic CSV: our field to their column"
    )
    markup = models.DecimalField(
        max_digits=5, decimal_places=3, default=1, help_text="Shop price = feed price × this"
    )

    def __str__(self) -> str:
        return self.name


class Stone(models.Model):
    """One real stone, known by its grading report. What it costs and where it is: its offers."""

    class Growth(models.TextChoices):
        NATURAL = "natural", "Natural"
        LAB = "lab", "Lab-grown"

    class Status(models.TextChoices):
        AVAILABLE = "available", "Available"
        HELD = "held", "Held"
        SOLD = "sold", "Sold"
        WITHDRAWN = "withdrawn", "Withdrawn"

    lab = models.CharField(max_length=8, help_text="GIA, IGI, AGS, HRD, GCAL")
    report_number = models.CharField(max_length=32)
    growth = models.CharField(max_length=8, choices=Growth, default=Growth.NATURAL)
    shape = models.CharField(max_length=16, choices=Shape)
    carat = models.DecimalField(max_digits=5, decimal_places=2)
    color = models.CharField(max_length=4, help_text="D to Z; empty for fancy colors", blank=True)
    fancy_color = models.CharField(max_length=48, blank=True)
    clarity = models.CharField(max_length=4)
    cut = models.CharField(max_length=12, blank=True, help_text="excellent, very_good, good, fair")
    polish = models.CharField(max_length=12, blank=True)
    symmetry = models.CharField(max_length=12, blank=True)
    fluorescence = models.CharField(max_length=12, blank=True, help_text="none … very_strong")
    length_mm = models.DecimalField(max_digits=5, decimal_places=2)
    width_mm = models.DecimalField(max_digits=5, decimal_places=2)
    depth_mm = models.DecimalField(max_digits=5, decimal_places=2)
    depth_pct = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)
    table_pct = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)
    crown_angle = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)
    pavilion_angle = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)
    girdle_pct = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)
    report_url = models.URLField(blank=True, max_length=500)
    status = models.CharField(max_length=12, choices=Status, default=Status.AVAILABLE)
    price = models.DecimalField(
        max_digits=10, decimal_places=2, null=True, help_text="Of its cheapest available offer"
    )
    store = models.ForeignKey(
        Store,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        help_text="Empty: at the supplier's",
    )
    sold_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lab", "report_number"], name="stone_one_per_report"),
            models.CheckConstraint(
                condition=Q(
                    carat__gt=0, width_mm__gt=0, depth_mm__gt=0, length_mm__gte=F("width_mm")
                ),
                name="stone_measures_are_sane",
            ),
            models.CheckConstraint(
                condition=~Q(status="available") | Q(price__isnull=False),
                name="stone_on_offer_has_a_price",
            ),
            models.CheckConstraint(
                condition=Q(status="sold", sold_at__isnull=False)
                | (~Q(status="sold") & Q(sold_at__isnull=True)),
                name="stone_sold_has_a_time",
            ),
        ]
        indexes = [
            # The stone list walks price or carat and leaves out what the filters exclude.
            models.Index(
                fields=["price", "id"], name="stone_by_price", condition=Q(status="available")
            ),
            models.Index(
                fields=["carat", "price", "id"],
                name="stone_by_carat",
                condition=Q(status="available"),
            ),
            # The till names a stone by its report alone.
            models.Index(fields=["report_number"], name="stone_report_number"),
        ]

    def __str__(self) -> str:
        return f"{self.carat} ct {self.shape}, {self.lab} {self.report_number}"

    @property
    def measures(self) -> compatibility.StoneMeasures:
        return compatibility.StoneMeasures(
            shape=self.shape,
            carat=self.carat,
            length_mm=self.length_mm,
            width_mm=self.width_mm,
            depth_mm=self.depth_mm,
        )


class StoneOffer(models.Model):
    """One supplier's offer of a stone."""

    stone = models.ForeignKey(Stone, on_delete=models.CASCADE, related_name="offers")
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="offers")
    stock_number = models.CharField(max_length=64)
    cost = models.DecimalField(max_digits=10, decimal_places=2, help_text="The feed's total price")
    price = models.DecimalField(max_digits=10, decimal_places=2, help_text="What we ask")
    seen_at = models.DateTimeField(help_text="Last feed that had it")
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "stock_number"], name="offer_once_per_stock_number"
            ),
            models.CheckConstraint(condition=Q(cost__gt=0, price__gt=0), name="offer_costs_money"),
        ]

    def __str__(self) -> str:
        return f"{self.supplier_id} {self.stock_number}"


class FeedImport(models.Model):
    """One run of a supplier's feed and its report."""

    supplier = models.ForeignKey(Supplier, on_delete=models.CASCADE, related_name="imports")
    file_name = models.CharField(max_length=200)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    report = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.file_name} {self.started_at:%Y-%m-%d %H:%M}"


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
