"""`claude_options`: how a step asks, beyond its prompt."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import PurePosixPath
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from bot.core.model import Record
from bot.llm.presets import CHANGING, READING

TOOLS: tuple[str, ...] = (*READING, *CHANGING)
"""The tools a model may be given, by our names."""

TOOLS_ELSEWHERE: Mapping[str, str] = {
    "Read": "read",
    "Write": "write",
    "Edit": "edit",
    "MultiEdit": "edit",
    "Delete": "remove",
    "Search": "search",
    "Grep": "search",
    "Glob": "list",
    "LS": "list",
    "Bash": "run",
}
"""The same tools by the names of Claude's own command line."""

ABSENT = ("WebFetch", "WebSearch", "Task", "TodoWrite", "NotebookRead", "NotebookEdit")
"""Tools of that command line which do not exist here, so that forbidding them is no mistake."""

OutputFormat = Literal["text", "json", "stream_json", "stream-json"]

RetryCondition = Literal[
    "timeout", "rate_limit", "overloaded", "api_error", "temporary_error", "parsing_error"
]


class RetryConfig(Record):
    """When a question is asked again, and how long to wait before that."""

    max_retries: int = Field(default=3, ge=0, le=10)
    """Tries after the first one."""
    backoff_strategy: Literal["linear", "exponential"] = "exponential"
    """`linear` waits the same time before every try, `exponential` twice as long each time."""
    base_delay_ms: int = Field(default=1000, ge=0, le=300_000)
    """The first wait; a longer one the vendor asks for wins."""
    retry_conditions: tuple[RetryCondition, ...] = ()
    """Failures that are tried again; whatever may pass by itself when empty."""
    retry_on: tuple[RetryCondition, ...] = ()
    """The same as `retry_conditions`."""

    @model_validator(mode="after")
    def _one_list(self) -> RetryConfig:
        if self.retry_on and self.retry_conditions:
            raise ValueError("'retry_on' and 'retry_conditions' mean the same; give one of them")
        return self

    @property
    def conditions(self) -> tuple[RetryCondition, ...]:
        """The failures that are tried again, under either spelling."""
        return self.retry_conditions or self.retry_on


class StreamOptions(Record):
    """Where a stream goes."""

    refused: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("show_timestamps", "show_tool_use", "show_tool_results", "format_output", "use_colors"),
        "a stream holds the model's text alone; the trace has times and tool calls",
    )

    file_path: str = ""
    """For handler `file`, in the run's output directory; `<step>.stream.txt` when empty."""


_NOBODY_ASKED = "listed tools are allowed, others do not exist; nobody is asked during a run"
_OWN_KEYS = "a step's own keys are all that counts here"
_NO_SERVERS = "there are no MCP servers here; use command, mix or codebase_query steps"


class ClaudeOptions(Record):
    """Settings of one step that asks Claude; another vendor that serves the step obeys them too."""

    refused: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("mcp_servers", "mcp_config", "strict_mcp_config"), _NO_SERVERS),
        **dict.fromkeys(("permission_prompt_tool", "permission_callback"), _NOBODY_ASKED),
        **dict.fromkeys(("setting_sources", "enable_skills", "env", "extra_args"), _OWN_KEYS),
        **dict.fromkeys(("agents", "agent"), "write one step for each agent, of type 'agent'"),
        "hooks": "put a step before or after this one",
        "add_dir": "tools see the code base alone; quote other files with file parts",
        "fork_session": "give the step a session name of its own",
        "temperature": "Claude takes none; a gemini step has it in its token_budget",
        "max_tokens": "write max_tokens on the step itself",
        "timeout_seconds": "write timeout_seconds on the step itself, or timeout_ms here",
        "pass_through_streaming": "write async_streaming; every answer arrives as a stream",
        "stream_callback": "a pipeline holds no functions; use stream_handler 'file'",
    }

    model: str = ""
    """Name or alias; wins over the preset's and the configured one."""
    fallback_model: str = ""
    """Asked when the first one is overloaded."""
    system_prompt: str | None = None
    """Standing instructions instead of the preset's (a template)."""
    append_system_prompt: str = ""
    """Standing instructions after the preset's (a template)."""
    allowed_tools: tuple[str, ...] | None = None
    """What the model may use; none when empty, the preset's without this key."""
    disallowed_tools: tuple[str, ...] = ()
    permission_mode: Literal["default", "accept_edits", "plan"] = "default"
    """`plan` leaves only the tools that change nothing."""
    max_turns: int | None = Field(default=None, ge=1, le=500)
    """Model calls of a step that uses tools."""
    cwd: str = ""
    """Directory of the code base the tools are confined to (a template)."""
    output_format: OutputFormat | None = None
    """`json`: the whole reply is one JSON value, or the step fails; `stream_json` is the same.
    `text`: never read as JSON. Without it a reply that happens to be a JSON map or list is data."""
    timeout_ms: int | None = Field(default=None, ge=1, le=86_400_000)
    """For each call."""
    session_id: str = ""
    """The conversation this step belongs to (a template)."""
    resume_session: bool | None = None
    """`false` sends nothing of what was said before; `true` also goes on where an earlier run
    ended."""
    retry_config: RetryConfig | None = None
    async_streaming: bool = False
    """Hand the answer on piece by piece; the result is the same."""
    stream_handler: Literal["console", "file", "buffer"] = "console"
    """`console`: whoever watches the run; `buffer`: nobody, the result has it all."""
    stream_buffer_size: int = Field(default=1, ge=1, le=10_000)
    """Pieces that are handed on together."""
    stream_handler_opts: StreamOptions = Field(default_factory=StreamOptions)
    verbose: bool = False
    """Accepted, as the next three: every run has a full trace with the cost of each call."""
    debug_mode: bool = False
    telemetry_enabled: bool = True
    cost_tracking: bool = True

    @field_validator("permission_mode", mode="before")
    @classmethod
    def _nothing_is_bypassed(cls, value: Any) -> Any:
        if isinstance(value, str) and "bypass" in value:
            raise ValueError(f"nothing bypasses permissions here: {_NOBODY_ASKED}")
        return value

    @field_validator("stream_handler", mode="before")
    @classmethod
    def _no_functions(cls, value: Any) -> Any:
        if value == "callback":
            raise ValueError(cls.refused["stream_callback"])
        return value

    @field_validator("allowed_tools", "disallowed_tools")
    @classmethod
    def _known_tools(cls, value: tuple[str, ...] | None, info: Any) -> tuple[str, ...] | None:
        absent = ABSENT if info.field_name == "disallowed_tools" else ()
        for name in value or ():
            if name not in (*TOOLS, *TOOLS_ELSEWHERE, *absent):
                raise ValueError(_unknown_tool(name))
        return value

    @model_validator(mode="after")
    def _belongs_together(self) -> ClaudeOptions:
        if self.resume_session is not None and not self.session_id:
            raise ValueError("'resume_session' needs a 'session_id'")
        if "{" not in self.cwd:
            directory_below(self.cwd)
        return self

    def tools(self, preset: tuple[str, ...]) -> frozenset[str]:
        """Our names of the tools the model gets, where a preset offers some."""
        offered = preset if self.allowed_tools is None else self.allowed_tools
        names = frozenset(map(ours, offered)) - frozenset(map(ours, self.disallowed_tools))
        return names & frozenset(READING) if self.permission_mode == "plan" else names

    @property
    def json_wanted(self) -> bool:
        """Whether the reply must be JSON."""
        return self.output_format not in (None, "text")


def ours(tool: str) -> str:
    """Our name of a tool."""
    return TOOLS_ELSEWHERE.get(tool, tool)


def directory_below(path: str) -> str:
    """A directory of the code base in its plain form, empty for the whole; raises `ValueError`."""
    pieces = PurePosixPath(path.strip()).parts
    if path.startswith("/") or ".." in pieces or "\\" in path or "\0" in path:
        raise ValueError(f"'cwd' must be a directory of the code base, got {path!r}")
    return "/".join(pieces)


def _unknown_tool(name: str) -> str:
    if "(" in name:
        return f"tools are named whole, without patterns; write {name.partition('(')[0]!r}"
    near = get_close_matches(name, (*TOOLS, *TOOLS_ELSEWHERE), 1)
    return f"there is no tool {name!r}; " + (
        f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(TOOLS)}"
    )
