"""`genesis doctor`: on a directory, and on a repository of a local GitHub."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from nacl.public import PublicKey, SealedBox

from bot.cli.doctor import _text
from bot.core.render.paint import plain
from bot.errors import Exit
from bot.flows.onboarding.check import Check
from bot.flows.stage_run.caller import caller_workflow
from tests.cli.support import Ran, inside
from tests.fakes.anthropic_server import AnthropicServer
from tests.github.hub import Hub, Place, local_hub
from tests.github.waiting import with_workflow

MIX = """\
defmodule Shop.MixProject do
  use Mix.Project
  def project, do: [app: :shop, version: "1.0.0"]
end
"""
KEY = "secret-key-of-a-test"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with a commit."""
    root = tmp_path / "shop"
    root.mkdir()
    (root / "mix.exs").write_text(MIX)
    for argv in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "x"]):
        subprocess.run(["git", *argv], cwd=root, check=True)
    return root


def found(ran: Ran) -> dict[str, Mapping[str, Any]]:
    return {check["name"]: check for check in ran.data["checks"]}


def outcomes(ran: Ran) -> dict[str, str]:
    return {name: str(check["outcome"]) for name, check in found(ran).items()}


@pytest.mark.elixir
def test_a_project_is_looked_at_and_not_touched(project: Path) -> None:
    before = sorted(project.rglob("*"))
    ran = inside("doctor", project)
    assert ran.code == Exit.OK, ran.out + ran.err
    assert "the project" in ran.out.splitlines()
    assert "FAILURE" not in ran.out
    assert "see: `genesis doctor" in ran.out
    assert ran.out.splitlines()[-1].endswith("1 not checked")
    assert sorted(project.rglob("*")) == before


@pytest.mark.parametrize("width", [0, 20, 80, 120])
def test_the_table_keeps_to_the_width_and_breaks_no_word(width: int) -> None:
    command = "`genesis doctor acme/shop` and https://example.com/a/rather/long/address/here"
    checks = [
        Check("the App", "installation", "failure", "word " * 40, command + " word" * 30),
        Check("the App", "x", "could-not-check", "y", "see-this-page"),
    ]
    text = _text(checks, plain, width)
    words = [f"{check.says} {check.fix}".split() for check in checks]
    flat = text.split()
    assert [word for word in flat if word in {"word", *command.split()}] == [
        word for word in words[0] if word in {"word", *command.split()}
    ]
    assert "see: see-this-page" in text
    if width >= 80:
        assert max(map(len, text.splitlines())) <= max(width, 27 + len(command.split()[-1]))
    if not width:
        assert len(text.splitlines()) == 5


def test_what_is_no_repository_fails_with_what_to_do(tmp_path: Path) -> None:
    ran = inside("doctor", tmp_path, "--json")
    assert ran.code == Exit.FINDINGS
    assert outcomes(ran)["repository"] == "failure"
    assert found(ran)["repository"]["fix"]
    assert ran.data["counts"]["failure"] >= 1


def test_what_is_neither_directory_nor_repository_is_wrong_use(tmp_path: Path) -> None:
    for target in ("no/such/place", str(tmp_path / "gone"), "-/x", "a/b/../c"):
        ran = inside("doctor", "--json", "--", target)
        assert ran.code == Exit.UNUSABLE
        assert "neither a directory nor OWNER/REPO" in ran.data["error"]["message"]


def test_a_broken_configuration_is_told_with_its_line(project: Path) -> None:
    (project / ".github").mkdir()
    (project / ".github" / "otp-genesis.yml").write_text("version: 1\nlabl: x\n")
    check = found(inside("doctor", project, "--json"))["configuration"]
    assert check["outcome"] == "failure"
    assert ".github/otp-genesis.yml:2" in check["says"]


def test_pipelines_of_ones_own_are_checked(project: Path) -> None:
    folder = project / ".genesis" / "pipelines"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text("name: mine\nsteps: 5\n")
    check = found(inside("doctor", project, "--json"))["pipelines"]
    assert check["outcome"] == "failure"
    assert check["says"].startswith(".genesis/pipelines/mine.yaml:")


def test_a_folder_that_cannot_be_written_fails(project: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    env = {"GENESIS_CACHE_DIR": str(tmp_path / "file" / "cache")}
    check = found(inside("doctor", project, "--json", env=env))["cache folder"]
    assert (check["outcome"], "GENESIS_CACHE_DIR" in check["fix"]) == ("failure", True)


def test_a_folder_that_cannot_even_be_looked_for_fails(project: Path, tmp_path: Path) -> None:
    env = {"GENESIS_CACHE_DIR": str(tmp_path / ("x" * 300))}
    ran = inside("doctor", project, "--json", env=env)
    assert (ran.code, outcomes(ran)["cache folder"]) == (Exit.FINDINGS, "failure"), ran.err


def test_a_model_is_asked_for_only_on_demand_and_no_key_is_shown(project: Path) -> None:
    with AnthropicServer() as server:
        env = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": server.url}
        without = inside("doctor", project, "--json", env=env)
        asked = inside("doctor", project, "--json", "--model", env=env)
        env["GENESIS_ANTHROPIC_MODEL"] = "claude-none-1"
        wrong = inside("doctor", project, "--json", "--model", env=env)
    assert [outcomes(r)["anthropic"] for r in (without, asked, wrong)] == [
        "could-not-check",
        "ok",
        "failure",
    ]
    assert KEY not in "".join(r.out + r.err for r in (without, asked, wrong))
    assert server.requests == []  # no completion was paid for


@pytest.mark.elixir
def test_a_build_is_tried_on_demand_outside_of_the_checkout(project: Path) -> None:
    ran = inside("doctor", project, "--json", "--build")
    check = found(ran)["build"]
    assert (ran.code, check["outcome"]) == (Exit.FINDINGS, "failure")
    assert "no tests" in check["says"]
    assert not (project / "_build").exists()
    branches = subprocess.run(
        ["git", "branch", "--list"], cwd=project, capture_output=True, text=True, check=True
    )
    assert "genesis" not in branches.stdout


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with local_hub(tmp_path_factory.mktemp("doctor")) as running:
        yield running


@pytest.fixture
def place(hub: Hub) -> Iterator[Place]:
    app = hub.app()
    yield hub.place(app)
    app.close()


def doctor(hub: Hub, name: str, *more: str, **env: str) -> Ran:
    app = hub.said["app"]
    settings = {
        "GENESIS_GITHUB_APP_ID": str(app["id"]),
        "GENESIS_GITHUB_PRIVATE_KEY_FILE": app["private_key"],
        "GENESIS_GITHUB_WEBHOOK_SECRET": app["webhook_secret"],
        **env,
    }
    return inside("doctor", name, "--against", hub.said["url"], "--json", *more, env=settings)


def test_a_bare_repository_lacks_the_workflow_and_says_how_to_add_it(
    hub: Hub, place: Place
) -> None:
    ran = doctor(hub, place.full_name)
    assert ran.code == Exit.FINDINGS
    check = found(ran)["workflow of stages"]
    assert (check["outcome"], "genesis onboard" in check["fix"]) == ("failure", True)
    assert outcomes(ran)["switched on"] == "could-not-check"
    assert outcomes(ran)["credentials"] == outcomes(ran)["installation"] == "ok"
    assert outcomes(ran)["permissions"] == "ok"


def test_what_was_mended_is_ok(hub: Hub, place: Place) -> None:
    text = caller_workflow(owner="acme", ref="main", version=version("otp-genesis"))
    with_workflow(place, "otp-genesis.yml", text)
    place.commit("main", {".github/workflows/ci.yml": "on: pull_request\njobs: {}\n"})
    label = {"name": "otp-refactor", "color": "8250df"}
    place.by("admin", "POST", "/labels", label)
    place.issue()
    seen = outcomes(doctor(hub, place.full_name))
    for name in ("workflow of stages", "workflow is on", "label", "checks of pull requests"):
        assert seen[name] == "ok", name
    assert seen["sub-issues"] == seen["dependencies"] == "ok"
    assert seen["starting it"] == "could-not-check"
    place.by("admin", "PUT", "/actions/workflows/otp-genesis.yml/disable")
    assert outcomes(doctor(hub, place.full_name))["workflow is on"] == "failure"


def test_rules_that_refuse_our_pushes_are_found_unless_we_get_round_them(
    hub: Hub, place: Place
) -> None:
    ruleset: dict[str, Any] = {
        "name": "closed",
        "target": "branch",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": ["refs/heads/genesis/**"], "exclude": []}},
        "rules": [{"type": "creation"}],
    }
    made = place.by("admin", "POST", "/rulesets", ruleset)
    check = found(doctor(hub, place.full_name))["pushes to genesis/**"]
    assert (check["outcome"], str(made["id"]) in check["fix"]) == ("failure", True)
    app = {"actor_id": hub.said["app"]["id"], "actor_type": "Integration"}
    place.by("admin", "PUT", f"/rulesets/{made['id']}", {"bypass_actors": [app]})
    assert outcomes(doctor(hub, place.full_name))["pushes to genesis/**"] == "ok"


def test_a_broken_configuration_on_the_default_branch_fails(hub: Hub, place: Place) -> None:
    place.commit("main", {".github/otp-genesis.yml": "run: maybe\n"})
    check = found(doctor(hub, place.full_name))["configuration"]
    assert (check["outcome"], "on main" in check["fix"]) == ("failure", True)


def test_a_configuration_too_large_for_the_bot_is_not_called_valid(hub: Hub, place: Place) -> None:
    place.commit("main", {".github/otp-genesis.yml": f"run: manual\n# {'x' * 70_000}\n"})
    check = found(doctor(hub, place.full_name))["configuration"]
    assert (check["outcome"], "64 kB" in check["says"]) == ("failure", True)


def test_a_repository_without_the_app_leads_to_the_page_that_installs_it(hub: Hub) -> None:
    ran = doctor(hub, "acme/nowhere")
    assert ran.code == Exit.FINDINGS
    assert "/installations/new" in found(ran)["installation"]["fix"]
    assert outcomes(ran)["everything"] == "could-not-check"


def test_a_suspended_installation_is_a_failure_and_nothing_else_is_guessed(
    hub: Hub, place: Place
) -> None:
    where = f"/app/installations/{place.installation}/suspended"
    hub.as_app("PUT", where)
    try:
        ran = doctor(hub, place.full_name)
    finally:
        hub.as_app("DELETE", where)
    assert outcomes(ran)["installation"] == "failure"
    assert outcomes(ran)["everything"] == "could-not-check"


def test_credentials_that_are_none_are_told(hub: Hub, tmp_path: Path) -> None:
    unset = doctor(hub, "acme/shop", GENESIS_GITHUB_APP_ID="0")
    wrong = doctor(hub, "acme/shop", GENESIS_GITHUB_APP_ID="999999")
    (tmp_path / "key.pem").write_text("-----BEGIN PRIVATE KEY-----\nx\n")
    broken = doctor(hub, "acme/shop", GENESIS_GITHUB_PRIVATE_KEY_FILE=str(tmp_path / "key.pem"))
    for ran in (unset, wrong, broken):
        assert (ran.code, outcomes(ran)["credentials"]) == (Exit.FINDINGS, "failure")
    assert "is no private key" in found(broken)["credentials"]["says"]


def test_a_github_that_does_not_answer_is_a_failure_not_a_crash(hub: Hub) -> None:
    app = hub.said["app"]
    env = {
        "GENESIS_GITHUB_APP_ID": str(app["id"]),
        "GENESIS_GITHUB_PRIVATE_KEY_FILE": app["private_key"],
    }
    ran = inside("doctor", "acme/shop", "--against", "http://127.0.0.1:9", "--json", env=env)
    assert ran.code == Exit.FINDINGS
    assert outcomes(ran)["GitHub"] == "failure"
    assert {name for name, o in outcomes(ran).items() if o == "ok"} <= {"key file"}


def test_a_person_sees_what_the_app_may_not(hub: Hub, place: Place) -> None:
    token = hub.said["tokens"]["admin"]
    assert outcomes(doctor(hub, place.full_name))["model key"] == "could-not-check"
    ran = doctor(hub, place.full_name, "--token-from", "MY_TOKEN", MY_TOKEN=token)
    # The local GitHub has secrets of repositories, none of organizations.
    assert outcomes(ran)["model key"] == "could-not-check"
    key = place.by("admin", "GET", "/actions/secrets/public-key")
    sealed = SealedBox(PublicKey(b64decode(key["key"]))).encrypt(b"x")
    body = {"encrypted_value": b64encode(sealed).decode(), "key_id": key["key_id"]}
    place.by("admin", "PUT", "/actions/secrets/ANTHROPIC_API_KEY", body)
    ran = doctor(hub, place.full_name, "--token-from", "MY_TOKEN", MY_TOKEN=token)
    assert outcomes(ran)["model key"] == "ok"
    assert token not in ran.out + ran.err
    assert outcomes(doctor(hub, place.full_name))["model key"] == "could-not-check"


def test_without_an_app_a_person_alone_can_look(hub: Hub, place: Place) -> None:
    token = hub.said["tokens"]["admin"]
    env = {"MY_TOKEN": token, "GENESIS_GITHUB_APP_ID": "0"}
    ran = doctor(hub, place.full_name, "--token-from", "MY_TOKEN", **env)
    assert outcomes(ran)["access"] == "ok"
    assert "credentials" not in outcomes(ran)
    assert outcomes(ran)["workflow of stages"] == "failure"
    wrong = doctor(hub, place.full_name, "--token-from", "MY_TOKEN", **env | {"MY_TOKEN": "ghp_x"})
    assert outcomes(wrong)["access"] == "failure"


def test_what_a_person_may_bypass_says_nothing_of_the_bot(hub: Hub, place: Place) -> None:
    admin = {"actor_id": 5, "actor_type": "RepositoryRole"}
    ruleset = {
        "name": "closed",
        "target": "branch",
        "enforcement": "active",
        "bypass_actors": [admin],
        "conditions": {"ref_name": {"include": ["refs/heads/genesis/**"], "exclude": []}},
        "rules": [{"type": "creation"}],
    }
    place.by("admin", "POST", "/rulesets", ruleset)
    token = hub.said["tokens"]["admin"]
    env = {"MY_TOKEN": token, "GENESIS_GITHUB_APP_ID": "0"}
    ran = doctor(hub, place.full_name, "--token-from", "MY_TOKEN", **env)
    assert outcomes(ran)["pushes to genesis/**"] == "failure"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("acme/shop", "--build"), "--build"),
        (("acme/shop", "--model"), "--model"),
        ((".", "--against", "http://127.0.0.1:9"), "--against"),
        ((".", "--token-from", "HOME"), "--token-from"),
        (("acme/shop", "--token-from", "NOT_SET_ANYWHERE"), "NOT_SET_ANYWHERE is not set"),
    ],
)
def test_options_of_the_other_kind_are_wrong_use(arguments: tuple[str, ...], said: str) -> None:
    ran = inside("doctor", *arguments)
    assert ran.code == Exit.USAGE
    assert said in ran.err


def test_a_key_that_others_may_read_is_warned_of(hub: Hub, tmp_path: Path) -> None:
    key = tmp_path / "app.pem"
    key.write_text(Path(hub.said["app"]["private_key"]).read_text())
    for mode, outcome in ((0o640, "warning"), (0o600, "ok")):
        key.chmod(mode)
        ran = doctor(hub, "acme/shop", GENESIS_GITHUB_PRIVATE_KEY_FILE=str(key))
        assert outcomes(ran)["key file"] == outcome


def test_no_folder_is_made_by_looking(project: Path, tmp_path: Path) -> None:
    env = {"GENESIS_CACHE_DIR": str(tmp_path / "a" / "b"), "GENESIS_STATE_DIR": str(tmp_path / "c")}
    ran = inside("doctor", project, "--json", env=env)
    assert (outcomes(ran)["cache folder"], outcomes(ran)["state folder"]) == ("ok", "ok")
    assert not (tmp_path / "a").exists()
    assert not (tmp_path / "c").exists()


def without_a_github_client(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Genesis as it is installed without extras."""
    absent = ("githubkit", "httpx", "jwt", "fastapi", "dbos")
    code = f"import sys\nsys.modules |= dict.fromkeys({absent!r})\nfrom bot.cli import main\nmain()"
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_laptop_needs_no_client_of_github(project: Path) -> None:
    ran = without_a_github_client("doctor", str(project), "--json")
    assert "git" in {check["name"] for check in json.loads(ran.stdout)["checks"]}, ran.stderr
    for way in ("laptop", "action", "app", "serverless"):
        ran = without_a_github_client("init", str(project), "--for", way, "--owner", "acme", "-n")
        assert ran.returncode == Exit.OK, ran.stderr


def test_what_github_needs_is_said_where_it_is_missing() -> None:
    for command in (("doctor", "acme/shop"), ("onboard", "acme/shop", "--owner", "acme")):
        ran = without_a_github_client(*command)
        assert ran.returncode == Exit.UNUSABLE, ran.stderr
        assert "otp-genesis[server]" in ran.stderr


def test_nothing_is_changed_and_the_token_is_given_back(hub: Hub, place: Place) -> None:
    before = hub.now()
    doctor(hub, place.full_name)
    asked = [e for e in hub.exchanges(before) if e["method"] not in ("GET", "HEAD")]
    assert [e["method"] for e in asked] == ["POST", "DELETE"]
    assert asked[0]["path"].endswith("/access_tokens")
    assert asked[1]["path"].endswith("/installation/token")
    assert set(json.loads(asked[0]["request"])["permissions"].values()) == {"read"}
