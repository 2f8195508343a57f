"""What the till's API takes and gives, for the schema at /api/v1/schema/; a test holds the answers to it."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import serializers

from pos_bridge.providers.standard import KINDS
from referrals.introducing import Outcome
from referrals.models import CreditHold


class ProblemSerializer(serializers.Serializer[Any]):
    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What is wrong, and the way out")


class LogInSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(help_text="For the other calls, until `ends_at`")
    ends_at = serializers.DateTimeField()
    till = serializers.CharField()
    store = serializers.CharField(help_text="Its code")
    currency = serializers.CharField()


class PartSerializer(serializers.Serializer[Any]):
    what = serializers.CharField()
    said = serializers.CharField()
    note = serializers.CharField()
    is_open = serializers.BooleanField(help_text="Still to be chosen")


class PlacedStoneSerializer(serializers.Serializer[Any]):
    lab = serializers.CharField()
    report_number = serializers.CharField()
    report_url = serializers.CharField()
    status = serializers.CharField()
    place = serializers.CharField(help_text="Where it is, and how long it takes to get it")


class PricedLineSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]  # DRF keeps fields elsewhere
    note = serializers.CharField()
    amount = serializers.CharField(allow_null=True, help_text="null: included")


class TillDesignSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    title = serializers.CharField()
    version = serializers.IntegerField()
    saved_at = serializers.DateTimeField()
    parts = PartSerializer(many=True)
    stone = PlacedStoneSerializer(allow_null=True)
    currency = serializers.CharField()
    price = serializers.CharField(allow_null=True, help_text="As it was saved, without tax")
    lines = PricedLineSerializer(many=True, help_text="Add up to the price")
    price_until_date = serializers.DateField(allow_null=True)
    promise = serializers.CharField()
    today = serializers.CharField(help_text="The same ring's price now, in words")
    is_gone = serializers.BooleanField(help_text="Its stone was sold or withdrawn")


class KeySerializer(serializers.Serializer[Any]):
    """Exactly one of them, whole."""

    email = serializers.CharField(required=False)
    phone = serializers.CharField(required=False)
    code = serializers.CharField(required=False, help_text="Of a design that she hands over")


class FoundSerializer(serializers.Serializer[Any]):
    customer = serializers.CharField(help_text="Her handle: this till's, for 12 hours")
    initials = serializers.CharField()
    contacts = serializers.ListField(child=serializers.CharField(), help_text="Covered")
    designs = serializers.ListField(child=serializers.CharField(), help_text="Codes")


class PeopleSerializer(serializers.Serializer[Any]):
    customers = FoundSerializer(many=True)


class CodeSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    initials = serializers.CharField()


class AskIntroductionSerializer(serializers.Serializer[Any]):
    customer = serializers.CharField(help_text="Her handle, who was sent")
    code = serializers.CharField(help_text="Her friend's")
    sale = serializers.CharField(
        required=False,
        help_text="The ticket in hand, once it was reported; else what she orders next",
    )


class IntroductionSerializer(serializers.Serializer[Any]):
    outcome = serializers.ChoiceField(choices=[(each.value, each.value) for each in Outcome])
    said = serializers.CharField(help_text="In words for the screen; never whose friend she is")


class BalanceSerializer(serializers.Serializer[Any]):
    currency = serializers.CharField()
    available = serializers.CharField()
    available_minor = serializers.IntegerField()
    held = serializers.CharField()
    held_minor = serializers.IntegerField()
    last_date = serializers.DateField(allow_null=True, help_text="When the first of it ends")


class CreditLineSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=list(KINDS), required=False)
    quantity = serializers.IntegerField(required=False)
    price_minor = serializers.IntegerField(help_text="Each, before discounts; or `price`")
    net_minor = serializers.IntegerField(required=False, help_text="Of the line; or `net`")


class AskHoldSerializer(serializers.Serializer[Any]):
    customer = serializers.CharField()
    sale = serializers.CharField(help_text="The ticket")
    amount_minor = serializers.IntegerField(help_text="Or `amount`, a decimal in a text")
    currency = serializers.CharField(required=False, help_text="The store's if unsaid")
    lines = CreditLineSerializer(many=True)


class AskCaptureSerializer(serializers.Serializer[Any]):
    amount_minor = serializers.IntegerField(required=False, help_text="The whole if unsaid")


class CreditHoldSerializer(serializers.Serializer[Any]):
    hold = serializers.UUIDField()
    payment_reference = serializers.CharField(help_text="For the sale's payment event")
    state = serializers.ChoiceField(choices=CreditHold.State.choices)
    sale = serializers.CharField()
    currency = serializers.CharField()
    amount = serializers.CharField()
    amount_minor = serializers.IntegerField()
    captured = serializers.CharField()
    captured_minor = serializers.IntegerField()
    lapses_at = serializers.DateTimeField()


class TillScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "pos_bridge.till.views.TillToken"
    name = "till"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A till's token"}
