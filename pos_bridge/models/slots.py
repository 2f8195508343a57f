"""Which turn of a periodic work somebody has taken."""

from django.db import models


class Slot(models.Model):
    """One turn: a name and the moment that it began at, in UTC. Two clocks that ring for it find it taken."""

    name = models.CharField(max_length=64)
    began_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "began_at"], name="slot_taken_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.began_at:%Y-%m-%d %H:%M}"
