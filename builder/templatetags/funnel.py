"""The funnel's small drawings and words; the same figures stand beside each drawing."""

from datetime import timedelta

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from builder.funnel import Rate

register = template.Library()

WIDE = 150.0


@register.filter
def share(rate: Rate) -> str:
    return "–" if rate.share is None else f"{rate.share * 100:.0f} %"


@register.filter
def interval(rate: Rate) -> str:
    """ "41 to 52 %"."""
    return f"{rate.low * 100:.0f} to {rate.high * 100:.0f} %" if rate.whole else "–"


@register.filter
def waited(wait: timedelta | None) -> str:
    """Half of them took at most so long: "40 s", "12 min", "3.5 h", "6 days"."""
    if wait is None:
        return "–"
    seconds = wait.total_seconds()
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 36 * 3600 else f"{seconds / 86_400:.0f} days"


@register.simple_tag
def reached_bar(rate: Rate) -> SafeString:
    """Never thinner than a hair, so that one of thousands is seen."""
    width = max(WIDE * (rate.share or 0), 1 if rate.part else 0)
    return format_html(
        '<svg class="reached" viewBox="0 0 {0} 4" preserveAspectRatio="none" aria-hidden="true"><rect class="lost" width="{0}" height="4"/><rect class="bar ink" width="{1}" height="4"/></svg>',
        f"{WIDE:g}",
        f"{width:.1f}",
    )


@register.simple_tag
def whisker(rate: Rate) -> SafeString:
    """A dot with its interval on a line from 0 to 100 %; empty while there is nothing to share."""
    if rate.share is None:
        return SafeString("")
    low, dot, high = (f"{4 + WIDE * value:.1f}" for value in (rate.low, rate.share, rate.high))
    return format_html(
        '<svg width="158" height="14" aria-hidden="true"><path class="dotl" d="M4 7H154"/>'
        '<path class="inkl" d="M{0} 7H{2}M{0} 3.5v7M{2} 3.5v7"/><circle class="dot" cx="{1}" cy="7" r="4.5"/></svg>',
        low,
        dot,
        high,
    )
