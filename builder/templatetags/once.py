"""A form that has one effect, however often it is posted: a double click, a reload, a retried request."""

import secrets

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def once() -> SafeString:
    """The form's own key, another one each time that the page is shown."""
    return format_html('<input type="hidden" name="once" value="{}">', secrets.token_urlsafe(16))
