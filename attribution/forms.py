"""What a marketer may ask of the figures, and what is refused with the way out."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django import forms

from attribution.channels import Channel
from attribution.crediting import CreditModel
from attribution.reports import Scope, Slice
from attribution.reports.journeys import WHY
from jeweler.access import stores_of
from jeweler.models import StaffMember

USUAL_DAYS = 13 * 7
LONGEST_DAYS = 5 * 366


class ScopeForm(forms.Form):
    """The period, the stores and the model. What is left out takes its usual value."""

    sold_from = forms.DateField(
        required=False,
        label="Sold from",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": "This is no day. Write it as 2026-11-21."},
    )
    sold_to = forms.DateField(
        required=False,
        label="to",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": "This is no day. Write it as 2026-11-21."},
    )
    model = forms.ChoiceField(required=False, label="Model", choices=CreditModel.choices)
    store = forms.ChoiceField(required=False, label="Stores")

    def __init__(self, data: Mapping[str, Any], *, member: StaffMember, today: date) -> None:
        self.member, self.today = member, today
        self.stores = {store.code: store for store in stores_of(member)}
        usual = {
            "sold_from": today - timedelta(days=USUAL_DAYS - 1),
            "sold_to": today,
            "model": CreditModel.LAST.value,
            "store": "",
        }
        self.usual = usual
        super().__init__(
            {name: data.get(name) or value for name, value in usual.items()}, auto_id="scope-%s"
        )
        every = "All stores and the web" if member.sees_all_stores else "All of mine"
        self.fields["store"].choices = [  # type: ignore[attr-defined]
            ("", every),
            *((code, store.name) for code, store in self.stores.items()),
        ]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        start, end = values.get("sold_from"), values.get("sold_to")
        if start and end and start > end:
            self.add_error("sold_from", "The first day is after the last. Swap the two.")
        elif start and end and (end - start).days > LONGEST_DAYS:
            self.add_error("sold_from", "This is more than five years. Choose a shorter period.")
        return values

    def scope(self) -> Scope:
        """What was asked for; for what was refused, the usual."""
        chosen = {name: self.cleaned_data.get(name) or value for name, value in self.usual.items()}
        if self.errors:
            chosen = {**self.usual, "store": chosen["store"], "model": chosen["model"]}
        store = self.stores.get(str(chosen["store"]))
        everything = None if self.member.sees_all_stores else self.stores.values()
        allowed = [store] if store else everything
        return Scope(
            start_date=chosen["sold_from"],  # type: ignore[arg-type]
            end_date=chosen["sold_to"],  # type: ignore[arg-type]
            model=CreditModel(str(chosen["model"])),
            store_ids=None if allowed is None else frozenset(one.pk for one in allowed),
        )

    def query(self) -> dict[str, str]:
        """The choices as an address has them."""
        scope = self.scope()
        store = self.cleaned_data.get("store") or ""
        chosen = {
            "sold_from": scope.start_date.isoformat(),
            "sold_to": scope.end_date.isoformat(),
            "model": scope.model.value,
        }
        return chosen | ({"store": store} if store else {})


class SliceForm(forms.Form):
    """Which sales of a scope; what is not known narrows nothing."""

    channel = forms.ChoiceField(required=False, choices=Channel.choices)
    campaign = forms.CharField(required=False, max_length=200, strip=False)
    where = forms.ChoiceField(required=False, choices=[("web", "Online"), ("store", "In a store")])
    thread = forms.ChoiceField(
        required=False,
        choices=[("found", "Credited"), ("none", "No thread found"), ("refunded", "Refunded")],
    )
    why = forms.ChoiceField(required=False, choices=list(WHY.items()))

    def slice(self, data: Mapping[str, Any]) -> Slice:
        self.full_clean()
        values = self.cleaned_data
        term = str(data["term"])[:200].replace("\0", "") if "term" in data else None
        return Slice(
            channel=values.get("channel", ""),
            campaign=values.get("campaign", ""),
            term=term,
            where=values.get("where", ""),
            thread=values.get("thread", ""),
            why=values.get("why", ""),
        )
