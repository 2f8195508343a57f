"""What every answer carries."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import resolve

from jeweler import middleware, visitors
from tests.factories.jeweler import NOW, UserFactory


def directives(response: HttpResponse) -> dict[str, str]:
    policy = response.headers["Content-Security-Policy"]
    return {name: value for name, _, value in (part.partition(" ") for part in policy.split("; "))}


def answer(path: str = "/healthz") -> HttpResponse:
    request = RequestFactory().get(path)
    request.resolver_match = resolve(path)
    response = middleware.security_headers(lambda request: HttpResponse())(request)
    assert isinstance(response, HttpResponse)
    return response


def test_a_page_runs_nothing_that_is_not_a_file_of_our_own() -> None:
    rules = directives(answer())
    assert rules["default-src"] == rules["script-src"] == rules["style-src"] == "'self'"
    assert rules["object-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
    assert rules["img-src"] == "'self' data: blob:"
    assert "unsafe" not in answer().headers["Content-Security-Policy"]


def test_only_the_admins_own_pages_may_compile_and_style_inline() -> None:
    rules = directives(answer("/admin/login/"))
    assert rules["script-src"] == "'self' 'unsafe-eval'"
    assert rules["style-src"] == "'self' 'unsafe-inline'"
    assert rules["frame-ancestors"] == "'none'"


def test_an_address_that_leads_nowhere_is_answered_strictly() -> None:
    request = RequestFactory().get("/admin/nothing")
    response = middleware.security_headers(lambda request: HttpResponse(status=404))(request)
    assert response.headers["Content-Security-Policy"] == middleware.STRICT


def test_a_page_may_set_rules_of_its_own() -> None:
    def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse(headers={"Content-Security-Policy": "sandbox"})

    response = middleware.security_headers(page)(RequestFactory().get("/"))
    assert response.headers["Content-Security-Policy"] == "sandbox"


@pytest.mark.django_db
def test_a_visitor_made_in_a_page_leaves_with_the_cookie() -> None:
    def page(request: HttpRequest) -> HttpResponse:
        visitors.ensure(request, now=NOW)
        return HttpResponse()

    response = middleware.visitor_cookie(page)(RequestFactory().get("/"))
    assert isinstance(response, HttpResponse)
    assert visitors.COOKIE in response.cookies


@pytest.mark.django_db
def test_a_served_page_carries_all_of_it(client: Client) -> None:
    response = client.get("/healthz")
    assert response.json()["status"] == "ok"
    assert response.headers["Content-Security-Policy"] == middleware.STRICT
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert "no-cache" in response.headers["Cache-Control"]
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
def test_the_admin_is_served_with_its_own_rules(client: Client) -> None:
    client.force_login(UserFactory(is_superuser=True))
    assert client.get("/admin/").headers["Content-Security-Policy"] == middleware.ADMIN
