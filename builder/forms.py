"""What shoppers send: read, checked, and refused with the field and the way out."""

from dataclasses import dataclass
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from builder import engraving, search, sizes, states, variation
from builder.designs import Choices
from builder.models import Band, Design, Metal, Setting, Stone
from jeweler import customers

INTENTS = {
    "budget": (
        "A budget",
        {"": "Open", "5000": "To $5,000", "10000": "To $10,000", "20000": "To $20,000", "more": "More"},
    ),
    "style": (
        "A style",
        {"": "Not sure", "quiet": "Quiet", "classic": "Classic", "sparkling": "Sparkling"},
    ),
    "timeline": (
        "A date",
        {"": "None", "month": "In a month", "quarter": "In three", "later": "Later"},
    ),
}  # fmt: skip


class Unreadable(ValueError):
    """A field does not say anything we could do."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    value: str
    label: str
    is_given: bool


@dataclass(frozen=True, kw_only=True)
class Question:
    name: str
    head: str
    answers: list[Answer]


def choices(posted: QueryDict) -> Choices:
    """The choices among the posted fields; an empty setting, stone or size takes the choice back.

    A size that is typed in her own words (`size_said`) wins over the one on the ruler.
    """
    read: Choices = {}
    if "setting" in posted:
        read["setting"] = _setting(posted.get("setting", ""))
    if "metal" in posted:
        read["metal"] = _metal(posted.get("metal", ""))
    if "stone" in posted:
        read["stone"] = _stone(posted.get("stone", ""))
    said = posted.get("size_said", "").strip()
    if said or "ring_size" in posted:
        read["ring_size"] = _size(
            said or posted.get("ring_size", ""), system=posted.get("size_system", "")
        )
    if "engraving" in posted:
        read["engraving"] = engraving.tidied(posted.get("engraving", ""))
    if "width" in posted:
        read["width_mm"] = _width(posted.get("width", ""))
    if "accents" in posted:
        read["accents"] = _accents(posted.get("accents", ""))
    if "band" in posted:
        read["band"] = _band(posted.get("band", ""))
    return read


def parts(state: states.State) -> Choices:
    """A ring of an address as choices: all of it, so that what it does not have is taken back."""
    return {
        "setting": state.setting,
        "metal": state.metal,
        "stone": state.stone,
        "ring_size": state.ring_size,
        "width_mm": state.width_mm,
        "accents": state.accents,
        "engraving": state.engraving,
        "band": state.band,
    }


def intent(posted: QueryDict) -> Choices:
    """Budget, style and timeline, as far as they are given."""
    read: Choices = {}
    for name in ("budget", "style", "timeline"):
        if (answer := posted.get(name)) is not None:
            if answer not in INTENTS[name][1]:
                raise Unreadable(f"The {name} is none of those we ask for. Choose one of them.")
            read[name] = answer
    return read


def questions(design: Design | None) -> list[Question]:
    """What we ask about her wishes, with her answers so far."""
    return [
        Question(
            name=name,
            head=head,
            answers=[
                Answer(
                    value=value,
                    label=label,
                    is_given=value == (getattr(design, name) if design else ""),
                )
                for value, label in answers.items()
            ],
        )
        for name, (head, answers) in INTENTS.items()
    ]


class SaveForm(forms.Form):
    """Save my design: where to, and whether the subject must give nothing away."""

    email = forms.CharField(
        max_length=254,
        error_messages={
            "required": "Where shall we send it? Your e-mail address is missing.",
            "max_length": "That address is too long to be one. Please look at it again.",
        },
    )
    is_discreet = forms.BooleanField(required=False)

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].strip()
        try:
            customers.canonical_email(email)
        except customers.BadEmail as error:
            raise ValidationError(f"{error} We keep your ring open while you look.") from error
        return email


def _setting(code: str) -> Setting | None:
    if not code:
        return None
    offered = Setting.objects.filter(is_offered=True)
    found = offered.filter(code=code).first() if search.CODE.fullmatch(code) else None
    if found is None:
        raise Unreadable("We no longer make this setting. Choose one of those on this page.")
    return found


def _metal(code: str) -> Metal:
    found = Metal.objects.filter(code=code).first() if search.CODE.fullmatch(code) else None
    if found is None:
        raise Unreadable("We do not work in this metal. Choose one of those on this page.")
    return found


def _stone(key: str) -> Stone | None:
    if not key:
        return None
    found = Stone.objects.filter(pk=key).first() if key.isdecimal() and len(key) < 19 else None
    if found is None:
        raise Unreadable("We do not know this stone. Choose one of those on this page.")
    return found


def _width(text: str) -> Decimal | None:
    if not text.strip():
        return None
    width = variation.read_width(text)
    if width is None:
        raise Unreadable("This is no width that a band has. Choose one of those on this page.")
    return width


def _accents(text: str) -> str:
    if text and text not in variation.ACCENTS:
        raise Unreadable("We do not set diamonds this way. Choose one of those on this page.")
    return text


def _band(code: str) -> Band | None:
    if not code:
        return None
    found = Band.objects.filter(code=code).first() if search.CODE.fullmatch(code) else None
    if found is None:
        raise Unreadable("We no longer make this band. Choose one of those on this page.")
    return found


def _size(text: str, *, system: str) -> Decimal | None:
    if not text.strip():
        return None
    try:
        return sizes.read(text, system=system)
    except sizes.Unreadable as error:
        raise Unreadable(str(error)) from error
