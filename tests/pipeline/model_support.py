"""One model step, a script that answers it, and what the model was asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.codebase.codebase import Codebase
from bot.codebase.files import WorkFiles
from bot.llm.scripted import ScriptedModel
from bot.llm.types import Model, Reply, Request, ToolCall, Usage
from bot.pipeline.results import RunResult
from bot.pipeline.services import Services
from tests.pipeline.support import run, steps

PAID = Usage(10, 5, usd=0.25, calls=1)


def call(name: str, **arguments: Any) -> Reply:
    return Reply("", "m", calls=(ToolCall("c1", name, arguments),), stop_reason="tool_use")


def ask(
    step: str, *lines: Any, head: str = "", services: Services | None = None, **more: Any
) -> tuple[RunResult, list[Request]]:
    """One step `a` with the options of `step`, answered by the lines of a script."""
    model = ScriptedModel(lines or ["answer"], name=more.pop("vendor", "anthropic"))
    models: Mapping[str, Model] = {model.name: model}
    loaded = steps(f"- {{name: a, {step}}}", head=head)
    return run(
        loaded, more.pop("inputs", {}), models=models, services=services, **more
    ), model.requests


def code(tmp_path: Path) -> Services:
    (tmp_path / "lib" / "web").mkdir(parents=True)
    (tmp_path / "lib" / "a.ex").write_text("defmodule A do\nend\n")
    return Services(codebase=Codebase(WorkFiles(tmp_path)))
