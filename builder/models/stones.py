"""The stones: what their reports say, who offers them, and the feeds they come from.

Lengths are millimeters, weights carats, prices major units of the house's currency. The stone list searches the whole numbers
that the database makes of them: carats, millimeters and ratios in hundredths, percentages in tenths, prices in cents.
"""

from typing import Any

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Cast, Replace, Round, Upper

from builder import compatibility
from jeweler.models import Store


def _whole(expression: Any, field: "type[models.IntegerField[Any, Any]]") -> Any:
    """A column that the database fills with a whole number made of others."""
    return models.GeneratedField(
        expression=Cast(Round(expression), field()), output_field=field(null=True), db_persist=True
    )


def _bare(column: str) -> Any:
    """A number as the stone list compares it: capitals, no spaces or dashes."""
    without_spaces = Replace(F(column), Value(" "), Value(""))
    return Upper(Replace(without_spaces, Value("-"), Value("")))


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


class Growth(models.TextChoices):
    NATURAL = "natural", "Natural"
    LAB = "lab", "Lab-grown"


class Supplier(models.Model):
    """Who offers stones. `aliases` maps this supplier's spellings: {"shape": {"R": "round"}}."""

    code = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    feed_format = models.CharField(max_length=32, blank=True, help_text="How its files are written")
    aliases = models.JSONField(default=dict, blank=True)
    columns = models.JSONField(
        default=dict, blank=True, help_text="Our field to their column, or to =value for every row"
    )
    markup = models.DecimalField(
        max_digits=5,
        decimal_places=3,
        default=1,
        help_text="Shop price = feed price × this, where no markup rule says otherwise",
    )
    delivery_days = models.PositiveSmallIntegerField(
        default=3, help_text="Working days until an ordered stone lies on our bench"
    )
    memo_email = models.EmailField(
        blank=True, help_text="Who is asked to lend a stone for a visit; empty: they are phoned"
    )
    reprice_asked_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="Its rules changed then, and a worker has not yet worked out the prices",
    )

    def __str__(self) -> str:
        return self.name


class MarkupRule(models.Model):
    """What we ask for stones of a supplier by what they cost. No two rules cover one stone: the database refuses it."""

    supplier = models.ForeignKey(Supplier, on_delete=models.CASCADE, related_name="markup_rules")
    growth = models.CharField(max_length=8, choices=Growth)
    cost_from = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    cost_below = models.DecimalField(
        max_digits=10, decimal_places=2, null=True, blank=True, help_text="Empty: no end"
    )
    factor = models.DecimalField(max_digits=5, decimal_places=3)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(factor__gt=0)
                & (Q(cost_below__isnull=True) | Q(cost_from__lt=F("cost_below"))),
                name="markup_rule_is_sane",
            ),
            ExclusionConstraint(
                name="markup_rules_never_overlap",
                expressions=[
                    ("supplier", RangeOperators.EQUAL),
                    ("growth", RangeOperators.EQUAL),
                    (
                        Func(
                            F("cost_from"),
                            F("cost_below"),
                            RangeBoundary(),
                            function="numrange",
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supplier_id} {self.growth} from {self.cost_from}"


class Stone(models.Model):
    """One real stone, known by its grading report. What it costs and where it is: its offers."""

    Growth = Growth

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
    fancy_color = models.CharField(max_length=48, blank=True, help_text="As reported, in words")
    fancy_hue = models.CharField(
        max_length=12, blank=True, default="", db_default="", help_text="yellow, pink, blue …"
    )
    fancy_intensity = models.CharField(
        max_length=16,
        blank=True,
        default="",
        db_default="",
        help_text="gemology.INTENSITIES, from faint to fancy_vivid",
    )
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
    delivery_days = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Working days until it lies on our bench; 0 in a store"
    )
    carat_points = _whole(F("carat") * 100, models.IntegerField)
    price_cents = _whole(F("price") * 100, models.BigIntegerField)
    length_hundredths = _whole(F("length_mm") * 100, models.IntegerField)
    width_hundredths = _whole(F("width_mm") * 100, models.IntegerField)
    depth_hundredths = _whole(F("depth_mm") * 100, models.IntegerField)
    ratio_hundredths = _whole(F("length_mm") * 100 / F("width_mm"), models.IntegerField)
    depth_tenths = _whole(F("depth_pct") * 10, models.IntegerField)
    table_tenths = _whole(F("table_pct") * 10, models.IntegerField)
    changed_xid = models.BigIntegerField(
        editable=False,
        default=0,
        db_default=0,
        help_text="The transaction that last changed it (a trigger sees to it); search snapshots ask for it",
    )
    promised_until = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="The end of the last visit it is promised to",
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
                fields=["price_cents", "id"], name="stone_by_price", condition=Q(status="available")
            ),
            models.Index(
                fields=["carat_points", "price_cents", "id"],
                name="stone_by_carat",
                condition=Q(status="available"),
            ),
            # Shoppers type a number without its spaces and dashes.
            models.Index(_bare("report_number"), name="stone_report_bare"),
            # The till names a stone by its report alone.
            models.Index(fields=["report_number"], name="stone_report_number"),
            # Every process asks twice a second which stones changed since its snapshot.
            models.Index(fields=["changed_xid"], name="stone_changed"),
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
    seen_at = models.DateTimeField(help_text="Last feed that said something new of it")
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "stock_number"], name="offer_once_per_stock_number"
            ),
            models.CheckConstraint(condition=Q(cost__gt=0, price__gt=0), name="offer_costs_money"),
        ]
        indexes = [models.Index(_bare("stock_number"), name="offer_stock_bare")]

    def __str__(self) -> str:
        return f"{self.supplier_id} {self.stock_number}"


class FeedImport(models.Model):
    """One run of a supplier's feed and its report."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting for a worker"
        READING = "reading", "Reading the file"
        APPLYING = "applying", "Changing the catalog"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped: too many stones would be gone"
        FAILED = "failed", "The file could not be read"

    supplier = models.ForeignKey(Supplier, on_delete=models.CASCADE, related_name="imports")
    file_name = models.CharField(max_length=200)
    feed_format = models.CharField(max_length=32, blank=True)
    upload = models.FileField(
        upload_to="feeds/", blank=True, help_text="Kept until it is read, then deleted"
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    is_trial = models.BooleanField(default=False, help_text="Report and change nothing")
    may_shrink = models.BooleanField(
        default=False, help_text="Import even if more than 20 % of the stones are gone"
    )
    state = models.CharField(max_length=12, choices=State, default=State.DONE)
    total_bytes = models.BigIntegerField(default=0)
    read_bytes = models.BigIntegerField(default=0)
    read_rows = models.IntegerField(default=0)
    step = models.PositiveSmallIntegerField(
        default=0, help_text="Of the catalog's change: feeds.progress.STEPS, from 1"
    )
    attempts = models.PositiveSmallIntegerField(
        default=0, help_text="How often a worker began; one that was killed begins again"
    )
    refused_rows = models.FileField(
        upload_to="feeds/", blank=True, help_text="What was refused and why, as CSV"
    )
    error = models.TextField(blank=True, help_text="What was wrong, and the way out")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    report = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.file_name} {self.started_at:%Y-%m-%d %H:%M}"


class SearchSnapshot(models.Model):
    """The stones on offer as bitmaps, built by a worker and loaded by every web process."""

    built_at = models.DateTimeField()
    horizon_xid = models.BigIntegerField(
        help_text="Changes of this transaction and of later ones may be missing in it"
    )
    stones = models.IntegerField()
    payload = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.stones} stones at {self.built_at:%Y-%m-%d %H:%M:%S}"
