"""Checks of the steps that ask a model, before anything runs."""

from __future__ import annotations

from typing import Any

from bot.core.faults import near
from bot.llm.structured import schema_error
from bot.pipeline.checks.check_parts import check_prompt
from bot.pipeline.checks.problems import At
from bot.pipeline.checks.references import Checker, Known, check_condition, check_value
from bot.pipeline.language.batch_steps import ManyStep
from bot.pipeline.language.batch_tasks import Task
from bot.pipeline.language.claude_options import ClaudeOptions
from bot.pipeline.language.claude_steps import ClaudeBase, ClaudeRobustStep, ClaudeSessionStep
from bot.pipeline.language.model_steps import GeminiStep, PromptStep
from bot.pipeline.language.named_types import NAMED_TYPES, resolved_schema


def check_model_step(checker: Checker, step: PromptStep, at: At, known: Known) -> None:
    """The prompts, the schema of the answer and everything that holds templates."""
    answer = getattr(step, "answer", None)
    if answer is not None:
        check_schema(checker, answer, (*at, "schema"))
    session = _session(step)
    check_prompt(checker, step.prompt, (*at, "prompt"), known, session=session)
    if isinstance(step, ClaudeBase):
        _check_options(checker, step.claude_options, (*at, "claude_options"), known)
    if isinstance(step, ClaudeSessionStep):
        place = (*at, "session_config", "session_name")
        check_value(checker, step.session_config.session_name, place, known)
    elif isinstance(step, ClaudeRobustStep) and step.fallback_prompt is not None:
        check_prompt(checker, step.fallback_prompt, (*at, "fallback_prompt"), known)
    elif isinstance(step, GeminiStep):
        _check_functions(checker, step, at)


def check_many_step(checker: Checker, step: ManyStep, at: At, known: Known) -> None:
    """The same for each task of a batch."""
    _check_options(checker, step.claude_options, (*at, "claude_options"), known)
    if step.shared_prompt:
        check_prompt(checker, step.shared_prompt, (*at, "prompt"), known)
    for index, task in enumerate(step.tasks_of):
        _check_task(checker, task, (*at, *step.tasks_key, index), known)


def check_schema(checker: Checker, schema: dict[str, Any] | str | None, at: At) -> bool:
    """Whether it is a usable JSON Schema, or the name of a type."""
    types = checker.types
    if isinstance(schema, str) and schema not in types and schema not in NAMED_TYPES:
        everything = (*types, *NAMED_TYPES)
        hint = near(schema, everything) or f"; known: {', '.join(everything)}"
        checker.error(f"there is no type {schema!r}{hint}", at)
        return False
    whole = resolved_schema(schema, types) if isinstance(schema, dict) else None
    if whole is not None and (wrong := schema_error(whole)):
        checker.error(f"not a usable JSON Schema: {wrong}", at)
        return False
    return True


def _check_task(checker: Checker, task: Task, at: At, known: Known) -> None:
    check_condition(checker, task.guard, (*at, task.guard_key), known)
    check_schema(checker, task.output_schema, (*at, "output_schema"))
    for name in ("file", "output_to_file", "arguments"):
        check_value(checker, getattr(task, name), (*at, name), known)
    if task.prompt is not None:
        check_prompt(checker, task.prompt, (*at, "prompt"), known)
    if task.claude_options is not None:
        _check_options(checker, task.claude_options, (*at, "claude_options"), known)


def _check_options(checker: Checker, options: ClaudeOptions, at: At, known: Known) -> None:
    for name in ("system_prompt", "append_system_prompt", "cwd", "session_id"):
        check_value(checker, getattr(options, name), (*at, name), known)
    path = options.stream_handler_opts.file_path
    check_value(checker, path, (*at, "stream_handler_opts", "file_path"), known)


def _check_functions(checker: Checker, step: GeminiStep, at: At) -> None:
    for index, name in enumerate(step.functions):
        here = (*at, "functions", index)
        if name not in checker.functions:
            hint = near(name, checker.functions) or "; declare it in 'gemini_functions'"
            checker.error(f"there is no function {name!r}{hint}", here)
            continue
        parameters = checker.functions[name].parameters
        wrong = schema_error(parameters)
        if not wrong and parameters.get("type") != "object":
            wrong = "the parameters of a function are of type 'object'"
        if wrong:
            place = ("gemini_functions", name, "parameters")
            checker.error(f"not a usable JSON Schema: {wrong}", place)


def _session(step: PromptStep) -> str | None:
    """The conversation a claude_session step takes part in; None for other steps."""
    if not isinstance(step, ClaudeSessionStep):
        return None
    return step.session_config.session_name or step.name
