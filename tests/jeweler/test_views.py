"""The health check, also on a bad day."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client, RequestFactory

from jeweler import views


@pytest.fixture
def unreachable_database() -> Iterator[None]:
    connection.close()
    host = connection.settings_dict["HOST"]
    connection.settings_dict["HOST"] = "/nowhere"
    yield
    connection.close()
    connection.settings_dict["HOST"] = host


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("unreachable_database")
def test_a_process_without_its_database_says_so_and_is_taken_out() -> None:
    response = views.healthz(RequestFactory().get("/healthz"))
    assert response.status_code == 503
    assert b"the database does not answer" in response.content


@pytest.mark.django_db
def test_a_process_with_its_database_serves() -> None:
    assert views.healthz(RequestFactory().get("/healthz")).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"ring_size=6", "application/x-www-form-urlencoded; charset=utf-16"),
        (b"engraving=" + b"x" * 1_100_000, "application/x-www-form-urlencoded"),
        (b"&".join([b"a=1"] * 1500), "application/x-www-form-urlencoded"),
        (b"x", "multipart/form-data"),
    ],
)
def test_a_body_that_cannot_be_read_is_answered_with_the_way_out(body: bytes, kind: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.get("/rings/")
    client.cookies["csrftoken"] = token = "a" * 32
    response = client.post("/ring/choose/", body, content_type=kind, headers={"x-csrftoken": token})
    assert response.status_code == 400
    assert "Nothing was changed" in response.content.decode()


@pytest.mark.django_db
def test_our_own_failure_is_told_without_asking_anything_of_the_request() -> None:
    response = views.broken(RequestFactory().get("/"))
    assert response.status_code == 500
    assert "Something slipped on our side" in response.content.decode()
