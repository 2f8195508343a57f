"""The till's addresses for whoever was sent by a friend."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from pos_bridge.till import asking, described, looking, telling
from pos_bridge.till.views import KEY, Answered, Spending, TillView
from referrals import introducing
from referrals.models import Touch


class ReferralCodes(TillView):
    """Whether a friend's code is good, however it was typed."""

    @extend_schema(
        operation_id="till_referral_code",
        responses={
            200: described.CodeSerializer,
            404: described.ProblemSerializer,
            429: described.ProblemSerializer,
        },
    )
    def get(self, request: Request, code: str) -> Response:
        found = looking.advocate(device=self.device, text=code, now=self.now)
        return Response(telling.advocate(found))


class Introductions(Spending):
    """A friend's code for a customer, and for the sale in hand: once for its key."""

    @extend_schema(
        operation_id="till_introduce",
        parameters=[KEY],
        request=described.AskIntroductionSerializer,
        responses={
            200: described.IntroductionSerializer,
            404: described.ProblemSerializer,
            409: described.ProblemSerializer,
            422: described.ProblemSerializer,
            429: described.ProblemSerializer,
        },
    )
    def post(self, request: Request) -> Response:
        return self.once(request, self._introduce)

    def _introduce(self, raw: bytes) -> Answered:
        asked = asking.introduction(raw)
        made = introducing.introduce(
            advocate=looking.advocate(device=self.device, text=asked.code, now=self.now),
            friend=looking.customer_of(asked.customer, device=self.device),
            channel=Touch.Channel.TILL,
            by=None,
            sale=looking.sale_of(asked.sale, device=self.device) if asked.sale else None,
            store=self.device.store,
            now=self.now,
        )
        return 200, telling.introduction(made)
