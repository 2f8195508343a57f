"""The sheets in a first page, and as files in all others."""

import base64
import hashlib
import re

import pytest
from django.test import Client

from jeweler import sheet

pytestmark = pytest.mark.django_db

STYLES = re.compile(r'<style data-file="([^"]+)">(.*?)</style>', re.DOTALL)
FILES = re.compile(r'<link rel="stylesheet" href="([^"]+)">')


def test_a_first_page_brings_its_sheets_and_allows_no_other_style(client: Client) -> None:
    response = client.get("/")
    found = STYLES.findall(response.text)
    digests = [
        base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for _, each in found
    ]
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    assert f"style-src 'self' {allowed};" in response.headers["Content-Security-Policy"]
    assert [file for file, _ in found] == ["/static/dist/site.css", "/static/dist/home.css"]
    assert not FILES.search(response.text)


def test_a_sheet_in_a_page_names_its_fonts_from_the_root(client: Client) -> None:
    named = re.findall(r"url\([\"']?([^\"')]+)", STYLES.findall(client.get("/").text)[0][1])
    fonts = [each for each in named if ".woff2" in each]
    assert fonts
    assert {each.rpartition("/")[0] for each in fonts} == {"/static/dist/fonts"}


def test_later_pages_name_the_files(client: Client) -> None:
    client.get("/")
    response = client.get("/")
    assert "<style" not in response.text
    assert FILES.findall(response.text) == ["/static/dist/site.css", "/static/dist/home.css"]
    assert "style-src 'self';" in response.headers["Content-Security-Policy"]


def test_a_page_of_another_kind_brings_only_what_she_has_not_got(client: Client) -> None:
    client.get("/")
    response = client.get("/ring/sizes/")
    assert FILES.findall(response.text) == ["/static/dist/site.css"]
    assert [file for file, _ in STYLES.findall(response.text)] == ["/static/dist/sizes.css"]
    for address in ("/", "/ring/sizes/"):
        assert "<style" not in client.get(address).text


def test_a_page_that_a_script_asks_for_brings_none(client: Client) -> None:
    response = client.get("/", headers={"Sec-Fetch-Dest": "empty"})
    assert "<style" not in response.text
    assert sheet.COOKIE not in response.cookies


def test_whoever_has_another_edition_is_given_this_one(client: Client) -> None:
    client.cookies[sheet.COOKIE] = "0" * 12
    response = client.get("/")
    assert len(STYLES.findall(response.text)) == 2
    assert response.cookies[sheet.COOKIE].value != "0" * 12


def test_the_cookie_stays_short_however_often_styles_change(client: Client) -> None:
    client.cookies[sheet.COOKIE] = ".".join(f"{n:012x}" for n in range(100))
    editions = client.get("/").cookies[sheet.COOKIE].value.split(".")
    assert len(editions) == sheet.MOST


def test_an_answer_without_a_sheet_says_nothing_of_it(client: Client) -> None:
    response = client.get("/api/v1/stones/")
    assert sheet.COOKIE not in response.cookies


def test_faces_hold_a_first_paint_back_only_where_the_browser_has_them(client: Client) -> None:
    face = 'rel="preload" href="/static/dist/fonts/'
    first, later = (client.get("/").text.partition("<body>") for _ in range(2))
    assert (first[0].count(face), first[2].count(face)) == (0, 2)
    assert (later[0].count(face), later[2].count(face)) == (2, 0)
