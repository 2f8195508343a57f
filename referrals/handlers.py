"""What the friends' room does when something happens below it.

Each fact of a sale settles its credit anew and is followed by the referral of whose it is; whoever tells who she is, is recognized as
somebody's friend.
"""

from datetime import datetime
from typing import Any

from appointments.events import AppointmentBooked
from appointments.models import Appointment
from builder.events import DesignSaved
from jeweler import privacy
from jeweler.events import (
    CustomerForgotten,
    CustomersMerged,
    PaymentCaptured,
    PaymentVoided,
    RefundRecorded,
    SaleHandedOver,
    SaleRecorded,
    SaleVoided,
)
from jeweler.models import Customer
from jeweler.outbox import subscribe
from referrals import disclosing, following, forgetting, letters, merging, referring, tender
from referrals.events import RewardClawedBack, RewardIssued
from referrals.models import Reward


@subscribe(SaleRecorded)
def settle_with_its_owner(event: SaleRecorded, *, now: datetime) -> None:
    """Whose sale it is may be found out after it was paid."""
    tender.settle(sale_id=event.sale_id, now=now)


@subscribe(PaymentCaptured)
def settle_what_is_paid(event: PaymentCaptured, *, now: datetime) -> None:
    tender.settle(sale_id=event.sale_id, now=now)


@subscribe(PaymentVoided)
def settle_what_is_not_paid(event: PaymentVoided, *, now: datetime) -> None:
    tender.settle(sale_id=event.sale_id, now=now)


@subscribe(RefundRecorded)
def settle_what_is_refunded(event: RefundRecorded, *, now: datetime) -> None:
    tender.settle(sale_id=event.sale_id, now=now)


@subscribe(SaleVoided)
def settle_what_never_came_about(event: SaleVoided, *, now: datetime) -> None:
    tender.settle(sale_id=event.sale_id, now=now)


@subscribe(SaleRecorded)
def follow_an_order(event: SaleRecorded, *, now: datetime) -> None:
    referring.recognize_buyer(sale_id=event.sale_id, now=now)
    following.follow(sale_id=event.sale_id, now=now)


@subscribe(PaymentCaptured)
def follow_what_is_paid(event: PaymentCaptured, *, now: datetime) -> None:
    following.follow(sale_id=event.sale_id, now=now)


@subscribe(PaymentVoided)
def follow_what_is_not_paid(event: PaymentVoided, *, now: datetime) -> None:
    following.follow(sale_id=event.sale_id, now=now)


@subscribe(SaleHandedOver)
def follow_the_hand_over(event: SaleHandedOver, *, now: datetime) -> None:
    following.follow(sale_id=event.sale_id, now=now)


@subscribe(RefundRecorded)
def follow_what_is_refunded(event: RefundRecorded, *, now: datetime) -> None:
    following.follow(sale_id=event.sale_id, now=now)


@subscribe(SaleVoided)
def follow_what_never_came_about(event: SaleVoided, *, now: datetime) -> None:
    following.follow(sale_id=event.sale_id, now=now)


@subscribe(DesignSaved)
def recognize_who_saved(event: DesignSaved, *, now: datetime) -> None:
    referring.recognize(customer=Customer.objects.get(pk=event.customer_id), now=now)


@subscribe(AppointmentBooked)
def recognize_who_booked(event: AppointmentBooked, *, now: datetime) -> None:
    visit = Appointment.objects.select_related("store").get(pk=event.appointment_id)
    friend = Customer.objects.get(pk=event.customer_id)
    referring.recognize(customer=friend, store=visit.store, at=visit.booked_at or now, now=now)
    following.note_visit(friend=friend, visit_id=visit.pk, at=visit.booked_at or now, now=now)


@subscribe(CustomersMerged)
def judge_who_became_one(event: CustomersMerged, *, now: datetime) -> None:
    merging.settle(customer_id=event.kept_id, now=now)


@subscribe(RewardIssued)
def write_of_a_thank_you(event: RewardIssued, *, now: datetime) -> None:
    reward = _reward(event.reward_id)
    if reward.state != Reward.State.ISSUED:
        return
    if reward.beneficiary == Reward.Beneficiary.ADVOCATE:
        letters.thank(reward=reward, now=now)
    elif reward.referral is not None:
        letters.keep_for_friend(referral=reward.referral, now=now)


@subscribe(RewardClawedBack)
def write_of_what_is_hers_no_more(event: RewardClawedBack, *, now: datetime) -> None:
    """A friend knows by herself what she gave back."""
    reward = _reward(event.reward_id)
    if reward.beneficiary == Reward.Beneficiary.ADVOCATE:
        letters.take_back(reward=reward, now=now)


@subscribe(CustomerForgotten)
def forget_who_brought_and_who_came(event: CustomerForgotten, *, now: datetime) -> None:
    forgetting.forget(customer_id=event.customer_id, visitor_ids=event.visitor_ids, now=now)


@privacy.exports("friends")
def export_friends(customer: Customer) -> dict[str, Any]:
    return disclosing.export(customer)


def _reward(reward_id: int) -> Reward:
    rows = Reward.objects.select_related("perk", "customer__merged_into", "referral__friend")
    return rows.get(pk=reward_id)
