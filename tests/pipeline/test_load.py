# ruff: noqa: E501 - in tables of cases one line per case reads best
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from bot.core.finding import Analysis
from bot.errors import ConfigError
from bot.llm.offline import OfflineModel
from bot.pipeline.language.schema import json_schema
from bot.pipeline.language.spec import PipelineStep, walk
from bot.pipeline.load import Library, resources
from bot.strict_yaml import read
from tests.pipeline.support import VISION, Events, Tree, load, run, steps

VISION_STYLE = """
workflow:
  name: "Refactoring plan"
  description: "Looks at a code base and plans."
  steps:
    - name: "look"
      type: "claude" # a comment
      prompt:
        - type: "static"
          content: |
            Look at `spawn` and "god" agents in this code:
        - type: "file"
          path: "{{ input_file }}"
    - name: "plan"
      type: "claude_smart"
      preset: "development"
      prompt:
        - type: "previous_response"
          name: "look"
        - type: "static"
          content: "Plan now."
"""

FRAGMENT = """
- name: "judge"
  type: "claude_smart"
  preset: "analysis"
  prompt:
    - type: "previous_response"
      name: "run_checks"
- name: "finish"
  type: "claude"
  prompt:
    - type: "file"
      path: "{{ diff_file }}"
"""


def test_a_workflow_as_the_vision_writes_it_loads() -> None:
    loaded = load(VISION_STYLE)
    assert [step.type for step in loaded.workflow.steps] == ["claude", "claude_smart"]
    assert loaded.expects == ()


def test_a_bare_list_of_steps_says_which_steps_it_expects() -> None:
    loaded = load(FRAGMENT)
    assert loaded.workflow.name == "test"
    assert loaded.expects == ("run_checks",)


def test_the_visions_form_runs_offline_and_says_so() -> None:
    tree = Tree(files={"pack.xml": '<file path="lib/a.ex">\ndefmodule A do\nend\n</file>\n'})

    def analyse(files: Mapping[str, str]) -> Analysis:
        return Analysis(files=len(files), lines=2, modules=1, findings=())

    model = OfflineModel(analyser=analyse, planner=lambda asked, found: {"documents": ["1.md"] * 5})
    events = Events()
    result = run(
        load(VISION_STYLE),
        {"input_file": "pack.xml"},
        models={"offline": model},
        services=tree.services(),
        observer=events,
    )
    assert result.steps["look"].data["files"] == 1
    assert len(result.steps["plan"].data["documents"]) == 5
    assert [event.name for event in events if event.kind == "notice"] == ["look", "plan"]


def test_the_visions_own_files_load_unmodified() -> None:
    files = sorted(VISION.glob("*.yaml"))
    assert files
    loaded = {file.name: Library().load_file(file) for file in files}
    assert loaded["master_workflow_steps.yaml"].expects == ("run_verification",)
    names = [step.name for step in loaded["generate_refactor_plan.yaml"].workflow.steps]
    assert names == ["analyze_codebase", "generate_plan_documents"]


SET = "- {name: a, type: set_variable, variables: {x: 1}}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "- {name: a, type: claud, prompt: []}",
            "test.yaml:4:7: steps.0: unknown type 'claud'; did you mean 'claude'?",
        ),
        ("- {name: a}", "steps.0: the key 'type' is missing"),
        ("- {type: git, operation: diff}", "steps.0.name: this key is missing"),
        (
            "- {name: a, type: git, operation: dif}",
            "steps.0.operation: must be 'diff', 'status', 'commit' or 'undo'; did you mean 'diff'?",
        ),
        (
            "- name: a\n  type: git\n  operation: diff\n  conditon: 'true'",
            "test.yaml:7:7: steps.0.conditon: unknown key; did you mean 'condition'?",
        ),
        (
            "- name: a\n  type: claude\n  prompt:\n    - type: static\n      contnt: x",
            "steps.0.prompt.0.content: this key is missing",
        ),
        (
            "- name: a\n  type: claude\n  prompt:\n    - {type: statc, content: x}",
            "test.yaml:7:11: steps.0.prompt.0: unknown type 'statc'; did you mean 'static'?",
        ),
        ("- {name: a, type: claude, prompt: []}", "steps.0.prompt: must not be empty"),
        (
            "- {name: a-b, type: git, operation: diff}",
            "steps.0.name: must be a name: letters, digits",
        ),
        ("- {name: steps, type: git, operation: diff}", "the name 'steps' is reserved"),
        (f"{SET}\n{SET}", "two steps are called 'a'"),
        (
            "- {name: a, type: git, operation: diff, when: 'true', condition: 'true'}",
            "mean the same",
        ),
        ("- {name: a, type: git, operation: diff, else: []}", ""),
        ("- {name: a, type: git, operation: commit}", "'message' belongs to"),
        ("- {name: a, type: codemod, path: x}", "either 'action', or 'path' and 'content'"),
        ("- {name: a, type: pipeline}", "exactly one of 'pipeline_file', 'pipeline_ref'"),
        (
            f"- name: l\n  type: while_loop\n  max_iterations: 3\n  steps:\n    {SET}",
            "a while_loop needs a 'condition'",
        ),
        (
            "- {name: a, type: git, operation: diff, condition: {nor: []}}",
            "has the key and, or, not",
        ),
        (
            "- {name: a, type: git, operation: diff, condition: 'x ='}",
            "test.yaml:4:45: steps.0.condition: 'x ='",
        ),
        (
            "- {name: a, type: command, command: echo}",
            "steps.0.command: must be a list",
        ),
        (
            "- name: a\n  type: llm\n  prompt: [{type: static, content: x}]\n  output_schema: {type: objekt}",
            "not a usable JSON Schema",
        ),
        (
            "- name: a\n  type: llm\n  prompt: [{type: static, content: x}]\n  output_schema: {$ref: 'http://x/y'}",
            "leaves the schema",
        ),
        (
            "- name: a\n  type: llm\n  prompt: [{type: static, content: x}]\n  output_schema: analisys",
            "there is no type 'analisys'; did you mean 'analysis'?",
        ),
        (
            "- name: a\n  type: llm\n  prompt: [{type: previous_response}]",
            "exactly one of 'step' and 'name'",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, message: str) -> None:
    if not message:
        assert steps(text).workflow.steps
        return
    with pytest.raises(ConfigError) as error:
        steps(text)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- {name: a, type: set_variable, variables: {x: '{{ b.text }}'}}\n- {name: b, type: git, operation: diff}",
         "step 'b' has not run at this point"),
        ("- {name: a, type: set_variable, variables: {x: '{{ a.x }}'}}", "step 'a' has not run at this point"),
        ("- {name: a, type: set_variable, variables: {x: '{{ steps.bb.x }}'}}", "there is no step 'bb'"),
        ("- {name: a, type: set_variable, variables: {x: '{{ gaol }}'}}", "'gaol' is not defined here; did you mean 'goal'?"),
        ("- {name: a, type: set_variable, variables: {x: '{{ inputs.gaol }}'}}", "there is no input 'gaol'"),
        ("- {name: a, type: set_variable, variables: {x: '{{ loop.index }}'}}", "'loop' exists only inside a loop"),
        ("- {name: a, type: set_variable, variables: {goal2: 1, y: '{{ goal2 }}'}}", "'goal2' is not defined here"),
        ("- {name: a, type: set_variable, variables: {loop: 1}}", "'loop' is reserved"),
        ("- {name: a, type: git, operation: diff, when: 'zz == 1'}", "'zz' is not defined here"),
        ("- name: a\n  type: llm\n  prompt: [{type: previous_response, step: gaol}]", "there is no step 'gaol'"),
        (f"- name: l\n  type: for_loop\n  data_source: [1]\n  max_iterations: 3\n  steps:\n    {SET}\n"
         "- {name: b, type: git, operation: diff, when: a.x == 1}", "step 'a' has not run at this point"),
        (f"- name: l\n  type: for_loop\n  data_source: [1]\n  max_iterations: 3\n  steps:\n    {SET}\n"
         "- {name: b, type: git, operation: diff, when: item == 1}", "'item' is not defined here"),
    ],
)  # fmt: skip
def test_a_name_that_cannot_be_there_is_refused_before_the_run(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        steps(text, head="inputs: {goal: {}}")
    assert message in str(error.value)
    assert error.value.line > 0


def test_what_is_defined_by_then_is_accepted() -> None:
    steps(
        """
        - {name: a, type: set_variable, variables: {x: "{{ goal }}"}}
        - name: l
          type: for_loop
          iterator: file
          data_source: [1, 2]
          max_iterations: 2
          steps:
            - {name: b, type: set_variable, variables: {y: "{{ loop.index + file + x + vars.x }}"}}
          break_condition: b.y > 3
        - {name: c, type: git, operation: diff, when: "y == 1 and l.count == 2 and steps.l.broke"}
        """,
        head="inputs: {goal: {}}",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a pipeline file holds 'workflow:' or a list of steps"),
        ("workflw: {}", "the key 'workflow' is missing; did you mean 'workflw'?"),
        ("workflow: {name: a, steps: [{name: a, type: git, operation: diff}]}\nother: 1", "test.yaml:2:1: unknown key 'other' beside 'workflow'"),
        ("workflow: 3", "'workflow' must be a map"),
        ("workflow: {name: a, stepz: []}", "this key is missing"),
        ("workflow: {name: a, inputs: {n: {type: integer, default: x}}, steps: [{name: a, type: git, operation: diff}]}",
         "the default of input 'n' must be integer"),
        ("workflow: {name: a, inputs: {n: {typ: integer}}, steps: [{name: a, type: git, operation: diff}]}",
         "did you mean 'type'?"),
    ],
)  # fmt: skip
def test_a_wrong_head_is_named(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(text)
    assert message in str(error.value)


def write(directory: Path, name: str, body: str) -> None:
    file = directory / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(body)


CALLER = """workflow:
  name: caller
  steps:
    - {{name: call, type: pipeline, pipeline_file: {file}{more}}}
"""


def test_a_team_overrides_one_file_and_keeps_the_others(tmp_path: Path) -> None:
    write(
        tmp_path,
        "atomic/find_anti_pattern.yaml",
        "workflow: {name: ours, steps: [{name: a, type: git, operation: diff}]}",
    )
    library = Library(tmp_path)
    assert library.load("atomic/find_anti_pattern.yaml").workflow.name == "ours"
    assert library.load("atomic/refactor_file.yaml").workflow.name == "refactor_file"


@pytest.mark.parametrize("name", ["../outside.yaml", "/etc/hostname", "atomic"])
def test_a_name_cannot_leave_the_directories(tmp_path: Path, name: str) -> None:
    write(tmp_path, "outside.yaml", "secret")
    (tmp_path / "in").mkdir()
    with pytest.raises(ConfigError, match="no such pipeline"):
        Library(tmp_path / "in").load(name)


@pytest.mark.parametrize(
    ("file", "more", "message"),
    [
        ("caller.yaml", "", "call each other in a circle: caller.yaml -> caller.yaml"),
        ("none.yaml", "", "there is no pipeline 'none.yaml'"),
        ("'{{ x }}'", "", "must be a literal"),
        ("called.yaml", "", "needs the input 'must'"),
        (
            "called.yaml",
            ", inputs: {must: x, mist: y}",
            "has no input 'mist'; did you mean 'must'?",
        ),
    ],
)
def test_calls_are_checked_before_the_run(
    tmp_path: Path, file: str, more: str, message: str
) -> None:
    write(tmp_path, "caller.yaml", CALLER.format(file=file, more=more))
    write(
        tmp_path,
        "called.yaml",
        "workflow: {name: c, inputs: {must: {required: true}}, steps: [{name: a, type: git, operation: diff}]}",
    )
    with pytest.raises(ConfigError) as error:
        Library(tmp_path).load("caller.yaml")
    assert message in str(error.value)
    assert "caller.yaml:4" in str(error.value)


def test_a_prompt_file_gets_every_name_it_uses(tmp_path: Path) -> None:
    write(tmp_path, "prompts/p.md", "Hello {{ who }} and {{ whom }}")
    text = (
        "workflow:\n  name: p\n  steps:\n    - name: a\n      type: llm\n"
        "      prompt: [{type: file, path: prompts/p.md, variables: {who: x}}]\n"
    )
    write(tmp_path, "p.yaml", text)
    with pytest.raises(
        ConfigError, match=r"prompts/p\.md uses 'whom', which 'variables' does not give"
    ):
        Library(tmp_path).load("p.yaml")


def shipped() -> list[Path]:
    return sorted(resources().rglob("*.yaml"))


@pytest.mark.parametrize("file", shipped(), ids=lambda file: file.stem)
def test_every_shipped_pipeline_loads_and_satisfies_the_schema(file: Path) -> None:
    loaded = Library().load(str(file.relative_to(resources())))
    assert loaded.workflow.name == file.stem
    assert loaded.workflow.description
    Draft202012Validator(json_schema()).validate(read(file).value)
    assert file.read_text().startswith("# yaml-language-server: $schema=")


def test_the_vision_has_all_its_pipelines() -> None:
    names = {str(file.relative_to(resources())) for file in shipped()}
    atomic = {
        f"atomic/{n}.yaml"
        for n in ("find_anti_pattern", "refactor_file", "generate_test", "run_verification")
    }
    assert names == atomic | {"generate_refactor_plan.yaml", "master_workflow.yaml"}
    steps_of_all = walk(Library().load("master_workflow.yaml").workflow.steps)
    called = [s.pipeline_file for s in steps_of_all if isinstance(s, PipelineStep) and not s.steps]
    assert called == [
        "generate_refactor_plan.yaml",
        "atomic/refactor_file.yaml",
        "atomic/generate_test.yaml",
        "atomic/run_verification.yaml",
    ]
