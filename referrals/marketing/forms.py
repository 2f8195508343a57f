"""What a marketer may set, and what is refused with the way out. Moments are of the house's clock."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms

from jeweler.models import Store
from referrals import what_if
from referrals.managing import LABELS, TERMS
from referrals.models import Campaign, FollowOn, Occasion, Perk, Program, Terms, TermsAmount

MOMENT = {"type": "datetime-local"}
MOST = Decimal(10) ** 7
MILESTONES = 4
_DAYS = {"click_days": 365, "lock_days": 1095, "return_days": 365, "review_days": 60, "credit_days": 1825, "cap": 100, "cap_days": 1095}  # fmt: skip


def moment_field(label: str, *, is_required: bool = True, help_text: str = "") -> forms.DateTimeField:  # fmt: skip
    return forms.DateTimeField(
        required=is_required,
        label=label,
        help_text=help_text,
        widget=forms.DateTimeInput(attrs=MOMENT, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": "This is no moment. Write it as 2026-11-21 14:30."},
    )


class TermsForm(forms.Form):
    """A version that is thought of: what the one in force says, until something is changed."""

    in_force_from = moment_field("In force from", is_required=False, help_text="Empty: at once")
    benchmark = forms.DecimalField(
        label="Beside a discount of, % to both", min_value=0, max_value=50, initial=10, max_digits=4,
        decimal_places=1, help_text="Only for the comparison; nothing is promised by it",
    )  # fmt: skip
    reward = forms.ChoiceField(choices=Terms.Reward.choices, label=LABELS["reward"])
    friend_perk = forms.ModelChoiceField(
        Perk.objects.none(), required=False, empty_label="None", to_field_name="code",
        label=LABELS["friend_perk"],
    )  # fmt: skip
    disclosure = forms.CharField(max_length=200, label=LABELS["disclosure"])

    def __init__(
        self, data: Mapping[str, Any] | None, *, program: Program, present: Terms | None
    ) -> None:
        self.program, self.present = program, present
        super().__init__(data, initial=self._present(), label_suffix="")
        for name, most in _DAYS.items():
            self.fields[name] = forms.IntegerField(
                min_value=1 if name == "cap" else 0,
                max_value=most,
                label=LABELS[name],
                help_text="" if name.startswith("cap") else str(_column(name).help_text),
            )
        perks = self.fields["friend_perk"]
        assert isinstance(perks, forms.ModelChoiceField)
        perks.queryset = Perk.objects.filter(is_offered=True).order_by("name")
        self.currencies = self._currencies()
        for currency in self.currencies:
            for name in ("minimum", "reward", "percent", "most"):
                self.fields[f"{name}_{currency}"] = forms.DecimalField(
                    required=name == "minimum",
                    min_value=0,
                    max_value=50 if name == "percent" else MOST,
                    max_digits=11,
                    decimal_places=3,
                    label=_AMOUNT_LABELS[name],
                )

    def _present(self) -> dict[str, Any]:
        terms = self.present
        if terms is None:
            return {name: _column(name).get_default() for name in _DAYS}
        kept = {name: getattr(terms, name) for name in TERMS}
        kept["friend_perk"] = terms.friend_perk.code if terms.friend_perk else ""
        for row in terms.amounts.all():
            for name in ("minimum", "reward", "percent", "most"):
                value = getattr(row, name)
                kept[f"{name}_{row.currency}"] = None if value is None else value.normalize() + 0
        return kept

    def _currencies(self) -> list[str]:
        """Those of the stores, and those that the terms know."""
        kept = {row.currency for row in self.present.amounts.all()} if self.present else set()
        return sorted(kept | set(Store.objects.values_list("currency", flat=True)))

    @property
    def rows(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The amounts by currency, for the page."""
        return [
            (currency, [self[f"{name}_{currency}"] for name in ("minimum", "reward", "percent", "most")])
            for currency in self.currencies
        ]  # fmt: skip

    @property
    def days(self) -> list[forms.BoundField]:
        return [self[name] for name in _DAYS]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        is_share = said.get("reward") == Terms.Reward.PERCENT
        for currency in self.currencies:
            name = f"{'percent' if is_share else 'reward'}_{currency}"
            if name in said and not said[name]:
                self.add_error(name, "How much? A thank-you of nothing is none.")
        return said

    def terms(self, *, now: datetime) -> tuple[Terms, list[TermsAmount]]:
        """What was said, as rows that nobody has kept yet."""
        said = self.cleaned_data
        values = {name: said[name] for name in TERMS}
        terms = Terms(program=self.program, in_force_from=said["in_force_from"] or now, **values)
        return terms, [
            TermsAmount(
                currency=currency,
                minimum=said[f"minimum_{currency}"],
                reward=said[f"reward_{currency}"] or Decimal(0),
                percent=said[f"percent_{currency}"] or Decimal(0),
                most=said[f"most_{currency}"] or None,
            )
            for currency in self.currencies
        ]

    def proposal(self) -> what_if.Proposal:
        said = self.cleaned_data
        perk = said["friend_perk"]
        return what_if.Proposal(
            **{name: said[name] for name in _DAYS if name != "review_days"},
            is_share=said["reward"] == Terms.Reward.PERCENT,
            amounts={
                currency: what_if.Amount(
                    minimum=said[f"minimum_{currency}"],
                    reward=said[f"reward_{currency}"] or Decimal(0),
                    percent=said[f"percent_{currency}"] or Decimal(0),
                    most=said[f"most_{currency}"] or None,
                )
                for currency in self.currencies
            },
            friend_perk=(perk.cost, perk.currency) if perk else None,
        )


_AMOUNT_LABELS = {
    "minimum": "Minimum",
    "reward": "Fixed thank-you",
    "percent": "or a share, %",
    "most": "of at most",
}


def _column(name: str) -> Any:
    return Terms._meta.get_field(name)


class WeighForm(forms.Form):
    holdout_percent = forms.IntegerField(
        min_value=0, max_value=50, label="Held out of invitations, %",
        help_text="Chosen by lot. What the program adds is seen beside them.",
    )  # fmt: skip
    goods_percent = forms.DecimalField(
        min_value=0, max_value=100, max_digits=5, decimal_places=2,
        label="What goods cost of their price, %",
        help_text="Credit is counted at that, never at its face.",
    )  # fmt: skip


class PerkForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    class Meta:
        model = Perk
        fields = ["name", "code", "kind", "face_value", "cost", "currency", "bench_minutes", "valid_days", "is_offered"]  # fmt: skip
        labels = {
            "code": "Its short name",
            "face_value": "List price",
            "cost": "What it costs the house",
            "bench_minutes": "Minutes at the bench",
            "valid_days": "Days in which it can be used",
            "is_offered": "It can be chosen for terms and milestones",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        used = sorted(set(Store.objects.values_list("currency", flat=True)) | {self.instance.currency or "USD"})  # fmt: skip
        self.fields["currency"] = forms.ChoiceField(choices=[(each, each) for each in used])
        if self.instance.pk:
            self.fields["code"].disabled = True


class CampaignForm(forms.ModelForm):  # type: ignore[type-arg]  # as above
    """A season and its milestones: so many friends, and the perk that they bring."""

    starts_at = moment_field("It begins")
    ends_at = moment_field("It ends", help_text="Orders placed from then on are no longer in it")
    settles_until = moment_field(
        "It is settled", help_text="Who qualifies before then still counts, if her order was placed in time"
    )  # fmt: skip

    class Meta:
        model = Campaign
        fields = ["name", "starts_at", "ends_at", "settles_until"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        kept = list(self.instance.milestones.order_by("count")) if self.instance.pk else []
        self.places = max(MILESTONES, len(kept) + 2)
        offered = Perk.objects.filter(is_offered=True) | Perk.objects.filter(pk__in=[each.perk_id for each in kept])  # fmt: skip
        for place in range(self.places):
            has = kept[place] if place < len(kept) else None
            self.fields[f"count_{place}"] = forms.IntegerField(
                required=False, min_value=1, max_value=500, label="Friends", initial=has.count if has else None,
            )  # fmt: skip
            self.fields[f"perk_{place}"] = forms.ModelChoiceField(
                offered.order_by("name"), required=False, empty_label="–", label="bring her",
                initial=has.perk_id if has else None,
            )  # fmt: skip

    @property
    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"count_{place}"], self[f"perk_{place}"]) for place in range(self.places)]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        starts, ends, settles = (said.get(name) for name in ("starts_at", "ends_at", "settles_until"))  # fmt: skip
        if starts and ends and ends <= starts:
            self.add_error("ends_at", "It ends before it begins. Swap the two.")
        if ends and settles and settles < ends:
            self.add_error("settles_until", "It cannot be settled before it ends.")
        self.milestones: dict[int, Perk] = {}
        for place in range(self.places):
            count, perk = said.get(f"count_{place}"), said.get(f"perk_{place}")
            if bool(count) != bool(perk):
                self.add_error(f"count_{place}", "A milestone needs both: how many friends, and the perk.")  # fmt: skip
            elif count in self.milestones:
                self.add_error(f"count_{place}", "This number stands here twice.")
            elif count and perk:
                self.milestones[count] = perk
        return said


class BenchForm(forms.Form):
    """A week's minutes of a store's bench; without a week, of every week that has no row of its own."""

    store = forms.ModelChoiceField(Store.objects.order_by("name"), to_field_name="code")
    week = forms.DateField(
        required=False, widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Any day of it. Empty: every week without minutes of its own.",
    )  # fmt: skip
    minutes = forms.IntegerField(
        required=False, min_value=0, max_value=20_000, help_text="Empty: no row, so no limit or the usual one"
    )  # fmt: skip

    def clean_week(self) -> Any:
        day = self.cleaned_data["week"]
        return day - timedelta(days=day.weekday()) if day else None


class FollowOnForm(forms.Form):
    occasion = forms.ChoiceField(choices=Occasion.choices)
    years = forms.IntegerField(
        min_value=0, max_value=75, label="Years after it", help_text="0 is the day itself"
    )
    perk = forms.ModelChoiceField(
        Perk.objects.filter(is_offered=True).order_by("name"), required=False, empty_label="None",
        to_field_name="code",
    )  # fmt: skip


class BeginForm(forms.Form):
    name = forms.CharField(max_length=80, label="What guests call it", help_text="Such as Friends of the house")  # fmt: skip


def tiers(program: Program) -> list[FollowOn]:
    return list(program.follow_ons.select_related("perk").order_by("occasion", "years"))
