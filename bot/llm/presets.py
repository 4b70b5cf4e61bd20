"""The five named ways of asking: who answers, with which tools, under which orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.llm.types import Options

READING = ("read", "list", "search", "outline", "findings", "diff")
"""Tools that leave the code base as it is and run nothing."""
CHANGING = ("edit", "write", "remove", "run")
"""Tools that change it, or run a mix task in the sandbox."""


@dataclass(frozen=True)
class Preset:
    """One way of asking. What a step says itself wins over every field."""

    description: str
    system: str
    """Standing instructions, before those of the step."""
    tools: tuple[str, ...]
    """What the model may use where a code base is at hand; empty: one question, one answer."""
    max_turns: int
    """Model calls of one step that uses tools."""
    model: str = ""
    """Asked when neither the step nor the configuration names one."""
    fallback_model: str = ""
    """Asked when that one is overloaded."""


PRESETS: Mapping[str, Preset] = {
    "development": Preset(
        "Write code: every tool, a quick model.",
        "You are an experienced Elixir/OTP developer. Write code that a careful maintainer would "
        "merge: small, supervised, in the style of the project, without speculative extras.",
        (*READING, *CHANGING),
        40,
        model="sonnet",
    ),
    "production": Preset(
        "Careful work: reading only, the best model, a second one when it is overloaded.",
        "You work on a system in production. Prefer the smallest change that is safe, and say "
        "plainly when something is not known.",
        ("read",),
        15,
        model="opus",
        fallback_model="sonnet",
    ),
    "analysis": Preset(
        "Look and judge: tools that read, the best model.",
        "You review Elixir/OTP code. Support every statement with a file and line you have seen, "
        "tell facts from guesses, and recommend only what can be acted on.",
        READING,
        25,
        model="opus",
    ),
    "chat": Preset(
        "A conversation: no tools.",
        "Answer clearly and briefly.",
        (),
        15,
    ),
    "test": Preset(
        "Short and repeatable, for pipelines under test.",
        "Answer in the plainest form that satisfies the request, without variation.",
        ("read",),
        5,
    ),
}


def suited(options: Options, *, configured: bool) -> Options:
    """The options with their preset's model, where neither they nor the configuration name one."""
    preset = PRESETS.get(options.preset)
    if configured or options.model or preset is None:
        return options
    return replace(options, model=preset.model)
