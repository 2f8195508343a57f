"""Staff are let in by their role, and see the stores that are theirs."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from jeweler import access
from jeweler.access import Role, StaffRequest
from tests.factories.jeweler import StaffMemberFactory, StoreFactory, UserFactory

pytestmark = pytest.mark.django_db


@access.staff_only(Role.MANAGER, Role.OWNER)
def figures(request: StaffRequest, store: str) -> HttpResponse:
    return HttpResponse(f"{request.member.role} of {store}")


def request_by(user: User | AnonymousUser) -> HttpRequest:
    request = RequestFactory().get("/admin/figures/?month=11")
    request.user = user
    return request


def test_whoever_has_the_role_is_let_in() -> None:
    manager = StaffMemberFactory(role=Role.MANAGER)
    response: Any = figures(request_by(manager.user), "nyc")
    assert response.content == b"manager of nyc"


def test_no_browser_keeps_a_staff_page() -> None:
    member = StaffMemberFactory(role=Role.OWNER)
    answer: Any = figures(request_by(member.user), "nyc")
    assert "no-store" in answer.headers["Cache-Control"]


def test_whoever_is_not_logged_in_is_sent_to_log_in_and_comes_back() -> None:
    response = figures(request_by(AnonymousUser()), "nyc")
    assert response.status_code == 302
    assert response.headers["Location"] == "/admin/login/?next=/admin/figures/%3Fmonth%3D11"


@pytest.mark.parametrize("role", [Role.ASSOCIATE, Role.MARKETER])
def test_another_role_is_refused_in_words(role: access.Role) -> None:
    member = StaffMemberFactory(role=role)
    with pytest.raises(PermissionDenied, match=r"not for a .*\. Ask the owner"):
        figures(request_by(member.user), "nyc")


@pytest.mark.parametrize(
    "changes",
    [
        {"is_superuser": True},
        {"is_staff": True},
    ],
)
def test_a_log_in_that_is_no_member_of_the_staff_is_refused(changes: dict[str, bool]) -> None:
    user = UserFactory(**changes)
    with pytest.raises(PermissionDenied, match="no member of the staff"):
        figures(request_by(user), "nyc")


@pytest.mark.parametrize("changes", [{"is_active": False}, {"is_staff": False}])
def test_a_member_who_left_is_refused(changes: dict[str, bool]) -> None:
    member = StaffMemberFactory(role=Role.OWNER, user=UserFactory(**changes))
    with pytest.raises(PermissionDenied):
        figures(request_by(member.user), "nyc")


def test_a_member_sees_her_own_stores_unless_she_sees_all() -> None:
    here, there = StoreFactory(code="here"), StoreFactory(code="there")
    associate = StaffMemberFactory(stores=[here])
    owner = StaffMemberFactory(role=Role.OWNER, sees_all_stores=True)
    nobody = StaffMemberFactory()
    assert list(access.stores_of(associate)) == [here]
    assert set(access.stores_of(owner)) == {here, there}
    assert not access.stores_of(nobody).exists()
