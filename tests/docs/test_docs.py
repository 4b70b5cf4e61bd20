"""docs/ says what the code does: samples load, every key is told, and none is made up."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import pytest
import typer
from pydantic import BaseModel

from bot.cli import app
from bot.codebase.mix_arguments import TASKS
from bot.core.finding import SEVERITIES, Analysis
from bot.core.ports import CommandResult
from bot.core.verdict import Status, Verdict
from bot.llm.agents.tools import TOOLS
from bot.llm.catalog import catalog
from bot.llm.presets import PRESETS, READING
from bot.llm.prices import PriceList
from bot.pipeline.data.code_queries import CodeQueries
from bot.pipeline.expressions.functions.aggregates import AGGREGATES
from bot.pipeline.language import file_steps, query_steps
from bot.pipeline.language.claude_options import ABSENT, TOOLS_ELSEWHERE
from bot.pipeline.language.guarded import Guarded
from bot.pipeline.language.model_steps import PromptStep
from bot.pipeline.language.named_types import NAMED_TYPES
from bot.pipeline.language.parts import PART_TYPES
from bot.pipeline.language.spec import STEP_TYPES, Workflow
from bot.pipeline.language.step_base import StepBase
from bot.pipeline.language.transform_operations import Operation, OperationBase
from bot.pipeline.load import Library, validate
from bot.pipeline.results import StepResult, StepView
from bot.pipeline.services import CodemodResult, GitResult
from bot.settings import Settings
from bot.strict_yaml import parse
from scripts.docs.pages import MADE
from tests.docs.pages import (
    DOCS,
    PAGES,
    ROOT,
    Block,
    Table,
    blocks,
    codes,
    first_column,
    prose,
    tables,
    text_of,
)
from tests.fakes.workspace import MemoryWorkspace
from tests.pipeline.support import load, run

GUIDE = tuple(f"{n}.md" for n in "agents data expressions models pipelines prompts steps".split())
"""The pages about pipelines as they are."""
SAMPLES = [
    block
    for page in (*GUIDE, "pipeline_ex.md")
    for block in blocks(page)
    if block.language == "yaml"
]
LONGEST = 400


# Samples


@pytest.mark.parametrize("block", [b for b in SAMPLES if not b.fragment], ids=str)
def test_every_sample_is_a_pipeline_without_a_problem(block: Block) -> None:
    found = validate(parse(block.text, path=f"{block}"), Library())
    assert [str(problem) for problem in found] == []


def test_pages_are_short_and_have_samples() -> None:
    assert len(SAMPLES) >= 30
    assert sum(block.fragment for block in SAMPLES) <= 3
    long = {page for page in PAGES if len(text_of(page).splitlines()) > LONGEST}
    assert long <= {"pipeline_ex.md"}


def test_prices_are_given_in_the_form_they_are_read_in() -> None:
    (block,) = (b for page in GUIDE for b in blocks(page) if b.language == "toml")
    PriceList.model_validate(tomllib.loads(block.text))


def test_every_link_leads_somewhere() -> None:
    broken = []
    for page in PAGES:
        for target in re.findall(r"\]\(([^)]+)\)", prose(page)):
            path, _, anchor = target.partition("#")
            if path in MADE:
                continue
            file = (DOCS / path) if path else DOCS / page
            if not file.exists() or (anchor and anchor not in anchors(file.read_text())):
                broken.append(f"{page}: {target}")
    assert broken == []


def anchors(text: str) -> set[str]:
    """Where GitHub lets a link lead in a page."""
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


# Keys


def inside(record: type[BaseModel], *fields: str) -> type[BaseModel]:
    """The record that a field, or a field of that one, holds."""
    for field in fields:
        waiting = [record.model_fields[field].annotation]
        while not (isinstance(waiting[0], type) and issubclass(waiting[0], BaseModel)):
            waiting += get_args(waiting.pop(0))
        record = waiting[0]
    return record


OPTIONS = inside(STEP_TYPES["claude"], "claude_options")
RECORDS: list[tuple[str, str, str, type[BaseModel]]] = [
    ("pipelines.md", "`workflow`", "key", Workflow),
    *(
        ("pipelines.md", f"`{field}`{more}", "key", inside(Workflow, field))
        for field, more in (("defaults", ""), ("resource_limits", ""), ("environment", ""))
    ),
    ("pipelines.md", "`inputs.<name>`", "key", inside(Workflow, "inputs")),
    *(
        (page, f"`{kind}`", f"key of `{field}`", inside(STEP_TYPES[kind], field))
        for page, kind, field in (
            ("steps.md", "pipeline", "config"),
            ("prompts.md", "claude_session", "session_config"),
            ("prompts.md", "claude_extract", "extraction_config"),
            ("prompts.md", "claude_robust", "retry_config"),
            ("prompts.md", "claude_batch", "batch_config"),
            ("prompts.md", "parallel_claude", "parallel_config"),
            ("prompts.md", "gemini", "token_budget"),
            ("agents.md", "agent", "limits"),
            ("data.md", "file_ops", "options"),
        )
    ),
    ("prompts.md", "`claude_batch`", "key of a task", inside(STEP_TYPES["claude_batch"], "tasks")),
    ("data.md", "`file_ops`", "key of a file", inside(STEP_TYPES["file_ops"], "files")),
    ("agents.md", "`claude_options`", "key", OPTIONS),
    ("agents.md", "`claude_options`", "key of `retry_config`", inside(OPTIONS, "retry_config")),
]


def keys_of(record: type[BaseModel]) -> set[str]:
    """The keys as a person writes them."""
    return {field.alias or name for name, field in record.model_fields.items()}


@pytest.mark.parametrize(("page", "heading", "head", "record"), RECORDS)
def test_every_key_of_a_record_is_told_and_no_other(
    page: str, heading: str, head: str, record: type[BaseModel]
) -> None:
    assert first_column(page, heading, head) == keys_of(record)


def test_the_keys_of_every_step_are_told() -> None:
    told = first_column("pipelines.md", "Keys of every step", "key")
    assert told == keys_of(StepBase) | {"type"}
    asking = first_column("prompts.md", "Keys of every step that asks", "key")
    assert asking == keys_of(PromptStep) - keys_of(StepBase)


def page_of(kind: str) -> str:
    """Where a step is described."""
    pages = [
        page
        for page in GUIDE
        if f"\n### `{kind}`\n" in text_of(page) or f"\n## `{kind}`\n" in text_of(page)
    ]
    assert len(pages) == 1, f"{kind} is described in {pages}"
    return pages[0]


@pytest.mark.parametrize("kind", sorted(STEP_TYPES.keys() - {"break", "continue"}))
def test_every_key_of_a_step_is_told_and_no_other(kind: str) -> None:
    step = STEP_TYPES[kind]
    own = keys_of(step) - keys_of(StepBase) - {"type"}
    if issubclass(step, PromptStep):
        own -= keys_of(PromptStep)
    if not step.condition_guards:
        own |= {"condition"}
    assert first_column(page_of(kind), f"`{kind}`", "key") == own


@pytest.mark.parametrize("kind", sorted(PART_TYPES))
def test_every_key_of_a_prompt_part_is_told_and_no_other(kind: str) -> None:
    own = keys_of(PART_TYPES[kind]) - keys_of(Guarded) - {"type"}
    assert first_column("prompts.md", f"`{kind}`", "key") == own


def test_every_step_type_is_listed_and_no_other() -> None:
    listed = {
        name
        for page in GUIDE
        for t in tables(page)
        if t.head[0] == "type"
        for row in t.rows
        for name in codes(row[0])
    }
    elsewhere = {"agent", "data_transform", "file_ops", "codebase_query"}
    assert listed - set(NAMED_TYPES) == STEP_TYPES.keys() - elsewhere
    assert {page_of(kind) for kind in elsewhere} == {"agents.md", "data.md"}


# Data

DATA: dict[str, type[BaseModel]] = {
    "mix": CommandResult,
    "analyze": Analysis,
    "verify": Verdict,
    "git": GitResult,
    "codemod": CodemodResult,
}


def data_line(kind: str) -> list[str]:
    """What a section says the step's data is."""
    section = re.split(r"\n##+ ", text_of(page_of(kind)).split(f"## `{kind}`\n")[1])[0]
    return codes(re.findall(r"^Data[^:\n]*: ([^.\n]+)", section, re.MULTILINE)[0])


@pytest.mark.parametrize("kind", DATA)
def test_the_data_of_a_step_is_told(kind: str) -> None:
    assert data_line(kind) == list(DATA[kind].model_fields)


def test_the_data_of_loops_switches_and_checkpoints_is_told() -> None:
    result = run(
        load("""
        - name: each
          type: for_loop
          data_source: [1]
          steps: [{name: a, type: set_variable, variables: {n: 1}}]
        - name: choice
          type: switch
          expression: n
          cases: {1: [{name: b, type: set_variable, variables: {m: 1}}]}
        - {name: point, type: checkpoint}
        - name: numbers
          type: data_transform
          input_source: "[1]"
          operations: [{operation: limit, count: 1}]
    """)
    )
    assert set(data_line("for_loop")) == result.steps["each"].data.keys()
    assert set(data_line("switch")) == result.steps["choice"].data.keys()
    assert set(data_line("checkpoint")) == result.steps["point"].data.keys()
    assert set(data_line("data_transform")) == result.steps["numbers"].data.keys()
    (iteration,) = result.steps["each"].data["results"]
    told = re.findall(r"Each of `results` has (.+?):", text_of("steps.md").replace("\n", " "))[0]
    assert set(codes(told)) == iteration.keys()


def test_what_every_step_leaves_behind_is_told() -> None:
    told = first_column("pipelines.md", "What a step leaves behind", "field")
    assert told == set(StepView(StepResult("a", "b", "succeeded")))
    assert set(get_args(Status)) <= set(codes(prose("steps.md")))
    assert set(SEVERITIES) <= set(codes(prose("steps.md")))


# Tables of names


def test_mix_tasks_and_their_options_are_told() -> None:
    (table,) = (t for t in tables("steps.md") if t.head[0] == "task")
    told = {codes(task)[0]: set(codes(options)) for task, options in table.rows}
    assert told == {name: {*task.flags, *task.options} for name, task in TASKS.items()}


def test_named_types_are_told() -> None:
    told = first_column("prompts.md", "Structured answers", "type")
    assert told == set(NAMED_TYPES)
    (table,) = (t for t in tables("prompts.md") if t.heading == "Structured answers")
    for name, form in ((codes(row[0])[0], row[1]) for row in table.rows if "{" in row[1]):
        fields = re.sub(r"\[[^]]*\]|: [a-z_ ,]+ or [a-z_]+", "", codes(form)[0])
        assert re.findall(r"\w+", fields) == list(NAMED_TYPES[name].model_fields)


def test_presets_and_tools_are_told() -> None:
    (table,) = (t for t in tables("agents.md") if t.head[0] == "preset")
    rows = {codes(row[0])[0]: row[1:] for row in table.rows}
    assert list(rows) == list(PRESETS)
    for name, (model, tools, replies) in rows.items():
        preset = PRESETS[name]
        assert codes(model) == [m for m in (preset.model, preset.fallback_model) if m]
        assert codes(tools) == (["read"] if preset.tools == ("read",) else [])
        assert int(replies) == preset.max_turns
    (table,) = (t for t in tables("agents.md") if t.head[0] == "tool")
    told = [codes(row[0])[0] for row in table.rows]
    assert set(told) == set(TOOLS)
    assert set(told[:6]) == set(READING)
    assert set(TOOLS_ELSEWHERE) <= set(codes(prose("agents.md")))
    assert not set(ABSENT) & set(codes(prose("agents.md")))


def test_variables_and_short_names_of_models_are_told() -> None:
    told = first_column("models.md", "Settings", "variable")
    told |= first_column("server.md", "Setting it up", "variable")
    known = {name for field in Settings.model_fields for name in variables(field)}
    assert told <= known
    assert {
        name for name in known if re.search("MODEL|KEY|URL|PRICE|MAX_(USD|TOK|MIN)", name)
    } <= told
    names = first_column("models.md", "Names", "short name")
    assert names == {*catalog().anthropic.aliases, *catalog().gemini.aliases}


def variables(field: str) -> list[str]:
    """The variables a setting is read from."""
    alias: Any = Settings.model_fields[field].validation_alias
    if alias is None:
        return [f"GENESIS_{field.upper()}"]
    return [str(name) for name in alias.choices if name != field]


def test_questions_about_the_code_base_are_told() -> None:
    (table,) = (t for t in tables("data.md") if t.head[0] == "question")
    queries = CodeQueries(MemoryWorkspace.of({"lib/a.ex": "defmodule A do\nend\n"}))
    assert {codes(row[0])[0] for row in table.rows} == set(query_steps.Query.model_fields)
    for question, criteria, answer in table.rows:
        name = codes(question)[0]
        if name.startswith("get_"):
            continue
        record = next(
            record
            for record in query_steps.Criteria.__subclasses__()
            if snake(record.__name__) == name
        )
        told = codes(re.sub(r"\([^)]*\)", "", criteria))
        assert set(told) == set(record.model_fields)
        file = next((key for key in ("for_file", "of_file", "file") if key in told), "")
        given = record.model_validate({file: "lib/a.ex"} if file else {})
        assert set(codes(answer)) == queries.answer(given).keys(), name


def snake(name: str) -> str:
    """FindFiles as find_files."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


# data_transform and file_ops


def operation_rows() -> Table:
    """The carried-out samples."""
    return next(t for t in tables("data.md") if t.head == ("operation", "gives"))


def test_every_operation_gives_what_its_row_says() -> None:
    sample = next(blocks("data.md")).text.split("  steps:")[0]
    wrong = {}
    for written, gives in operation_rows().rows:
        step = "  steps: [{name: a, type: data_transform, input_source: rows, operations: [OP]}]\n"
        step = step.replace("OP", codes(written)[0])
        result = run(load(sample + step))
        if gives.startswith("fails"):
            assert result.status == "failed", written
        elif result.error or result.steps["a"].data["result"] != json.loads(codes(gives)[0]):
            wrong[written] = str(result.error or result.steps["a"].data)
    assert wrong == {}


def test_every_operation_on_data_and_its_keys_are_told() -> None:
    records = get_args(get_args(Operation)[0])
    wanted = {
        get_args(record.model_fields["operation"].annotation)[0]: keys_of(record)
        - keys_of(OperationBase)
        - {"operation"}
        for record in records
    }
    (table,) = (t for t in tables("data.md") if t.head[:2] == ("operation", "keys"))
    assert {codes(name)[0]: set(codes(keys)) for name, keys, _ in table.rows} == wanted
    functions = text_of("data.md").split("Functions of `aggregate`")[1].split("\n\n")[0]
    assert set(AGGREGATES) <= set(codes(functions))


def test_every_operation_on_files_and_its_keys_are_told() -> None:
    (table,) = (t for t in tables("data.md") if t.head == ("operation", "needs", "may have"))
    told = {
        name: (set(codes(needs)), set(codes(may)))
        for names, needs, may in table.rows
        for name in codes(names)
    }
    assert told.keys() == file_steps.TAKES.keys()
    for name, (needs, may) in told.items():
        required, allowed = file_steps.TAKES[name]
        if name != "delete":
            assert (needs, may) == (set(required), set(allowed)), name


# The command line


def commands() -> Iterator[tuple[str, set[str]]]:
    """`pipeline run` and the like, each with its options."""
    root = typer.main.get_command(app)
    assert isinstance(root, typer.core.TyperGroup)
    for name, command in root.commands.items():
        inner: Mapping[str, Any] = getattr(command, "commands", {"": command})
        for sub, leaf in inner.items():
            options = {o for p in leaf.params for o in p.opts if o.startswith("-")}
            yield f"{name} {sub}".strip(), options - {"--help", "-h"}


COMMANDS = dict(commands())


def test_every_option_of_genesis_pipeline_is_told_and_no_other() -> None:
    told = {"pipeline run": first_column("pipelines.md", "The command line", "option")}
    (table,) = (t for t in tables("pipelines.md") if t.head == ("command", "options"))
    for command, options in table.rows:
        name = " ".join(codes(command)[0].split()[1:3]) if "pipeline" in command else "models"
        told[name] = {option.split()[0] for option in codes(options) if option.startswith("-")}
    wanted = {
        n: options for n, options in COMMANDS.items() if n.split()[0] in ("pipeline", "models")
    }
    assert told == wanted


def test_commands_in_samples_exist() -> None:
    lines = [line for page in PAGES for block in blocks(page) for line in block.text.splitlines()]
    examples = [*(ROOT / "examples" / "pipelines").iterdir()]
    lines += [line for path in examples for line in path.read_text().splitlines()]
    unknown = []
    for words in (
        line.split("genesis ", 1)[1].split()
        for line in lines
        if re.match(r"(\$|#  ) genesis ", line)
    ):
        name = " ".join(words[:2]) if " ".join(words[:2]) in COMMANDS else words[0]
        given = {word.split("=")[0] for word in words if re.match(r"-{1,2}[a-z]", word)}
        if not given <= COMMANDS.get(name, set()):
            unknown.append(f"{name}: {given}")
    assert unknown == []
