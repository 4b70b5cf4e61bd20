"""One handler per step type."""

from __future__ import annotations

from bot.pipeline.context import Handler
from bot.pipeline.steps.agent import run_agent_step
from bot.pipeline.steps.analyze import run_analyze
from bot.pipeline.steps.batch import run_many
from bot.pipeline.steps.checkpoint import run_checkpoint
from bot.pipeline.steps.codemod import run_codemod
from bot.pipeline.steps.command import run_command
from bot.pipeline.steps.extract import run_claude_extract
from bot.pipeline.steps.file_ops import run_file_ops
from bot.pipeline.steps.git import run_git
from bot.pipeline.steps.jumps import run_jump
from bot.pipeline.steps.loops import run_for_loop, run_while_loop
from bot.pipeline.steps.mix import run_mix
from bot.pipeline.steps.model import run_claude, run_gemini, run_gemini_instructor, run_llm
from bot.pipeline.steps.nested import run_pipeline
from bot.pipeline.steps.query import run_codebase_query
from bot.pipeline.steps.robust import run_claude_robust
from bot.pipeline.steps.switch import run_switch
from bot.pipeline.steps.transform import run_data_transform
from bot.pipeline.steps.variables import run_set_variable
from bot.pipeline.steps.verify import run_verify


def default_handlers() -> dict[str, Handler]:
    """A handler for every type of the language; callers may replace or add some."""
    return {
        "claude": run_claude,
        "claude_smart": run_claude,
        "claude_session": run_claude,
        "claude_extract": run_claude_extract,
        "claude_robust": run_claude_robust,
        "claude_batch": run_many,
        "parallel_claude": run_many,
        "gemini": run_gemini,
        "gemini_instructor": run_gemini_instructor,
        "llm": run_llm,
        "agent": run_agent_step,
        "pipeline": run_pipeline,
        "for_loop": run_for_loop,
        "while_loop": run_while_loop,
        "switch": run_switch,
        "break": run_jump,
        "continue": run_jump,
        "checkpoint": run_checkpoint,
        "set_variable": run_set_variable,
        "data_transform": run_data_transform,
        "file_ops": run_file_ops,
        "codebase_query": run_codebase_query,
        "command": run_command,
        "codemod": run_codemod,
        "analyze": run_analyze,
        "verify": run_verify,
        "mix": run_mix,
        "git": run_git,
    }
