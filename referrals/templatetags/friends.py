"""The charts and words of the friends' figures, drawn from the same rows as the tables beside them."""

from decimal import Decimal

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from builder.funnel import Rate
from jeweler import money
from referrals.reports import Cohorts, Step

register = template.Library()
WIDE, TOP, BOTTOM, LEFT = 1120.0, 26.0, 196.0, 30.0


@register.filter
def amount(value: Decimal, currency: str) -> str:
    """To the cent: money that is owed or proved."""
    return money.in_words(money.rounded(value, currency=currency), currency=currency)


@register.filter
def about(value: Decimal, currency: str) -> str:
    """Whole: money that is compared."""
    return money.in_words(value.quantize(Decimal(1)), currency=currency)


@register.filter
def portion(value: Decimal | float | None) -> str:
    return "–" if value is None else f"{value * 100:.0f} %"


@register.filter
def of(counts: dict[Step, int], step: str) -> int:
    return counts[Step(step)]


@register.filter
def passed(rate: Rate | None) -> str:
    return "–" if rate is None or rate.share is None else f"{rate.share * 100:.0f} %"


@register.simple_tag
def cohort_chart(cohorts: Cohorts) -> SafeString:
    """A bar for each week of those who came, and in it those who told us who they are and those who qualified; a young week is open."""
    weeks = cohorts.weeks
    highest = max((week.counts[Step.CAME] for week in weeks), default=0) or 1
    slot = (WIDE - LEFT) / max(len(weeks), 12)
    unit = (BOTTOM - TOP) / highest
    shapes: list[SafeString] = []
    for mark in sorted({0, highest // 2, highest}):
        y = BOTTOM - mark * unit
        shapes.append(format_html('<line x1="{}" y1="{}" x2="{}" y2="{}" class="hairl"/><text x="0" y="{}" class="q">{}</text>', f"{LEFT:g}", f"{y:.1f}", f"{WIDE:g}", f"{y:.1f}", f"{y + 4:.1f}", mark))  # fmt: skip
    month = ""
    for place, week in enumerate(weeks):
        x, wide = LEFT + place * slot, max(slot - 3, 2)
        young = " young" if week.is_young else ""
        for step, cls, inset in ((Step.CAME, "lost", 0.0), (Step.IDENTIFIED, "bar", 0.18), (Step.QUALIFIED, "bar ink", 0.36)):  # fmt: skip
            tall = week.counts[step] * unit
            if tall:
                shapes.append(_rect(x + wide * inset, BOTTOM - tall, wide * (1 - 2 * inset), tall, f"{cls}{young}"))  # fmt: skip
        if f"{week.start_date:%b}" != month and (place == 0 or week.start_date.day <= 7):
            month = f"{week.start_date:%b}"
            label = f"{month} {week.start_date:%Y}" if month == "Jan" else month
            shapes.append(format_html('<text x="{}" y="{}" class="q">{}</text>', f"{x:.1f}", f"{BOTTOM + 17:g}", label))  # fmt: skip
    first_young = next((place for place, week in enumerate(weeks) if week.is_young), None)
    if first_young is not None:
        x = LEFT + first_young * slot - 2
        side = "e" if x > WIDE * 0.75 else ""
        shapes.append(format_html('<line x1="{0}" y1="6" x2="{0}" y2="{1}" class="even"/><text x="{2}" y="14" class="a halo {3}">young from here</text>', f"{x:.1f}", f"{BOTTOM:g}", f"{x + (-6 if side else 6):.1f}", side))  # fmt: skip
    return format_html(
        '<svg class="chart wide cohorts" viewBox="0 0 {} {}" role="img" aria-label="Friends by the week of their first touch: who came, who told us who they are, who qualified. The table below has the same figures.">{}</svg>',
        f"{WIDE:g}", f"{BOTTOM + 24:g}", format_html_join("", "{}", ((shape,) for shape in shapes)),
    )  # fmt: skip


def _rect(x: float, y: float, wide: float, tall: float, cls: str) -> SafeString:
    return format_html('<rect x="{}" y="{}" width="{}" height="{}" class="{}"/>', f"{x:.1f}", f"{y:.1f}", f"{wide:.1f}", f"{tall:.1f}", cls)  # fmt: skip
