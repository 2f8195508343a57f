"""The ways to a guest's days, for the pages that ask her for them."""

from django import template
from django.urls import reverse

from jeweler.models import Customer, StaffMember
from referrals import occasions

register = template.Library()


@register.simple_tag
def days_of(customer: Customer | None) -> str:
    """Her own page; nothing for whoever we do not know."""
    return occasions.address(customer) if customer else ""


@register.simple_tag
def days_at_counter(customer: Customer, member: StaffMember) -> str:
    """The associate's page of her days, for this member alone and for half an hour."""
    return reverse("friends:days_at_counter", args=[occasions.staff_token(customer, member=member)])
