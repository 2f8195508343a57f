"""What somebody says who books a visit: read, checked, and refused with the field and the way out."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from appointments.booking import Contact, Wishes
from jeweler import customers

OCCASIONS = {
    "": "Rather not say",
    "engagement": "A proposal",
    "wedding": "A wedding",
    "anniversary": "An anniversary",
    "gift": "A gift",
    "self": "For myself",
}
WHY_NOT = {
    "": "I would rather not say",
    "time": "The time does not suit",
    "elsewhere": "I found a ring elsewhere",
    "later": "It is too early for me",
    "price": "The price",
}
_NOTE_LENGTH = 1000


class VisitForm(forms.Form):
    """Who comes, and what the associate should know. `region` is that of phone numbers without a country code."""

    name = forms.CharField(max_length=120, error_messages={"required": "What may we call you?"})
    email = forms.CharField(
        max_length=254,
        error_messages={"required": "Where shall we send what will be on the tray? Your e-mail is missing."},
    )  # fmt: skip
    phone = forms.CharField(max_length=32, required=False)
    occasion = forms.ChoiceField(choices=list(OCCASIONS.items()), required=False)
    occasion_date = forms.DateField(
        required=False, error_messages={"invalid": "Write the day like 2027-06-01."}
    )
    is_surprise = forms.BooleanField(required=False)
    note = forms.CharField(
        required=False,
        max_length=_NOTE_LENGTH,
        error_messages={"max_length": f"Up to {_NOTE_LENGTH:,} letters, please; the rest we talk about."},
    )  # fmt: skip

    def __init__(self, *args: Any, region: str, **more: Any) -> None:
        super().__init__(*args, **more)
        self.region = region

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].strip()
        try:
            customers.canonical_email(email)
        except customers.BadEmail as error:
            raise ValidationError(f"{error} Your time stays kept while you look.") from error
        return email

    def clean_phone(self) -> str:
        phone: str = self.cleaned_data["phone"].strip()
        try:
            return customers.canonical_phone(phone, region=self.region) if phone else ""
        except customers.BadPhone as error:
            raise ValidationError(str(error)) from error

    def contact(self, *, language: str = "") -> Contact:
        first, _, last = self.cleaned_data["name"].strip().partition(" ")
        return Contact(
            email=self.cleaned_data["email"], phone=self.cleaned_data["phone"],
            first_name=first, last_name=last.strip(), language=language,
        )  # fmt: skip

    def wishes(self, *, zone: str = "") -> Wishes:
        said = self.cleaned_data
        return Wishes(
            occasion=said["occasion"], occasion_date=said["occasion_date"],
            is_surprise=said["is_surprise"], note=said["note"], zone=zone,
        )  # fmt: skip


class WaitingForm(forms.Form):
    """Who waits for a time, and on which days she could come."""

    name = forms.CharField(max_length=120, error_messages={"required": "What may we call you?"})
    email = forms.CharField(
        max_length=254,
        error_messages={"required": "Where shall we write when a time comes free? Your e-mail is missing."},
    )  # fmt: skip
    since_date = forms.DateField(error_messages={"required": "From which day on could you come?", "invalid": "Write the day like 2027-06-01."})  # fmt: skip
    until_date = forms.DateField(error_messages={"required": "Until which day could you come?", "invalid": "Write the day like 2027-06-01."})  # fmt: skip

    def clean_email(self) -> str:
        try:
            return customers.canonical_email(self.cleaned_data["email"])
        except customers.BadEmail as error:
            raise ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if (
            said.get("since_date")
            and said.get("until_date")
            and said["until_date"] < said["since_date"]
        ):
            self.add_error("until_date", "This day lies before the first one.")
        return said
