from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bot.errors import ConfigError, ModelMisbehaved
from bot.llm.schemas import schema_error
from bot.llm.scripted import ScriptedModel
from bot.llm.structured import violations
from bot.pipeline.language.extraction import ExtractionConfig
from bot.pipeline.results import RunResult
from bot.strict_yaml import parse
from tests.pipeline.support import run, steps


def play(step: str, *lines: Any, **more: Any) -> tuple[RunResult, ScriptedModel]:
    model = ScriptedModel(lines, name="anthropic")
    body = f"- {{name: a, type: claude_extract, prompt: take it apart, {step}}}"
    return run(steps(body, **more), models={"anthropic": model}), model


def schema(**config: Any) -> dict[str, Any]:
    return ExtractionConfig.model_validate(config).answer_schema()


@pytest.mark.parametrize(
    ("config", "answer", "text"),
    [
        ("{}", {"content": "plain"}, "plain"),
        ("{format: markdown}", {"content": "# T"}, "# T"),
        ("{format: summary}", {"summary": "short"}, "short"),
        ("{format: json}", {"content": {"free": [1]}}, None),
        ("{format: structured}", {"sections": [{"title": "t", "content": "c"}]}, None),
        (
            "{format: text, post_processing: [extract_key_points]}",
            {"content": "x", "key_points": ["p"]},
            None,
        ),
    ],
)
def test_the_answer_has_the_form_of_the_format(config: str, answer: Any, text: str | None) -> None:
    result, model = play(f"extraction_config: {config}", json.dumps(answer))
    step = result.steps["a"]
    assert step.data == answer
    assert step.text == (text if text is not None else json.dumps(answer, indent=2))
    assert (
        model.requests[0].output_schema
        == ExtractionConfig.model_validate(parse(config, path="config").value).answer_schema()
    )


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("extract_code_blocks", "code_blocks", [{"code": "x = 1", "language": "elixir"}]),
        ("extract_recommendations", "recommendations", [{"text": "supervise it"}]),
        ("extract_key_points", "key_points", ["p"]),
        ("extract_links", "links", [{"url": "https://x", "text": "x"}]),
        ("extract_entities", "entities", [{"name": "Shop", "kind": "module"}]),
        ("extract_errors", "errors", ["boom"]),
        ("extract_metrics", "metrics", [{"name": "n", "value": "3", "unit": "ms"}]),
        ("extract_dependencies", "dependencies", ["ecto"]),
        ("generate_summary", "summary", "short"),
    ],
)
def test_every_extraction_is_a_field_that_must_be_there(name: str, key: str, value: Any) -> None:
    wanted = schema(post_processing=[name])
    assert violations({"content": "x", key: value}, wanted) == ()
    assert violations({"content": "x"}, wanted)
    assert violations({"content": "x", key: value, "more": 1}, wanted)


def test_prose_is_never_searched_for_what_was_asked() -> None:
    result, model = play(
        "max_repairs: 1, extraction_config: {post_processing: [extract_links]}",
        "See https://x.",
        "Links: https://x",
    )
    assert isinstance(result.error, ModelMisbehaved)
    assert len(model.requests) == 2


def test_limits_are_checked() -> None:
    assert violations({"content": "x", "summary": "abcd"}, schema(max_summary_length=3))
    assert violations({"content": "x", "summary": "abc"}, schema(max_summary_length=3)) == ()
    points = schema(format="summary", summary_style="bullet_points", max_points=2)
    assert violations({"summary": "- a\n- b"}, points) == ()
    for wrong in ("- a\n- b\n- c", "a", "", "- a\nb"):
        assert violations({"summary": wrong}, points)


def test_a_long_line_of_points_is_judged_at_once() -> None:
    points = schema(format="summary", summary_style="bullet_points")
    assert violations({"summary": "- " * 50_000 + "\n\n"}, points)


def test_named_sections_are_exactly_these() -> None:
    sections = [{"name": "overview", "max_length": 5}, {"name": "findings", "item_limit": 1}]
    wanted = schema(format="structured", sections=sections)
    assert violations({"sections": {"overview": "short", "findings": ["one"]}}, wanted) == ()
    assert violations({"sections": {"overview": "too long", "findings": ["one"]}}, wanted)
    assert violations({"sections": {"overview": "short", "findings": ["one", "two"]}}, wanted)
    assert violations({"sections": {"overview": "short"}}, wanted)


def test_what_is_said_of_recommendations_and_code_is_chosen() -> None:
    wanted = schema(
        post_processing=["extract_recommendations", "extract_code_blocks"],
        recommendation_format={
            "include_priority": True,
            "include_effort": True,
            "group_by_category": True,
        },
        code_block_processing={"identify_language": False, "extract_imports": True},
    )
    one = {"text": "x", "priority": "high", "effort": "small", "category": "otp"}
    block = {"code": "x", "imports": ["Ecto"]}
    assert (
        violations({"content": "", "recommendations": [one], "code_blocks": [block]}, wanted) == ()
    )
    assert violations(
        {"content": "", "recommendations": [{"text": "x"}], "code_blocks": [block]}, wanted
    )


def test_metadata_are_facts_of_ours() -> None:
    result, model = play("extraction_config: {include_metadata: true}", '{"content": "abc"}')
    data = result.steps["a"].data
    assert data["metadata"] == {
        "model": "anthropic",
        "format": "text",
        "extracted": ["content"],
        "characters": 18,
    }
    assert result.steps["a"].text == "abc"
    assert model.requests[0].output_schema is not None
    assert "metadata" not in model.requests[0].output_schema["properties"]


@pytest.mark.parametrize("key", ["schema", "output_schema"])
def test_a_schema_says_the_form_instead(key: str) -> None:
    result, _ = play(f"{key}: {{type: object, required: [n]}}", '{"n": 1}')
    assert result.steps["a"].data == {"n": 1}


def test_a_type_of_the_file_says_the_form() -> None:
    head = "types: {count: {type: object, required: [n], properties: {n: {type: integer}}}}"
    result, _ = play("schema: count, max_repairs: 0", '{"n": 1}', head=head)
    assert result.steps["a"].data == {"n": 1}
    wrong, _ = play("schema: count, max_repairs: 0", '{"n": "x"}', head=head)
    assert isinstance(wrong.error, ModelMisbehaved)


@pytest.mark.parametrize("form", ["text", "json", "structured", "summary", "markdown"])
def test_every_form_is_a_good_schema(form: str) -> None:
    every = [
        "extract_code_blocks", "extract_recommendations", "extract_key_points", "extract_links",
        "extract_entities", "extract_errors", "extract_metrics", "extract_dependencies",
    ]  # fmt: skip
    made = schema(
        format=form, post_processing=every, include_key_metrics=True, max_summary_length=9
    )
    Draft202012Validator.check_schema(made)
    assert schema_error(made) == ""


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("extraction_config: {output_format: json}", "write 'format'"),
        ("extraction_config: {use_content_extractor: false}", "for the plain answer use claude"),
        ("extraction_config: {post_processing: [format_markdown]}", "use 'format: markdown'"),
        ("extraction_config: {post_processing: [trim]}", "answers carry nothing around them"),
        ("extraction_config: {post_processing: [extract_poems]}", "post_processing"),
        ("extraction_config: {sections: [{name: a}]}", "belong to 'format: structured'"),
        ("extraction_config: {max_points: 3}", "belongs to 'summary_style: bullet_points'"),
        (
            "extraction_config: {code_block_processing: {syntax_highlight: true}}",
            "data has no colours",
        ),
        (
            "extraction_config: {}, schema: {}",
            "give one of 'extraction_config', 'schema' and 'output_schema'",
        ),
        ("schema: {pipeline_genome: {name: string}}", "is no keyword of JSON Schema"),
        ("schema: gone", "there is no type 'gone'"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_load(step: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        play(step)
    assert said in str(error.value)
