"""How a step asks: what it says itself, then the workflow's defaults, then its preset."""

from __future__ import annotations

from dataclasses import dataclass

from bot.errors import Unusable
from bot.llm.presets import PRESETS, READING, Preset
from bot.llm.types import Options
from bot.pipeline.context import StepContext
from bot.pipeline.language.claude_options import ClaudeOptions, directory_below
from bot.pipeline.language.claude_steps import ClaudeBase, ClaudeSmartStep
from bot.pipeline.language.model_steps import (
    GeminiInstructorStep,
    GeminiStep,
    PromptStep,
    TokenBudget,
)

_PLAIN = Preset(description="", system="", tools=(), max_turns=40)
_NO_SHELL = "'Bash' runs mix tasks of the allow-list here; there is no shell"


@dataclass(frozen=True)
class Asking:
    """Everything about a question but its words."""

    options: Options
    system: str
    tools: frozenset[str] = frozenset()
    """What the model may use where a code base is at hand."""
    tools_wanted: bool = False
    """The step names them itself, so that it cannot do without a code base."""
    directory: str = ""
    """Where in the code base the tools work."""
    max_turns: int = _PLAIN.max_turns
    max_input_tokens: int | None = None
    any_json: bool = False
    """The reply must be JSON, of whatever form."""
    reads_json: bool = True
    """A reply that happens to be a JSON map or list becomes data."""
    notice: str = ""


def asking(step: PromptStep, context: StepContext) -> Asking:
    """How this step asks now, templates filled in."""
    options = step.claude_options if isinstance(step, ClaudeBase) else ClaudeOptions()
    name = preset_name(step, context)
    preset = PRESETS.get(name, _PLAIN)
    offered = preset.tools if isinstance(step, ClaudeBase) else ()
    tools = options.tools(offered)
    if options.allowed_tools is None and step.wanted_schema is not None:
        # What such a step is for is its answer; leave to change files is given by name.
        tools &= frozenset(READING)
    return Asking(
        options=_options(step, context, options, preset, name),
        system=_system(options, preset, context),
        tools=tools,
        tools_wanted=bool(options.allowed_tools),
        directory=_directory(options, context, step),
        max_turns=options.max_turns or preset.max_turns,
        max_input_tokens=_budget(step, context).max_input_tokens,
        any_json=_format(step, context, options) not in (None, "text"),
        reads_json=_format(step, context, options) != "text",
        notice=_NO_SHELL if "Bash" in (options.allowed_tools or ()) else "",
    )


def preset_name(step: PromptStep, context: StepContext) -> str:
    """The preset a step is asked with; empty for none."""
    defaults = context.workflow.defaults
    claude = defaults.claude_preset if isinstance(step, ClaudeBase) else None
    chosen = step.preset or claude or defaults.preset
    if not chosen and isinstance(step, ClaudeSmartStep) and step.environment_aware:
        chosen = context.workflow.environment.mode
    return chosen or ""


def _options(
    step: PromptStep, context: StepContext, own: ClaudeOptions, preset: Preset, name: str
) -> Options:
    defaults, budget = context.workflow.defaults, _budget(step, context)
    claude = isinstance(step, ClaudeBase)
    gemini = isinstance(step, GeminiStep | GeminiInstructorStep)
    default_model = (claude and defaults.claude_model) or (gemini and defaults.gemini_model) or ""
    default_fallback = defaults.claude_fallback_model if claude else ""
    return Options(
        preset=name,
        model=step.model or own.model or default_model,
        fallback_model=own.fallback_model or default_fallback or preset.fallback_model,
        max_tokens=step.max_tokens or budget.max_output_tokens,
        timeout_seconds=_seconds(step, context, own),
        temperature=budget.temperature,
        top_p=budget.top_p,
        top_k=budget.top_k,
        effort=step.effort,
    )


def _budget(step: PromptStep, context: StepContext) -> TokenBudget:
    if not isinstance(step, GeminiStep | GeminiInstructorStep):
        return TokenBudget()
    default = context.workflow.defaults.gemini_token_budget or TokenBudget()
    return default.model_copy(update=step.token_budget.model_dump(exclude_none=True))


def _seconds(step: PromptStep, context: StepContext, own: ClaudeOptions) -> float | None:
    """For each call: the shortest of what the step, its options and its run allow."""
    limits = (
        step.timeout_seconds or context.workflow.defaults.timeout_seconds,
        None if own.timeout_ms is None else own.timeout_ms / 1000,
    )
    return min((limit for limit in limits if limit is not None), default=None)


def _system(own: ClaudeOptions, preset: Preset, context: StepContext) -> str:
    first = preset.system if own.system_prompt is None else context.render(own.system_prompt)
    return "\n\n".join(filter(None, (first, context.render(own.append_system_prompt))))


def _directory(own: ClaudeOptions, context: StepContext, step: PromptStep) -> str:
    try:
        return directory_below(context.render(own.cwd))
    except ValueError as error:
        raise Unusable(f"step {step.name!r}: {error}") from None


def _format(step: PromptStep, context: StepContext, own: ClaudeOptions) -> str | None:
    if step.wanted_schema is not None:
        return None
    default = context.workflow.defaults.claude_output_format
    return own.output_format or (default if isinstance(step, ClaudeBase) else None)
