"""Who brought whom: advocates and their codes, the touches of friends, and referrals with the log that their state follows from."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from jeweler.models import Customer, Sale, Store, Visitor
from referrals.models.program import Program, Terms


class Advocate(models.Model):
    """A customer with a link, a QR and a code to give away."""

    customer = models.OneToOneField(Customer, on_delete=models.PROTECT, related_name="advocate")
    code = models.CharField(max_length=16, unique=True, help_text="As referrals.codes stores it")
    joined_at = models.DateTimeField()
    ends_at = models.DateTimeField(
        null=True, blank=True, help_text="From then on the code is good for nothing"
    )
    suspended_at = models.DateTimeField(
        null=True, blank=True, help_text="New touches are not taken, and what is pending is held"
    )
    suspended_because = models.CharField(max_length=280, blank=True, default="")
    shows_first_name = models.BooleanField(
        default=False, help_text="She agreed that friends read her first name where they arrive"
    )
    note = models.CharField(
        max_length=280,
        blank=True,
        default="",
        help_text="Her own words to whoever arrives by her link",
    )

    def __str__(self) -> str:
        return self.code


class VanityCode(models.Model):
    """A word of her own that stands for her code, once somebody of the house has approved it."""

    class State(models.TextChoices):
        ASKED = "asked", "Asked for"
        APPROVED = "approved", "Approved"
        REFUSED = "refused", "Refused"
        RETIRED = "retired", "Retired"

    advocate = models.ForeignKey(Advocate, on_delete=models.PROTECT, related_name="vanity_codes")
    text = models.CharField(max_length=20, help_text="Upper case letters and digits")
    state = models.CharField(max_length=8, choices=State, default=State.ASKED)
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            # A retired word stays taken, so that it leads nobody to another; releasing it deletes its row after 24 months.
            models.UniqueConstraint(
                fields=["text"], condition=~Q(state="refused"), name="vanity_code_once"
            ),
            models.UniqueConstraint(
                fields=["advocate"],
                condition=Q(state__in=["asked", "approved"]),
                name="vanity_code_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state="asked", decided_at=None)
                | (~Q(state="asked") & Q(decided_at__isnull=False)),
                name="vanity_code_decided_says_when",
            ),
        ]

    def __str__(self) -> str:
        return self.text


class AdvocateLink(models.Model):
    """The key to an advocate's own page, as it was mailed to her. Only its hash is kept."""

    advocate = models.ForeignKey(Advocate, on_delete=models.CASCADE, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Link of advocate {self.advocate_id}"


class Invitation(models.Model):
    """Whether a happy customer was asked to bring friends, once, or by lot was not: the hold-out that shows what it adds."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="invitations")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="invitations")
    is_held_out = models.BooleanField()
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["program", "customer"], name="invited_once")]

    def __str__(self) -> str:
        return f"Customer {self.customer_id} {'held out' if self.is_held_out else 'invited'}"


class Share(models.Model):
    """An advocate passed her link on, as far as her own page can tell."""

    class Way(models.TextChoices):
        SHEET = "sheet", "Share sheet"
        COPY = "copy", "Copied"
        QR = "qr", "QR"
        CARD = "card", "Printed card"

    advocate = models.ForeignKey(Advocate, on_delete=models.PROTECT, related_name="shares")
    way = models.CharField(max_length=8, choices=Way)
    at = models.DateTimeField()
    network_hash = models.CharField(
        max_length=64, blank=True, default="", help_text="As of a touch: where she herself is"
    )
    agent_hash = models.CharField(max_length=64, blank=True, default="")

    def __str__(self) -> str:
        return f"Advocate {self.advocate_id} by {self.way}"


class Touch(models.Model):
    """A friend came by an advocate's link or code. Never changed but to forget whose it was, never deleted (see 0005)."""

    class Channel(models.TextChoices):
        LINK = "link", "Link"
        QR = "qr", "QR"
        KIOSK = "kiosk", "Showroom tablet"
        COUNTER = "counter", "Counter"
        TILL = "till", "Till"
        INVOICE = "invoice", "Invoice"
        NAME = "name", "By name"
        WEB = "web", "Typed online"

    advocate = models.ForeignKey(Advocate, on_delete=models.PROTECT, related_name="touches")
    channel = models.CharField(max_length=8, choices=Channel)
    at = models.DateTimeField()
    visitor = models.ForeignKey(
        Visitor, on_delete=models.SET_NULL, null=True, blank=True, related_name="referral_touches",
        help_text="Of whom nobody knew yet who she is",
    )  # fmt: skip
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="referral_touches"
    )
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, blank=True)
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    network_hash = models.CharField(
        max_length=64, blank=True, default="", help_text="Keyed hash of the shortened address"
    )
    agent_hash = models.CharField(max_length=64, blank=True, default="")
    is_broadcast = models.BooleanField(
        default=False, help_text="It came by a paid click or from a coupon site"
    )

    class Meta:
        verbose_name_plural = "touches"
        indexes = [
            models.Index(fields=["visitor", "at"], name="touch_of_visitor"),
            models.Index(fields=["customer", "at"], name="touch_of_customer"),
            models.Index(fields=["advocate", "at"], name="touch_of_advocate"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} of advocate {self.advocate_id}"


class Referral(models.Model):
    """A friend who is bound to the advocate of her first valid touch. What it is follows from its events (ReferralEvent)."""

    class State(models.TextChoices):
        IDENTIFIED = "identified", "Known"
        PENDING_PAYMENT = "pending_payment", "Ordered, not paid in full"
        PURCHASED = "purchased", "Paid, not handed over"
        IN_RETURN_WINDOW = "in_return_window", "Paid, may be returned"
        ON_HOLD = "on_hold", "Held for review"
        QUALIFIED = "qualified", "Qualified"
        UNREWARDED = "unrewarded", "Qualified beyond the cap"
        REWARDED = "rewarded", "Rewarded"
        CLAWED_BACK = "clawed_back", "Taken back"
        REVERSED = "reversed", "Reversed"
        REJECTED = "rejected", "Rejected"
        EXPIRED = "expired", "Ended without an order"
        SUPERSEDED = "superseded", "Another stands for it"

    advocate = models.ForeignKey(Advocate, on_delete=models.PROTECT, related_name="referrals")
    friend = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="referrals")
    terms = models.ForeignKey(Terms, on_delete=models.PROTECT, related_name="referrals")
    touch = models.ForeignKey(
        Touch, on_delete=models.PROTECT, null=True, blank=True, related_name="referrals"
    )
    locked_at = models.DateTimeField()
    lock_ends_at = models.DateTimeField(
        help_text="An order placed before then is hers to thank for"
    )
    time_zone = models.CharField(max_length=64, help_text="By whose midnights its days end")
    surprise_until = models.DateField(
        null=True, blank=True, help_text="Until that day has come, the advocate sees no trace of it"
    )
    # What follows from the events, written by referrals.following alone.
    state = models.CharField(max_length=16, choices=State, default=State.IDENTIFIED)
    reason = models.CharField(max_length=32, blank=True, default="")
    sale = models.ForeignKey(
        Sale, on_delete=models.PROTECT, null=True, blank=True, related_name="referrals"
    )
    net = models.DecimalField(max_digits=14, decimal_places=3, null=True, blank=True)
    qualify_at = models.DateTimeField(null=True, blank=True)
    look_at = models.DateTimeField(
        null=True, blank=True, help_text="When time alone may change it; empty: it never will"
    )
    closed_at = models.DateTimeField(null=True, blank=True, help_text="Nothing changes it any more")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["friend"],
                condition=Q(closed_at=None) | Q(state__in=["reversed", "unrewarded"]),
                name="referral_one_alive_per_friend",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None)
                | Q(state__in=["rejected", "expired", "reversed", "superseded", "unrewarded"]),
                name="referral_closed_has_ended",
            ),
        ]
        indexes = [
            models.Index(
                fields=["look_at"], condition=Q(look_at__isnull=False), name="referral_look_at"
            ),
            models.Index(fields=["sale"], name="referral_sale"),
        ]

    def __str__(self) -> str:
        return f"Referral {self.pk}"


class ReferralEvent(models.Model):
    """A fact about a referral, once by its key. Never changed, never deleted (a trigger, see 0005)."""

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=24)
    key = models.CharField(max_length=80, help_text="Such as payment:17:captured")
    at = models.DateTimeField(help_text="When it happened, which may be long before it was known")
    data = models.JSONField(default=dict, blank=True)
    recorded_at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["referral", "key"], name="referral_event_once")
        ]

    def __str__(self) -> str:
        return f"{self.referral_id}: {self.key}"


class Review(models.Model):
    """Why a referral is held, and what somebody of the house decided. It is never let go by waiting."""

    class State(models.TextChoices):
        OPEN = "open", "Waits"
        APPROVED = "approved", "Approved"
        DECLINED = "declined", "Declined"

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="reviews")
    reason = models.CharField(max_length=24, help_text="Such as VELOCITY or SAME_CARD")
    score = models.PositiveSmallIntegerField(default=0)
    signals = models.JSONField(default=list, blank=True, help_text="Each: code, points, words")
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    escalated_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    note = models.CharField(max_length=280, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["referral", "reason"], condition=Q(state="open"), name="review_open_once"
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at=None, decided_by=None)
                | (~Q(state="open") & Q(decided_at__isnull=False, decided_by__isnull=False) & ~Q(note="")),
                name="review_decided_says_who_and_why",
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["due_at"], condition=Q(state="open"), name="review_due")]

    def __str__(self) -> str:
        return f"{self.reason} of referral {self.referral_id}"


class ReferralChange(models.Model):
    """What needs two people: another advocate for a friend, or a referral in spite of a hard rule. One asks, another decides."""

    class Kind(models.TextChoices):
        REASSIGN = "reassign", "Another advocate"
        OVERRIDE = "override", "In spite of a rule"

    class State(models.TextChoices):
        OPEN = "open", "Waits"
        APPROVED = "approved", "Approved"
        DECLINED = "declined", "Declined"

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=8, choices=Kind)
    advocate = models.ForeignKey(
        Advocate, on_delete=models.PROTECT, related_name="+", help_text="Whose it is to be"
    )
    reason = models.CharField(max_length=280)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=280, blank=True, default="")

    class Meta:
        permissions = [("override_hard", "Can ask for a referral in spite of a hard rule")]
        constraints = [
            models.UniqueConstraint(
                fields=["referral"], condition=Q(state="open"), name="referral_change_one_at_a_time"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="referral_change_says_why"),
            models.CheckConstraint(
                condition=Q(state="open", decided_at=None, decided_by=None)
                | (~Q(state="open") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="referral_change_decided_says_who",
            ),
            # Two people: nobody approves what she asked for.
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")),
                name="referral_change_needs_two",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for referral {self.referral_id}"
