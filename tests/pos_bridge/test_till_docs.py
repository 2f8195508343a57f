"""The calls of docs/till-api.md, made as they are written: each answers with what the page says it does."""

import json
import re
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from pos_bridge import devices
from tests.factories import pos_bridge as tills
from tests.factories.jeweler import SaleFactory, customer_with
from tests.factories.referrals import AdvocateFactory, a_program, grant

pytestmark = pytest.mark.django_db

PAGE = Path(__file__).resolve().parents[2] / "docs" / "till-api.md"
EXAMPLE = re.compile(r"```sh\n(.*?)```\s+```json\n(.*?)```", re.DOTALL)


def called(text: str, known: dict[str, str]) -> Any:
    """What curl would send, sent by the test's client."""
    for name, value in known.items():
        text = text.replace(f"'${name}'", value).replace(f"${name}", quote(value, safe=""))
    method, body, headers, address = "GET", None, {}, ""
    words = iter(shlex.split(text.replace("\\\n", " "))[1:])
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-d":
            body = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name.lower()] = value
        else:
            address = word
    kind = headers.pop("content-type", "application/json")
    return Client().generic(method, address, body or "", content_type=kind, headers=headers)


def kinds(said: Any) -> Any:
    """The names and nesting of what is told, without the values; empty parts of the page are not compared."""
    if isinstance(said, dict):
        return {name: kinds(value) for name, value in said.items() if value not in ([], {})}
    return [kinds(said[0])] if isinstance(said, list) and said else type(said).__name__


def test_every_call_of_the_page_answers_as_the_page_says() -> None:
    store, now = tills.open_store(), timezone.now()
    clara = customer_with(email="clara@example.com")
    grant(clara, "50.00", now=now)
    tills.saved_design(customer=clara, store=store)
    AdvocateFactory(code="7KQ2M9XDM")
    a_program(currency="USD")
    SaleFactory(number="T-1042", store=store, placed_at=now)
    key = devices.enroll(store=store, name="Front desk", by=None, now=now).key
    known = {"SITE": "", "TILL_KEY": key}
    answers = []
    examples = EXAMPLE.findall(PAGE.read_text())
    for call, told in examples:
        answer = called(call, known)
        assert answer.status_code in {200, 201}, (call, answer.content)
        said, page = answer.json(), kinds(json.loads(told))
        real = kinds(said)
        assert {name: real[name] for name in page if real[name] != "NoneType"} == {
            name: kind for name, kind in page.items() if real[name] != "NoneType"
        }
        assert said.keys() == json.loads(told).keys()
        known |= {"TILL_TOKEN": said["token"]} if "token" in said else {}
        known |= {"CUSTOMER": said["customers"][0]["customer"]} if "customers" in said else {}
        known |= {"HOLD": said["hold"]} if "hold" in said else {}
        answers.append(said)
    assert len(examples) == 8
    assert answers[-1]["captured"] == "40.00"
