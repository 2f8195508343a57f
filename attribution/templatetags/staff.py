"""The staff pages' own furniture: the rooms that a member of the staff may enter."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.db.models import prefetch_related_objects
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from jeweler.access import find_member
from jeweler.models import StaffMember

register = template.Library()
Role = StaffMember.Role
EVERYBODY = frozenset(Role)
FIGURES = frozenset({Role.MANAGER, Role.MARKETER, Role.OWNER})


@dataclass(frozen=True, kw_only=True)
class Room:
    """An entry of the column; `keys` is typed to go there, and `holds` is where its further pages begin, if not beneath its own."""

    label: str
    address: str
    roles: frozenset[StaffMember.Role]
    keys: str = ""
    holds: str = ""


GROUPS = [
    [
        Room(
            label="Counter",
            address="counter",
            roles=frozenset({Role.ASSOCIATE, Role.MANAGER, Role.OWNER}),
            keys="G C",
        ),
        Room(
            label="Visits",
            address="floor:here",
            roles=frozenset({Role.ASSOCIATE, Role.MANAGER, Role.OWNER}),
            keys="G V",
        ),
        Room(
            label="Tills",
            address="till-inbox",
            roles=frozenset({Role.MANAGER, Role.OWNER}),
            keys="G T",
            holds="/admin/tills/",
        ),
        Room(
            label="Friends",
            address="friends:reviews",
            roles=frozenset({Role.MANAGER, Role.OWNER}),
            keys="G F",
        ),
    ],
    [
        Room(label="Attribution", address="attribution:dashboard", roles=FIGURES, keys="G A"),
        Room(label="Journeys", address="attribution:journeys", roles=FIGURES, keys="G J"),
        Room(label="Ring builder", address="builder:funnel", roles=FIGURES, keys="G R"),
        Room(
            label="What friends bring",
            address="friends:figures",
            roles=frozenset({Role.MARKETER, Role.OWNER}),
            keys="G W",
        ),
        Room(label="Missed visits", address="floor:figures", roles=FIGURES, keys="G M"),
        Room(
            label="Spend",
            address="admin:attribution_adspend_changelist",
            roles=frozenset({Role.MARKETER, Role.OWNER}),
            keys="G S",
        ),
    ],
    [
        Room(
            label="Owed work",
            address="admin:jeweler_outboxdelivery_changelist",
            roles=frozenset({Role.OWNER}),
            keys="G O",
        ),
        Room(label="Admin", address="admin:index", roles=EVERYBODY, keys="G D"),
    ],
]


@register.inclusion_tag("staff/_rooms.html", takes_context=True)
def rooms(context: template.Context) -> dict[str, Any]:
    """The rooms of this member, the present one marked."""
    request: HttpRequest = context["request"]
    member = _member(request)
    groups = [
        [_entry(room, request) for room in group if member is None or member.role in room.roles]
        for group in GROUPS
    ]
    entries = [[entry for entry in group if entry["address"]] for group in groups]
    above = [entry for group in entries for entry in group if entry["is_above"]]
    here = max(above, key=lambda entry: len(entry["holds"]), default={"address": ""})
    return {"groups": [group for group in entries if group], "here": here["address"]}


@register.inclusion_tag("staff/_member.html", takes_context=True)
def member(context: template.Context) -> dict[str, Any]:
    """Who is logged in, for which stores, and the way out."""
    found = _member(context["request"])
    stores = "all stores"
    if found is not None and not found.sees_all_stores:
        prefetch_related_objects([found], "stores")  # once for a page that says it twice
        stores = ", ".join(store.name for store in found.stores.all()) or "no store yet"
    return {"member": found, "stores": stores, "csrf_token": context.get("csrf_token")}


def _member(request: HttpRequest) -> StaffMember | None:
    return getattr(request, "member", None) or find_member(request)


def _entry(room: Room, request: HttpRequest) -> dict[str, Any]:
    address = _address(room.address)
    holds = room.holds or address
    return {
        "label": room.label,
        "address": address,
        "keys": room.keys,
        "holds": holds,
        "is_above": bool(address) and request.path.startswith(holds),
    }


def _address(name: str) -> str:
    """Where it is, or nothing while the room is not built."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
