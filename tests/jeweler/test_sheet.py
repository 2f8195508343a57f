"""The sheet in the first page, and as a file in all others."""

import base64
import hashlib
import re

import pytest
from django.test import Client

from jeweler import sheet

pytestmark = pytest.mark.django_db


def test_a_first_page_brings_its_sheet_and_allows_no_other_style(client: Client) -> None:
    response = client.get("/")
    (styles,) = re.findall(r"<style[^>]*>(.*?)</style>", response.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(styles.encode()).digest()).decode()
    assert f"style-src 'self' 'sha256-{digest}';" in response.headers["Content-Security-Policy"]
    assert 'rel="stylesheet"' not in response.text
    assert len(styles) > 10_000


def test_the_sheet_in_a_page_names_its_fonts_from_the_root(client: Client) -> None:
    (styles,) = re.findall(r"<style[^>]*>(.*?)</style>", client.get("/").text, re.DOTALL)
    named = re.findall(r"url\([\"']?([^\"')]+)", styles)
    fonts = [each for each in named if ".woff2" in each]
    assert fonts
    assert {each.rpartition("/")[0] for each in fonts} == {"/static/dist/fonts"}


def test_later_pages_name_the_file(client: Client) -> None:
    client.get("/")
    response = client.get("/")
    assert "<style" not in response.text
    assert '/static/dist/site.css"' in response.text
    assert "style-src 'self';" in response.headers["Content-Security-Policy"]


def test_whoever_has_another_edition_is_given_this_one(client: Client) -> None:
    client.cookies[sheet.COOKIE] = "0" * 12
    response = client.get("/")
    assert "<style" in response.text
    assert response.cookies[sheet.COOKIE].value != "0" * 12


def test_an_answer_without_the_sheet_says_nothing_of_it(client: Client) -> None:
    response = client.get("/api/v1/stones/")
    assert sheet.COOKIE not in response.cookies
