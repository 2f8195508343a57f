"""The sheets of a page: `{% load sheets %}{% sheets "ring" %}`."""

from typing import Any

from django import template
from django.template.context import Context
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from jeweler import sheet

register = template.Library()


@register.simple_tag(takes_context=True)
def sheets(context: Context, *names: str) -> SafeString:
    """Each in the page, or named as a file where the browser has it."""
    return format_html_join("", "{}", ((_one(context, name),) for name in names))


@register.simple_tag(takes_context=True)
def is_first_page(context: Context) -> bool:
    """Whether sheets are in the page, so that its browser has no face of ours either.

    The faces are then asked for in the body: a browser holds the first paint back for those that the head asks for, and on a slow
    line they come later than it waits. Where they lie in its cache the head is the place, for nothing is painted twice.
    """
    request: Any = context.get("request")
    return request is not None and bool(sheet.given(request))


def _one(context: Context, name: str) -> SafeString:
    address = static(sheet.file_of(name=name))
    request: Any = context.get("request")
    styles = sheet.for_page(request, name=name) if request is not None else None
    if styles is None:
        return format_html('<link rel="stylesheet" href="{}">', address)
    return format_html('<style data-file="{}">{}</style>', address, styles.text)
