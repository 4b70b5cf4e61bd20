"""The calls of one reply: what is wrong with them, what comes of them, and whether they end it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Literal, Protocol

from bot.errors import CommandFailed, OtpError, Refused, ToolFailed, ToolRetry, Unusable
from bot.llm.agents import tool_texts as texts
from bot.llm.agents.tool_output import left_out, lines_of, middle_cut
from bot.llm.structured import violations
from bot.llm.types import Json, Tool, ToolCall, ToolResult

SHOWN = (ToolRetry, ToolFailed, Refused, Unusable, CommandFailed)
"""Errors a model can do something about; every other one is ours."""
ENDINGS = ("done", "give_up")
_DEFINITIONS = ("$defs", "definitions")
MAX_RESULT = 30_000
"""Characters of any result; tools that cut with more sense stay below."""


class Toolset(Protocol):
    """Tools an agent can use beside `done` and `give_up`."""

    @property
    def tools(self) -> tuple[Tool, ...]:
        """What the model is told; the same, in the same order, all the time."""

    def call(self, call: ToolCall) -> ToolResult:
        """Carry out a call whose arguments fit the schema; raises one of `SHOWN` for the model."""


@dataclass(frozen=True)
class Ending:
    """What the model said when it ended its work."""

    status: Literal["done", "stopped"]
    reason: str
    text: str
    data: Json = None


class Dispatcher:
    """Carries out calls: those of a toolset, and the two that end the work."""

    def __init__(
        self, toolset: Toolset, schema: Mapping[str, Json] | None, check: Callable[[], None]
    ) -> None:
        self.tools = (*toolset.tools, *ending_tools(schema))
        self._named = {tool.name: tool for tool in self.tools}
        assert len(self._named) == len(self.tools), "tool names are unique"
        self.wants_data = schema is not None
        self._toolset = toolset
        self._check = check

    def carry_out(self, calls: Sequence[ToolCall]) -> tuple[tuple[ToolResult, ...], Ending | None]:
        """Results in the order of the calls; an end counts only once the rest has gone well."""
        calls = [understood(call, self._named) for call in calls]
        results = {i: self._work(c) for i, c in enumerate(calls) if c.name not in ENDINGS}
        all_well = not any(result.failed for result in results.values())
        ended: Ending | None = None
        for i, call in enumerate(calls):
            if call.name in ENDINGS:
                results[i] = self._end(call, all_well)
                ended = ended or (None if results[i].failed else _ending(call))
        return tuple(results[i] for i in range(len(calls))), ended

    def _work(self, call: ToolCall) -> ToolResult:
        if wrong := problem(call, self._named):
            return failed(call, wrong)
        self._check()
        try:
            return bounded(self._toolset.call(call))
        except SHOWN as error:
            return failed(call, error)

    def _end(self, call: ToolCall, all_well: bool) -> ToolResult:
        if wrong := problem(call, self._named):
            return failed(call, wrong)
        if call.name == "done" and not all_well:
            return failed(call, "not done yet: another call of this reply failed, look at it first")
        return ToolResult(call.id, call.name, "accepted")


def ending_tools(schema: Mapping[str, Json] | None) -> tuple[Tool, ...]:
    """`done`, whose data must satisfy `schema` where there is one, and `give_up`."""
    done: dict[str, Json] = {"summary": {"type": "string"}}
    definitions: dict[str, Json] = {}
    if schema is not None:
        done["data"], definitions = _moved(schema)
    return (
        Tool("done", texts.DONE, _parameters(done) | definitions),
        Tool("give_up", texts.GIVE_UP, _parameters({"reason": {"type": "string"}})),
    )


def understood(call: ToolCall, tools: Mapping[str, Tool]) -> ToolCall:
    """The call without arguments that are null, which some models write for not given."""
    required = tools[call.name].parameters.get("required", ()) if call.name in tools else ()
    given = {k: v for k, v in call.arguments.items() if v is not None or k in required}
    return replace(call, arguments=given)


def problem(call: ToolCall, tools: Mapping[str, Tool]) -> str:
    """Why the call cannot be carried out, with what would be right; empty where it can."""
    if call.problem:
        return f"the arguments of {call.name[:80]} could not be read: {call.problem[:500]}"
    tool = tools.get(call.name)
    if tool is None:
        near = get_close_matches(call.name, tools, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(tools)}"
        return f"there is no tool {call.name[:80]!r}; {hint}"
    found = violations(call.arguments, tool.parameters)
    if not found:
        return ""
    listed = "\n".join(f"- {violation}" for violation in found)
    return f"the arguments of {call.name} do not fit its schema:\n{listed}"


def _ending(call: ToolCall) -> Ending:
    if call.name == "done":
        return Ending("done", "", call.arguments["summary"], call.arguments.get("data"))
    reason = call.arguments["reason"]
    return Ending("stopped", f"the model gave up: {reason}", reason)


def failed(call: ToolCall, what: OtpError | str) -> ToolResult:
    """A result that tells the model what was wrong."""
    if isinstance(what, OtpError):
        what = "\n".join(filter(None, (what.message, what.hint)))
    return bounded(ToolResult(call.id, call.name, what, failed=True))


def bounded(result: ToolResult) -> ToolResult:
    """The result, its middle cut where it would crowd out everything else."""
    if len(result.text) <= MAX_RESULT:
        return result
    note = left_out("lines", "ask for less at a time")
    return replace(result, text=middle_cut(lines_of(result.text), note, limit=MAX_RESULT))


def _parameters(properties: Mapping[str, Json]) -> dict[str, Json]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _moved(schema: Mapping[str, Json]) -> tuple[Json, dict[str, Json]]:
    """The schema for its place below `data`, and its definitions for the root, where refs lead."""
    inner = {k: v for k, v in schema.items() if k not in (*_DEFINITIONS, "$schema", "$id")}
    kept = {key: _rerooted(schema[key]) for key in _DEFINITIONS if key in schema}
    return _rerooted(inner), kept


def _rerooted(value: Json) -> Json:
    if isinstance(value, Mapping):
        return {k: _reference(v) if k == "$ref" else _rerooted(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_rerooted(item) for item in value]
    return value


def _reference(value: Json) -> Json:
    if not isinstance(value, str):
        return _rerooted(value)
    kept = value.startswith(tuple(f"#/{key}/" for key in _DEFINITIONS))
    return value if kept else f"#/properties/data{value.removeprefix('#')}"
