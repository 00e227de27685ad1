"""What the container files promise and no container engine is needed to see."""

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
COMPOSE = YAML(typ="safe").load(ROOT / "docker-compose.yml")
SERVICES = COMPOSE["services"]
APP = ("migrate", "web", "worker", "beat", "poller")
SECRETS = {
    "SECRET_KEY",
    "SEALING_KEYS",
    "POSTGRES_PASSWORD",
    "REDIS_PASSWORD",
    "DISTRIBUTOR_URL",
    "DISTRIBUTOR_USER",
    "DISTRIBUTOR_KEY",
    "ALLOWED_HOSTS",
}


def values(node):
    match node:
        case dict():
            return [value for child in node.values() for value in values(child)]
        case list():
            return [value for child in node for value in values(child)]
    return [str(node)]


def names(pattern, *files):
    return {name for file in files for name in re.findall(pattern, (ROOT / file).read_text())}


def test_compose_refuses_to_start_without_its_secrets():
    references = re.findall(r"\$\{(\w+)([^}]*)\}", " ".join(values(COMPOSE)))

    assert {name for name, _ in references} >= SECRETS
    assert all(form.startswith(":?") for name, form in references if name in SECRETS)


def test_no_password_stands_in_compose():
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|KEY|AUTH", name):
                assert value.startswith("${"), name


def test_only_web_can_be_reached_and_only_from_this_machine():
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert ports == {"web": ["${LISTEN:-127.0.0.1:8000}:8000"]}


@pytest.mark.parametrize("name", APP)
def test_the_application_is_one_image_without_rights(name):
    service = SERVICES[name]

    assert service["image"] == SERVICES["web"]["image"]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]


def test_the_database_is_migrated_once_before_anything_uses_it():
    for name in ("web", "worker", "beat", "poller"):
        assert SERVICES[name]["depends_on"]["migrate"] == {
            "condition": "service_completed_successfully"
        }


def test_the_worker_takes_every_queue():
    command = SERVICES["worker"]["command"]

    assert command[command.index("--queues") + 1] == "celery,refresh"


def test_the_image_does_not_run_as_root():
    assert re.findall(r"^USER (.*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[-1] != "root"


def test_the_example_lists_exactly_the_names_that_are_read():
    listed = names(r"(?m)^#?([A-Z_]+)=", ".env.example")
    settings = names(r'env(?:\.\w+)?\(\s*"([A-Z_]+)"', "reseller/settings.py")
    compose = names(r"\$\{([A-Z_]+)", "docker-compose.yml")

    assert settings | compose == listed
