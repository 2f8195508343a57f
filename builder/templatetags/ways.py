"""What a refusal's word carries along: the settings that would hold her stone, as buttons, and what she had typed."""

from typing import Any
from urllib.parse import parse_qs

from django import template
from django.contrib.messages.storage.base import Message

from builder import pricebook

register = template.Library()

KEPT = ("stone", "ring_size", "size_said", "from")  # of what was refused: a way out sends it again


def carried(message: Message) -> dict[str, list[str]]:
    return parse_qs(message.extra_tags or "")


@register.filter
def ways(message: Message) -> dict[str, Any]:
    """`others`: settings with `fields`, to be chosen together with what was refused. `taken`: the setting that was
    refused, to be chosen in spite of it by giving back the field `given_back`.
    """
    said = carried(message)
    by_code = pricebook.current().settings_by_code
    others = [by_code[code] for code in said.get("other", ()) if code in by_code]
    taken = by_code.get(said.get("taken", [""])[0])
    fields = [(name, said[name][0]) for name in KEPT if name in said]
    return {
        "others": others,
        "taken": taken,
        "fields": fields,
        "given_back": said.get("given_back", ["stone"])[0],
        "source": said.get("from", [""])[0],
    }
