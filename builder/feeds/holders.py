"""Which of a feed's stones no setting of the house holds: the fit's own envelopes, asked once for every row.

The same limits decide `compatibility.check`; of which size the ring is, is not known here and counts for nothing.
"""

from collections.abc import Iterable
from decimal import Decimal

from builder import compatibility
from builder.compatibility import Envelope, SettingRules


class Holders:
    """The envelopes by shape, those first that hold most, since most stones are within the first."""

    def __init__(self, settings: Iterable[SettingRules]) -> None:
        found: dict[str, list[Envelope]] = {}
        for setting in settings:
            for envelope in compatibility.envelopes(setting=setting):
                for shape in envelope.max_depth_mm:
                    found.setdefault(shape, []).append(envelope)
        self._by_shape = {
            shape: sorted(envelopes, key=lambda each: each.max_width_mm - each.min_width_mm, reverse=True)
            for shape, envelopes in found.items()
        }  # fmt: skip

    def __bool__(self) -> bool:
        """Whether there is any setting to ask."""
        return bool(self._by_shape)

    def hold(self, *, shape: str, length_mm: Decimal, width_mm: Decimal, depth_mm: Decimal) -> bool:
        for envelope in self._by_shape.get(shape, ()):
            if envelope.holds(
                shape=shape, length_mm=length_mm, width_mm=width_mm, depth_mm=depth_mm
            ):
                return True
        return False
