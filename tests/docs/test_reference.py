"""The pages that are made from the code hold all there is to tell."""

from __future__ import annotations

import ast
import json
import re
from functools import cache

import pytest
from pydantic import BaseModel

from bot.core.lifecycle.requests import USAGE
from bot.core.policy import AnalysisSetting, Limits, Policy, RuleSetting
from bot.elixir.rules import all_rules, rule
from bot.errors import Exit
from bot.settings import Settings
from scripts.docs import (
    action,
    commands,
    configuration,
    environment,
    messages,
    pipeline_language,
    rules,
    schema_text,
    untried,
)
from scripts.docs.pages import MADE
from tests.docs.pages import ROOT, codes, first_column, tables
from tests.docs.test_docs import COMMANDS

SECTION = re.compile(r"^##+ (.+)$", re.MULTILINE)


@cache
def sections(place: str) -> dict[str, str]:
    """The text below each heading of a made page."""
    parts = SECTION.split(MADE[place]())
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def rows(text: str) -> dict[str, list[str]]:
    """The tables of a text: the first code in a row, and its cells."""
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    cells = [re.split(r"(?<!\\) ?\| ?", line)[1:-1] for line in lines]
    return {codes(row[0])[0]: row for row in cells}


# Commands


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_told_with_its_options(name: str) -> None:
    text = sections(commands.COMMAND_LINE)[f"`genesis {name}`"]
    told = {word for line in text.splitlines() if line.startswith("| `") for word in line.split()}
    told = {word.strip("`,") for word in told}
    assert COMMANDS[name] <= told
    assert text.strip().splitlines()[0].endswith((".", ":"))


def test_no_command_is_made_up() -> None:
    told = {h.strip("`").removeprefix("genesis ") for h in sections(commands.COMMAND_LINE)}
    groups = {name.split()[0] for name in COMMANDS if " " in name}
    assert told - {"Before the command"} - groups == set(COMMANDS)


def test_every_command_in_comments_is_told() -> None:
    text = MADE[commands.COMMENTS]().replace("\\|", "|")
    assert all(f"| `{usage}` |" in text for usage in USAGE.values())


def test_every_input_and_output_of_the_action_is_told() -> None:
    said = action.description()
    for heading in ("Inputs", "Outputs"):
        told = rows(sections(action.PAGE)[heading])
        assert told.keys() == said[heading.lower()].keys()
        assert all(len(row[-1]) > 10 for row in told.values())
    assert rows(sections(action.PAGE)["Inputs"])["command"][1] == "required"


# Settings


def test_every_setting_of_a_repository_is_told_with_its_default() -> None:
    told = rows(MADE[configuration.PAGE]())
    maps: dict[str, type[BaseModel]] = {
        "": Policy,
        "limits.": Limits,
        "analysis.": AnalysisSetting,
        "analysis.rules.RULE.": RuleSetting,
    }
    fields = {path + name for path, record in maps.items() for name in record.model_fields}
    assert told.keys() == fields
    assert told["analysis.rules"][1].endswith("or [a map](#analysisrulesrule)")
    assert told["run"][1:3] == ["`manual`, `on-approval`, `auto`", "`on-approval`"]
    assert told["limits.attempts"][1:3] == ["a whole number, 1 to 20", "`3`"]
    assert told["limits.usd_per_plan"][2] == "`null`"
    assert all(row[3] for row in told.values())


def test_every_variable_is_told_with_what_it_is() -> None:
    text = MADE[environment.PAGE]()
    for field in Settings.model_fields:
        names = [*environment.variables(field)]
        assert names, field
        (line,) = (x for x in text.splitlines() if f"`{names[0]}`" in x.split(" | ")[0])
        assert all(f"`{name}`" in line for name in names)
        assert re.search(r"\| \S[^|]{8,} \|$", line), line
    assert first_column("models.md", "Settings", "variable") <= set(codes(text))
    assert first_column("server.md", "Setting it up", "variable") <= set(codes(text))


def test_no_default_of_the_machine_that_built_the_site_is_told() -> None:
    text = MADE[environment.PAGE]()
    assert str(Settings().cache_dir) not in text
    assert str(Settings().state_dir) not in text
    assert "one per core" in text


# Rules


@pytest.mark.parametrize("name", [r.id for r in all_rules()])
def test_every_rule_has_a_page_with_all_there_is_to_say(name: str) -> None:
    one = rule(name)
    text = MADE[f"rules/{name}.md"]()
    for said in (one.title, one.explanation, one.harm, one.remedy):
        assert said in text
    for sample in (*one.bad, *one.good):
        assert all(code.rstrip() in text for code in sample.tree().values())
    assert all(f"| `{e.name}` |" in text for e in one.exemptions)
    assert f"[`{name}`]({name}.md)" in MADE[rules.LIST]()


def test_every_kind_of_fix_and_stage_is_explained() -> None:
    assert {r.fix for r in all_rules()} <= rules.FIXES.keys()
    assert {r.stage for r in all_rules()} <= rules.STAGES.keys()


# Pipelines


def test_every_definition_of_the_schema_is_told() -> None:
    steps = {word for words in pipeline_language.chosen("Step").values() for word in words}
    headings = sections(pipeline_language.STEPS).keys() - {"Keys of every step"}
    assert {word for h in headings for word in codes(h)} == steps
    rest = set(pipeline_language.definitions()) - set(pipeline_language.chosen("Step")) - {"Step"}
    assert sections(pipeline_language.RECORDS).keys() == rest


@pytest.mark.parametrize("name", sorted(pipeline_language.definitions()))
def test_every_property_of_the_schema_is_told(name: str) -> None:
    record = pipeline_language.definitions()[name]
    steps = pipeline_language.chosen("Step")
    common = set(rows(sections(pipeline_language.STEPS)["Keys of every step"]))
    if name in steps:
        heading = ", ".join(f"`{word}`" for word in steps[name])
        told = set(rows(sections(pipeline_language.STEPS)[heading])) | common
    elif name in pipeline_language.CHOICES:
        return
    else:
        told = set(rows(sections(pipeline_language.RECORDS)[name]))
    assert told == set(record.get("properties", ()))


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "string", "maxLength": 5}, "text, at most 5 characters"),
        ({"type": "string", "minLength": 1}, "text, at least 1 character"),
        ({"type": "array", "minItems": 1, "maxItems": 9}, "a list, 1 to 9 entries"),
        (
            {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
            "a number, more than 0, at most 1",
        ),
        (
            {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]},
            "a whole number, at least 1 or `null`",
        ),
        (
            {"type": "array", "items": {"type": "string"}, "maxItems": 2},
            "a list, at most 2 entries; each: text",
        ),
        (
            {"type": "object", "additionalProperties": {"type": "boolean"}},
            "a map; each value: `true` or `false`",
        ),
        ({"type": "object", "additionalProperties": True}, "a map"),
        ({"enum": ["a", 1, None]}, "`a`, `1`, `null`"),
        ({"enum": ["", "low"]}, '`""`, `low`'),
        ({"const": "mix"}, "`mix`"),
        ({"$ref": "#/$defs/Retry"}, "<Retry>"),
        ({}, "anything"),
    ],
)
def test_a_schema_is_said_in_words(schema: dict[str, object], said: str) -> None:
    assert schema_text.kind(schema, lambda name: f"<{name}>") == said


# Messages


def test_messages_are_found_with_their_exit_code() -> None:
    assert (
        messages.Message(
            Exit.BUSY,
            "another genesis process (pid [holder]) works on this repository",
            "wait for it or stop it, then run again",
        )
        in messages.found()
    )
    assert len(messages.found()) >= 100
    assert not [m for m in messages.found() if m.exit is Exit.OK]


def test_every_message_that_troubleshooting_quotes_is_one_of_ours() -> None:
    quoted = {
        text
        for table in tables("troubleshooting.md")
        if table.head[0] == "message"
        for row in table.rows
        for text in codes(row[0])
    }
    assert len(quoted) >= 20
    said = "\n".join(_strings())
    assert {text for text in quoted if not all(part in said for part in text.split("…"))} == set()


def _strings() -> list[str]:
    """Every text of the code, with what is filled in left out."""
    paths = [p for p in (ROOT / "bot").rglob("*.py") if "simulator" not in p.parts]
    return [
        node.value
        for path in paths
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


# What was never run


def test_what_was_never_run_is_one_list() -> None:
    page = MADE[untried.PAGE]()
    places = [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "SECURITY.md"]
    telling = [
        path
        for path in places
        if path.exists() and re.search(r"^#+ .*(tried|never (been )?run)\b", path.read_text(), re.M)
    ]
    assert len(telling) >= 3
    for path in telling:
        title = path.read_text().splitlines()[0].removeprefix("# ")
        assert f"## {title}\n" in page


def test_the_schema_that_pages_are_made_of_is_the_one_in_use() -> None:
    schema = json.loads(pipeline_language.SCHEMA.read_text("utf-8"))
    assert schema["$defs"] == pipeline_language.definitions()
