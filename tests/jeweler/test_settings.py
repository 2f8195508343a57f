"""Settings say which variable is missing, and open no sample log-in unless they are told to."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "SECRET_KEY": "long-and-random",
    "ALLOWED_HOSTS": "shop.example",
    "SITE_URL": "https://shop.example",
    "DATABASE_URL": "postgresql://jeweler@database/jeweler",
    "REDIS_URL": "redis://broker:6379/0",
    "EMAIL_BACKEND": "anymail.backends.postmark.EmailBackend",
    "DEFAULT_FROM_EMAIL": "Osmere <hello@shop.example>",
    "ANYMAIL_POSTMARK_SERVER_TOKEN": "token",
}


def say(expression: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What a fresh process with just this environment says of its settings."""
    return subprocess.run(
        [sys.executable, "-c", f"from jeweler import settings; print(({expression}))"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_bare_environment_is_neither_a_demo_nor_debugged() -> None:
    said = say("settings.DEMO, settings.DEBUG, 'demo' in settings.INSTALLED_APPS", PRODUCTION)
    assert said.stdout.strip() == "(False, False, False)", said.stderr


@pytest.mark.parametrize("name", [n for n in PRODUCTION if not n.startswith("ANYMAIL")])
def test_a_missing_variable_is_named_with_its_purpose(name: str) -> None:
    said = say("''", {key: value for key, value in PRODUCTION.items() if key != name})
    assert said.returncode != 0
    assert f"Set {name}: " in said.stderr


def test_the_mail_providers_settings_come_from_the_environment() -> None:
    assert (
        say("settings.ANYMAIL", PRODUCTION).stdout.strip() == "{'POSTMARK_SERVER_TOKEN': 'token'}"
    )


def test_a_flag_that_is_no_flag_is_refused_with_what_to_write() -> None:
    said = say("''", {**PRODUCTION, "DEMO": "yes"})
    assert "Unexpected value DEMO=yes, use 'True' or 'False'" in said.stderr


@pytest.mark.parametrize(
    ("name", "value", "way_out"),
    [
        ("PRICE_MODE", "hidden", "use 'shown' or 'range' or 'on_request'"),
        ("TAX_DISPLAY", "both", "use 'added' or 'included'"),
        ("TAX_PCT", "eight", "use a number such as '8.875'"),
        ("TAX_PCT", "NaN", "use a number such as '8.875'"),
        ("TAX_PCT", "120", "use a number such as '8.875'"),
        ("FEED_LARGEST_BYTES", "lots", "use a number such as '536870912'"),
        ("SEARCH_SNAPSHOT_POLL_S", "-1", "use a number such as '0.5'"),
        ("HOUSE_TIME_ZONE", "America", "use an IANA time zone such as 'America/New_York'"),
        ("HOUSE_TIME_ZONE", "EST5", "use an IANA time zone such as 'America/New_York'"),
    ],
)
def test_a_rule_of_the_house_is_refused_when_it_is_none_we_know(
    name: str, value: str, way_out: str
) -> None:
    said = say("''", {**PRODUCTION, name: value})
    assert f"Unexpected value {name}={value}, {way_out}" in said.stderr


def test_an_empty_variable_is_the_same_as_none() -> None:
    said = say(
        "settings.PRICE_MODE, settings.TAX_PCT", {**PRODUCTION, "PRICE_MODE": "", "TAX_PCT": ""}
    )
    assert said.stdout.strip() == "('shown', Decimal('0'))", said.stderr


def test_this_machine_is_never_called_from_within_in_production() -> None:
    said = say("''", {**PRODUCTION, "OUTWARD_LOOPBACK": "True"})
    assert "DEBUG or DEMO alone" in said.stderr
