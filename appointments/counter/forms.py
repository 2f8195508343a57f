"""What the staff type about visits. Times are on the store's wall."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from appointments.booking import Contact
from appointments.models import Appointment, Associate, Service
from builder import codes
from builder.models import Design
from jeweler.models import Store

NO_SUCH_TIME = "The clocks are changed at that time: there is no such minute on this day. Choose another."  # fmt: skip


class WalkInForm(forms.Form):
    """Somebody is here, or on the telephone. No time: now."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    first_name = forms.CharField(max_length=100, required=False, label="First name")
    last_name = forms.CharField(max_length=100, required=False, label="Last name")
    email = forms.CharField(max_length=254, required=False, label="E-mail")
    phone = forms.CharField(max_length=32, required=False, label="Phone")
    service = forms.ModelChoiceField(Service.objects.none(), label="For", empty_label=None)
    associate = forms.ModelChoiceField(
        Associate.objects.none(), required=False, label="With", empty_label="Whoever is free"
    )
    at = forms.TimeField(
        required=False, label="At", widget=forms.TimeInput(attrs={"type": "time", "step": "300"}),
        error_messages={"invalid": "Write the time as 14:30, or leave it empty for now."},
    )  # fmt: skip
    code = forms.CharField(max_length=16, required=False, label="Her design’s code")

    def __init__(
        self,
        data: Any = None,
        *,
        store: Store,
        day: date,
        is_today: bool = True,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=initial, label_suffix="")
        self.store, self.day, self.is_today = store, day, is_today
        self._choices("service").queryset = services_of(store)
        self._choices("associate").queryset = associates_of(store)

    def offering(self, associates: Sequence[Associate]) -> "WalkInForm":
        """Drawn with these associates, and with services that are read once: Django asks for them each time that it looks."""
        nobody = [("", self._choices("associate").empty_label)]
        choices: dict[str, list[tuple[Any, Any]]] = {
            "associate": [*nobody, *((each.pk, str(each)) for each in associates)],
            "service": [(each.pk, str(each)) for each in services_of(self.store)],
        }
        for name, told in choices.items():
            widget = self.fields[name].widget
            assert isinstance(widget, forms.Select)
            widget.choices = told
        return self

    def _choices(self, name: str) -> "forms.ModelChoiceField[Any]":
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        return field

    def clean_at(self) -> datetime | None:
        at: time | None = self.cleaned_data["at"]
        if at is None and not self.is_today:
            raise ValidationError("Write the time: this is not today’s page.")
        return on_the_wall(self.day, at, zone=self.store.zone) if at else None

    def clean_code(self) -> Design | None:
        text = self.cleaned_data["code"].strip()
        if not text:
            return None
        try:
            design = Design.objects.filter(code=codes.read(text)).select_related("stone").first()
        except codes.NotACode as error:
            raise ValidationError(f"{error}.") from error
        if design is None:
            raise ValidationError("No design has this code. Check it letter by letter.")
        return design

    def contact(self) -> Contact:
        names = ("email", "phone", "first_name", "last_name")
        return Contact(**{name: self.cleaned_data[name].strip() for name in names})


def blank(*, store: Store, day: date) -> WalkInForm:
    """An empty one, whose key makes of two posts one visit."""
    return WalkInForm(store=store, day=day, initial={"key": uuid.uuid4()})


class MoveForm(forms.Form):
    """Another time or associate in the same store; left out, each stays."""

    day = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))
    at = forms.TimeField(
        widget=forms.TimeInput(attrs={"type": "time", "step": "300"}, format="%H:%M"),
        error_messages={"invalid": "Write the time as 14:30."},
    )
    associate = forms.ModelChoiceField(Associate.objects.none(), label="With", empty_label=None)

    def __init__(self, data: Any = None, *, visit: Appointment) -> None:
        wall = visit.starts_at.astimezone(visit.store.zone)
        usual = {"day": wall.date(), "at": wall.time(), "associate": visit.associate_id}
        super().__init__(data, initial=usual, label_suffix="")
        self.visit = visit
        field = self.fields["associate"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = associates_of(visit.store, also=visit.associate_id)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("day") and said.get("at"):
            try:
                said["starts_at"] = on_the_wall(said["day"], said["at"], zone=self.visit.store.zone)
            except ValidationError as error:
                self.add_error("at", error)
        return said


class OutcomeForm(forms.Form):
    """What came of it."""

    outcome = forms.ChoiceField(
        choices=Appointment.Outcome, widget=forms.RadioSelect,
        error_messages={"required": "Choose what came of the visit."},
    )  # fmt: skip
    lost_reason = forms.CharField(max_length=80, required=False, label="Why not")
    tried = forms.TypedMultipleChoiceField(
        required=False, coerce=int, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: Any = None, *, visit: Appointment) -> None:
        super().__init__(data, label_suffix="")
        field = self.fields["tried"]
        assert isinstance(field, forms.TypedMultipleChoiceField)
        field.choices = [(str(pk), str(pk)) for pk in visit.designs.values_list("pk", flat=True)]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("outcome") == Appointment.Outcome.LOST and not said.get("lost_reason"):
            self.add_error("lost_reason", "Say in a few words why it is not for her.")
        return said


class WordsForm(forms.Form):
    """A line of text, such as why a visit is cancelled."""

    said = forms.CharField(
        max_length=200, strip=True, error_messages={"required": "Say in a few words why."}
    )


def services_of(store: Store) -> Any:
    """What can be had in the store, by staff too."""
    return Service.objects.filter(Q(stores=None) | Q(stores=store)).distinct()


def associates_of(store: Store, also: int | None = None) -> Any:
    """Who ever works in the store."""
    works = Q(shifts__store=store) | Q(changes__store=store) | Q(pk=also)
    return Associate.objects.filter(works).distinct().order_by("name", "pk")


def on_the_wall(day: date, at: time, *, zone: ZoneInfo) -> datetime:
    """The moment at which the store's wall shows this time. Raises ValidationError on the night that lacks it."""
    moment = datetime.combine(day, at, tzinfo=zone)
    there = moment.astimezone(ZoneInfo("UTC")).astimezone(zone)
    if (there.date(), there.time()) != (day, at):
        raise ValidationError(NO_SUCH_TIME)
    return moment.astimezone(ZoneInfo("UTC"))
