"""How each till system is reached."""

from django.db import models

from jeweler.models import Store


class Connection(models.Model):
    """One till system's way in. Its secrets are encrypted; two stand side by side while they change."""

    class Provider(models.TextChoices):
        STANDARD = "standard", "Standard Webhooks"

    code = models.SlugField(unique=True, help_text="The `source` of its facts: till:<code>")
    provider = models.CharField(max_length=16, choices=Provider)
    token_hash = models.CharField(max_length=64, unique=True, help_text="Of the URL's last part")
    secrets = models.JSONField(default=list, help_text="Encrypted, newest first; at most two")
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, null=True, blank=True, help_text="Empty: the event says it"
    )
    currency = models.CharField(max_length=3, default="USD")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    refusals = models.PositiveIntegerField(
        default=0, help_text="Deliveries whose signature was wrong; nothing else of them is kept"
    )
    last_refusal_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.code

    @property
    def source(self) -> str:
        """How the facts that came this way are signed in the ledger."""
        return f"till:{self.code}"
