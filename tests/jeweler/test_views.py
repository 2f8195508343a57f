"""The health check, also on a bad day."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import RequestFactory

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
