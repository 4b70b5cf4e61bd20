"""The agent step, over a real code base and scripted models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.codebase.codebase import Codebase
from bot.codebase.files import WorkFiles
from bot.codebase.worktree import Worktree
from bot.errors import AgentStopped, ConfigError, ModelUnavailable, NeedsModel, Refused
from bot.llm.agents.tools import TOOLS
from bot.llm.offline import OfflineModel
from bot.llm.scripted import Line, ScriptedModel, call
from bot.llm.types import Reply, Request, ToolCall, Usage
from bot.pipeline.budget import Budget, BudgetSpent, Cancelled, Limits
from bot.pipeline.language.agent_step import AgentTool
from bot.pipeline.record.checkpoints import Checkpoints
from bot.pipeline.record.keeping import Keeping
from bot.pipeline.results import RunResult
from bot.pipeline.services import Services
from bot.pipeline.steps.agent import files_of
from tests.codebase.support import open_in, plain_git, write_files
from tests.pipeline.support import run, steps

READ = call("read", path="lib/shop.ex")
EDIT = call("edit", path="lib/shop.ex", old=":world", new=":shop")
DONE = call("done", summary="It says shop now.")
FIX = """
    - name: fix
      type: agent
      prompt: "Make it say shop."
"""


@pytest.fixture
def worktree(tmp_path: Path) -> Worktree:
    repository = open_in(tmp_path)
    return Worktree.create(repository, "genesis/1/stage-1", repository.head, tmp_path / "work")


@pytest.fixture
def codebase(worktree: Worktree) -> Codebase:
    return Codebase(WorkFiles(worktree.project), worktree=worktree)


def play(codebase: Codebase, script: list[Line], text: str = FIX, **options: Any) -> RunResult:
    """Run steps with a model that follows the script."""
    model = options.pop("model", None) or ScriptedModel(script, name="anthropic")
    services = Services(codebase=codebase)
    return run(steps(text), models={"anthropic": model}, services=services, **options)


def test_an_agent_changes_the_code_base(codebase: Codebase) -> None:
    result = play(codebase, [READ, EDIT, DONE])
    step = result.steps["fix"]
    assert (result.status, step.status, step.model) == ("succeeded", "succeeded", "anthropic")
    assert step.data == {
        "status": "done",
        "summary": "It says shop now.",
        "reason": "",
        "data": None,
        "diff": codebase.diff(),
        "files": ["lib/shop.ex"],
        "last_test": "",
        "steps": 3,
    }
    assert "+  def hello, do: :shop" in step.data["diff"]
    assert step.text.startswith("It says shop now.\n\ndiff --git")
    assert len(step.prompt_hash) == 16


def test_a_stopped_agent_is_a_failed_step_that_keeps_its_data(codebase: Codebase) -> None:
    text = (
        FIX
        + "      limits: {steps: 2}\n      continue_on_error: true\n"
        + """
    - name: after
      type: set_variable
      variables: {ended: "{{ steps.fix.status }}", files: "{{ steps.fix.files }}"}
"""
    )
    result = play(codebase, [READ, EDIT, DONE], text)
    step = result.steps["fix"]
    assert step.status == "failed"
    assert isinstance(step.error, AgentStopped)
    assert "stopped after 2 replies: the limit of 2 replies is reached" in step.error.message
    assert result.steps["after"].data == {"ended": "stopped", "files": ["lib/shop.ex"]}
    assert "+  def hello, do: :shop" in step.data["diff"]


def test_a_stopped_agent_stops_the_pipeline(codebase: Codebase) -> None:
    result = play(codebase, [call("give_up", reason="Which shop?")])
    assert result.status == "failed"
    assert isinstance(result.error, AgentStopped)
    assert "the model gave up: Which shop?" in result.error.message
    assert result.steps["fix"].data["reason"] == "the model gave up: Which shop?"


def test_stopping_may_be_allowed(codebase: Codebase) -> None:
    result = play(codebase, [call("give_up", reason="No.")], FIX + "      allow_stop: true\n")
    assert (result.status, result.steps["fix"].status) == ("succeeded", "succeeded")
    assert result.steps["fix"].data["status"] == "stopped"


def test_output_schema_is_what_done_must_give(codebase: Codebase) -> None:
    text = (
        FIX
        + "      output_schema: {type: object, required: [n], properties: {n: {type: integer}}}\n"
    )
    text += (
        "    - {name: twice, type: set_variable, variables: {m: '{{ steps.fix.data.n * 2 }}'}}\n"
    )
    wrong, right = (call("done", summary="s", data={"n": n}) for n in ("two", 2))
    result = play(codebase, [wrong, right], text)
    assert result.steps["twice"].data == {"m": 4}
    assert result.steps["fix"].text.startswith('s\n\n{\n  "n": 2\n}')


def test_max_repairs_holds_for_done(codebase: Codebase) -> None:
    text = FIX + "      output_schema: {type: object, required: [n]}\n      max_repairs: 0\n"
    result = play(codebase, [call("done", summary="s", data={}), DONE], text)
    assert result.steps["fix"].data["reason"] == "done was sent back 1 times"


def test_later_prompts_quote_what_the_agent_did(codebase: Codebase) -> None:
    text = (
        FIX
        + """
    - name: judge
      type: llm
      prompt:
        - {type: previous_response, step: fix}
"""
    )
    model = ScriptedModel([EDIT, DONE, "Fine."], name="anthropic")
    play(codebase, [], text, model=model)
    prompt = model.requests[-1].prompt()
    assert "It says shop now." in prompt
    assert "+  def hello, do: :shop" in prompt


def test_only_the_named_tools_are_offered(codebase: Codebase) -> None:
    model = ScriptedModel([EDIT, DONE], name="anthropic")
    play(codebase, [], FIX + "      tools: [read, search]\n", model=model)
    names = [tool.name for tool in model.requests[0].tools]
    assert names == ["read", "search", "done", "give_up"]
    assert codebase.diff() == ""


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("", set(TOOLS)),
        ("preset: analysis", {"read", "list", "search", "outline", "findings", "diff"}),
        ("preset: production", {"read"}),
    ],
)
def test_a_preset_of_its_own_narrows_the_tools(
    codebase: Codebase, line: str, names: set[str]
) -> None:
    model = ScriptedModel([DONE], name="anthropic")
    play(codebase, [], FIX + f"      {line}\n", model=model)
    assert {tool.name for tool in model.requests[0].tools} == {*names, "done", "give_up"}


def test_the_language_knows_every_tool() -> None:
    assert set(AgentTool.__args__) == set(TOOLS)  # type: ignore[attr-defined]  # of a Literal


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("tools: [read, shell]", "steps.0.tools.1"),
        ("tools: []", "an agent without tools is an 'llm' step"),
        ("preset: chat", "an agent without tools is an 'llm' step"),
        ("limits: {steps: 0}", "steps.0.limits.steps"),
        ("limits: {stpes: 3}", "unknown key"),
        ("tool: [read]", "did you mean 'tools'"),
        ("output_schema: {type: objekt}", "not a usable JSON Schema"),
        ("system: '{{ nowhere.x }}'", "nowhere"),
        ("provider: openai", "provider"),
    ],
)
def test_mistakes_are_found_before_anything_runs(line: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace(".", r"\.")) as wrong:
        steps(FIX + f"      {line}\n", head="inputs: {}")
    assert wrong.value.line > 0


def test_without_a_code_base_it_says_what_is_missing() -> None:
    result = run(steps(FIX), models={"anthropic": ScriptedModel([DONE])})
    assert isinstance(result.error, Refused)
    assert "needs the code base" in result.error.message


def test_without_a_model_it_names_the_key(codebase: Codebase) -> None:
    result = run(
        steps(FIX), models={"offline": OfflineModel()}, services=Services(codebase=codebase)
    )
    assert isinstance(result.error, NeedsModel)
    assert "ANTHROPIC_API_KEY" in result.error.hint


def test_offline_a_skill_serves_it_in_the_same_shape(codebase: Codebase) -> None:
    text = FIX + "      offline: renamer\n      arguments: {to: ':shop'}\n"

    def rename(asked: Any) -> Any:
        codebase.edit("lib/shop.ex", ":world", asked.arguments["to"])
        return {"renamed": 1}

    offline = OfflineModel({"renamer": rename})
    result = run(steps(text), models={"offline": offline}, services=Services(codebase=codebase))
    step = result.steps["fix"]
    assert step.data["status"] == "done"
    assert step.data["data"] == {"renamed": 1}
    assert step.data["files"] == ["lib/shop.ex"]
    assert "served offline" in step.notice
    assert set(step.data) == set("status summary reason data diff files last_test steps".split())


def test_the_provider_is_asked_first(codebase: Codebase) -> None:
    claude, gemini = ScriptedModel([DONE], name="anthropic"), ScriptedModel([DONE], name="gemini")
    models = {"anthropic": claude, "gemini": gemini}
    services = Services(codebase=codebase)
    run(steps(FIX + "      provider: gemini\n"), models=models, services=services)
    assert (len(claude.requests), len(gemini.requests)) == (0, 1)
    run(steps(FIX), models=models, services=services)
    assert (len(claude.requests), len(gemini.requests)) == (1, 1)


def test_standing_instructions_come_in_order(codebase: Codebase) -> None:
    model = ScriptedModel([DONE], name="anthropic")
    text = FIX + "      preset: development\n      system: 'Mind {{ inputs.what }}.'\n"
    run(
        steps(text),
        {"what": "the gap"},
        models={"anthropic": model},
        services=Services(codebase=codebase),
    )
    system = model.requests[0].system
    places = [system.index(part) for part in ("experienced", "Mind the gap.", "calling tools")]
    assert places == sorted(places)


def paid(tool: ToolCall, usd: float) -> Reply:
    """A call that cost something."""
    usage = Usage(100, 10, usd=usd, calls=1)
    return Reply("", "m", usage=usage, stop_reason="tool_use", calls=(tool,))


def test_its_own_limit_on_money_stops_it(codebase: Codebase) -> None:
    script: list[Line] = [paid(EDIT, 1.0), paid(READ, 1.0), DONE]
    result = play(codebase, script, FIX + "      limits: {usd: 1.5}\n")
    assert result.steps["fix"].data["reason"] == "the limit of 1.5 US dollars is reached"
    assert result.steps["fix"].usage.usd == 2.0


def test_the_budget_of_the_run_passes_through(codebase: Codebase) -> None:
    budget = Budget(Limits(usd=0.5))
    result = play(codebase, [paid(EDIT, 1.0), DONE], budget=budget)
    assert isinstance(result.error, BudgetSpent)
    assert budget.usage.usd == result.steps["fix"].usage.usd == 1.0
    assert result.steps["fix"].data["files"] == ["lib/shop.ex"]


def test_a_stopped_run_stops_the_agent_between_calls(codebase: Codebase) -> None:
    model = ScriptedModel([EDIT, READ, DONE], name="anthropic")
    result = play(codebase, [], model=model, cancelled=lambda: len(model.requests) == 1)
    assert isinstance(result.error, Cancelled)
    assert codebase.diff() == ""
    assert len(model.requests) == 1


class Killed(BaseException):
    """The process ends here."""


def test_a_killed_agent_goes_on_without_paying_twice(worktree: Worktree, tmp_path: Path) -> None:
    def kill(request: Request) -> str:
        raise Killed

    codebase = Codebase(WorkFiles(worktree.project), worktree=worktree)
    keeping = Keeping(checkpoints=Checkpoints(tmp_path / "answers"))
    write = call("write", path="lib/new.ex", content="defmodule New do\nend\n")
    first: list[Line] = [paid(READ, 1.0), paid(EDIT, 1.0), paid(write, 1.0), kill]
    with pytest.raises(Killed):
        play(codebase, first, keeping=keeping)
    worktree.reset()
    rest = ScriptedModel([paid(call("diff"), 1.0), paid(DONE, 1.0)], name="anthropic")
    result = play(codebase, [], model=rest, keeping=keeping)
    assert result.status == "succeeded"
    assert len(rest.requests) == 2
    assert len(rest.requests[0].turns) == 6
    assert result.steps["fix"].data["files"] == ["lib/new.ex", "lib/shop.ex"]
    assert result.steps["fix"].data["steps"] == 5
    assert result.steps["fix"].usage.usd == 2.0


def test_a_vendor_that_is_away_is_not_the_agents_fault(codebase: Codebase) -> None:
    away = ModelUnavailable("overloaded", retry_after=9)
    result = play(codebase, [paid(EDIT, 1.0), away], FIX + "      allow_stop: true\n")
    step = result.steps["fix"]
    assert step.error is away
    assert (step.usage.usd, step.data["steps"], step.data["reason"]) == (1.0, 1, "overloaded")
    assert "+  def hello, do: :shop" in step.data["diff"]


def test_paths_of_a_patch_are_found_whatever_they_are_called(tmp_path: Path) -> None:
    odd = ["a b/c.ex", "b b/b b", 'say "hi".ex', "ü.ex", "plain.ex"]
    repository = open_in(tmp_path, dict.fromkeys(odd, b"one\n"))
    worktree = Worktree.create(repository, "genesis/2/stage-1", repository.head, tmp_path / "work")
    write_files(worktree.project, dict.fromkeys(odd[:3], b"two\n+++ b/fake.ex\ndiff --git x\n"))
    write_files(worktree.project, {"new.ex": b"diff --git a/fake b/fake\n"})
    (worktree.project / "plain.ex").unlink()
    changed = worktree.changed()
    assert files_of(worktree.diff()) == changed
    assert len(changed) == 5
    assert files_of("") == ()
    assert plain_git(repository.root, "status", "--porcelain") == ""


def test_what_was_said_and_done_is_kept_for_people(codebase: Codebase, tmp_path: Path) -> None:
    keeping = Keeping(output_dir=tmp_path / "out")
    assert play(codebase, [READ, EDIT, DONE], keeping=keeping).error is None
    told = (tmp_path / "out/transcripts/fix.md").read_text()
    assert told.index("Make it say shop.") < told.index("`edit path=") < told.index("-  def hello")
