"""The tools of an agent, over a `Workspace`: one table of names, texts, schemas and functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.core.ports import Workspace
from bot.errors import NoMatch, ToolRetry
from bot.llm.agents import tool_texts as texts
from bot.llm.agents.mix_args import MIX_TASKS, mix_arguments
from bot.llm.agents.tool_results import (
    command_text,
    diff_text,
    edited_text,
    findings_text,
    holds_numbers,
    list_text,
    numbered,
    outline_text,
    search_text,
)
from bot.llm.types import Json, Tool, ToolCall, ToolResult

SKELETON_TOKENS = 5_000
SEARCH_LIMIT = 100
MIX_SECONDS = 900.0
CHANGES = frozenset({"edit", "write", "remove"})

_TEXT: Json = {"type": "string"}
_FLAG: Json = {"type": "boolean"}
_LINE: Json = {"type": "integer"}
_TEXTS: Json = {"type": "array", "items": {"type": "string"}}


class WorkspaceTools:
    """What an agent may do to a code base; `allowed` names the tools, all of them by default."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        allowed: frozenset[str] | None = None,
        mix_tasks: frozenset[str] = frozenset(MIX_TASKS),
        mix_seconds: float = MIX_SECONDS,
    ) -> None:
        self.workspace = workspace
        self.mix_tasks = tuple(task for task in MIX_TASKS if task in mix_tasks)
        self.mix_seconds = mix_seconds
        names = TOOLS.keys() if allowed is None else allowed
        self._tools = {name: tool for name, tool in TOOLS.items() if name in names}
        if not self.mix_tasks:
            self._tools.pop("run", None)
        self.last_test = ""
        """How `mix test` ended for the code as it is now; empty where it was not run since."""

    @property
    def tools(self) -> tuple[Tool, ...]:
        """What the model is told, always in the same order."""
        return tuple(tool.told(self) for tool in self._tools.values())

    def call(self, call: ToolCall) -> ToolResult:
        """Carry out one call whose arguments fit the tool's schema; raises `OtpError`."""
        text = self._tools[call.name].function(self, call.arguments)
        if call.name == "run" and call.arguments["task"] == "test":
            self.last_test = text.partition("\n")[0]
        elif call.name in CHANGES and not call.arguments.get("dry_run"):
            self.last_test = ""
        return ToolResult(call.id, call.name, text)


Arguments = Mapping[str, Json]


@dataclass(frozen=True)
class WorkspaceTool:
    """One row of the table."""

    name: str
    description: str
    properties: Mapping[str, Json]
    function: Callable[[WorkspaceTools, Arguments], str]
    required: tuple[str, ...] = ()

    def told(self, tools: WorkspaceTools) -> Tool:
        """The tool as the model sees it; `run` names the tasks at hand."""
        description, properties = self.description, dict(self.properties)
        if self.name == "run":
            rows = (f"- {task}: {MIX_TASKS[task].described()}" for task in tools.mix_tasks)
            description = description.format(tasks="\n".join(rows))
            properties["task"] = {"type": "string", "enum": list(tools.mix_tasks)}
        return Tool(self.name, description, object_schema(properties, self.required))


def object_schema(properties: Mapping[str, Json], required: tuple[str, ...]) -> dict[str, Json]:
    """A JSON Schema of arguments that every vendor takes."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def _read(tools: WorkspaceTools, given: Arguments) -> str:
    path = given["path"]
    return numbered(path, tools.workspace.read(path), given.get("start"), given.get("end"))


def _list(tools: WorkspaceTools, given: Arguments) -> str:
    return list_text(tools.workspace.list(given.get("pattern") or "**/*"))


def _search(tools: WorkspaceTools, given: Arguments) -> str:
    if not given["pattern"]:
        raise ToolRetry("pattern is empty")
    found = tools.workspace.search(
        given["pattern"],
        glob=given.get("glob") or "**/*",
        literal=given.get("literal", False),
        limit=SEARCH_LIMIT + 1,
    )
    return search_text(found, SEARCH_LIMIT)


def _outline(tools: WorkspaceTools, given: Arguments) -> str:
    if path := given.get("path"):
        return outline_text(tools.workspace.outline(path))
    return outline_text(tools.workspace.skeleton(max_tokens=SKELETON_TOKENS))


def _findings(tools: WorkspaceTools, given: Arguments) -> str:
    rules, paths = given.get("rules", ()), given.get("paths", ())
    return findings_text(tools.workspace.findings(rules=tuple(rules), paths=tuple(paths)))


def _edit(tools: WorkspaceTools, given: Arguments) -> str:
    path, old, dry_run = given["path"], given["old"], given.get("dry_run", False)
    every = given.get("every", False)
    try:
        done = tools.workspace.edit(path, old, given["new"], every=every, dry_run=dry_run)
    except NoMatch as error:
        if not holds_numbers(old):
            raise
        hint = "old holds the line numbers that read shows: leave them out"
        raise ToolRetry(error.message, hint=hint) from error
    return edited_text(done, "would change" if dry_run else "changed")


def _write(tools: WorkspaceTools, given: Arguments) -> str:
    return edited_text(tools.workspace.write(given["path"], given["content"]), "replaced")


def _remove(tools: WorkspaceTools, given: Arguments) -> str:
    tools.workspace.remove(given["path"])
    return f"removed {given['path']}"


def _diff(tools: WorkspaceTools, given: Arguments) -> str:
    return diff_text(tools.workspace.diff())


def _run(tools: WorkspaceTools, given: Arguments) -> str:
    task = given["task"]
    args = mix_arguments(task, given.get("args", ()))
    done = tools.workspace.mix(task, args, timeout=tools.mix_seconds)
    return command_text(task, args, done)


TOOLS: Mapping[str, WorkspaceTool] = {
    tool.name: tool
    for tool in (
        WorkspaceTool(
            "read", texts.READ, {"path": _TEXT, "start": _LINE, "end": _LINE}, _read, ("path",)
        ),
        WorkspaceTool("list", texts.LIST, {"pattern": _TEXT}, _list),
        WorkspaceTool(
            "search",
            texts.SEARCH,
            {"pattern": _TEXT, "glob": _TEXT, "literal": _FLAG},
            _search,
            ("pattern",),
        ),
        WorkspaceTool("outline", texts.OUTLINE, {"path": _TEXT}, _outline),
        WorkspaceTool("findings", texts.FINDINGS, {"rules": _TEXTS, "paths": _TEXTS}, _findings),
        WorkspaceTool(
            "edit",
            texts.EDIT,
            {"path": _TEXT, "old": _TEXT, "new": _TEXT, "every": _FLAG, "dry_run": _FLAG},
            _edit,
            ("path", "old", "new"),
        ),
        WorkspaceTool(
            "write", texts.WRITE, {"path": _TEXT, "content": _TEXT}, _write, ("path", "content")
        ),
        WorkspaceTool("remove", texts.REMOVE, {"path": _TEXT}, _remove, ("path",)),
        WorkspaceTool("diff", texts.DIFF, {}, _diff),
        WorkspaceTool("run", texts.RUN, {"task": _TEXT, "args": _TEXTS}, _run, ("task",)),
    )
}
"""Every tool over a workspace, by name. `done` and `give_up` belong to the loop."""
