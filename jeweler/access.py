"""Who of the staff may see what.

A log-in is let in by its StaffMember row alone: neither `is_staff` nor `is_superuser` opens a staff
page. Pages for staff are decorated with `staff_only`, and ask `stores_of` whose figures to show.
"""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.cache import add_never_cache_headers

from jeweler.models import StaffMember, Store

Role = StaffMember.Role
Extra = ParamSpec("Extra")
View = Callable[Concatenate[HttpRequest, Extra], HttpResponseBase]


# What has been found out about a request is kept in its environment, under this name.
_MEMBER = "jeweler.member"
STORE_KEY = "counter_store"  # in the session: where she said she is


class StaffRequest(HttpRequest):
    """What a view behind `staff_only` is given."""

    member: StaffMember


StaffView = Callable[Concatenate[StaffRequest, Extra], HttpResponseBase]


def member_of(request: HttpRequest) -> StaffMember:
    """The member of staff whose log-in this is. Raises PermissionDenied for everybody else."""
    member = find_member(request)
    if member is not None:
        return member
    raise PermissionDenied(
        "This log-in belongs to no member of the staff. Ask the owner for a role."
    )


def find_member(request: HttpRequest) -> StaffMember | None:
    """As `member_of`, with None for everybody else. Asked once per request and log-in."""
    user = request.user
    if not (user.is_authenticated and user.is_active and user.is_staff):
        return None
    known: tuple[int, StaffMember | None] | None = request.META.get(_MEMBER)
    if known is None or known[0] != user.pk:
        members = StaffMember.objects.select_related("user")
        known = request.META[_MEMBER] = (user.pk, members.filter(user=user).first())
    return known[1]


def staff_only(*roles: StaffMember.Role) -> Callable[[StaffView[Extra]], View[Extra]]:
    """Let in only staff with one of the roles, as `request.member`.

    Whoever is not logged in is sent to log in and comes back; everybody else is told 403. No
    browser keeps the page, so that nobody leafs back to it after the log-out.
    """

    def decorate(view: StaffView[Extra]) -> View[Extra]:
        @functools.wraps(view)
        def guarded(
            request: HttpRequest, *args: Extra.args, **kwargs: Extra.kwargs
        ) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path(), resolve_url("admin:login"))
            member = member_of(request)
            if member.role not in roles:
                raise PermissionDenied(
                    f"This page is not for a {member.get_role_display().lower()}. "
                    "Ask the owner if you need it."
                )
            staff_request = cast("StaffRequest", request)
            staff_request.member = member
            response = view(staff_request, *args, **kwargs)
            add_never_cache_headers(response)
            return response

        guarded.staff_roles = frozenset(roles)  # type: ignore[attr-defined]  # read by the tests
        return cast("View[Extra]", guarded)

    return decorate


def stores_of(member: StaffMember) -> QuerySet[Store]:
    """The stores whose sales, visits and figures this member may see."""
    if member.sees_all_stores:
        return Store.objects.all()
    return Store.objects.filter(staff=member)


def store_here(request: HttpRequest, *, member: StaffMember) -> Store | None:
    """The store the member stands in: her only one, or the one she said at the counter."""
    stores = stores_of(member).order_by("name")
    if len(stores) == 1:
        return stores[0]
    return stores.filter(code=request.session.get(STORE_KEY, "")).first()
