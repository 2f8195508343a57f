"""The addresses behind the figures: each opens the rows that it was added up from."""

from urllib.parse import urlencode

from django import template
from django.urls import reverse

from attribution.reports import Node, Scope

register = template.Library()
NAMES = ("channel", "campaign", "term")


@register.simple_tag(takes_context=True)
def journeys_of(context: template.Context, node: Node | None = None, **narrower: str) -> str:
    """The sales of a row of the tree, or of a whole figure: thread="none", where="web"."""
    named = dict(zip(NAMES, node.path, strict=False)) if node else {}
    return (
        f"{reverse('attribution:journeys')}?{context['query']}&{urlencode({**named, **narrower})}"
    )


@register.simple_tag
def spend_of(node: Node, scope: Scope) -> str:
    """The rows of ad spend of a row of the tree."""
    return _table("adspend", node, {"date__gte": scope.start_date, "date__lte": scope.end_date})


@register.simple_tag
def visits_of(node: Node, scope: Scope) -> str:
    return _table(
        "touchpoint",
        node,
        {"occurred_at__date__gte": scope.start_date, "occurred_at__date__lte": scope.end_date},
    )


def _table(model: str, node: Node, dates: dict[str, object]) -> str:
    named = dict(
        zip(("channel__exact", "campaign__iexact", "term__iexact"), node.path, strict=False)
    )
    where = urlencode({**named, **{name: str(value) for name, value in dates.items()}})
    return f"{reverse(f'admin:attribution_{model}_changelist')}?{where}"
