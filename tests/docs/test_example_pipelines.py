"""Every pipeline in examples/pipelines does what its first lines promise."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bot.errors import Exit
from tests.cli.support import Ran, inside
from tests.docs.pages import blocks
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.vendor_server import Body, CallTool, Fail, Say, SayJson, Script
from tests.flows.support import APPLICATION, SHOP, SPAWNING, fingerprint, git, repository

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "pipelines"
FILES = sorted(EXAMPLES.glob("*.yaml"))
MAIL = "lib/shop/mail.ex"
CROOKED = SPAWNING.replace("    :ok", "  :ok")
SPAWN = "    spawn(fun)\n"
PATCH = "diff --git a/lib/a.ex b/lib/a.ex\n--- a/lib/a.ex\n+++ b/lib/a.ex\n@@ -1 +1 @@\n-a\n+b\n"
FOUND = {"rule": "unsupervised-spawn", "severity": "error", "line": 3, "message": "nobody learns"}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is known of the shop's commit, once for all examples."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def place(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for runs, outside of any repository."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GENESIS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("GENESIS_CACHE_DIR", str(cache))
    return tmp_path


@pytest.fixture
def shop(place: Path) -> Path:
    """A small application in a repository, one of its files not formatted."""
    return repository(place / "shop", {**SHOP, MAIL: CROOKED})


def example(name: str, *args: str | Path, script: Script = ()) -> tuple[Ran, AnthropicServer]:
    """Run an example as its head says, Claude's API on this machine."""
    with AnthropicServer(script) as server:
        env = {
            "ANTHROPIC_API_KEY": "sk-ant-" + "k" * 40,
            "ANTHROPIC_BASE_URL": server.url,
            "GENESIS_MODEL_RETRIES": "0",
        }
        ran = inside("pipeline", "run", EXAMPLES / f"{name}.yaml", *args, "--json", env=env)
    return ran, server


def said(ran: Ran) -> Any:
    """The outputs of a run that went well."""
    assert ran.code == Exit.OK, ran.out[:2000] + ran.err
    return ran.data["outputs"]


def test_the_first_pipeline_of_the_guide_runs_as_it_is_shown(shop: Path) -> None:
    first, shown, *_ = blocks("pipelines.md")
    (shop / "first.yaml").write_text(first.text)
    ran = inside("pipeline", "run", shop / "first.yaml", "-C", shop)
    told = shown.text.split("$ genesis pipeline run first.yaml\n")[1]
    assert re.sub(r"\d+", "0", ran.err) == re.sub(r"\d+", "0", told)
    assert json.loads(ran.out) == {
        "places": [{"rule": "unsupervised-spawn", "path": MAIL, "line": 3}]
    }


def test_every_example_is_explained_and_no_other() -> None:
    listed = re.findall(r"^\| \[(\w+\.yaml)\]\(\1\)", (EXAMPLES / "README.md").read_text(), re.M)
    assert sorted(listed) == [path.name for path in FILES]
    assert 4 <= len(FILES) <= 6


def test_every_example_is_right() -> None:
    ran = inside("pipeline", "validate", EXAMPLES)
    assert (ran.code, ran.out) == (Exit.OK, f"{len(FILES)} pipelines: nothing is wrong\n")


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.stem))
def test_every_example_can_be_rehearsed(file: Path, shop: Path) -> None:
    (shop.parent / "change.diff").write_text(PATCH)
    given = ["--input", "diff_file=change.diff"] if file.stem == "review" else []
    before = fingerprint(shop)
    ran = inside("pipeline", "run", file, "-C", shop, *given, "--dry-run", "--json")
    assert ran.code == Exit.OK, ran.err
    # Files that an earlier step would have written are not there to move or convert.
    missing = [step for step in ran.data["unrendered"] if "no such file" not in step["reason"]]
    assert missing == []
    assert fingerprint(shop) == before


def test_findings_report_needs_no_key(shop: Path) -> None:
    ran = inside("pipeline", "run", EXAMPLES / "findings_report.yaml", "-C", shop, "--json")
    assert said(ran) == {
        "findings": 1,
        "by_rule": {"unsupervised-spawn": {"places": 1, "first": MAIL}},
    }
    patch = Path(ran.data["patch"])
    git(shop, "apply", "--check", str(patch))
    git(shop, "apply", str(patch))
    report = (shop / "otp-findings.md").read_text()
    assert "## unsupervised-spawn: 1\n\n- lib/shop/mail.ex:3 (warning) " in report
    table = (shop / "otp-findings.csv").read_text().splitlines()
    assert table[0] == "severity,rule,path,line,message"
    assert table[1].startswith("warning,unsupervised-spawn,lib/shop/mail.ex,3,")
    assert not (shop / "otp-findings.json").exists()


@pytest.mark.parametrize(
    ("approved", "severities", "verdict"),
    [
        (True, [], "approved"),
        (False, ["error", "info"], "blocked by 1 of 2 comments"),
        (False, ["info"], "1 comments"),
    ],
)
def test_review_says_what_the_model_found(
    place: Path, approved: bool, severities: list[str], verdict: str
) -> None:
    (place / "change.diff").write_text(PATCH)
    comments = [
        {"path": "lib/a.ex", "line": 1, "severity": severity, "message": "why?"}
        for severity in severities
    ]
    answer = {"approved": approved, "summary": "A change.", "comments": comments}
    ran, server = example(
        "review", "--input", "diff_file=change.diff", script=[Say("Looks fine."), SayJson(answer)]
    )
    assert said(ran) == {"verdict": verdict, "comments": comments}
    assert '<data kind=\\"file\\" name=\\"change.diff\\">' in json.dumps(server.bodies[0])
    assert "the reply is not JSON" in json.dumps(server.bodies[1])
    written = Path(ran.data["directory"]) / "outputs" / "review.json"
    assert json.loads(written.read_text()) == answer


@pytest.mark.elixir
def test_fix_until_green_commits_what_a_model_fixed_in_its_second_round(shop: Path) -> None:
    task = "    {:ok, _} = Task.Supervisor.start_child(Shop.Jobs, fun)\n"
    child = APPLICATION.replace("[]", "[{Task.Supervisor, name: Shop.Jobs}]")
    script = [
        CallTool("read", {"path": MAIL}),
        CallTool("edit", {"path": MAIL, "old": SPAWN, "new": task}),
        CallTool("done", {"summary": "a task"}),
        CallTool("write", {"path": "lib/shop/application.ex", "content": child}),
        CallTool("done", {"summary": "and its supervisor"}),
    ]
    before = fingerprint(shop)
    ran, server = example("fix_until_green", "-C", shop, script=script)
    outputs = said(ran)
    assert (outputs["found"], outputs["rounds"]) == (1, 2)
    assert "no process" in json.dumps(server.bodies[3])
    assert git(shop, "show", f"{outputs['commit']}:{MAIL}") + "\n" == CROOKED.replace(SPAWN, task)
    assert git(shop, "log", "-1", "--format=%s", ran.data["branch"]) == (
        "Fix 1 findings of unsupervised-spawn, unsupervised-task"
    )
    assert fingerprint(shop) == before


def test_review_files_asks_about_each_file_and_survives_one_that_fails(place: Path) -> None:
    shop = repository(place / "shop", {**SHOP, "lib/shop/sms.ex": SPAWNING.replace("Mail", "Sms")})

    def answer(body: Body) -> Any:
        if "lib/shop/sms.ex" in json.dumps(body):
            return Fail(500)
        return SayJson({"findings": [{**FOUND, "path": MAIL}]})

    ran, server = example("review_files", "-C", shop, script=answer)
    outputs = said(ran)
    assert (outputs["reviewed"], outputs["failed"]) == (2, 1)
    assert [finding["path"] for finding in outputs["findings"]] == [MAIL]
    assert len(server.requests) == 2
    prompt = json.dumps(server.bodies[0])
    assert 'kind=\\"findings\\"' in prompt
    assert 'kind=\\"file\\"' in prompt


def test_explain_goes_on_with_the_conversation_in_the_next_run(shop: Path) -> None:
    advice = {"summary": "- watch it", "recommendations": [{"text": "watch it"}]}
    script = [Say("A shop."), Say("The mailer."), SayJson(advice)]
    first, _ = example("explain", "-C", shop, script=script)
    assert said(first) == {"answer": "The mailer.", "follow_up": [{"text": "watch it"}]}
    second, server = example("explain", "-C", shop, "--prompt", "And then?", script=script)
    said(second)
    turns = json.dumps(server.bodies[1]["messages"])
    assert "What would you look at first" in turns
    assert "And then?" in turns


@pytest.mark.elixir
def test_format_and_commit_makes_one_commit_of_what_the_formatter_changed(shop: Path) -> None:
    before = fingerprint(shop)
    ran = inside("pipeline", "run", EXAMPLES / "format_and_commit.yaml", "-C", shop, "--json")
    commit = said(ran)["commit"]
    assert git(shop, "show", f"{commit}:{MAIL}") + "\n" == SPAWNING
    assert git(shop, "diff", "--name-only", "HEAD", commit) == MAIL
    assert fingerprint(shop) == before
