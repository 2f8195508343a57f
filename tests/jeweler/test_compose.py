"""What can be known of docker-compose.yml without a Docker engine."""

import re
from typing import Any

import pytest
import yaml

from jeweler import embedded

ROOT = embedded.CHECKOUT
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = ("migrate", "web", "worker", "beat")
REQUIRED = {
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "SITE_URL",
    "EMAIL_BACKEND",
    "DEFAULT_FROM_EMAIL",
    "POSTGRES_PASSWORD",
}


def _settings_variables() -> set[str]:
    source = (ROOT / "jeweler" / "settings.py").read_text()
    patterns = (
        r"environ(?:\.get\(|\[)\s*\"([A-Z_]+)\"",
        r"\b(?:flag|required|choice|number|time_zone)\(\s*\"([A-Z_]+)\"",
        r"\"([A-Z_]+)\" (?:not )?in os\.environ",
    )
    return {name for pattern in patterns for name in re.findall(pattern, source)}


def _documented_variables() -> set[str]:
    example = (ROOT / ".env.example").read_text()
    return set(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE))


def _interpolations() -> dict[str, str]:
    """Each variable that docker-compose.yml reads, with what stands behind its name."""
    text = re.sub(r"^\s*#.*$", "", (ROOT / "docker-compose.yml").read_text(), flags=re.MULTILINE)
    return dict(re.findall(r"\$\{([A-Z_]+)([^}]*)\}", text))


def test_the_services_are_those_of_the_production_shape() -> None:
    assert set(SERVICES) == {"postgres", "redis", *OURS}


@pytest.mark.parametrize("name", ["postgres", "redis", "web", "worker", "beat"])
def test_every_lasting_service_has_a_health_check_and_starts_again(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] == "CMD"
    assert {"interval", "timeout", "retries"} <= set(check)
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_migrations_run_once_when_the_database_is_healthy() -> None:
    migrate = SERVICES["migrate"]
    assert migrate["restart"] == "no"
    assert migrate["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert "migrate" in migrate["command"]


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_our_services_wait_for_migrations_and_servers(name: str) -> None:
    assert {on: wait["condition"] for on, wait in SERVICES[name]["depends_on"].items()} == {
        "postgres": "service_healthy",
        "redis": "service_healthy",
        "migrate": "service_completed_successfully",
    }


def test_our_services_share_one_image_and_one_environment() -> None:
    first = SERVICES["web"]
    for name in OURS:
        assert SERVICES[name]["image"] == first["image"]
        assert SERVICES[name]["environment"] == first["environment"]


def test_production_is_neither_a_demo_nor_debugged() -> None:
    environment = SERVICES["web"]["environment"]
    assert (environment["DEBUG"], environment["DEMO"]) == ("False", "False")


def test_only_the_web_is_published_and_only_to_this_machine() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"web"}
    assert all(port.startswith("127.0.0.1:") for port in published["web"])


def test_every_missing_required_variable_is_asked_for_with_a_message() -> None:
    read = _interpolations()
    assert {name for name, rest in read.items() if rest.startswith(":?")} == REQUIRED
    for name in REQUIRED:
        assert f"Set {name} " in read[name], name


def test_every_other_variable_has_a_default() -> None:
    optional = {name: rest for name, rest in _interpolations().items() if name not in REQUIRED}
    assert optional
    assert all(rest.startswith(":-") for rest in optional.values()), optional


def test_every_variable_that_is_read_is_documented() -> None:
    read = _settings_variables() | set(_interpolations())
    assert {"SECRET_KEY", "DEBUG", "DATABASE_URL", "STATIC_ROOT"} <= _settings_variables()
    assert read - _documented_variables() == set()


def test_every_documented_variable_is_read_somewhere() -> None:
    elsewhere = {"JEWELER_HOME", "CHROMIUM"}
    known = _settings_variables() | set(_interpolations()) | elsewhere
    anymails_own = {name for name in _documented_variables() if name.startswith("ANYMAIL_")}
    assert _documented_variables() - anymails_own - known == set()


def test_what_settings_require_reaches_the_services() -> None:
    source = (ROOT / "jeweler" / "settings.py").read_text()
    required = set(re.findall(r"\brequired\(\s*\"([A-Z_]+)\"", source))
    assert required
    assert required <= set(SERVICES["web"]["environment"])


def test_every_named_volume_is_declared() -> None:
    used = {
        volume.split(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
        if not volume.startswith((".", "/"))
    }
    assert used == set(COMPOSE["volumes"])


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_health_checks_call_a_script_that_knows_the_service(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"] == ["CMD", "bin/healthy", name]
    assert re.search(rf"^{name}\)", (ROOT / "bin" / "healthy").read_text(), re.MULTILINE)


def test_the_image_is_built_by_the_script_that_runs_in_any_debian_root() -> None:
    recipe = (ROOT / "Dockerfile").read_text()
    assert re.findall(r"^RUN (.*)$", recipe, re.MULTILINE) == [
        "bin/image-build packages",
        "bin/image-build site",
    ]
    assert re.search(r"^USER jeweler$", recipe, re.MULTILINE)


def test_the_web_serves_wsgi() -> None:
    recipe = (ROOT / "Dockerfile").read_text()
    assert '"granian", "jeweler.wsgi:application", "--interface", "wsgi"' in recipe
