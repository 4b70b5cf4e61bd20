"""How a step speaks to the runner: by lines that are commands, and by its environment files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from bot.simulator.actions.host import Annotation, Severity
from bot.simulator.actions.runner.commands import Command, CommandReader
from bot.simulator.actions.runner.files import (
    FileCommandError,
    parse_pairs,
    parse_paths,
    read_file,
)
from bot.simulator.actions.runner.frame import StepFailed
from bot.simulator.actions.runner.inside import write_file

DEPRECATED = (
    "The `{}` command is deprecated and will be disabled soon. Please upgrade to using Environment"
    " Files. For more information see: https://github.blog/changelog/2022-10-11-github-actions-"
    "deprecating-save-state-and-set-output-commands/"
)
DISABLED = (
    "The `{}` command is disabled. Please upgrade to using Environment Files or opt into"
    " unsecure command execution by setting the `ACTIONS_ALLOW_UNSECURE_COMMANDS` environment"
    " variable to `true`."
)
SEVERITIES: Mapping[str, Severity] = {
    "error": "failure",
    "warning": "warning",
    "notice": "notice",
}
FILES = {
    "env": "set_env",
    "output": "set_output",
    "path": "add_path",
    "state": "save_state",
    "step_summary": "step_summary",
}
"""Members of `github` that name a file, and how the file is called."""
BLOCKED = frozenset({"NODE_OPTIONS"})


class Listener(Protocol):
    """What the job does with what a step says."""

    env: dict[str, str]
    path: list[str]
    debug: bool

    def say(self, line: str) -> None: ...
    def warn(self, message: str) -> None: ...
    def hide(self, value: str) -> None: ...
    def annotate(self, annotation: Annotation) -> None: ...
    def summarize(self, markdown: str) -> None: ...


class Channel:
    """One per step that runs; `outputs` is what it gave."""

    def __init__(self, job: Listener, folder: Path, identifier: str) -> None:
        self.job = job
        self.reader = CommandReader()
        self.outputs: dict[str, str] = {}
        self.refused = ""
        self.folder = folder
        self.files = {key: folder / f"{name}_{identifier}" for key, name in FILES.items()}
        for file in self.files.values():
            write_file(folder, file, b"")

    def hear(self, line: str) -> None:
        command = self.reader.read(line)
        if command is None:
            self.job.say(line)
        else:
            self._obey(command, line)

    def _obey(self, command: Command, line: str) -> None:
        match command.name:
            case "error" | "warning" | "notice":
                self.job.say(f"##[{command.name}]{command.text}")
                self.job.annotate(_annotation(command))
            case "debug":
                if self.job.debug:
                    self.job.say(f"##[debug]{command.text}")
            case "group":
                self.job.say(f"##[group]{command.text}")
            case "endgroup":
                self.job.say("##[endgroup]")
            case "add-mask":
                self.job.hide(command.text)
                self.job.say("::add-mask::***")
            case "set-output" | "save-state":
                if command.name == "set-output":
                    self.outputs[command.properties.get("name", "")] = command.text
                self.job.warn(DEPRECATED.format(command.name))
            case "set-env" | "add-path":
                self.job.say(f"##[error]{DISABLED.format(command.name)}")
                self.refused = f"Unable to process command '{line[:200]}' successfully."
            case "add-matcher" | "remove-matcher":
                self.job.warn(f"Problem matchers are not supported: {command.text[:200]}")
            case _:
                self.job.say(line)

    def close(self) -> None:
        """Takes what the files hold. Raises StepFailed when one of them cannot be taken."""
        try:
            if self.refused:
                raise StepFailed(self.refused)
            env = parse_pairs(self._read("env"))
            for name in env:
                if name.upper() in BLOCKED:
                    message = f"Can't store {name} output parameter using '$GITHUB_ENV' command."
                    raise FileCommandError(message)
            self.job.env.update(env)
            self.job.path[:0] = reversed(parse_paths(self._read("path")))
            self.outputs.update(parse_pairs(self._read("output")))
        except FileCommandError as error:
            raise StepFailed(f"Unable to process file command successfully. {error}") from error
        finally:
            self._summarize()

    def _read(self, key: str) -> str:
        return read_file(self.folder, self.files[key])

    def _summarize(self) -> None:
        try:
            summary = self._read("step_summary")
        except FileCommandError as error:
            message = f"$GITHUB_STEP_SUMMARY upload aborted: {error}"
            self.job.say(f"##[error]{message}")
            self.job.annotate(Annotation("failure", message))
            return
        if summary:
            self.job.summarize(summary)


def _annotation(command: Command) -> Annotation:
    line = command.number("line") or 1
    return Annotation(
        SEVERITIES[command.name],
        command.text,
        title=command.properties.get("title", ""),
        path=command.properties.get("file", ".github"),
        start_line=line,
        end_line=command.number("endline") or line,
        start_column=command.number("col"),
        end_column=command.number("endcolumn"),
    )
