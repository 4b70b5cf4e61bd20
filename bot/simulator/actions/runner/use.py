"""What a built-in stand-in sees of the step that uses it."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.simulator.actions.runner.channel import Channel
from bot.simulator.actions.runner.frame import StepFailed
from bot.simulator.actions.runner.job import JobRun, Post
from bot.simulator.actions.runner.process import Command
from bot.simulator.actions.runner.script import judge, step_variables
from bot.simulator.actions.runner.step import Running

TRUE = frozenset({"true", "True", "TRUE"})
FALSE = frozenset({"false", "False", "FALSE"})


@dataclass(frozen=True)
class Use:
    running: Running
    uses: str
    inputs: Mapping[str, str]

    @property
    def job(self) -> JobRun:
        return self.running.job

    @property
    def workspace(self) -> Path:
        return self.job.folders.workspace

    def github(self, key: str) -> str:
        return str(self.running.scope.contexts["github"].get(key, ""))

    def flag(self, name: str) -> bool:
        """Raises StepFailed for what YAML 1.2 does not call a boolean, as the toolkit does."""
        value = self.inputs[name].strip()
        if value not in TRUE | FALSE:
            raise StepFailed(
                f'Input does not meet YAML 1.2 "Core Schema" specification: {name}. Support'
                " boolean input list: `true | True | TRUE | false | False | FALSE`"
            )
        return value in TRUE

    def need(self, name: str) -> str:
        if not self.inputs[name]:
            raise StepFailed(f"Input required and not supplied: {name}")
        return self.inputs[name]

    def lines(self, name: str) -> list[str]:
        return [line.strip() for line in self.inputs[name].splitlines() if line.strip()]

    def give(self, **outputs: str) -> None:
        """Outputs, with `_` for `-` in their names."""
        for name, value in outputs.items():
            self.running.outputs[name.replace("_", "-")] = value

    def say(self, line: str) -> None:
        self.job.say(line)

    def warn(self, text: str) -> None:
        self.job.warn(text)

    def after(
        self, name: str, act: Callable[[], Awaitable[None]], *, only_on_success: bool = False
    ) -> None:
        """At the end of the job, in reverse order."""
        self.job.posts.append(Post(name, act, only_on_success))

    async def call(
        self,
        argv: Sequence[str],
        folder: Path,
        *,
        env: Mapping[str, str] | None = None,
        hear: Callable[[str], None] | None = None,
    ) -> None:
        """Runs a program as part of the step. Raises StepFailed when it does not end with 0."""
        channel = Channel(self.job, self.job.folders.commands, uuid.uuid4().hex)
        variables = {**step_variables(self.running, channel), **(env or {})}
        judge(await self.job.run_process(Command(argv, variables, folder), hear or self.say))
