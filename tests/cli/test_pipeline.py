"""`genesis pipeline`: run, rehearse, list, show, replay, as a user does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bot.errors import Exit
from tests.cli.support import Ran, inside
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.vendor_server import Fail, Say
from tests.flows.support import fingerprint, git, repository

KEY = "sk-ant-" + "k" * 40
ASK = """\
workflow:
  name: ask
  steps:
    - name: first
      type: claude
      prompt:
        - {type: static, content: "Say {{ word }}"}
        - {type: file, path: "{{ input_file }}"}
    - name: second
      type: llm
      prompt:
        - {type: previous_response, step: first}
      output_schema: {type: object, required: [n], properties: {n: {type: integer}}}
      output_to_file: answer.json
"""
ANSWERS = [Say("one"), Say('{"n": 1}')]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory outside of any repository, with a pipeline and a file to quote."""
    (tmp_path / "ask.yaml").write_text(ASK)
    (tmp_path / "notes.txt").write_text("remember me")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GENESIS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("GENESIS_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


def ask(
    server: AnthropicServer | None = None, *more: str, word: str = "a", file: str = "ask.yaml"
) -> Ran:
    """Run a pipeline against a server, or without a key."""
    env = {"GENESIS_MODEL_RETRIES": "0"}
    if server is not None:
        env |= {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": server.url}
    given = ("--input", f"word={word}", "--input-file", "notes.txt") if file == "ask.yaml" else ()
    return inside("pipeline", "run", file, *given, *more, env=env)


def test_a_run_prints_its_answer_and_keeps_what_was_said(place: Path) -> None:
    with AnthropicServer(ANSWERS) as server:
        ran = ask(server)
    assert (ran.code, json.loads(ran.out)) == (Exit.OK, {"n": 1})
    assert "ok      first  (claude-opus-5-5" in ran.err
    assert "2 model calls" in ran.err
    assert "remember me" in str(server.requests[0].body)
    listed = inside("pipeline", "runs", "--json").data
    assert [(run["workflow"], run["status"]) for run in listed] == [("ask", "succeeded")]
    shown = inside("pipeline", "show", "--step", "first")
    assert "remember me" in shown.out
    assert "one" in shown.out
    output = Path(listed[0]["directory"]) / "outputs" / "answer.json"
    assert json.loads(output.read_text()) == {"n": 1}


def test_no_key_is_written_anywhere(place: Path) -> None:
    with AnthropicServer(
        [Say(f"your key is {KEY}"), Fail(401, message=f"bad key {KEY}")]
    ) as server:
        ran = ask(server, "--json")
    assert ran.code == Exit.MODEL
    assert KEY not in ran.out + ran.err
    kept = [path for path in (place / "state").rglob("*") if path.is_file()]
    assert kept
    assert [path for path in kept if KEY.encode() in path.read_bytes()] == []


def test_a_failed_run_goes_on_without_paying_twice(place: Path) -> None:
    with AnthropicServer([Say("one"), Fail(500), Say('{"n": 1}')]) as server:
        failed = ask(server)
        again = ask(server)
    assert (failed.code, again.code) == (Exit.MODEL, Exit.OK)
    assert "kept from before" in again.err
    assert len(server.requests) == 3
    record = inside("pipeline", "show", "--json").data
    assert (record["lives"], record["status"], record["usage"]["calls"]) == (2, "succeeded", 2)


def test_what_succeeded_is_asked_anew_the_next_time(place: Path) -> None:
    with AnthropicServer([*ANSWERS, *ANSWERS]) as server:
        ask(server)
        ask(server)
    assert len(server.requests) == 4
    assert len(inside("pipeline", "runs", "--json").data) == 2


def test_another_input_is_another_run(place: Path) -> None:
    with AnthropicServer([Say("one"), Fail(500), Say("two"), Fail(500)]) as server:
        ask(server)
        ask(server, word="b")
    assert len(inside("pipeline", "runs", "--json").data) == 2


def test_a_replay_is_the_same_byte_for_byte_and_asks_nobody(place: Path) -> None:
    with AnthropicServer(ANSWERS) as server:
        ask(server)
    replayed = inside("pipeline", "replay")
    assert replayed.code == Exit.OK
    assert "every result is the same" in replayed.out
    assert len(server.requests) == 2


def test_a_replay_says_which_prompt_changed(place: Path) -> None:
    with AnthropicServer(ANSWERS) as server:
        ask(server)
    (place / "ask.yaml").write_text(ASK.replace("Say {{ word }}", "Shout {{ word }}"))
    replayed = inside("pipeline", "replay")
    assert replayed.code == Exit.MODEL
    assert "step 'first', call 1" in replayed.err
    assert "-Say a" in replayed.out
    assert "+Shout a" in replayed.out


def test_a_dry_run_renders_every_prompt_and_asks_nobody(place: Path) -> None:
    with AnthropicServer([]) as server:
        ran = ask(server, "--dry-run")
    assert ran.code == Exit.OK
    assert server.requests == []
    assert "ask/first: anthropic (claude-opus-5-5), about" in ran.out
    assert "Say a" in ran.out
    assert "remember me" in ran.out
    assert "[what step 'first' answers]" in ran.out
    assert "2 prompts, about" in ran.out
    assert "nothing was asked" in ran.out
    assert inside("pipeline", "runs", "--json").data == []


def test_a_dry_run_needs_no_key(place: Path) -> None:
    ran = ask(None, "--dry-run", "--json")
    assert [(p["provider"], p["usd"]) for p in ran.data["prompts"]] == [
        ("offline", 0),
        ("offline", 0),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--input", "word=a"], "needs the input 'input_file'"),
        (["--input-file", "notes.txt"], "needs the input 'word'"),
        (["--input", "word=a", "--input-file", "notes.txt", "-i", "wrd=b"], "did you mean 'word'"),
        (["--input", "word"], "is not of the form name=value"),
        (["--input", "word=@none.txt", "--input-file", "notes.txt"], "cannot read 'none.txt'"),
        (["--input", "word:={", "--input-file", "notes.txt"], "must be JSON"),
    ],
)
def test_wrong_inputs_are_named_before_anything_is_asked(
    place: Path, arguments: list[str], message: str
) -> None:
    ran = inside("pipeline", "run", "ask.yaml", *arguments)
    assert ran.code == Exit.UNUSABLE
    assert message in ran.err
    assert inside("pipeline", "runs", "--json").data == []


def test_a_budget_that_cannot_be_kept_is_refused_at_the_start(place: Path) -> None:
    with AnthropicServer([]) as server:
        env = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": server.url}
        given = ("--input", "word=a", "--input-file", "notes.txt", "--max-usd", "1")
        ran = inside(
            "pipeline",
            "run",
            "ask.yaml",
            *given,
            env={**env, "GENESIS_ANTHROPIC_MODEL": "claude-x"},
        )
    assert ran.code == Exit.UNUSABLE
    assert "no known price" in ran.err
    assert server.requests == []


def test_a_budget_ends_the_run_between_calls(place: Path) -> None:
    with AnthropicServer(ANSWERS) as server:
        ran = ask(server, "--max-tokens", "1")
    assert ran.code != Exit.OK
    assert "the budget of 1 tokens is used up" in ran.err
    assert len(server.requests) == 1


EDIT = """\
workflow:
  name: edit
  steps:
    - {name: write, type: codemod, path: lib/new.ex, content: "defmodule New do\\nend\\n"}
    - {name: keep, type: git, operation: commit, message: Add New}
    - {name: more, type: codemod, path: lib/more.ex, content: "defmodule More do\\nend\\n"}
"""


def test_in_a_repository_commits_go_to_a_branch_and_the_rest_is_a_patch(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repository(place / "repo")
    (place / "edit.yaml").write_text(EDIT)
    before = fingerprint(root)
    monkeypatch.chdir(root)
    ran = inside("pipeline", "run", place / "edit.yaml", "--json")
    assert ran.code == Exit.OK
    assert fingerprint(root) == before
    report = ran.data
    assert git(root, "show", f"{report['branch']}:lib/new.ex") == "defmodule New do\nend"
    assert "Genesis-Run:" in git(root, "log", "-1", "--format=%B", report["branch"])
    git(root, "apply", "--check", report["patch"])
    assert "lib/more.ex" in Path(report["patch"]).read_text()
    assert list((place / "cache").glob("repositories/*/worktrees/*")) == []
    replayed = inside("pipeline", "replay")
    assert replayed.code == Exit.OK, replayed.out + replayed.err


def test_a_plain_directory_is_worked_on_when_it_is_named(place: Path) -> None:
    (place / "work").mkdir()
    (place / "ops.yaml").write_text(
        "workflow:\n  name: ops\n  steps:\n"
        "    - {name: w, type: file_ops, operation: write, path: a/b.txt, content: hello}\n"
    )
    ran = inside("pipeline", "run", "ops.yaml", "--workspace", "work")
    assert ran.code == Exit.OK, ran.err
    assert (place / "work/a/b.txt").read_text() == "hello"
    (place / "work/a.ex").write_text("defmodule A do\n  def a(f), do: spawn(f)\nend\n")
    (place / "look.yaml").write_text(
        "workflow:\n  name: look\n  outputs: {n: scan.findings | length}\n  steps:\n"
        "    - {name: scan, type: analyze, rules: [unsupervised-spawn]}\n"
    )
    looked = inside("pipeline", "run", "look.yaml", "--workspace", "work")
    assert json.loads(looked.out) == {"n": 1}
    without = inside("pipeline", "run", "ops.yaml")
    assert without.code == Exit.UNUSABLE
    assert "code base" in without.err


def test_a_run_can_be_forgotten(place: Path) -> None:
    with AnthropicServer(ANSWERS) as server:
        ask(server)
    name = inside("pipeline", "runs", "--json").data[0]["id"]
    assert inside("pipeline", "runs", "--remove", name).out == f"removed: {name}\n"
    assert inside("pipeline", "runs").out == ""


def test_the_schema_and_the_drawing_are_printed(place: Path) -> None:
    assert json.loads(inside("pipeline", "schema").out)["title"] == "Genesis pipeline"
    drawn = inside("pipeline", "graph", "ask.yaml")
    assert drawn.out.startswith("flowchart")
    assert "first" in drawn.out


def test_problems_are_listed_with_their_places(place: Path) -> None:
    (place / "bad.yaml").write_text(ASK.replace("claude", "claud").replace("prompt:", "promt:", 1))
    ran = inside("pipeline", "validate", "ask.yaml", "bad.yaml")
    assert ran.code == Exit.CONFIG
    assert "bad.yaml:4:" in ran.out
    assert ": error: steps.0: unknown type 'claud'" in ran.out
    assert "did you mean 'claude'" in ran.out
    assert inside("pipeline", "validate", "ask.yaml").code == Exit.OK
    found = inside("pipeline", "validate", "--json", "bad.yaml").data["problems"]
    assert {"severity", "line", "column", "key", "message", "hint", "path"} == set(found[0])
    assert found[0]["key"] == "steps.0"


KEPT = """\
workflow:
  name: kept
  steps:
    - {name: write, type: codemod, path: lib/new.ex, content: "defmodule New do\\nend\\n"}
    - {name: commit, type: git, operation: commit, message: Add New}
    - {name: more, type: codemod, path: lib/more.ex, content: "defmodule More do\\nend\\n"}
    - {name: here, type: checkpoint, state: {half: done}}
    - {name: ask, type: claude, prompt: "Go on?"}
    - {name: change, type: git, operation: diff}
"""


def test_a_failed_run_goes_on_after_its_checkpoint_with_its_work_tree(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repository(place / "repo")
    (place / "kept.yaml").write_text(KEPT)
    monkeypatch.chdir(root)
    with AnthropicServer([Fail(500), Say("yes")]) as server:
        env = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": server.url}
        env |= {"GENESIS_MODEL_RETRIES": "0"}
        failed = inside("pipeline", "run", place / "kept.yaml", env=env)
        again = inside("pipeline", "run", place / "kept.yaml", "--json", env=env)
    assert (failed.code, again.code) == (Exit.MODEL, Exit.OK), again.out + again.err
    assert "+++ b/lib/more.ex" in again.data["steps"]["change"]["text"]
    assert "lib/new.ex" not in again.data["steps"]["change"]["text"]
    assert git(root, "show", f"{again.data['branch']}:lib/new.ex") == "defmodule New do\nend"
    trace = Path(again.data["directory"], "trace.jsonl").read_text().splitlines()
    assert [json.loads(line)["name"] for line in trace].count("write") == 1
    assert list((place / "cache").glob("repositories/*/worktrees/*")) == []


def test_where_the_snapshot_is_gone_the_run_begins_anew_and_pays_nothing_twice(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repository(place / "repo")
    asks = '    - {name: before, type: claude, prompt: "First?"}\n'
    (place / "kept.yaml").write_text(KEPT.replace("  steps:\n", f"  steps:\n{asks}"))
    monkeypatch.chdir(root)
    with AnthropicServer([Say("one"), Fail(500), Say("yes")]) as server:
        env = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": server.url}
        env |= {"GENESIS_MODEL_RETRIES": "0"}
        inside("pipeline", "run", place / "kept.yaml", env=env)
        shutil.rmtree(place / "cache")
        again = inside("pipeline", "run", place / "kept.yaml", "--json", env=env)
    assert again.code == Exit.OK, again.out + again.err
    assert len(server.requests) == 3
    assert "+++ b/lib/more.ex" in again.data["steps"]["change"]["text"]


FRAGILE = """\
workflow:
  name: fragile
  steps:
    - name: patient
      type: claude_robust
      retry_config: {max_retries: 2, base_delay_ms: 1}
      prompt: [{type: static, content: "try hard"}]
    - name: refused
      type: claude
      continue_on_error: true
      prompt: [{type: static, content: "something else"}]
"""


def test_a_replay_fails_where_the_vendor_failed(place: Path) -> None:
    (place / "fragile.yaml").write_text(FRAGILE)
    refusal = Say("", stop="refusal", why="cyber")
    with AnthropicServer([Fail(529), Say("at last"), refusal]) as server:
        ran = ask(server, file="fragile.yaml")
    assert ran.code == Exit.OK, ran.err
    told = inside("pipeline", "show", "--step", "patient").out
    assert told.index("[failed]") < told.index("at last")
    replayed = inside("pipeline", "replay")
    assert replayed.code == Exit.OK, replayed.out + replayed.err
    assert "every result is the same" in replayed.out


def test_a_run_that_failed_and_was_taken_up_again_replays_as_it_ended(place: Path) -> None:
    with AnthropicServer([Say("one"), Fail(529)]) as server:
        assert ask(server).code == Exit.MODEL
    failed = inside("pipeline", "replay")
    assert failed.code == Exit.OK, failed.out + failed.err
    with AnthropicServer([Say('{"n": 1}')]) as server:
        assert ask(server).code == Exit.OK
    replayed = inside("pipeline", "replay")
    assert replayed.code == Exit.OK, replayed.out + replayed.err
