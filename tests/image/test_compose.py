"""What compose.yaml promises, read from it; `make image-test` has compose itself read it."""

from __future__ import annotations

import inspect
import re
import tomllib
from typing import Any

import pytest

from bot.cli.serve import serve
from bot.server.serve import REVOKING
from bot.server.web import STOP
from bot.settings import Settings
from tests.image.conftest import ROOT
from tests.image.dockerfile import Stage

SERVERS = ("server", "server-2")
SERVICES = (*SERVERS, "postgres", "proxy")


def test_these_are_the_services(compose: dict[str, Any]) -> None:
    assert tuple(compose["services"]) == SERVICES


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_is_held_tight(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert "healthcheck" in service or name in SERVERS
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "proxy" else [])
    assert not {"privileged", "pid", "ipc", "network_mode", "devices", "userns_mode"} & set(service)
    assert "docker.sock" not in str(service)


def test_images_of_others_are_pinned_by_digest(
    compose: dict[str, Any], stages: dict[str, Stage]
) -> None:
    pinned = re.compile(r"[a-z]+:[a-z0-9.-]+@sha256:[0-9a-f]{64}")
    for name, service in compose["services"].items():
        assert ("build" in service) != bool(pinned.fullmatch(service["image"])), name
        assert service.get("build", {"target": "server"})["target"] in stages
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"otp-genesis/server:{version}}}" in compose["services"]["server"]["image"]


def published(service: dict[str, Any]) -> list[tuple[str, str]]:
    """(where on the host, port in the container)."""
    return [tuple(port.rsplit(":", 1)) for port in service.get("ports", [])]


def test_the_proxy_alone_is_public(compose: dict[str, Any], stages: dict[str, Stage]) -> None:
    services = compose["services"]
    assert published(services["proxy"]) == [("80", "80"), ("443", "443")]
    assert published(services["postgres"]) == []
    pages = stages["server"].last("EXPOSE").text.split()[1]
    for name in SERVERS:
        ((host, port),) = published(services[name])
        assert host.startswith("127.0.0.1:")
        assert port == pages


def test_postgres_is_reached_by_the_servers_only(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert compose["networks"]["database"] == {"internal": True}
    assert {n for n, s in services.items() if "database" in s["networks"]} == {*SERVERS, "postgres"}
    assert services["postgres"]["networks"] == ["database"]


@pytest.mark.parametrize("name", SERVERS)
def test_variables_are_our_settings_and_hold_no_secret(compose: dict[str, Any], name: str) -> None:
    variables = compose["services"][name]["environment"]
    fields = {v.removeprefix("GENESIS_").lower() for v in variables}
    assert fields <= Settings.model_fields.keys()
    secret = {n for n, f in Settings.model_fields.items() if "SecretStr" in str(f.annotation)}
    assert {"database_url", "github_webhook_secret", "anthropic_api_key"} <= secret
    assert not fields & secret
    folder = variables["GENESIS_SECRETS_DIR"]
    (mount,) = [v for v in compose["services"][name]["volumes"] if isinstance(v, dict)]
    assert (mount["target"], mount["read_only"]) == (folder, True)


def test_each_server_writes_to_volumes_of_its_own(
    compose: dict[str, Any], stages: dict[str, Stage]
) -> None:
    used: list[str] = []
    for name in SERVERS:
        named = [v.split(":") for v in compose["services"][name]["volumes"] if isinstance(v, str)]
        assert {target for _, target in named} == set(stages["server"].last("VOLUME").json)
        used += [volume for volume, _ in named]
    assert len(used) == len(set(used)) == 4
    assert set(used) <= compose["volumes"].keys()


def seconds(text: str) -> float:
    assert text.endswith("s")
    return float(text[:-1])


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_is_not_killed_while_it_drains(compose: dict[str, Any], name: str) -> None:
    drain = inspect.signature(serve).parameters["drain"].default
    assert seconds(compose["services"][name]["stop_grace_period"]) > drain + REVOKING + STOP


def test_the_example_names_each_variable_and_no_other(compose: dict[str, Any]) -> None:
    example = (ROOT / "deploy" / "env.example").read_text()
    named = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", example, re.MULTILINE))
    text = (ROOT / "compose.yaml").read_text()
    assert named == set(re.findall(r"\$\{([A-Z0-9_]+)", text))
    assert not [n for n in named if re.search("KEY|SECRET|TOKEN|PASSWORD|DATABASE", n)]


def test_files_that_are_mounted_exist_or_are_the_operators_own(compose: dict[str, Any]) -> None:
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"/.env", "/deploy/secrets/"} <= set(ignored)
    mounted = [v for s in compose["services"].values() for v in s["volumes"]]
    paths = [v["source"] if isinstance(v, dict) else v.split(":")[0] for v in mounted]
    paths += [secret["file"] for secret in compose["secrets"].values()]
    local = [p for p in paths if p.startswith("./")]
    assert len(local) == 4
    for path in local:
        assert path.startswith("./deploy/secrets/") or (ROOT / path).is_file(), path
