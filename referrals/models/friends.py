"""Friends who bring friends. Rewards and clocks come with their own issue."""

from django.db import models

from jeweler.models import Customer, Sale


class Advocate(models.Model):
    """A customer with a link, a QR and a code to give away."""

    customer = models.OneToOneField(Customer, on_delete=models.PROTECT, related_name="advocate")
    code = models.CharField(max_length=16, unique=True, help_text="As referrals.codes stores it")
    joined_at = models.DateTimeField()
    ends_at = models.DateTimeField(
        null=True, blank=True, help_text="From then on the code is good for nothing"
    )

    def __str__(self) -> str:
        return self.code


class Referral(models.Model):
    """A friend whose first valid touch was this advocate's."""

    advocate = models.ForeignKey(Advocate, on_delete=models.PROTECT, related_name="referrals")
    friend = models.OneToOneField(Customer, on_delete=models.PROTECT, related_name="referral")
    locked_at = models.DateTimeField()
    sale = models.ForeignKey(Sale, on_delete=models.PROTECT, null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.advocate_id} brought {self.friend_id}"
