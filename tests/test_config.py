"""The configuration: everything wrong is told at once, at its place; nothing is guessed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from bot.config import InvalidConfig, Problem, load_policy, read_policy, schema_text
from bot.core.policy import ALWAYS_PROTECTED, Policy, RuleSetting
from bot.errors import ConfigError
from bot.strict_yaml import parse

SCHEMA = Path(__file__).resolve().parents[1] / "pipelines" / "schema" / "configuration.json"


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(InvalidConfig) as raised:
        load_policy(text)
    return raised.value.problems


@pytest.mark.parametrize("text", ["", "\n", "# nothing yet\n", "{}", "version: 1"])
def test_an_empty_file_is_the_default_policy(text: str) -> None:
    assert load_policy(text) == Policy()


def test_settings_are_read() -> None:
    policy = load_policy(
        "run: auto\nstages: [2, 1, 2]\nlimits: {minutes: 30, usd_per_plan: 2.5}\n"
        "permissions: {fix: maintain}\ndraft: false\nrequired_checks: [test]\n"
    )
    assert policy.run == "auto"
    assert policy.stages == (1, 2)
    assert (policy.limits.minutes, policy.limits.usd_per_plan) == (30, 2.5)
    assert policy.needs("fix") == "maintain"
    assert policy.needs("approve") == "write"
    assert not policy.draft


def test_a_rule_is_set_by_a_word_or_by_a_map() -> None:
    policy = load_policy(
        "analysis: {rules: {dynamic-atom: off, god-process: {limits: {lines: 900}}}}"
    )
    assert policy.analysis.rule_settings() == {
        "dynamic-atom": RuleSetting(severity="off"),
        "god-process": RuleSetting(limits={"lines": 900}),
    }


def test_what_decides_about_us_stays_protected() -> None:
    policy = load_policy("protected_paths: [lib/secret/**]")
    assert policy.protected_paths == (*ALWAYS_PROTECTED, "lib/secret/**")


def test_all_problems_are_told_in_the_order_of_the_file() -> None:
    assert problems(
        "labl: x\nrun: on-aproval\nlimits:\n  atempts: 3\n  minutes: '5'\n"
        "permissions:\n  aprove: write\n  fix: wirte\nstages: [5]\nrun: auto\n"
    ) == (
        (1, 1, "labl: there is no such setting; did you mean 'label'?"),
        (
            2,
            1,
            "run: must be 'manual', 'on-approval' or 'auto'; did you mean 'on-approval'?",
        ),
        (4, 3, "limits.atempts: there is no such setting; did you mean 'attempts'?"),
        (5, 3, "limits.minutes: must be a number"),
        (7, 3, "permissions.aprove: there is no such command; did you mean 'approve'?"),
        (
            8,
            3,
            "permissions.fix: must be 'read', 'triage', 'write', 'maintain' or 'admin';"
            " did you mean 'write'?",
        ),
        (9, 1, "stages: stages are 1 to 4; stage 5 is carried out by people"),
        (10, 1, "key 'run' is given twice"),
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- a", (1, 1, "must be a map of settings")),
        ("x", (1, 1, "must be a map of settings")),
        ("a: [", (2, 1, "not valid YAML: did not find expected node content")),
        ("\tlabel: x", (1, 1, "not valid YAML: a tab indents this line")),
        ("label: ''", (1, 1, "label: must not be empty")),
        (f"label: {'x' * 51}", (1, 1, "label: must have at most 50 characters")),
        ("goal: 5", (1, 1, "goal: must be text")),
        ("draft: yes", (1, 1, "draft: must be true or false")),
        ("draft: 1", (1, 1, "draft: must be true or false")),
        ("stages: 3", (1, 1, "stages: must be a list")),
        ("stages: ['1']", (1, 10, "stages.0: must be a whole number")),
        ("limits: 5", (1, 1, "limits: must be a map")),
        ("limits:", (1, 1, "limits: must be a map")),
        ("limits: {files: 0}", (1, 10, "limits.files: must be at least 1")),
        ("limits: {minutes: 0}", (1, 10, "limits.minutes: must be more than 0")),
        ("limits: {minutes: 361}", (1, 10, "limits.minutes: must be at most 360")),
        ("version: 2", (1, 1, "version: must be 1")),
        (
            "workflow: ../x.yml",
            (1, 1, "workflow: must be the name of a .yml file, without folders"),
        ),
        ("base: --upload-pack=x", (1, 1, "base: must be the name of a branch")),
        ("base: 'a b'", (1, 1, "base: must be the name of a branch")),
        (
            "protected_paths: [../x]",
            (1, 1, "protected_paths: globs are relative to the top of the repository"),
        ),
        (
            "required_checks: [a]\nignored_checks: [b, a]",
            (2, 21, "ignored_checks: 'a' cannot be required as well"),
        ),
        (
            "limits: {usd_per_stage: 5, usd_per_plan: 2}",
            (1, 10, "limits.usd_per_stage: is more than the whole plan may cost"),
        ),
        (
            "analysis:\n  rules:\n    dynamic-atm: off",
            (
                3,
                5,
                "analysis.rules.dynamic-atm: there is no such rule; did you mean 'dynamic-atom'?",
            ),
        ),
        (
            "analysis: {rules: {dynamic-atom: of}}",
            (
                1,
                20,
                "analysis.rules.dynamic-atom: must be 'error', 'warning', 'info' or 'off';"
                " did you mean 'off'?",
            ),
        ),
        ("analysis: {rules: {raw-send: 5}}", (1, 20, "analysis.rules.raw-send: must be a map")),
        (
            "analysis: {rules: {raw-send: {severty: info}}}",
            (
                1,
                31,
                "analysis.rules.raw-send.severty: there is no such setting;"
                " did you mean 'severity'?",
            ),
        ),
        (
            "analysis: {rules: {god-process: {limits: {lins: 5}}}}",
            (
                1,
                43,
                "analysis.rules.god-process.limits.lins: there is no such limit;"
                " did you mean 'lines'?",
            ),
        ),
        (
            "analysis: {rules: {god-process: {limits: {lines: 0}}}}",
            (1, 43, "analysis.rules.god-process.limits.lines: must be at least 1"),
        ),
        (
            "analysis: {rules: {god-process: {limits: {lines: '5'}}}}",
            (1, 43, "analysis.rules.god-process.limits.lines: must be a whole number"),
        ),
        (
            "analysis: {rules: {dynamic-atom: {limits: {lines: 5}}}}",
            (
                1,
                44,
                "analysis.rules.dynamic-atom.limits.lines: there is no such limit;"
                " 'dynamic-atom' has none",
            ),
        ),
        (
            "analysis: {exclude: [lib/**, /etc/**]}",
            (1, 12, "analysis.exclude: globs are relative to the top of the repository"),
        ),
        (
            "analysis:\n  exclude:\n    - lib/**\n    - lib//x",
            (4, 7, "analysis.exclude.1: not a path inside the work tree: 'lib//x'"),
        ),
        ("<<: {label: x}", (1, 1, "merge keys are not supported; write the keys out")),
    ],
)
def test_each_problem_has_its_place_and_plain_words(text: str, problem: Problem) -> None:
    assert problems(text) == (problem,)


def test_the_error_says_the_first_problem_and_how_many_more() -> None:
    with pytest.raises(InvalidConfig, match=r"^c\.yml:1:1: labl: .* \(and 1 more\)$") as raised:
        load_policy("labl: x\nrum: y\n", "c.yml")
    assert (raised.value.line, raised.value.column) == (1, 1)


def test_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "otp-genesis.yml"
    with pytest.raises(ConfigError, match="cannot be read"):
        read_policy(file)
    file.write_text("run: manual\n")
    assert read_policy(file).run == "manual"


def test_the_checked_in_schema_is_the_one_of_the_policy() -> None:
    assert SCHEMA.read_text() == schema_text(), (
        "run: genesis config schema > pipelines/schema/configuration.json"
    )
    Draft202012Validator.check_schema(json.loads(schema_text()))


def test_the_schema_says_what_each_setting_is_for() -> None:
    schema = json.loads(schema_text())
    silent = [
        name
        for part in (schema, *schema["$defs"].values())
        for name, setting in part["properties"].items()
        if not setting.get("description") and "$ref" not in setting
    ]
    assert silent == []


@pytest.mark.parametrize(
    "text",
    [
        "labl: x",
        "run: x",
        "limits: {files: 0}",
        "draft: 1",
        "analysis: {rules: {raw-send: of}}",
        "analysis: {rules: {raw-send: {x: 1}}}",
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(text: str) -> None:
    assert problems(text)
    value = parse(text, path="x").value
    assert list(Draft202012Validator(json.loads(schema_text())).iter_errors(value))


KEYS = [*Policy.model_fields, "attempts", "fix", "nothing", "rules", "exclude", "raw-send"]


def told(text: str) -> tuple[Problem, ...] | Policy:
    try:
        return load_policy(text)
    except InvalidConfig as error:
        return error.problems


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
        ),
        max_leaves=8,
    )
)
def test_any_value_is_a_policy_or_a_told_problem(value: object) -> None:
    found = told(json.dumps(value))
    assert isinstance(found, Policy) or all(line and message for line, _, message in found)
    assert found


@given(st.text(max_size=200))
def test_any_text_is_a_policy_or_a_told_problem(text: str) -> None:
    assert told(text)
